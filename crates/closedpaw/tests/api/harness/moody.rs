//! A provider whose chats go as they are told to, until they are told otherwise.

use std::{
    ops::Deref,
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};
use testkit::scripted::{Answer, RecordedRequest, ScriptedProvider};

use super::{Gateway, Vendor, openai};

type Script = Arc<dyn Fn(&RecordedRequest) -> Answer + Send + Sync>;

/// A provider that lists its models, and answers everything else as its mood is.
pub struct Moody {
    vendor: &'static Vendor,
    provider: ScriptedProvider,
    mood: Arc<Mutex<Script>>,
}

impl Moody {
    /// Starts an OpenAI that is well.
    pub fn start() -> Self {
        Self::start_of(openai())
    }

    /// Starts a provider of this type that is well.
    pub fn start_of(vendor: &'static Vendor) -> Self {
        let mood: Arc<Mutex<Script>> = Arc::new(Mutex::new(well(vendor)));
        let script = Arc::clone(&mood);
        let provider = ScriptedProvider::start(move |request| match request.method.as_str() {
            "GET" => vendor.answer_to(request),
            _ => {
                let script = Arc::clone(&script.lock().unwrap());
                script(request)
            }
        });
        Self { vendor, provider, mood }
    }

    /// From now on it says this to every chat.
    pub fn say(&self, answer: Answer) {
        self.play(move |_| answer.clone());
    }

    /// From now on it fails with this status.
    pub fn fail(&self, status: u16) {
        self.say(failure(status));
    }

    /// From now on it answers as this says.
    pub fn play(&self, script: impl Fn(&RecordedRequest) -> Answer + Send + Sync + 'static) {
        *self.mood.lock().unwrap() = Arc::new(script);
    }

    /// From now on it is well.
    pub fn recover(&self) {
        *self.mood.lock().unwrap() = well(self.vendor);
    }

    /// How often it was asked for anything but its models.
    pub fn chats(&self) -> usize {
        self.requests().iter().filter(|request| request.method == "POST").count()
    }

    /// Registers it.
    #[track_caller]
    pub fn register(&self, gateway: &Gateway, name: &str) {
        self.register_with(gateway, name, json!({}));
    }

    /// Registers it, with further members.
    #[track_caller]
    pub fn register_with(&self, gateway: &Gateway, name: &str, members: Value) {
        let mut body = self.vendor.registration(name, &self.provider);
        body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        gateway.register(&body);
    }
}

impl Deref for Moody {
    type Target = ScriptedProvider;

    fn deref(&self) -> &ScriptedProvider {
        &self.provider
    }
}

/// An error in OpenAI's shape, with words of the provider's own.
pub fn failure(status: u16) -> Answer {
    let words = json!({ "error": { "message": format!("own words about {status}") } });
    Answer::json(status, words.to_string())
}

/// What a provider of this type says that is well.
fn well(vendor: &'static Vendor) -> Script {
    Arc::new(move |request| vendor.answer_to(request))
}
