//! What is known of one model.

use canonical::{Ability, Modality, ModelCard, Price};

use crate::Vendor;

/// What is known of one model. What nobody says is unset, never guessed.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// The vendor whose id and price these are.
    pub vendor: Vendor,
    /// The vendor's id of the model.
    pub id: String,
    /// A name for people.
    pub display_name: Option<String>,
    /// When it was released, in seconds since 1970.
    pub released_s: Option<u64>,
    /// Tokens of input and output together.
    pub context_window_tokens: Option<u64>,
    /// Tokens that an answer may have.
    pub max_output_tokens: Option<u64>,
    /// What it reads; empty where unknown.
    pub input_modalities: Vec<Modality>,
    /// What it writes; empty where unknown.
    pub output_modalities: Vec<Modality>,
    /// What it is known to be able to do.
    pub abilities: Vec<Ability>,
    /// The reasoning efforts that it takes, in the vendor's words; empty where unknown.
    pub reasoning_efforts: Vec<String>,
    /// Whether it takes Anthropic's `thinking.type: adaptive`.
    pub adaptive_thinking: Option<bool>,
    /// Whether it takes Anthropic's `thinking.type: enabled` with a budget.
    pub budget_thinking: Option<bool>,
    /// Whether thinking can't be switched off.
    pub always_thinks: Option<bool>,
    /// Whether it takes `temperature`, `top_p` and `top_k`.
    pub sampling_params: bool,
    /// What the vendor asks for it. A reseller or a server of one's own has its own price.
    pub price: Price,
    /// Whether the vendor advises against new use.
    pub deprecated: bool,
    /// The day on which the vendor takes or took it away, as `2026-11-30`.
    pub retires_on: Option<String>,
    /// The id of the model that the vendor names in its place.
    pub successor: Option<String>,
    /// Whether an operator's file says all this, not what comes with the program.
    pub is_operators: bool,
}

impl Facts {
    /// Writes what is known into a list's entry for the model that `provider` serves as `id`.
    #[must_use]
    pub fn card(&self, id: &str, provider: &str) -> ModelCard {
        ModelCard {
            id: id.to_owned(),
            provider: provider.to_owned(),
            display_name: self.display_name.clone(),
            created_s: self.released_s,
            context_window_tokens: self.context_window_tokens,
            max_output_tokens: self.max_output_tokens,
            input_modalities: self.input_modalities.clone(),
            output_modalities: self.output_modalities.clone(),
            abilities: self.abilities.clone(),
            price: self.price,
        }
    }
}
