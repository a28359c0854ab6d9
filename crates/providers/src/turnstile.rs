//! A bounded, fair queue before a provider that can only serve so many at once.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use limits::{FairQueue, Place};
use tokio::{
    sync::oneshot,
    time::{self, Instant},
};

/// The shortest time after which it is worth asking again.
const SHORTEST_RETRY: Duration = Duration::from_secs(1);
/// How much of the average the latest turn makes.
const WEIGHT_OF_LATEST: f64 = 0.1;

/// A turn at a provider. Dropping it lets the next one in.
#[derive(Debug)]
pub struct Turn {
    /// Where it is given back, until it is.
    hall: Option<Arc<Hall>>,
    /// When it was taken up. A turn that nobody took up tells nothing of how long turns are.
    since: Option<Instant>,
}

/// Nobody waits that long: the queue is full, or would not move in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoTurn {
    /// When it is worth asking again.
    pub retry_after: Duration,
}

/// Lets so many requests through at once, and keeps so many waiting: of each caller in order, of all callers in turn.
///
/// When the queue is full, the caller with the most requests in it gives way to one who has fewer.
#[derive(Debug)]
pub struct Turnstile {
    hall: Arc<Hall>,
}

/// What the turnstile and its turns share.
#[derive(Debug)]
struct Hall {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    concurrency: u32,
    most_waiting: usize,
    patience: Duration,
    /// Turns that are taken. While there are fewer than `concurrency`, nobody waits.
    taken: u32,
    queue: FairQueue<oneshot::Sender<Turn>>,
    /// How long turns take, once one has ended: a moving average.
    usual_turn: Option<Duration>,
}

/// A place in the queue. Dropping it leaves the queue.
struct Waiting<'a> {
    hall: &'a Hall,
    place: Place,
}

impl Turnstile {
    /// Makes a turnstile that lets `concurrency` requests through at once, lets at most `waiting` wait, and none
    /// longer than `patience`.
    #[must_use]
    pub fn new(concurrency: u32, waiting: usize, patience: Duration) -> Self {
        let state = State {
            concurrency,
            most_waiting: waiting,
            patience,
            taken: 0,
            queue: FairQueue::new(),
            usual_turn: None,
        };
        Self { hall: Arc::new(Hall { state: Mutex::new(state) }) }
    }

    /// Changes what [`Self::new`] was told. Turns that were given are kept, and so are places in the queue.
    pub fn set(&self, concurrency: u32, waiting: usize, patience: Duration) {
        let mut state = self.hall.state();
        (state.concurrency, state.most_waiting, state.patience) = (concurrency, waiting, patience);
        drop(state);
        self.hall.let_in();
    }

    /// Waits for a turn in the line of `caller`. Dropping the future leaves the line.
    ///
    /// # Errors
    ///
    /// Fails at once when the queue is full, or when its pace says that the turn would not come in time; and when it
    /// did not come in time, or another caller's request needed the place.
    pub async fn pass(&self, caller: &str) -> Result<Turn, NoTurn> {
        let (turn, given) = oneshot::channel();
        let (waiting, patience) = {
            let mut state = self.hall.state();
            if state.taken < state.concurrency {
                state.taken += 1;
                drop(state);
                return Ok(Turn {
                    hall: Some(Arc::clone(&self.hall)),
                    since: Some(Instant::now()),
                });
            }
            state.make_room(caller)?;
            let place = state.queue.push(caller, turn);
            (Waiting { hall: &self.hall, place }, state.patience)
        };
        let given = time::timeout(patience, given).await;
        drop(waiting);
        match given {
            Ok(Ok(mut turn)) => {
                turn.since = Some(Instant::now());
                Ok(turn)
            }
            // Pushed out, or out of patience.
            Ok(Err(_)) | Err(_) => Err(self.hall.state().no_turn(caller)),
        }
    }

    /// Whether a request would have to wait.
    #[must_use]
    pub fn is_full(&self) -> bool {
        let state = self.hall.state();
        state.taken >= state.concurrency
    }

    /// Requests that wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.hall.state().queue.len()
    }
}

impl Hall {
    /// Gives the turns that are free to those who wait.
    fn let_in(self: &Arc<Self>) {
        loop {
            let next = {
                let mut state = self.state();
                if state.taken >= state.concurrency {
                    return;
                }
                let Some(next) = state.queue.pop() else { return };
                state.taken += 1;
                next
            };
            // If nobody waits for it any more, the turn is free again, and goes to the next one in this loop.
            if let Err(turn) = next.send(Turn { hall: Some(Arc::clone(self)), since: None }) {
                turn.give_back();
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Sees to it that there is a place for one more request of a caller, though another may have to go for it.
    fn make_room(&mut self, caller: &str) -> Result<(), NoTurn> {
        let comes_too_late = self.wait(caller).is_some_and(|wait| wait > self.patience);
        let has_room = !comes_too_late
            && (self.queue.len() < self.most_waiting || self.queue.make_room(caller).is_some());
        if has_room { Ok(()) } else { Err(self.no_turn(caller)) }
    }

    /// How long one more request of a caller would wait, as far as is known.
    fn wait(&self, caller: &str) -> Option<Duration> {
        let turns =
            u32::try_from(self.queue.ahead_of(caller)).unwrap_or(u32::MAX).saturating_add(1);
        Some(self.pace()?.saturating_mul(turns))
    }

    /// How long it usually takes until another turn is free.
    fn pace(&self) -> Option<Duration> {
        Some(self.usual_turn? / self.concurrency.max(1))
    }

    /// What one is told who gets no turn: to come back when a place is free and its turn would come in time.
    fn no_turn(&self, caller: &str) -> NoTurn {
        let excess = self.wait(caller).unwrap_or_default().saturating_sub(self.patience);
        let retry_after = self.pace().unwrap_or_default().max(excess).max(SHORTEST_RETRY);
        NoTurn { retry_after }
    }

    /// Takes a turn back.
    fn release(&mut self, since: Option<Instant>) {
        self.taken = self.taken.saturating_sub(1);
        let Some(latest) = since.map(|since| since.elapsed()) else { return };
        self.usual_turn = Some(match self.usual_turn {
            None => latest,
            Some(usual) => usual.mul_f64(1.0 - WEIGHT_OF_LATEST) + latest.mul_f64(WEIGHT_OF_LATEST),
        });
    }
}

impl Turn {
    /// Gives the turn back and lets nobody in for it.
    fn give_back(mut self) {
        if let Some(hall) = self.hall.take() {
            hall.state().release(None);
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(hall) = self.hall.take() {
            hall.state().release(self.since);
            hall.let_in();
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.hall.state().queue.remove(&self.place);
    }
}
