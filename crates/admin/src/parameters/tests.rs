//! The rules about parameters, each on the smallest type that shows it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Fault, Parameters, Sent, Source, body, pairs};

#[derive(Debug, Deserialize, JsonSchema, PartialEq)]
struct Order {
    name: String,
    api_key: Option<String>,
    #[schemars(range(min = 1, max = 9))]
    count: Option<u32>,
    weight: Option<f64>,
    fresh: Option<bool>,
    colour: Option<Colour>,
    toppings: Option<Vec<String>>,
    notes: Option<BTreeMap<String, String>>,
    parts: Option<Vec<Part>>,
}

#[derive(Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Colour {
    /// Like grass.
    Green,
    /// Like the sky.
    Blue,
}

#[derive(Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
struct Part {
    role: String,
}

fn read(sent: Vec<Sent>) -> Result<Order, Vec<Fault>> {
    Parameters::new().accept(sent)
}

fn sent(text: &[u8], source: Source) -> Vec<Sent> {
    pairs(text, source).unwrap()
}

fn from_json(body: &str) -> Result<Order, Vec<Fault>> {
    read(body::json_body(body.as_bytes()).map_err(|fault| vec![fault])?)
}

fn plain(name: &str) -> Order {
    let name = name.to_owned();
    let (api_key, count, weight, fresh) = (None, None, None, None);
    let (colour, toppings, notes, parts) = (None, None, None, None);
    Order { name, api_key, count, weight, fresh, colour, toppings, notes, parts }
}

/// Holds a refused body to its one sentence.
fn refused(outcome: Result<Order, Vec<Fault>>, sentence: &str) {
    let sentences: Vec<_> = outcome.unwrap_err().iter().map(Fault::sentence).collect();
    assert_eq!(sentences, [Some(sentence.to_owned())]);
}

/// Holds a malformed body to the places and kinds of its faults.
fn malformed(body: &str, expected: &[(Value, &str)]) {
    let faults = from_json(body).unwrap_err();
    let found = faults.iter().map(|fault| match fault {
        Fault::Malformed { loc, kind, .. } => (json!(loc), *kind),
        Fault::Refused(_) | Fault::Unknown { .. } => panic!("{body}: {fault:?}"),
    });
    assert_eq!(found.collect::<Vec<_>>(), expected, "{body}");
}

#[test]
fn each_source_gives_the_same_value() {
    let expected = Order {
        count: Some(3),
        weight: Some(1.5),
        fresh: Some(true),
        colour: Some(Colour::Blue),
        toppings: Some(vec!["a b".to_owned()]),
        notes: Some(BTreeMap::from([("k".to_owned(), "v".to_owned())])),
        ..plain("x")
    };
    let json = r#"{"name":"x","count":3,"weight":1.5,"fresh":true,"colour":"blue","toppings":["a b"],"notes":{"k":"v"}}"#;
    assert_eq!(from_json(json).as_ref(), Ok(&expected));
    let form =
        "name=x&count=3&weight=1.5&fresh=on&colour=blue&toppings=a+b&notes=%7B%22k%22%3A%22v%22%7D";
    assert_eq!(read(sent(form.as_bytes(), Source::Query)).as_ref(), Ok(&expected));
    assert_eq!(read(sent(form.as_bytes(), Source::Form)).as_ref(), Ok(&expected));
}

#[test]
fn text_takes_the_type_of_its_parameter() {
    for (form, expected) in [
        ("name=7", plain("7")),
        ("name=true", plain("true")),
        ("name=x&count=", plain("x")),
        ("name=x&fresh=No", Order { fresh: Some(false), ..plain("x") }),
        ("name=x&weight=2", Order { weight: Some(2.0), ..plain("x") }),
        (
            "name=x&toppings=%5B%22a%22,%22b%22%5D",
            Order { toppings: Some(vec!["a".to_owned(), "b".to_owned()]), ..plain("x") },
        ),
    ] {
        assert_eq!(read(sent(form.as_bytes(), Source::Query)), Ok(expected), "{form}");
    }
}

#[test]
fn a_json_string_may_stand_for_what_it_says() {
    let counted = Order { count: Some(5), fresh: Some(true), ..plain("x") };
    assert_eq!(from_json(r#"{"name":"x","count":"5","fresh":"true"}"#), Ok(counted));
    let listed = Order { toppings: Some(vec!["[a".to_owned()]), ..plain("x") };
    assert_eq!(from_json(r#"{"name":"x","toppings":"[a"}"#), Ok(listed));
    let empty = Order { api_key: Some(String::new()), ..plain("") };
    assert_eq!(from_json(r#"{"name":"","api_key":""}"#), Ok(empty));
}

#[test]
fn a_parameter_has_one_value() {
    let sentence = "'name' is given twice with different values: send it once";
    refused(from_json(r#"{"name":"a","name":"b"}"#), sentence);
    refused(read(sent("name=a&name=b".as_bytes(), Source::Query)), sentence);
    let mut both = sent("name=a&count=1".as_bytes(), Source::Query);
    both.extend(body::json_body(br#"{"name":"b"}"#).unwrap());
    refused(read(both), sentence);
    let mut both = sent("name=a&count=1".as_bytes(), Source::Query);
    both.extend(body::json_body(br#"{"name":"a","count":1}"#).unwrap());
    assert_eq!(read(both), Ok(Order { count: Some(1), ..plain("a") }));
}

#[test]
fn secrets_are_taken_from_the_body_only() {
    let sentence = "'api_key' is a secret and can't be sent in the URL: send it in the body";
    refused(read(sent("name=a&api_key=k".as_bytes(), Source::Query)), sentence);
    refused(read(sent("name=a&api_key=".as_bytes(), Source::Query)), sentence);
    let keyed = || Order { api_key: Some("k".to_owned()), ..plain("a") };
    assert_eq!(read(sent(b"name=a&api_key=k", Source::Form)), Ok(keyed()));
    assert_eq!(from_json(r#"{"name":"a","api_key":"k"}"#), Ok(keyed()));
}

#[test]
fn unknown_names_are_told_with_the_nearest_known_one() {
    refused(from_json(r#"{"nmae":"a"}"#), "Unknown parameter 'nmae': did you mean 'name'?");
    refused(
        from_json(r#"{"name":"a","parts":[{"role":"x"},{"roel":"y"}]}"#).map_err(|mut faults| {
            faults.drain(..).filter(|fault| matches!(fault, Fault::Unknown { .. })).collect()
        }),
        "Unknown parameter 'parts.1.roel': did you mean 'role'?",
    );
    let far = "Unknown parameter 'zzzzzzzz': known are name, api_key, count, weight, fresh, colour, toppings, notes, parts";
    refused(from_json(r#"{"zzzzzzzz":1}"#), far);
}

#[test]
fn an_endless_name_is_cut() {
    let body = json!({ "x".repeat(1_000_000): 1 }).to_string();
    let sentence = from_json(&body).unwrap_err()[0].sentence().unwrap();
    assert!(sentence.len() < 300, "{} bytes", sentence.len());
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    malformed("{}", &[(json!(["body", "name"]), "missing")]);
    malformed(r#"{"name":null}"#, &[(json!(["body", "name"]), "string_type")]);
    malformed(
        r#"{"name":1,"count":"many","weight":[]}"#,
        &[
            (json!(["body", "name"]), "string_type"),
            (json!(["body", "count"]), "int_parsing"),
            (json!(["body", "weight"]), "float_type"),
        ],
    );
    for (member, kind) in [
        (r#""count":0"#, "greater_than_equal"),
        (r#""count":10"#, "less_than_equal"),
        (r#""count":1.5"#, "int_type"),
        (r#""fresh":1"#, "bool_type"),
        (r#""colour":"red""#, "enum"),
        (r#""colour":1"#, "enum"),
        (r#""toppings":{}"#, "list_type"),
        (r#""notes":[]"#, "dict_type"),
    ] {
        let name = member.split('"').nth(1).unwrap();
        malformed(&format!(r#"{{"name":"x",{member}}}"#), &[(json!(["body", name]), kind)]);
    }
    malformed(
        r#"{"name":"x","toppings":["a",2]}"#,
        &[(json!(["body", "toppings", 1]), "string_type")],
    );
    malformed(r#"{"name":"x","notes":{"k":2}}"#, &[(json!(["body", "notes", "k"]), "string_type")]);
    malformed(r#"{"name":"x","parts":[{}]}"#, &[(json!(["body", "parts", 0, "role"]), "missing")]);
    malformed("[]", &[(json!(["body"]), "dict_type")]);
    malformed("{", &[(json!(["body"]), "json_invalid")]);
}

#[test]
fn what_is_missing_is_missed_where_the_rest_came_from() {
    let place = |sent| match read(sent).unwrap_err().as_slice() {
        [Fault::Malformed { loc, .. }] => json!(loc),
        other => panic!("{other:?}"),
    };
    assert_eq!(place(Vec::new()), json!(["body", "name"]));
    assert_eq!(place(sent("count=1".as_bytes(), Source::Query)), json!(["query", "name"]));
    assert_eq!(place(sent(b"count=1", Source::Form)), json!(["body", "name"]));
}

#[test]
fn faults_without_end_are_not_all_listed() {
    let body = json!({ "name": "x", "toppings": vec![1; 10_000] }).to_string();
    assert_eq!(from_json(&body).unwrap_err().len(), 100);
}

#[test]
fn a_form_writes_a_list_by_naming_it_again() {
    let form = b"name=a&toppings=x&toppings=y";
    let expected = Order { toppings: Some(vec!["x".into(), "y".into()]), ..plain("a") };
    assert_eq!(read(sent(form, Source::Form)).as_ref(), Ok(&expected));
    assert_eq!(read(sent(form, Source::Query)).as_ref(), Ok(&expected));
    let sentence = "'toppings' is given twice with different values: send it once";
    refused(from_json(r#"{"name":"a","toppings":["x"],"toppings":["y"]}"#), sentence);
}

#[test]
fn what_is_no_text_is_refused() {
    for broken in [&b"name=%ff"[..], b"na%c3=1", b"name=a&count=%e2%82"] {
        assert!(pairs(broken, Source::Query).is_err());
    }
}

#[test]
fn a_name_that_may_be_a_secret_is_not_repeated() {
    for name in ["sk-ant-1234", "a b", "{\"api_key\":1", &"k".repeat(33)] {
        let faults = from_json(&json!({ name: 1 }).to_string()).unwrap_err();
        assert!(!format!("{faults:?}").contains(name), "{faults:?}");
    }
}
