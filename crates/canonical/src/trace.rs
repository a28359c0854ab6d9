//! W3C trace context: a caller's trace read strictly, continued through a request, and handed on to its attempts.
//!
//! <https://www.w3.org/TR/trace-context/>, level 1. All ids are made of the request's own random id, so that whoever has
//! a settled request can tell which spans it had without having been there.

use std::fmt;

/// The flag that says that the caller records the trace.
const SAMPLED: u8 = 0b01;

/// The flags that are handed on; level 2 adds that the trace's id is random.
const KNOWN_FLAGS: u8 = 0b11;

/// One span of a trace, as the header `traceparent` has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TraceContext {
    trace_id: u128,
    span_id: u64,
    flags: u8,
}

impl TraceContext {
    /// Reads all values of the header `traceparent`; anything but exactly one well-formed one is as if there were none,
    /// as the specification asks.
    pub fn of<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> Option<Self> {
        let mut values = values.into_iter();
        let only = values.next()?;
        if values.next().is_some() {
            return None;
        }
        Self::parse(std::str::from_utf8(only).ok()?)
    }

    /// Reads one `traceparent`: `00-TRACE-SPAN-FLAGS` in lower-case hexadecimal, ids not zero. Versions to come may
    /// say more after a further dash; `ff` is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (version, rest) = text.split_once('-')?;
        let (trace_id, rest) = rest.split_once('-')?;
        let (span_id, rest) = rest.split_once('-')?;
        let (flags, further) = match rest.split_once('-') {
            Some((flags, further)) => (flags, Some(further)),
            None => (rest, None),
        };
        match hex(version, 2)? {
            0xff => return None,
            0 if further.is_some() => return None,
            _ => {}
        }
        let trace_id = hex(trace_id, 32).filter(|id| *id != 0)?;
        let span_id = hex(span_id, 16).filter(|id| *id != 0)?;
        Some(Self {
            trace_id,
            span_id: u64::try_from(span_id).ok()?,
            flags: u8::try_from(hex(flags, 2)?).ok()? & KNOWN_FLAGS,
        })
    }

    /// The trace's id; never 0.
    #[must_use]
    pub const fn trace_id(&self) -> u128 {
        self.trace_id
    }

    /// The span's id; never 0.
    #[must_use]
    pub const fn span_id(&self) -> u64 {
        self.span_id
    }

    /// Whether the trace is recorded.
    #[must_use]
    pub const fn is_sampled(&self) -> bool {
        self.flags & SAMPLED != 0
    }

    /// Another span of the same trace.
    const fn with_span(self, span_id: u64) -> Self {
        Self { span_id, ..self }
    }
}

/// As the header has it.
impl fmt::Display for TraceContext {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "00-{:032x}-{:016x}-{:02x}", self.trace_id, self.span_id, self.flags)
    }
}

/// The spans of one request: its own, below the caller's if it came with one, and one for each attempt below that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestTrace {
    /// The request's own span.
    own: TraceContext,
    caller: Option<TraceContext>,
}

impl RequestTrace {
    /// The spans of the request that has this `x-request-id`. Without a caller's trace it begins one, which has the
    /// request's id.
    #[must_use]
    pub fn new(request_id: &str, caller: Option<TraceContext>) -> Self {
        let seed = hex(request_id, 32).unwrap_or_else(|| fnv(request_id));
        let [high, low] = [(seed >> 64) as u64, seed as u64];
        let span_id = mix(high ^ low.rotate_left(32));
        let own = match caller {
            Some(caller) => caller.with_span(span_id),
            None => TraceContext { trace_id: seed.max(1), span_id, flags: SAMPLED },
        };
        Self { own, caller }
    }

    /// The request's own span.
    #[must_use]
    pub const fn own(&self) -> TraceContext {
        self.own
    }

    /// The caller's span, below which it hangs.
    #[must_use]
    pub const fn caller(&self) -> Option<TraceContext> {
        self.caller
    }

    /// The span of one attempt, counted from 0.
    #[must_use]
    pub fn attempt(&self, number: usize) -> TraceContext {
        self.own.with_span(mix(self.own.span_id.wrapping_add(number as u64 + 1)))
    }
}

/// Whether the gateway records spans of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tracing {
    /// It does not: a caller's trace goes through to the provider as it is.
    #[default]
    Off,
    /// It does: a provider is told the span of the attempt.
    On,
}

impl Tracing {
    /// The `traceparent` for one attempt, counted from 0.
    #[must_use]
    pub fn outgoing(
        self,
        request_id: &str,
        caller: Option<TraceContext>,
        attempt: usize,
    ) -> Option<TraceContext> {
        match self {
            Self::Off => caller,
            Self::On => Some(RequestTrace::new(request_id, caller).attempt(attempt)),
        }
    }
}

/// Reads exactly so many lower-case hexadecimal digits.
fn hex(text: &str, digits: usize) -> Option<u128> {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let well_formed = text.len() == digits && text.bytes().all(is_digit);
    well_formed.then(|| u128::from_str_radix(text, 16).ok())?
}

/// Spreads a number's bits over a span's id, which may not be 0: `SplitMix64`'s output function.
fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (number ^ (number >> 31)).max(1)
}

/// A number for an id that is not one of our own: FNV-1a.
fn fnv(text: &str) -> u128 {
    text.bytes().fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d, |hash, byte| {
        (hash ^ u128::from(byte)).wrapping_mul(0x0100_0000_0000_0000_0000_013b)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
    const SPAN: &str = "b7ad6b7169203331";

    #[track_caller]
    fn check(header: &str, expected: Option<&str>) {
        let read = TraceContext::parse(header).map(|context| context.to_string());
        assert_eq!(read.as_deref(), expected, "{header}");
    }

    #[test]
    fn reads_what_the_specification_allows() {
        let sampled = format!("00-{TRACE}-{SPAN}-01");
        check(&sampled, Some(&sampled));
        check(&format!("00-{TRACE}-{SPAN}-00"), Some(&format!("00-{TRACE}-{SPAN}-00")));
        // Flags that nobody knows are not handed on.
        check(&format!("00-{TRACE}-{SPAN}-ff"), Some(&format!("00-{TRACE}-{SPAN}-03")));
        // Of a version to come what is known counts, with or without more.
        check(&format!("01-{TRACE}-{SPAN}-01"), Some(&sampled));
        check(&format!("cc-{TRACE}-{SPAN}-01-what-the-future-says"), Some(&sampled));
        check(&format!("fe-{TRACE}-{SPAN}-01-"), Some(&sampled));
    }

    #[test]
    fn refuses_everything_else() {
        for header in [
            String::new(),
            "-".to_owned(),
            "00".to_owned(),
            format!("{TRACE}-{SPAN}-01"),
            format!("ff-{TRACE}-{SPAN}-01"),
            format!("0-{TRACE}-{SPAN}-01"),
            format!("000-{TRACE}-{SPAN}-01"),
            format!("0G-{TRACE}-{SPAN}-01"),
            format!("00-{TRACE}-{SPAN}"),
            format!("00-{TRACE}-{SPAN}-"),
            format!("00-{TRACE}-{SPAN}-1"),
            format!("00-{TRACE}-{SPAN}-001"),
            format!("00-{TRACE}-{SPAN}-0x"),
            format!("00-{TRACE}-{SPAN}-01-"),
            format!("00-{TRACE}-{SPAN}-01-more"),
            format!("cc-{TRACE}-{SPAN}-01.more"),
            format!("00-{}-{SPAN}-01", TRACE.to_uppercase()),
            format!("00-{TRACE}-{}-01", SPAN.to_uppercase()),
            format!("00-{}-{SPAN}-01", "0".repeat(32)),
            format!("00-{TRACE}-{}-01", "0".repeat(16)),
            format!("00-{}-{SPAN}-01", &TRACE[1..]),
            format!("00-{TRACE}0-{SPAN}-01"),
            format!("00-{TRACE}-{}-01", &SPAN[1..]),
            format!("00-{TRACE}-+{}-01", &SPAN[1..]),
            format!("00-{TRACE}-0{SPAN}-01"),
            format!(" 00-{TRACE}-{SPAN}-01"),
            format!("00-{TRACE}-{SPAN}-01 "),
            format!("00_{TRACE}_{SPAN}_01"),
            format!("00-{TRACE}-{SPAN}-01,00-{TRACE}-{SPAN}-01"),
        ] {
            check(&header, None);
        }
    }

    #[test]
    fn two_headers_are_as_none() {
        let one = format!("00-{TRACE}-{SPAN}-01");
        let one = one.as_bytes();
        assert!(TraceContext::of([one]).is_some());
        assert_eq!(TraceContext::of([one, one]), None);
        assert_eq!(TraceContext::of([]), None);
        assert_eq!(TraceContext::of([&b"\xff"[..]]), None);
    }

    #[test]
    fn a_request_continues_the_callers_trace() {
        let caller = TraceContext::parse(&format!("00-{TRACE}-{SPAN}-00")).unwrap();
        let request = RequestTrace::new(&"5".repeat(32), Some(caller));
        assert_eq!(request.caller(), Some(caller));
        let mut spans = HashSet::from([caller.span_id()]);
        for span in [request.own(), request.attempt(0), request.attempt(1)] {
            assert_eq!(span.trace_id(), caller.trace_id());
            assert!(!span.is_sampled(), "the caller does not record it");
            assert!(spans.insert(span.span_id()), "each span has an id of its own");
        }
        assert_eq!(request, RequestTrace::new(&"5".repeat(32), Some(caller)));
    }

    #[test]
    fn a_request_without_one_begins_a_trace_of_its_own() {
        let id = "0123456789abcdef0123456789abcdef";
        let request = RequestTrace::new(id, None);
        assert_eq!(format!("{:032x}", request.own().trace_id()), id);
        assert!(request.own().is_sampled() && request.caller().is_none());
        // Ids that are none of ours, or all zero, make a trace too.
        for id in ["", "req_1", &"0".repeat(32)] {
            let own = RequestTrace::new(id, None).own();
            assert_eq!(TraceContext::parse(&own.to_string()), Some(own), "{id}");
        }
    }

    #[test]
    fn ids_of_many_requests_differ() {
        let spans: HashSet<u64> = (0..10_000_u128)
            .map(|id| RequestTrace::new(&format!("{id:032x}"), None))
            .flat_map(|request| [request.own(), request.attempt(0), request.attempt(1)])
            .map(|span| span.span_id())
            .collect();
        assert_eq!(spans.len(), 30_000);
    }

    #[test]
    fn without_spans_of_our_own_the_callers_goes_through() {
        let caller = TraceContext::parse(&format!("00-{TRACE}-{SPAN}-01"));
        assert_eq!(Tracing::Off.outgoing("id", caller, 3), caller);
        assert_eq!(Tracing::Off.outgoing("id", None, 3), None);
        let told = Tracing::On.outgoing("id", caller, 3).unwrap();
        assert_eq!(told, RequestTrace::new("id", caller).attempt(3));
        assert!(Tracing::On.outgoing("id", None, 0).is_some());
    }
}
