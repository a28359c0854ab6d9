//! The fair queue, against a list of everything that waits.

use std::collections::HashMap;

use limits::{FairQueue, Place};
use proptest::{prelude::*, sample::Index};

const CALLERS: [&str; 4] = ["a", "b", "c", "d"];

/// What happens next.
#[derive(Clone, Debug)]
enum Deed {
    Push(usize),
    Pop,
    Remove(Index),
    MakeRoom(usize),
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        5 => (0..CALLERS.len()).prop_map(Deed::Push),
        3 => Just(Deed::Pop),
        1 => any::<Index>().prop_map(Deed::Remove),
        1 => (0..CALLERS.len()).prop_map(Deed::MakeRoom),
    ]
}

/// One that waits.
struct Waiting {
    item: u32,
    caller: usize,
    place: Place,
}

fn length(all: &[Waiting], caller: usize) -> usize {
    all.iter().filter(|one| one.caller == caller).count()
}

proptest! {
    #[test]
    fn lines_take_turns_and_keep_their_order(deeds in prop::collection::vec(deed(), 1..200)) {
        let mut queue = FairQueue::new();
        let mut all: Vec<Waiting> = Vec::new();
        // How often each has had a turn while the other waited, since both began to wait.
        let mut lead: HashMap<(usize, usize), i32> = HashMap::new();
        for (item, deed) in (0..).zip(deeds) {
            match deed {
                Deed::Push(caller) => {
                    let place = queue.push(CALLERS[caller], item);
                    all.push(Waiting { item, caller, place });
                }
                Deed::Pop => match queue.pop() {
                    None => prop_assert!(all.is_empty()),
                    Some(item) => {
                        let index = all.iter().position(|one| one.item == item).unwrap();
                        let caller = all[index].caller;
                        prop_assert!(all[..index].iter().all(|before| before.caller != caller));
                        for other in (0..CALLERS.len()).filter(|other| *other != caller) {
                            if length(&all, other) > 0 {
                                let lead = lead.entry((caller, other)).or_default();
                                *lead += 1;
                                prop_assert!(*lead <= 1, "{} goes before {}", caller, other);
                            }
                            lead.insert((other, caller), 0);
                        }
                        all.remove(index);
                    }
                },
                Deed::Remove(which) if !all.is_empty() => {
                    let one = all.remove(which.index(all.len()));
                    prop_assert_eq!(queue.remove(&one.place), Some(one.item));
                    prop_assert_eq!(queue.remove(&one.place), None);
                }
                Deed::Remove(_) => {}
                Deed::MakeRoom(caller) => {
                    let longest = (0..CALLERS.len()).map(|other| length(&all, other)).max().unwrap();
                    let own = length(&all, caller);
                    match queue.make_room(CALLERS[caller]) {
                        None => prop_assert!(longest <= own + 1),
                        Some(item) => {
                            let index = all.iter().position(|one| one.item == item).unwrap();
                            let from = all[index].caller;
                            prop_assert!(longest > own + 1 && length(&all, from) == longest);
                            prop_assert!(all[index + 1..].iter().all(|after| after.caller != from));
                            all.remove(index);
                        }
                    }
                }
            }
            for caller in 0..CALLERS.len() {
                if length(&all, caller) == 0 {
                    lead.retain(|(one, other), _| *one != caller && *other != caller);
                }
            }
            prop_assert_eq!((queue.len(), queue.is_empty()), (all.len(), all.is_empty()));
        }
    }

    #[test]
    fn what_is_ahead_comes_out_first(callers in prop::collection::vec(0..CALLERS.len(), 0..40), pops in 0_usize..20, last in 0..CALLERS.len()) {
        let mut queue = FairQueue::new();
        for caller in callers {
            queue.push(CALLERS[caller], false);
        }
        for _ in 0..pops {
            queue.pop();
        }
        let ahead = queue.ahead_of(CALLERS[last]);
        queue.push(CALLERS[last], true);
        let before = std::iter::from_fn(|| queue.pop()).take_while(|is_last| !is_last).count();
        prop_assert_eq!(before, ahead);
    }
}
