//! One row of the route table.

use std::fmt;
use std::pin::Pin;

use grants::Scope;
use http::Method;

use crate::{Call, Response};

/// One method of one path, who may call it, and what answers.
pub struct Route {
    /// GET serves HEAD as well.
    pub method: Method,
    /// The path's pattern: `/api/providers/{name}`; a literal path wins over a pattern.
    pub path: &'static str,
    /// Who may call it.
    pub access: Access,
    /// What answers.
    pub handler: Handler,
}

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anyone. For liveness probes, and static shells that are the same bytes for everyone.
    Open,
    /// Anyone who takes the page, which is a static shell; who asks for JSON there needs a valid key.
    Shell,
    /// Holders of a valid key.
    Key,
    /// Holders of a valid key that is good for this.
    Scope(Scope),
}

/// Answers the calls of one route.
pub type Handler = Box<dyn Fn(Call) -> Answering + Send + Sync>;

/// An answer in the making.
pub type Answering = Pin<Box<dyn Future<Output = Response> + Send>>;

impl Route {
    /// Describes a route whose handler is an async function.
    pub fn new<H, F>(method: Method, path: &'static str, access: Access, handler: H) -> Self
    where
        H: Fn(Call) -> F + Send + Sync + 'static,
        F: Future<Output = Response> + Send + 'static,
    {
        let handler: Handler = Box::new(move |call| Box::pin(handler(call)));
        Self { method, path, access, handler }
    }
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Route")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("access", &self.access)
            .finish_non_exhaustive()
    }
}
