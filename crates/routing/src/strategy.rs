//! Strategies: the order in which candidates are tried.

use crate::{Dice, Ready, Standing};

/// How candidates are ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Strategy {
    /// As they are listed.
    #[default]
    Priority,
    /// By chance, in proportion to their weights.
    Weighted,
    /// Those with the fewest running requests first.
    LeastInFlight,
    /// The faster of two drawn by chance first.
    Latency,
    /// The cheapest first.
    Cheapest,
    /// Those of this machine and its network first, while they are up and free; then the others as listed.
    LocalFirst,
}

impl Strategy {
    /// Every strategy, in the order documents list them.
    pub const ALL: [Self; 6] = [
        Self::Priority,
        Self::Weighted,
        Self::LeastInFlight,
        Self::Latency,
        Self::Cheapest,
        Self::LocalFirst,
    ];

    /// The name in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Priority => "priority",
            Self::Weighted => "weighted",
            Self::LeastInFlight => "least-in-flight",
            Self::Latency => "latency",
            Self::Cheapest => "cheapest",
            Self::LocalFirst => "local-first",
        }
    }

    /// Finds the strategy of that name, with hyphens or underscores.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let name = name.replace('_', "-");
        Self::ALL.into_iter().find(|strategy| strategy.as_str() == name)
    }
}

/// Orders the candidates that may be asked; last resorts stand last, and those that may not be asked are left out.
///
/// A candidate in its slow start keeps its place for its share of the requests, and otherwise stands behind those that
/// aren't in theirs; among weighted ones its weight is less instead.
pub fn order(strategy: Strategy, standings: &[Standing], dice: Dice<'_>) -> Vec<usize> {
    let (mut full, mut held_back, mut resorts) = (Vec::new(), Vec::new(), Vec::new());
    for (number, standing) in standings.iter().enumerate() {
        match (standing.readiness(), strategy) {
            (None | Some(Ready::Not { .. }), _) => {}
            (Some(Ready::LastResort), _) => resorts.push((number, standing)),
            (Some(Ready::Now { .. }), Strategy::Weighted) => full.push((number, standing)),
            (
                Some(Ready::Now { share }),
                Strategy::Priority
                | Strategy::LeastInFlight
                | Strategy::Latency
                | Strategy::Cheapest
                | Strategy::LocalFirst,
            ) => {
                let keeps_place = share >= 1.0 || chance(dice) < share;
                if keeps_place { &mut full } else { &mut held_back }.push((number, standing));
            }
        }
    }
    let mut order = Vec::with_capacity(standings.len());
    for group in [full, held_back, resorts] {
        order.extend(order_group(strategy, group, dice).into_iter().map(|(number, _)| number));
    }
    order
}

/// A candidate's number and standing.
type Numbered<'a> = (usize, &'a Standing);

fn order_group<'a>(
    strategy: Strategy,
    mut group: Vec<Numbered<'a>>,
    dice: Dice<'_>,
) -> Vec<Numbered<'a>> {
    match strategy {
        Strategy::Priority => group,
        Strategy::Weighted => by_weight(group, dice),
        Strategy::LeastInFlight => {
            group.sort_by_cached_key(|(_, standing)| (standing.in_flight, dice()));
            group
        }
        Strategy::Latency => by_two_choices(group, dice),
        Strategy::Cheapest => {
            group.sort_by_key(|(_, standing)| {
                (standing.cost_nano_usd.is_none(), standing.cost_nano_usd)
            });
            group
        }
        Strategy::LocalFirst => {
            group.sort_by_key(|(_, standing)| match (standing.is_local, standing.is_full) {
                (true, false) => 0,
                (false, _) => 1,
                (true, true) => 2,
            });
            group
        }
    }
}

/// Draws one after the other, each in proportion to its weight; those without weight follow as listed.
fn by_weight<'a>(mut left: Vec<Numbered<'a>>, dice: Dice<'_>) -> Vec<Numbered<'a>> {
    let mut order = Vec::with_capacity(left.len());
    loop {
        let total: f64 = left.iter().map(|(_, standing)| standing.effective_weight()).sum();
        let mut point = chance(dice) * total;
        let weights = left.iter().map(|(_, standing)| standing.effective_weight()).enumerate();
        let mut drawn = None;
        for (place, weight) in weights.filter(|(_, weight)| *weight > 0.0) {
            drawn = Some(place);
            if point < weight {
                break;
            }
            point -= weight;
        }
        let Some(place) = drawn else { break };
        order.push(left.remove(place));
    }
    order.extend(left);
    order
}

/// Draws two of those left and takes the faster, until none is left.
fn by_two_choices<'a>(mut left: Vec<Numbered<'a>>, dice: Dice<'_>) -> Vec<Numbered<'a>> {
    let mut order = Vec::with_capacity(left.len());
    while left.len() > 1 {
        let one = below(left.len(), dice);
        let two = (one + 1 + below(left.len() - 1, dice)) % left.len();
        let expected = |place: usize| left.get(place).map(|(_, standing)| standing.expected);
        let faster = if expected(two) < expected(one) { two } else { one };
        order.push(left.swap_remove(faster));
    }
    order.extend(left);
    order
}

impl Standing {
    fn effective_weight(&self) -> f64 {
        let share = match self.readiness() {
            Some(Ready::Now { share }) => share,
            None | Some(Ready::LastResort | Ready::Not { .. }) => 1.0,
        };
        f64::from(self.weight) * share
    }
}

/// Draws a number from 0 up to, but not including, 1.
fn chance(dice: Dice<'_>) -> f64 {
    let digits = u32::try_from(dice() >> 32).unwrap_or(u32::MAX);
    f64::from(digits) / (f64::from(u32::MAX) + 1.0)
}

/// Draws a number below `bound`, which must not be 0.
fn below(bound: usize, dice: Dice<'_>) -> usize {
    let bound = u64::try_from(bound).unwrap_or(u64::MAX);
    usize::try_from(dice() % bound).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Strategy, order};
    use crate::{Ready, Standing};

    fn standing() -> Standing {
        let ready = Ready::Now { share: 1.0 };
        Standing {
            ready,
            keys: vec![(0, ready)],
            weight: 1,
            is_local: false,
            in_flight: 0,
            is_full: false,
            expected: Duration::ZERO,
            cost_nano_usd: None,
        }
    }

    /// Numbers that are the same in every run (splitmix64).
    fn dice(mut seed: u64) -> impl FnMut() -> u64 {
        move || {
            seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^ (mixed >> 31)
        }
    }

    fn check(strategy: Strategy, standings: &[Standing], expected: &[usize]) {
        for seed in 0..20 {
            let ordered = order(strategy, standings, &mut dice(seed));
            assert_eq!(ordered, expected, "{strategy:?}");
        }
    }

    /// Of a thousand orders, how many begin with each candidate.
    fn firsts(strategy: Strategy, standings: &[Standing]) -> Vec<usize> {
        let mut dice = dice(7);
        let mut firsts = vec![0; standings.len()];
        for _ in 0..1000 {
            let order = order(strategy, standings, &mut dice);
            firsts[order[0]] += 1;
            let mut all = order;
            all.sort_unstable();
            assert_eq!(all, (0..standings.len()).collect::<Vec<_>>(), "each once");
        }
        firsts
    }

    fn check_share(firsts: usize, expected: usize) {
        assert!(firsts.abs_diff(expected) <= 50, "{firsts} of 1000, not {expected}");
    }

    #[test]
    fn every_strategy_has_a_name_that_is_read_again() {
        for strategy in Strategy::ALL {
            assert_eq!(Strategy::parse(strategy.as_str()), Some(strategy));
            assert_eq!(Strategy::parse(&strategy.as_str().replace('-', "_")), Some(strategy));
        }
        assert_eq!(Strategy::parse("best"), None);
    }

    #[test]
    fn last_resorts_stand_last_and_what_is_not_ready_is_left_out() {
        let not = Ready::Not { until: Instant::now() };
        let with = |ready, keys| Standing { ready, keys, ..standing() };
        let now = Ready::Now { share: 1.0 };
        let standings = [
            with(Ready::LastResort, vec![(0, now)]),
            with(now, vec![(0, Ready::LastResort)]),
            with(not, vec![(0, now)]),
            with(now, vec![(0, not)]),
            with(now, vec![]),
            with(now, vec![(0, Ready::LastResort), (1, now)]),
        ];
        check(Strategy::Priority, &standings, &[5, 0, 1]);
        for strategy in Strategy::ALL {
            let mut ordered = order(strategy, &standings, &mut dice(1));
            assert_eq!(ordered.remove(0), 5, "{strategy:?}");
            ordered.sort_unstable();
            assert_eq!(ordered, [0, 1], "{strategy:?}");
        }
    }

    #[test]
    fn weights_are_shares_and_none_is_never_first() {
        let with = |weight| Standing { weight, ..standing() };
        let counts = firsts(Strategy::Weighted, &[with(6), with(0), with(3), with(1)]);
        check_share(counts[0], 600);
        assert_eq!(counts[1], 0);
        check_share(counts[2], 300);
        check_share(counts[3], 100);
        check(Strategy::Weighted, &[with(0), with(1), with(0)], &[1, 0, 2]);
    }

    #[test]
    fn a_slow_start_gets_its_share() {
        let slow = Standing { ready: Ready::Now { share: 0.25 }, ..standing() };
        let standings = [slow, standing()];
        check_share(firsts(Strategy::Weighted, &standings)[0], 200);
        check_share(firsts(Strategy::Priority, &standings)[0], 250);
        check_share(firsts(Strategy::Cheapest, &standings)[0], 250);
        check_share(firsts(Strategy::LocalFirst, &standings)[0], 250);
        check_share(firsts(Strategy::LeastInFlight, &standings)[0], 125);
        check_share(firsts(Strategy::Latency, &standings)[0], 125);
    }

    #[test]
    fn the_fewest_in_flight_come_first_and_equals_by_chance() {
        let with = |in_flight| Standing { in_flight, ..standing() };
        check(Strategy::LeastInFlight, &[with(3), with(1), with(2)], &[1, 2, 0]);
        let counts = firsts(Strategy::LeastInFlight, &[with(1), with(1), with(2)]);
        check_share(counts[0], 500);
        assert_eq!(counts[2], 0);
    }

    #[test]
    fn the_faster_of_two_drawn_comes_first() {
        let with = |ms| Standing { expected: Duration::from_millis(ms), ..standing() };
        check(Strategy::Latency, &[with(300), with(100)], &[1, 0]);
        let counts = firsts(Strategy::Latency, &[with(300), with(100), with(200)]);
        assert_eq!(counts[0], 0, "one of the two is always faster");
        check_share(counts[1], 667);
        check_share(counts[2], 333);
    }

    #[test]
    fn the_cheapest_comes_first_and_unknown_prices_last() {
        let with = |cost_nano_usd| Standing { cost_nano_usd, ..standing() };
        let standings = [with(None), with(Some(9)), with(Some(0)), with(Some(9)), with(None)];
        check(Strategy::Cheapest, &standings, &[2, 1, 3, 0, 4]);
    }

    #[test]
    fn local_models_come_first_unless_they_are_full() {
        let with = |is_local, is_full| Standing { is_local, is_full, ..standing() };
        let standings = [
            with(false, false),
            with(true, true),
            with(true, false),
            with(false, true),
            with(true, false),
        ];
        check(Strategy::LocalFirst, &standings, &[2, 4, 0, 3, 1]);
    }
}
