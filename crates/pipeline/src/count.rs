//! Count: how many tokens a chat has, by its provider where it tells, else by estimate.

use bytes::Bytes;
use canonical::{ErrorKind, Fault, Losses, Usage};
use dialects::{Codec, CountEndpoint};
use http::HeaderMap;
use providers::{Delivery, Refused};
use records::Operation;

use crate::{
    About, Context, Demand, Gateway, Refusal, Target,
    account::Account,
    attempt::{MOST_ANSWER_BYTES, post},
    call::forwarded_headers,
    errand::{Errand, Whole},
    open,
    resolve::resolve_name,
    settled,
    splice::spliced,
    translate_lane::refuse_losses,
};

/// A request for a count as a caller sent it.
pub struct CountCall {
    /// Where it was sent to.
    pub endpoint: &'static dyn CountEndpoint,
    /// The body, byte for byte.
    pub body: Bytes,
    /// The model that the path names, in dialects whose paths do.
    pub path_model: Option<String>,
    /// The headers as sent; only those that the endpoint lets through reach a provider.
    pub headers: HeaderMap,
    /// Whether the call is refused when something of it would get lost.
    pub strict: bool,
    /// Who calls.
    pub context: Context,
}

/// A count, in the caller's dialect.
pub struct Counted {
    /// The answer.
    pub body: Bytes,
    /// Whether nobody counted: the provider's dialect has no such question.
    pub is_estimate: bool,
}

impl Gateway {
    /// Answers a request for a count in the caller's own dialect.
    ///
    /// # Errors
    ///
    /// Fails with what the caller is to be told; what is known about the call comes with it.
    pub async fn count(&self, call: &CountCall) -> Result<(About, Counted), Refusal> {
        let mut account = Account::open(self, &call.context, Operation::Count);
        let outcome = self.count_on(call, &mut account).await;
        let (about, whole) = settled(account, outcome, Fault::status)?;
        Ok((about, whole.content))
    }

    async fn count_on(
        &self,
        call: &CountCall,
        account: &mut Account,
    ) -> Result<(About, Whole<Counted>), Refusal> {
        let envelope = open::read(&call.body)?;
        let model = call.path_model.clone().unwrap_or_else(|| open::named(&envelope));
        account.asked(call.endpoint.dialect().as_str(), &model, Delivery::Whole);
        let snapshot = self.snapshot();
        let candidates = resolve_name(&snapshot, &call.context.caller, &model).await?;
        let errand = Count { call, model: &model };
        // Who of a route would be asked to answer it is who counts.
        let demand = if candidates.route.is_some() {
            let request = call.endpoint.decode_request(&call.body, &mut Losses::default())?;
            Demand::of(&request)
        } else {
            Demand::default()
        };
        self.ask(&errand, &snapshot, &call.context, candidates, &demand, account).await
    }
}

/// A request for a count as an errand.
struct Count<'a> {
    call: &'a CountCall,
    /// The model as the caller named it.
    model: &'a str,
}

/// How the tokens are counted.
enum Prepared {
    /// By the provider, asked in the caller's own bytes.
    Bytes { path: String, headers: HeaderMap, body: Bytes },
    /// By the provider, in another dialect; else by estimate.
    Translated { codec: &'static dyn Codec, path: String, body: Bytes, estimate: u64 },
    /// By estimate.
    Estimated(u64),
}

impl Errand for Count<'_> {
    type Prepared = Prepared;
    type Answer = Whole<Counted>;

    fn operation(&self) -> Operation {
        Operation::Count
    }

    fn prepare(&self, target: &Target, losses: &mut Losses) -> Result<Prepared, Fault> {
        let Self { call, model } = self;
        let own = call.endpoint.dialect();
        if target.speaks(own) {
            let path = dialects::codec(own).count_target(&target.model).unwrap_or_default();
            let places = call.endpoint.model_places();
            let body = spliced(&call.body, places, model, &target.model, None)?;
            let headers = forwarded_headers(call.endpoint.forwarded_headers(), &call.headers);
            return Ok(Prepared::Bytes { path, headers, body });
        }
        let mut request = call.endpoint.decode_request(&call.body, losses)?;
        request.model.clone_from(&target.model);
        let estimate = dialects::prompt_tokens(&request);
        let prepared = match target.count_place() {
            Some((codec, path)) => {
                let body = codec.encode_count(&request, losses).into();
                Prepared::Translated { codec, path, body, estimate }
            }
            None => Prepared::Estimated(estimate),
        };
        if call.strict {
            refuse_losses(losses, target)?;
        }
        Ok(prepared)
    }

    fn asks(&self, prepared: &Prepared) -> bool {
        match prepared {
            Prepared::Bytes { .. } | Prepared::Translated { .. } => true,
            Prepared::Estimated(_) => false,
        }
    }

    async fn send(
        &self,
        target: &Target,
        prepared: Prepared,
        _about: &mut About,
    ) -> Result<Whole<Counted>, Refused> {
        let encode = |tokens| self.call.endpoint.encode_count(tokens).into();
        let content = match prepared {
            Prepared::Bytes { path, headers, body } => {
                let own = self.call.endpoint.dialect();
                let reply = post(target, own, &path, headers, body, Delivery::Whole).await?;
                let body = reply.body.collect(MOST_ANSWER_BYTES).await?;
                let counted = dialects::codec(own).decode_count(&body);
                counted.map_err(|fault| target.provider.redacted(fault))?;
                Counted { body, is_estimate: false }
            }
            Prepared::Translated { codec, path, body, estimate } => {
                match ask(target, codec, &path, body).await {
                    Ok(tokens) => Counted { body: encode(tokens), is_estimate: false },
                    // Servers that speak several languages often lack this question of the later ones.
                    Err(Refused { fault, .. })
                        if fault.kind == ErrorKind::NotFound
                            && codec.dialect() != target.codec.dialect() =>
                    {
                        Counted { body: encode(estimate), is_estimate: true }
                    }
                    Err(refused) => return Err(refused),
                }
            }
            Prepared::Estimated(estimate) => Counted { body: encode(estimate), is_estimate: true },
        };
        Ok(Whole { content, usage: Usage::default() })
    }
}

/// Asks the provider in one of its languages.
async fn ask(target: &Target, codec: &dyn Codec, path: &str, body: Bytes) -> Result<u64, Refused> {
    let reply = post(target, codec.dialect(), path, HeaderMap::new(), body, Delivery::Whole).await;
    let body = reply.map_err(Refused::reworded)?.body.collect(MOST_ANSWER_BYTES).await?;
    let counted = codec.decode_count(&body);
    Ok(counted.map_err(|fault| target.provider.redacted(fault))?)
}
