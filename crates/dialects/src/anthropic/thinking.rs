//! How much a model should think, in Anthropic's terms.
//!
//! A budget becomes `thinking.type: enabled`, which models up to Claude 4.5 take; a level becomes
//! `adaptive` with `output_config.effort`, which later models take. Of a model that is known to take only one of them,
//! the other is asked for in its place, and noted; a model of which nothing is known says itself what it refuses.

use canonical::{Effort, Losses, ReasoningControl};
use serde_json::{Value, json};

use crate::{ThinkingQuirks, object::object};

/// The bound on an answer that names none, of a model of which nothing is known: what every model has. The provider
/// requires one, and refuses one above the model's own.
const LEAST_MAX_TOKENS: u64 = 4096;

/// The bound on an answer that names none, of any other model. It counts against the context window, so it is not
/// simply the model's own.
const USUAL_MAX_TOKENS: u64 = 32_000;

/// The smallest budget that the provider takes.
const LEAST_BUDGET_TOKENS: u64 = 1024;

/// How long an answer may be, in tokens.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bound {
    /// What the caller allows.
    pub(super) asked: Option<u64>,
    /// What the model is able to.
    pub(super) largest: Option<u64>,
}

impl Bound {
    /// The bound beside `thoughts` tokens of thinking.
    fn beside(self, thoughts: u64) -> u64 {
        let largest = self.largest.unwrap_or(u64::MAX);
        let usual = self.largest.map_or(LEAST_MAX_TOKENS, |largest| largest.min(USUAL_MAX_TOKENS));
        self.asked.unwrap_or_else(|| thoughts.saturating_add(usual).min(largest))
    }
}

/// What a request's wish to think becomes.
pub(super) struct Thinking {
    /// The member `thinking`, null where it is left out.
    pub(super) config: Value,
    /// The member `output_config.effort`, null where it is left out.
    pub(super) effort: Value,
    /// The bound on the answer, which has to leave room for the budget.
    pub(super) max_tokens: u64,
}

impl Thinking {
    /// Plans the thinking of an answer within the bound, thoughts included.
    pub(super) fn plan(
        control: &ReasoningControl,
        quirks: ThinkingQuirks,
        bound: Bound,
        losses: &mut Losses,
    ) -> Self {
        let control = &fitted(control, quirks, losses);
        let plain_max = bound.beside(0);
        let effort = effort(control, losses);
        let display = match control.include {
            Some(true) => json!("summarized"),
            Some(false) => json!("omitted"),
            None => Value::Null,
        };
        match (control.budget_tokens, control.effort) {
            (Some(0), _) | (None, Some(Effort::None)) => {
                let config = json!({"type": "disabled"});
                Self { config, effort: Value::Null, max_tokens: plain_max }
            }
            (Some(asked), _) => {
                let least = asked.max(LEAST_BUDGET_TOKENS);
                let max_tokens = bound.beside(least);
                let budget = least.min(max_tokens.saturating_sub(1));
                if budget != asked {
                    losses.note("reasoning.budget_tokens");
                }
                let config = if budget < LEAST_BUDGET_TOKENS {
                    Value::Null
                } else {
                    object([
                        ("type", json!("enabled")),
                        ("budget_tokens", json!(budget)),
                        ("display", display),
                    ])
                };
                Self { config, effort, max_tokens }
            }
            (None, None) => {
                // Who only wants to see thoughts has not asked for any.
                if control.include.is_some() {
                    losses.note("reasoning.include");
                }
                Self { config: Value::Null, effort, max_tokens: plain_max }
            }
            (None, Some(_)) => {
                let config = object([("type", json!("adaptive")), ("display", display)]);
                Self { config, effort, max_tokens: plain_max }
            }
        }
    }

    /// Turns thinking off where it has a budget: the provider then refuses a conversation whose last calls come
    /// without the thoughts before them, as those of another provider do. `adaptive` takes such a conversation.
    /// Source: <https://docs.claude.com/en/docs/build-with-claude/adaptive-thinking>
    pub(super) fn give_up(&mut self, losses: &mut Losses) {
        if self.config.get("type").is_some_and(|kind| kind == "enabled") {
            self.turn_off(losses);
        }
    }

    /// Turns thinking off, if it is on.
    pub(super) fn turn_off(&mut self, losses: &mut Losses) {
        if self.is_on() {
            losses.note("reasoning");
            self.config = json!({"type": "disabled"});
        }
    }

    /// Whether the model is asked to think, which forbids all sampling but its own.
    pub(super) fn is_on(&self) -> bool {
        self.config.get("type").is_some_and(|kind| kind != "disabled")
    }
}

/// Says it in the way that the model takes.
fn fitted(
    control: &ReasoningControl,
    quirks: ThinkingQuirks,
    losses: &mut Losses,
) -> ReasoningControl {
    let other =
        |effort, budget_tokens| ReasoningControl { effort, budget_tokens, ..control.clone() };
    match (control.budget_tokens, control.effort) {
        (Some(0), _) | (None, Some(Effort::None)) if quirks.always_thinks => {
            losses.note("reasoning.effort");
            other(None, None)
        }
        (Some(tokens), _) if tokens > 0 && quirks.takes_budgets == Some(false) => {
            losses.note("reasoning.budget_tokens");
            other(control.effort.or(Some(level(tokens))), None)
        }
        (None, Some(effort)) if quirks.takes_levels == Some(false) => {
            let tokens = budget(effort);
            if tokens > 0 {
                losses.note("reasoning.effort");
            }
            other(None, Some(tokens))
        }
        (Some(_) | None, Some(_) | None) => control.clone(),
    }
}

/// The budget that a level stands for, in tokens. The levels are ours to size: the provider gives none.
fn budget(effort: Effort) -> u64 {
    match effort {
        Effort::None => 0,
        Effort::Minimal | Effort::Low => LEAST_BUDGET_TOKENS,
        Effort::Medium => 4 * LEAST_BUDGET_TOKENS,
        Effort::High => 16 * LEAST_BUDGET_TOKENS,
        Effort::ExtraHigh | Effort::Max => 32 * LEAST_BUDGET_TOKENS,
    }
}

/// The lowest level whose budget is no less.
fn level(tokens: u64) -> Effort {
    let levels = [Effort::Low, Effort::Medium, Effort::High];
    levels.into_iter().find(|effort| budget(*effort) >= tokens).unwrap_or(Effort::Max)
}

/// The level as the provider names it.
fn effort(control: &ReasoningControl, losses: &mut Losses) -> Value {
    match control.effort {
        None | Some(Effort::None) => Value::Null,
        Some(Effort::Minimal) => {
            losses.note("reasoning.effort");
            json!("low")
        }
        Some(Effort::Low) => json!("low"),
        Some(Effort::Medium) => json!("medium"),
        Some(Effort::High) => json!("high"),
        Some(Effort::ExtraHigh) => json!("xhigh"),
        Some(Effort::Max) => json!("max"),
    }
}

#[cfg(test)]
mod tests {
    use canonical::{Effort, Losses, ReasoningControl};
    use serde_json::{Value, json};

    use super::{Bound, Thinking};
    use crate::ThinkingQuirks;

    #[track_caller]
    fn check(
        control: ReasoningControl,
        max_tokens: Option<u64>,
        expected: (Value, Value, u64),
        lost: &str,
    ) {
        let mut losses = Losses::default();
        let bound = Bound { asked: max_tokens, largest: None };
        let thinking = Thinking::plan(&control, ThinkingQuirks::default(), bound, &mut losses);
        assert_eq!((thinking.config, thinking.effort, thinking.max_tokens), expected);
        assert_eq!(losses.to_string(), lost);
    }

    fn budget(budget_tokens: u64) -> ReasoningControl {
        ReasoningControl { budget_tokens: Some(budget_tokens), ..ReasoningControl::default() }
    }

    fn level(effort: Effort) -> ReasoningControl {
        ReasoningControl { effort: Some(effort), ..ReasoningControl::default() }
    }

    fn enabled(budget_tokens: u64) -> Value {
        json!({"type": "enabled", "budget_tokens": budget_tokens})
    }

    #[test]
    fn an_answer_without_a_bound_gets_what_the_model_is_able_to() {
        for (asked, largest, control, expected) in [
            (None, None, ReasoningControl::default(), 4096),
            (None, Some(8192), ReasoningControl::default(), 8192),
            (None, Some(64_000), ReasoningControl::default(), 32_000),
            (Some(100), Some(64_000), ReasoningControl::default(), 100),
            (None, Some(64_000), budget(10_000), 42_000),
            (None, Some(64_000), budget(40_000), 64_000),
            (None, Some(64_000), budget(0), 32_000),
        ] {
            let bound = Bound { asked, largest };
            let thinking =
                Thinking::plan(&control, ThinkingQuirks::default(), bound, &mut Losses::default());
            assert_eq!(thinking.max_tokens, expected, "{asked:?} of {largest:?}");
        }
    }

    #[test]
    fn a_budget_fits_between_its_least_and_the_whole_answer() {
        check(budget(2000), Some(9000), (enabled(2000), Value::Null, 9000), "");
        check(budget(2000), None, (enabled(2000), Value::Null, 6096), "");
        check(
            budget(2000),
            Some(2000),
            (enabled(1999), Value::Null, 2000),
            "reasoning.budget_tokens",
        );
        check(budget(1), Some(9000), (enabled(1024), Value::Null, 9000), "reasoning.budget_tokens");
        check(budget(1), Some(1024), (Value::Null, Value::Null, 1024), "reasoning.budget_tokens");
        check(
            budget(u64::MAX),
            None,
            (enabled(u64::MAX - 1), Value::Null, u64::MAX),
            "reasoning.budget_tokens",
        );
    }

    #[test]
    fn a_level_is_adaptive() {
        let adaptive = json!({"type": "adaptive"});
        check(level(Effort::Max), None, (adaptive.clone(), json!("max"), 4096), "");
        check(level(Effort::Minimal), None, (adaptive, json!("low"), 4096), "reasoning.effort");
    }

    #[test]
    fn thinking_can_be_turned_off() {
        let disabled = json!({"type": "disabled"});
        check(budget(0), None, (disabled.clone(), Value::Null, 4096), "");
        check(level(Effort::None), Some(5), (disabled, Value::Null, 5), "");
    }

    #[test]
    fn a_model_is_told_in_the_way_that_it_takes() {
        let budgets = ThinkingQuirks { takes_levels: Some(false), ..ThinkingQuirks::default() };
        let levels = ThinkingQuirks { takes_budgets: Some(false), ..ThinkingQuirks::default() };
        let always = ThinkingQuirks { always_thinks: true, ..ThinkingQuirks::default() };
        let disabled = json!({"type": "disabled"});
        for (control, quirks, config, lost) in [
            (level(Effort::Medium), budgets, enabled(4096), "reasoning.effort"),
            (level(Effort::None), budgets, disabled.clone(), ""),
            (budget(2000), budgets, enabled(2000), ""),
            (budget(2000), levels, json!({"type": "adaptive"}), "reasoning.budget_tokens"),
            (level(Effort::High), levels, json!({"type": "adaptive"}), ""),
            (budget(0), always, Value::Null, "reasoning.effort"),
            (budget(0), levels, disabled, ""),
        ] {
            let bound = Bound { asked: Some(9000), largest: None };
            let mut losses = Losses::default();
            let thinking = Thinking::plan(&control, quirks, bound, &mut losses);
            assert_eq!((thinking.config, losses.to_string().as_str()), (config, lost));
        }
    }

    #[test]
    fn thoughts_are_shown_when_asked_for() {
        let show = |include| ReasoningControl { include: Some(include), ..level(Effort::Low) };
        let shown = json!({"type": "adaptive", "display": "summarized"});
        let hidden = json!({"type": "adaptive", "display": "omitted"});
        check(show(true), None, (shown, json!("low"), 4096), "");
        check(show(false), None, (hidden, json!("low"), 4096), "");
        check(ReasoningControl::default(), None, (Value::Null, Value::Null, 4096), "");
    }
}
