//! Limits as options of a command.

use clap::Args;
use serde_json::{Map, Value, json};

/// How much may be used. What is not named is not limited, or as its maker's.
#[derive(Args)]
pub struct Limits {
    /// Requests that may start in any 60 seconds
    #[arg(long, value_name = "N")]
    requests_per_minute: Option<u32>,

    /// Tokens of input and output in any 60 seconds
    #[arg(long, value_name = "N")]
    tokens_per_minute: Option<u64>,

    /// Requests that may run at once
    #[arg(long, value_name = "N")]
    concurrency: Option<u32>,
}

impl Limits {
    /// The limits that were named, if any were.
    pub fn to_json(&self) -> Option<Value> {
        let members = [
            ("requests_per_minute", self.requests_per_minute.map(|limit| json!(limit))),
            ("tokens_per_minute", self.tokens_per_minute.map(|limit| json!(limit))),
            ("concurrency", self.concurrency.map(|limit| json!(limit))),
        ];
        let named = |(name, value): (&str, Option<Value>)| Some((name.to_owned(), value?));
        let members: Map<_, _> = members.into_iter().filter_map(named).collect();
        (!members.is_empty()).then(|| members.into())
    }
}
