//! Bodies keep every byte that has no reason to change, however their JSON is spelt.

use proptest::prelude::*;
use serde_json::Value;
use serde_json::value::RawValue;
use wire::{Edit, Envelope, find_strings, json_string, splice};

fn space() -> impl Strategy<Value = String> {
    "[ \t\r\n]{0,2}"
}

fn string() -> impl Strategy<Value = String> {
    r#""([a-zé{}\[\]:,/]|\\["\\/bfnrt]|\\u00[0-7][0-9a-fA-F]|\\ud83d\\ude00){0,6}""#
}

fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        "-?(0|[1-9][0-9]{0,3})(\\.[0-9]{1,3})?([eE][+-]?[0-9]{1,2})?",
        "true|false|null",
        string(),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let elements = prop::collection::vec((space(), inner.clone(), space()), 0..4);
        let members = prop::collection::vec((space(), string(), space(), space(), inner), 0..4);
        prop_oneof![
            (elements, space()).prop_map(|(elements, space)| {
                let all: Vec<_> = elements.into_iter().map(|(a, b, c)| a + &b + &c).collect();
                format!("[{}{space}]", all.join(","))
            }),
            (members, space()).prop_map(|(members, space)| {
                let all: Vec<_> = members
                    .into_iter()
                    .map(|(a, n, b, c, v)| format!("{a}{n}{b}:{c}{v}"))
                    .collect();
                format!("{{{}{space}}}", all.join(","))
            }),
        ]
    })
}

fn model_name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![r#""model""#, r#""mo\u0064el""#, r#""\u006dodel""#])
}

/// A body and the span of its model's value.
fn body() -> impl Strategy<Value = (String, std::ops::Range<usize>)> {
    let member = || (string(), space(), value(), space());
    (
        prop::collection::vec(member(), 0..4),
        (model_name(), space(), string(), space()),
        prop::collection::vec(member(), 0..4),
    )
        .prop_map(|(before, (name, space, model, end), after)| {
            let mut body = "{".to_owned();
            for (i, (name, space, value, end)) in before.iter().enumerate() {
                // The number keeps the names apart from each other and from the known ones.
                body += &format!("{space}\"{i}{}{space}:{value}{end},", &name[1..]);
            }
            body += &format!("{space}{name}{space}:{space}");
            let start = body.len();
            body += &model;
            let span = start..body.len();
            body += &end;
            for (i, (name, space, value, end)) in after.iter().enumerate() {
                body += &format!(",{end}\"a{i}{}:{value}{space}", &name[1..]);
            }
            (body + "}\n", span)
        })
}

proptest! {
    #[test]
    fn the_model_is_replaced_and_nothing_else((body, span) in body(), new in "[a-z\"\\\\é/:.-]{0,8}") {
        let envelope = Envelope::read(body.as_bytes()).unwrap();
        prop_assert_eq!(find_strings(body.as_bytes(), &["model"]).unwrap(), vec![span.clone()]);
        let name: String = serde_json::from_str(&body[span.clone()]).unwrap();
        prop_assert_eq!(envelope.model.as_deref(), Some(name.as_str()));

        let edit = Edit { span: span.clone(), text: json_string(&new) };
        let spliced = splice(body.as_bytes(), &[edit]);
        prop_assert!(spliced.starts_with(&body.as_bytes()[..span.start]));
        prop_assert!(spliced.ends_with(&body.as_bytes()[span.end..]));
        let mut expected: Value = serde_json::from_str(&body).unwrap();
        expected["model"] = Value::from(new);
        prop_assert_eq!(serde_json::from_slice::<Value>(&spliced).unwrap(), expected);
    }

    #[test]
    fn a_model_renamed_to_itself_changes_nothing(
        name in "[a-z\"\\\\é/:.-]{0,8}", before in value(), space in space()
    ) {
        let body = format!("{{\"a\":{before}{space},\"model\":{space}{}}}", json_string(&name));
        let places = find_strings(body.as_bytes(), &["model"]).unwrap();
        let edits: Vec<_> =
            places.into_iter().map(|span| Edit { span, text: json_string(&name) }).collect();
        prop_assert_eq!(edits.len(), 1);
        prop_assert_eq!(splice(body.as_bytes(), &edits), body.into_bytes());
    }

    #[test]
    fn usage_is_asked_for_and_nothing_else((body, _) in body(), options in value()) {
        let options = if options.starts_with('{') { options } else { "{ }".to_owned() };
        for body in [body.clone(), body.replacen('{', &format!("{{\"stream_options\":{options},"), 1)] {
            let edit = Envelope::read(body.as_bytes()).unwrap().ask_for_usage().unwrap();
            let spliced = splice(body.as_bytes(), &[edit]);
            let mut expected: Value = serde_json::from_str(&body).unwrap();
            expected["stream_options"]["include_usage"] = Value::Bool(true);
            prop_assert_eq!(serde_json::from_slice::<Value>(&spliced).unwrap(), expected);
        }
    }

    /// What is and what isn't JSON is decided as serde_json decides it.
    #[test]
    fn damage_is_seen(
        (mut body, _) in body().prop_map(|(body, span)| (body.into_bytes(), span)),
        at: prop::sample::Index, byte in prop::sample::select(br#"{}[]",:\01-+.eEtn u"#.to_vec()),
        cut: bool,
    ) {
        let at = at.index(body.len());
        if cut { body.remove(at); } else { body[at] = byte; }
        let ours = find_strings(&body, &["?"]).map(drop);
        let theirs = std::str::from_utf8(&body).is_ok()
            && serde_json::from_slice::<&RawValue>(&body).is_ok();
        prop_assert_eq!(ours.is_ok(), theirs, "{:?} {:?}", String::from_utf8_lossy(&body), ours);
    }

    #[test]
    fn any_bytes_are_survived(body: Vec<u8>) {
        if let Ok(envelope) = Envelope::read(&body) {
            prop_assert!(serde_json::from_slice::<Value>(&body).is_ok(), "{:?}", envelope);
        }
    }
}
