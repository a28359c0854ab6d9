//! Ties tool results to tool calls across dialects that disagree about ids.

use canonical::{ToolCall, ToolResult};

/// The calls of a request that have no result yet, under the ids that the provider is told.
///
/// Requests from dialects without ids leave them empty; results then answer calls by name, else in order.
#[derive(Debug)]
pub(crate) struct ToolIds {
    rename: fn(&str, usize) -> String,
    open: Vec<OpenCall>,
    calls: usize,
}

#[derive(Debug)]
struct OpenCall {
    original: String,
    name: String,
    told: String,
}

/// The call that a result answers.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answered {
    /// The id that the provider was told.
    pub(crate) id: String,
    /// The tool's name, where the call or the result gives it.
    pub(crate) name: Option<String>,
}

impl ToolIds {
    /// Starts a request; `rename` makes the told id of an id and of the call's position in the request.
    pub(crate) fn new(rename: fn(&str, usize) -> String) -> Self {
        Self { rename, open: Vec::new(), calls: 0 }
    }

    /// Takes the next call and returns the id to tell.
    pub(crate) fn call(&mut self, call: &ToolCall) -> String {
        let told = self.next_id(&call.id);
        self.open.push(OpenCall {
            original: call.id.clone(),
            name: call.name.clone(),
            told: told.clone(),
        });
        told
    }

    /// Takes the next result and returns the call that it answers.
    pub(crate) fn result(&mut self, result: &ToolResult) -> Answered {
        let answers = |call: &OpenCall| match (result.call_id.as_str(), &result.name) {
            ("", Some(name)) => call.name == *name,
            ("", None) => true,
            (id, _) => call.original == id,
        };
        match self.open.iter().position(answers) {
            Some(index) => {
                let call = self.open.remove(index);
                Answered { id: call.told, name: Some(call.name) }
            }
            None => Answered { id: self.next_id(&result.call_id), name: result.name.clone() },
        }
    }

    fn next_id(&mut self, original: &str) -> String {
        self.calls += 1;
        (self.rename)(original, self.calls)
    }
}

/// Keeps an id, and makes one up where there is none.
pub(crate) fn keep(original: &str, position: usize) -> String {
    if original.is_empty() { format!("call_{position}") } else { original.to_owned() }
}

#[cfg(test)]
mod tests {
    use canonical::{ToolCall, ToolResult};

    use super::{ToolIds, keep};

    fn call(ids: &mut ToolIds, id: &str, name: &str) -> String {
        let (id, name) = (id.to_owned(), name.to_owned());
        ids.call(&ToolCall { id, name, arguments: String::new(), seal: None })
    }

    fn answered(ids: &mut ToolIds, call_id: &str, name: Option<&str>) -> String {
        let (call_id, name) = (call_id.to_owned(), name.map(str::to_owned));
        ids.result(&ToolResult { call_id, name, content: Vec::new(), is_error: false }).id
    }

    #[test]
    fn results_find_their_calls_by_id_then_name_then_order() {
        let mut ids = ToolIds::new(keep);
        call(&mut ids, "a", "clock");
        assert_eq!(call(&mut ids, "", "clock"), "call_2");
        assert_eq!(call(&mut ids, "", "map"), "call_3");
        assert_eq!(answered(&mut ids, "a", None), "a");
        assert_eq!(answered(&mut ids, "", Some("map")), "call_3");
        assert_eq!(answered(&mut ids, "", None), "call_2");
        assert_eq!(answered(&mut ids, "stray", None), "stray");
    }
}
