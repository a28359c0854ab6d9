//! Reads the body of `countTokens`, which holds a conversation or a whole request.

use canonical::{Fault, Losses, Request};

use super::{
    request,
    spelling::{body, object},
};

/// Reads what is to be counted.
pub(super) fn decode(bytes: &[u8], losses: &mut Losses) -> Result<Request, Fault> {
    let mut fields = body(bytes)?;
    match object(&mut fields, "generateContentRequest")? {
        Some(whole) => {
            fields.note_rest("countTokens", losses);
            request::read(whole, losses)
        }
        None => request::read(fields, losses),
    }
}
