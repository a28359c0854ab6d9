//! 50,000 chains of keys made with keys: whatever a child may, its maker may too.

use std::time::{Duration, UNIX_EPOCH};

use grants::Scope;
use limits::Limits;

use crate::{NewKey, holding::Holding, moment};

const CHAINS: u64 = 50_000;

const NAMES: [&str; 8] = ["", "a", "b", "ab", "near-a", "near-b", "far-a", "a/b"];
const PATTERNS: [&str; 10] = ["*", "a", "b", "a*", "*a", "near-*", "near-a", "*-*", "a/b", "*a*b*"];

/// Numbers that follow from a seed alone (SplitMix64, <https://prng.di.unimi.it/splitmix64.c>).
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % most as u64).unwrap()
    }

    /// Something in one of three cases, so that chains go deep before all is refused.
    fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.below(3) == 0 { Some(make(self)) } else { None }
    }

    fn patterns(&mut self) -> Vec<String> {
        let count = 1 + self.below(3);
        (0..count).map(|_| PATTERNS[self.below(PATTERNS.len())].to_owned()).collect()
    }

    fn number(&mut self) -> u32 {
        u32::try_from(1 + self.below(4)).unwrap()
    }

    fn wanted(&mut self) -> NewKey {
        NewKey {
            name: "any".to_owned(),
            project: if self.below(4) == 0 {
                Some(["p", "q"][self.below(2)].to_owned())
            } else {
                None
            },
            scopes: self.maybe(|dice| {
                let count = 1 + dice.below(3);
                (0..count).map(|_| Scope::ALL[dice.below(Scope::ALL.len())]).collect()
            }),
            providers: self.maybe(Self::patterns),
            models: self.maybe(Self::patterns),
            local_only: self.maybe(|dice| dice.below(2) == 0),
            limits: self.maybe(|dice| Limits {
                requests_per_minute: dice.maybe(Self::number),
                tokens_per_minute: dice.maybe(|dice| dice.number().into()),
                concurrency: dice.maybe(Self::number),
            }),
            expires_at: self.maybe(|dice| {
                moment::write(UNIX_EPOCH + Duration::from_secs(dice.number().into()))
            }),
        }
    }
}

/// Everything that `holding` allows among the sample names, as one long list of answers.
fn allowed(holding: &Holding) -> Vec<bool> {
    let grant = &holding.grant;
    let mut answers: Vec<bool> = Scope::ALL.iter().map(|scope| grant.allows(*scope)).collect();
    for provider in NAMES {
        answers.push(grant.holds_provider(provider));
        for model in NAMES {
            answers.push(grant.holds_model(provider, model, None));
            answers.push(grant.holds_model(provider, model, Some("near-a")));
        }
    }
    // What stays local is allowed to all; what does not, only to those who need not stay.
    answers.push(!grant.local_only);
    let Limits { requests_per_minute, tokens_per_minute, concurrency } = holding.limits;
    for amount in 1..=5_u32 {
        answers.push(requests_per_minute.is_none_or(|limit| amount <= limit));
        answers.push(tokens_per_minute.is_none_or(|limit| u64::from(amount) <= limit));
        answers.push(concurrency.is_none_or(|limit| amount <= limit));
        let then = UNIX_EPOCH + Duration::from_secs(amount.into());
        answers.push(holding.expires_at.is_none_or(|end| then < end));
    }
    for project in ["p", "q", "r"] {
        answers.push(holding.project.as_deref().is_none_or(|own| own == project));
    }
    answers
}

#[test]
fn whatever_a_child_may_its_maker_may_too() {
    let (mut made, mut refused, mut narrower) = (0, 0, 0);
    for seed in 0..CHAINS {
        let mut dice = Dice(seed);
        let mut holding = Holding::all();
        let mut answers = allowed(&holding);
        for step in 0..5 {
            let wanted = dice.wanted();
            let Ok(child) = holding.pass_on(&wanted) else {
                refused += 1;
                continue;
            };
            let of_child = allowed(&child);
            for (number, (child_may, maker_may)) in of_child.iter().zip(&answers).enumerate() {
                assert!(
                    *maker_may || !child_may,
                    "seed {seed}, step {step}, answer {number}: {wanted:?} gave {child:?} of {holding:?}"
                );
            }
            assert!(holding.covers(&child), "seed {seed}, step {step}: {child:?} of {holding:?}");
            narrower += usize::from(of_child != answers);
            made += 1;
            (holding, answers) = (child, of_child);
        }
    }
    // Chains that hardly ever begin, or never lose anything, would prove nothing.
    assert!(made > 100_000 && refused > 50_000 && narrower > 50_000, "{made} {refused} {narrower}");
}

#[test]
fn who_is_said_to_cover_another_does() {
    let (mut yes, mut no) = (0, 0);
    for seed in 0..CHAINS {
        let mut dice = Dice(seed);
        let mut any = || Holding::all().pass_on(&dice.wanted()).unwrap();
        let (one, other) = (any(), any());
        if one.covers(&other) {
            let pairs = allowed(&one).into_iter().zip(allowed(&other));
            assert!(pairs.into_iter().all(|(one, other)| one || !other), "seed {seed}");
            yes += 1;
        } else {
            no += 1;
        }
    }
    assert!(yes > 500 && no > 500, "{yes} {no}");
}
