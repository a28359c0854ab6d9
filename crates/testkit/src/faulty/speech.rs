//! What a provider says when it is well, put together once, and how fast.

use std::time::Duration;

/// What a provider says when it is well.
#[derive(Clone, Debug)]
pub struct Speech {
    /// The media type of its streams.
    pub stream_type: String,
    /// The frames of a streamed answer, but for the dialect's own end.
    pub frames: Vec<Vec<u8>>,
    /// The dialect's own end; empty where the last frame is the end.
    pub end: Vec<u8>,
    /// A whole answer.
    pub whole: Vec<u8>,
    /// What it answers to every `GET`: its list of models.
    pub models: Vec<u8>,
    /// What tells a request for a stream from others, in its target or in its body.
    pub streamed_by: &'static str,
}

/// How fast it says that.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pace {
    /// From the request to the answer's first byte.
    pub think: Duration,
    /// From a stream's first frame to its last.
    pub stream: Duration,
}

impl Pace {
    /// Streams that take so many milliseconds after a tenth of that (at most 50 ms) of thought.
    #[must_use]
    pub fn over_ms(ms: u64) -> Self {
        let think = Duration::from_millis((ms / 10).min(50));
        Self { think, stream: Duration::from_millis(ms) }
    }
}

impl Speech {
    /// OpenAI's chat completions, with this many frames before `[DONE]`: the role, words, why it ended, and usage.
    #[must_use]
    pub fn openai(frames: usize) -> Self {
        let words = frames.saturating_sub(3);
        let usage = format!(
            r#"{{"prompt_tokens":7,"completion_tokens":{words},"total_tokens":{}}}"#,
            words + 7
        );
        let chunk = |choices: &str, usage: &str| {
            let text = format!(
                r#"data: {{"id":"c1","object":"chat.completion.chunk","created":1,"model":"alpha","choices":[{choices}],"usage":{usage}}}"#
            );
            (text + "\n\n").into_bytes()
        };
        let choice = |delta: &str, finish: &str| {
            format!(r#"{{"index":0,"delta":{{{delta}}},"finish_reason":{finish}}}"#)
        };
        let mut all = vec![chunk(&choice(r#""role":"assistant","content":"""#, "null"), "null")];
        all.extend((0..words).map(|word| {
            chunk(&choice(&format!(r#""content":"{}""#, Self::word(word)), "null"), "null")
        }));
        all.push(chunk(&choice("", r#""stop""#), "null"));
        all.push(chunk("", &usage));
        let text: String = (0..words).map(Self::word).collect();
        let whole = format!(
            r#"{{"id":"c1","object":"chat.completion","created":1,"model":"alpha","choices":[{{"index":0,"message":{{"role":"assistant","content":"{text}"}},"finish_reason":"stop"}}],"usage":{usage}}}"#
        );
        Self {
            stream_type: "text/event-stream".to_owned(),
            frames: all,
            end: b"data: [DONE]\n\n".to_vec(),
            whole: whole.into_bytes(),
            models: br#"{"object":"list","data":[{"id":"alpha","object":"model"}]}"#.to_vec(),
            streamed_by: r#""stream":true"#,
        }
    }

    /// The word of this number, as the frames say it.
    #[must_use]
    pub fn word(number: usize) -> String {
        format!("word{number} ")
    }

    /// The bytes of a stream up to a frame, and so many of that.
    #[must_use]
    pub fn up_to(&self, frames: usize, bytes: usize) -> Vec<u8> {
        let next = self.frames.get(frames).unwrap_or(&self.end);
        let part = next.get(..bytes).unwrap_or(next);
        self.frames.iter().take(frames).flatten().chain(part).copied().collect()
    }
}
