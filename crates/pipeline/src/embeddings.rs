//! Embeddings: one request, one answer, in either lane.

use std::time::SystemTime;

use bytes::Bytes;
use canonical::{Dialect, EmbeddingRequest, EmbeddingResponse, ErrorKind, Fault, Losses, Usage};
use dialects::{Codec, Echo, EmbeddingsEndpoint};
use http::HeaderMap;
use providers::{Delivery, Refused};
use records::Operation;

use crate::{
    About, Context, Demand, Gateway, Refusal, Target,
    account::Account,
    attempt::{MOST_ANSWER_BYTES, post},
    errand::{Errand, Whole},
    open,
    resolve::resolve_name,
    settled,
    splice::spliced,
    translate_lane::refuse_losses,
};

/// A request for embeddings as a caller sent it.
pub struct EmbeddingsCall {
    /// Where it was sent to.
    pub endpoint: &'static dyn EmbeddingsEndpoint,
    /// The body, byte for byte.
    pub body: Bytes,
    /// The model that the path names, in dialects whose paths do.
    pub path_model: Option<String>,
    /// Whether the call is refused when something of it would get lost.
    pub strict: bool,
    /// Who calls.
    pub context: Context,
}

impl Gateway {
    /// Answers a request for embeddings in the caller's own dialect.
    ///
    /// # Errors
    ///
    /// Fails with what the caller is to be told; what is known about the call comes with it.
    pub async fn embed(&self, call: &EmbeddingsCall) -> Result<(About, Bytes), Refusal> {
        let mut account = Account::open(self, &call.context, Operation::Embeddings);
        let outcome = self.embed_on(call, &mut account).await;
        let (about, whole) = settled(account, outcome, Fault::status)?;
        Ok((about, whole.content))
    }

    async fn embed_on(
        &self,
        call: &EmbeddingsCall,
        account: &mut Account,
    ) -> Result<(About, Whole<Bytes>), Refusal> {
        let envelope = open::read(&call.body)?;
        let model = call.path_model.clone().unwrap_or_else(|| open::named(&envelope));
        account.asked(call.endpoint.dialect().as_str(), &model, Delivery::Whole);
        let snapshot = self.snapshot();
        let candidates = resolve_name(&snapshot, &call.context.caller, &model).await?;
        // Few texts have less than three bytes a token, and embeddings have no other output.
        let input_tokens = call.body.len() as u64 / 3;
        let demand = Demand { input_tokens, ..Demand::default() };
        let errand = Embeddings { call, model: &model };
        self.ask(&errand, &snapshot, &call.context, candidates, &demand, account).await
    }
}

/// A request for embeddings as an errand.
struct Embeddings<'a> {
    call: &'a EmbeddingsCall,
    /// The model as the caller named it.
    model: &'a str,
}

/// A request for embeddings as its candidate will be sent it.
enum Prepared {
    /// In the caller's own bytes.
    Bytes { path: String, body: Bytes },
    /// In another dialect.
    Translated { codec: &'static dyn Codec, path: String, request: EmbeddingRequest, body: Bytes },
}

impl Errand for Embeddings<'_> {
    type Prepared = Prepared;
    type Answer = Whole<Bytes>;

    fn operation(&self) -> Operation {
        Operation::Embeddings
    }

    fn prepare(&self, target: &Target, losses: &mut Losses) -> Result<Prepared, Fault> {
        let Self { call, model } = self;
        if target.speaks(call.endpoint.dialect()) {
            let places = call.endpoint.model_places();
            let body = spliced(&call.body, places, model, &target.model, None)?;
            return Ok(Prepared::Bytes {
                path: call.endpoint.provider_target(&target.model),
                body,
            });
        }
        let mut request = call.endpoint.decode_request(&call.body, losses)?;
        request.model.clone_from(&target.model);
        let (codec, path) = target.embeddings_place(request.inputs.len()).ok_or_else(|| {
            let name = &target.provider.config().name;
            Fault::invalid_request(format!(
                "{name} has no embeddings: choose a model of another provider"
            ))
        })?;
        let body = codec.encode_embeddings(&request, losses)?.into();
        if call.strict {
            refuse_losses(losses, target)?;
        }
        Ok(Prepared::Translated { codec, path, request, body })
    }

    async fn send(
        &self,
        target: &Target,
        prepared: Prepared,
        _about: &mut About,
    ) -> Result<Whole<Bytes>, Refused> {
        match prepared {
            Prepared::Bytes { path, body } => {
                let dialect = self.call.endpoint.dialect();
                let content = ask(target, dialect, &path, body).await?;
                let usage = check(target, dialect, &content)?;
                Ok(Whole { content, usage })
            }
            Prepared::Translated { codec, path, request, body } => {
                let answer = ask(target, codec.dialect(), &path, body).await;
                let answer = answer.map_err(Refused::reworded)?;
                let response = codec.decode_embeddings(&answer);
                let response = response.map_err(|fault| target.provider.redacted(fault))?;
                self.told(&request, &response)
            }
        }
    }
}

impl Embeddings<'_> {
    /// Writes the vectors in the caller's dialect.
    fn told(
        &self,
        request: &EmbeddingRequest,
        response: &EmbeddingResponse,
    ) -> Result<Whole<Bytes>, Refused> {
        let (vectors, inputs) = (response.vectors.len(), request.inputs.len());
        if vectors != inputs {
            let sentence = format!("the provider answered {vectors} vectors for {inputs} inputs");
            return Err(Fault::new(ErrorKind::Malformed, sentence).into());
        }
        let id = self.call.context.id.clone();
        let echo = Echo { model: self.model.to_owned(), created: SystemTime::now(), id };
        let content = self.call.endpoint.encode_response(response, request, &echo).into();
        Ok(Whole { content, usage: response.usage })
    }
}

/// Makes sure that the bytes are an answer, and no error in a 200's clothing. Vectors of a form that only the caller's
/// dialect has pass.
fn check(target: &Target, dialect: Dialect, answer: &Bytes) -> Result<Usage, Fault> {
    match dialects::codec(dialect).decode_embeddings(answer) {
        Ok(response) => Ok(response.usage),
        Err(fault) if fault.kind == ErrorKind::Malformed && open::read(answer).is_ok() => {
            Ok(Usage::default())
        }
        Err(fault) => Err(target.provider.redacted(fault)),
    }
}

async fn ask(target: &Target, dialect: Dialect, path: &str, body: Bytes) -> Result<Bytes, Refused> {
    let reply = post(target, dialect, path, HeaderMap::new(), body, Delivery::Whole).await?;
    Ok(reply.body.collect(MOST_ANSWER_BYTES).await?)
}
