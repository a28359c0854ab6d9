//! What the config file declares: members, the lines they stand on, and secrets that are referred to.

#![expect(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

use std::{fs, path::PathBuf};

use config::{
    Directories, DirectoryFlags, Environment, Fault, Faults, Origin, ServerFlags, Settings, load,
    load_with, reference,
};
use serde_json::json;

const CANARY: &str = "sk-canary-0123456789";

struct Case {
    folder: tempfile::TempDir,
    file: PathBuf,
}

impl Case {
    fn with_file(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.toml");
        fs::write(&file, text).unwrap();
        Self { folder, file }
    }

    fn directories(&self) -> Directories {
        let home = Environment::fixed([("HOME", self.folder.path().to_str().unwrap())]);
        let places = DirectoryFlags { config: Some(self.file.clone()), ..Default::default() };
        Directories::find(&home, &places).unwrap()
    }

    fn load(&self) -> Result<Settings, Faults> {
        let environment = Environment::fixed([("KEY", CANARY), ("EMPTY", "")]);
        load(&self.directories(), &environment, &ServerFlags::default())
    }

    fn line(&self, line: usize) -> Origin {
        Origin::File { path: self.file.clone(), line }
    }

    /// Holds the file to faults, each by its line and the beginning of its sentence.
    #[track_caller]
    fn check(&self, expected: &[(usize, &str)]) {
        let faults = self.load().unwrap_err();
        for (line, start) in expected {
            let found = faults
                .0
                .iter()
                .any(|fault| fault.origin == self.line(*line) && fault.message.starts_with(start));
            assert!(found, "{line}: {start}\nis not among\n{faults}");
        }
        assert_eq!(faults.0.len(), expected.len(), "{faults}");
        assert!(!faults.to_string().contains("canary"), "{faults}");
    }
}

fn path(steps: &[&str]) -> Vec<String> {
    steps.iter().map(|step| (*step).to_owned()).collect()
}

const SOUND: &str = r#"[providers.work]
provider_type = "openai"
api_key = { env = "KEY" }
timeout = 2.5
api_keys = [{ file = "second" }]

[providers.work.headers]
X-Team = { file = "team.txt" }

[routes."fast/er"]
candidates = [
  { provider = "work", model = "m",
    when = { input_tokens_at_most = 8_000 } },
  { provider = "ollama", model = "n" },
]

[keys.ci]
key.env = "KEY"
expires_at = 2030-01-01T00:00:00Z

[projects.tests]
limits = { concurrency = 0x10 }
"#;

fn sound() -> Case {
    let case = Case::with_file(SOUND);
    fs::write(case.folder.path().join("team.txt"), "canary-blue\r\n").unwrap();
    fs::write(case.folder.path().join("second"), "canary second \n\n").unwrap();
    case
}

#[test]
fn members_are_read_with_the_line_of_each() {
    let case = sound();
    let declared = case.load().unwrap().declared;
    let (work, route) = (&declared.providers[0], &declared.routes[0]);
    assert_eq!((work.name.as_str(), route.name.as_str()), ("work", "fast/er"));
    for (steps, line) in [
        (&[] as &[&str], 1),
        (&["api_key"], 3),
        (&["timeout"], 4),
        (&["api_keys", "0"], 5),
        (&["headers", "X-Team"], 8),
        (&["nothing"], 1),
    ] {
        assert_eq!(work.origin_of(&path(steps)), case.line(line), "{steps:?}");
    }
    for (steps, line) in [
        (&["candidates"] as &[&str], 11),
        (&["candidates", "0", "model"], 12),
        (&["candidates", "0", "when", "input_tokens_at_most"], 13),
        (&["candidates", "1"], 14),
        (&["candidates", "1", "weight"], 14),
    ] {
        assert_eq!(route.origin_of(&path(steps)), case.line(line), "{steps:?}");
    }
    let expected = json!([
        { "provider": "work", "model": "m", "when": { "input_tokens_at_most": 8000 } },
        { "provider": "ollama", "model": "n" },
    ]);
    assert_eq!(route.members["candidates"], expected);
    assert_eq!(declared.keys[0].members["expires_at"], "2030-01-01T00:00:00Z");
    assert_eq!(declared.projects[0].members["limits"], json!({ "concurrency": 16 }));
    assert_eq!(route.path_to(&path(&["strategy"])), "routes.fast/er.strategy");
}

#[test]
fn secrets_are_referred_to_and_never_shown() {
    let case = sound();
    let settings = case.load().unwrap();
    let mut work = settings.declared.providers[0].clone();
    let exposed = work.exposed();
    assert_eq!(exposed["api_key"], CANARY);
    assert_eq!(exposed["api_keys"], json!(["canary second "]), "only line ends are cut");
    assert_eq!(exposed["headers"], json!({ "X-Team": "canary-blue" }));

    let shown = serde_json::to_value(&settings).unwrap();
    let team = case.folder.path().join("team.txt");
    let value = |member: &str| shown["providers"]["work"][member]["value"].clone();
    assert_eq!(value("api_key"), "env:KEY");
    assert_eq!(value("headers"), json!({ "X-Team": format!("file:{}", team.display()) }));
    let origin = shown["keys"]["ci"]["key"]["origin"].as_str().unwrap().to_owned();
    assert!(origin.ends_with("config.toml:18"), "{origin}");
    for text in [shown.to_string(), format!("{settings:?}")] {
        assert!(!text.contains("canary"), "{text}");
    }

    assert_eq!(work.take_secret("api_key").unwrap().expose(), CANARY);
    assert!(work.take_secret("api_key").is_none());
    assert!(!work.exposed().contains_key("api_key"));
}

#[test]
fn every_bad_reference_is_a_fault() {
    let case = Case::with_file(&format!(
        "[providers.a]\napi_key = \"{CANARY}\"\n\
         [providers.b]\napi_key = {{ env = \"UNSET\" }}\n\
         [providers.c]\napi_key = {{ env = \"EMPTY\" }}\n\
         [providers.d]\napi_key = {{ file = \"missing\" }}\n\
         [providers.e]\napi_key = {{ file = \"empty\" }}\n\
         [providers.f]\napi_key = {{ file = \".\" }}\n\
         [providers.g]\napi_key = {{ env = \"KEY\", file = \"x\" }}\n\
         [providers.h]\napi_key = {{ evn = \"KEY\" }}\n\
         [providers.i]\napi_key = {{ env = 7 }}\n\
         [providers.j]\nheaders = {{ X-A = \"{CANARY}\" }}\n\
         [providers.k]\nheaders = \"{CANARY}\"\n\
         [providers.l]\napi_keys = [\n\"{CANARY}\", {{ env = \"KEY\" }}]\n\
         [keys.m]\nkey = \"{CANARY}\"\n\
         [providers.n]\napi_key = {{ file = \"huge\" }}\n"
    ));
    fs::write(case.folder.path().join("empty"), "\n").unwrap();
    fs::write(case.folder.path().join("huge"), "x".repeat(65 * 1024)).unwrap();
    case.check(&[
        (2, "providers.a.api_key: a secret does not stand in the config file"),
        (4, "providers.b.api_key: the variable UNSET is not set"),
        (6, "providers.c.api_key: the variable EMPTY is not set"),
        (8, "providers.d.api_key: cannot read the secret in "),
        (10, "providers.e.api_key: "),
        (12, "providers.f.api_key: cannot read the secret in "),
        (14, "providers.g.api_key: expected a reference to a secret: { env"),
        (16, "providers.h.api_key: expected a reference to a secret"),
        (18, "providers.i.api_key: expected a reference to a secret"),
        (20, "providers.j.headers.X-A: a secret does not stand"),
        (22, "providers.k.headers: a secret does not stand"),
        (25, "providers.l.api_keys.0: a secret does not stand"),
        (27, "keys.m.key: a secret does not stand"),
        (29, "providers.n.api_key: cannot read the secret in "),
    ]);
}

#[test]
fn what_is_no_table_is_a_fault_and_sections_are_suggested() {
    let case = Case::with_file("providers = 7\n[routes]\nsmart = 1\n[provider.x]\na = 1\n");
    case.check(&[
        (1, "expected tables: [providers.NAME]"),
        (3, "expected a table: [routes.smart]"),
        (4, "unknown section `provider` (did you mean `providers`?)"),
    ]);
}

#[test]
fn whoever_knows_the_rules_adds_faults_to_those_of_the_settings() {
    let case = Case::with_file("[log]\nlevel = \"loud\"\n[routes.r]\nx = 1\n");
    let environment = Environment::fixed([]);
    let check = |settings: &Settings| -> Result<(), Vec<Fault>> {
        let route = &settings.declared.routes[0];
        Err(vec![Fault { origin: route.origin(), message: "no good".to_owned() }])
    };
    let faults = load_with(&case.directories(), &environment, &ServerFlags::default(), check);
    let faults = faults.unwrap_err().0;
    assert_eq!(faults.len(), 2, "{faults:?}");
    assert_eq!(faults[1].to_string(), format!("{}: no good", case.line(3)));
    let checked = load_with(
        &Case::with_file("").directories(),
        &environment,
        &ServerFlags::default(),
        |_| Ok::<_, Vec<Fault>>(7),
    );
    assert_eq!(checked.unwrap().1, 7);
}

#[test]
fn things_stand_in_the_order_of_the_file() {
    let case =
        Case::with_file("[providers.z]\na = 1\n[providers.a]\na = 1\n[providers.m]\na = 1\n");
    let declared = case.load().unwrap().declared;
    let names: Vec<_> = declared.providers.iter().map(|table| table.name.as_str()).collect();
    assert_eq!(names, ["z", "a", "m"]);
}

#[test]
fn the_examples_of_the_reference_are_sound_toml() {
    let reference = reference();
    let examples: String = reference
        .split("```toml\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
    let example =
        examples.replace("\"OPENAI_API_KEY\"", "\"KEY\"").replace("\"CI_GATEWAY_KEY\"", "\"KEY\"");
    let case = Case::with_file(&example);
    fs::write(case.folder.path().join("team.txt"), "blue").unwrap();
    let declared = case.load().unwrap().declared;
    let counts = [&declared.providers, &declared.routes, &declared.keys, &declared.projects];
    assert_eq!(counts.map(Vec::len), [2, 1, 1, 1]);
}
