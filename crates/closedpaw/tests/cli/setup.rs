//! Pointing other programs at a running gateway: what is printed, and what is written beside what was there.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::PathBuf,
    process::Command,
};

use serde_json::{Value, json};

use crate::program::{Outcome, Place};

/// The admin key that the gateway made.
fn key(place: &Place) -> String {
    fs::read_to_string(place.keys_dir().join("admin.key")).unwrap().trim().to_owned()
}

/// What `name` holds in a shell that evaluated `lines`.
fn evaluated(lines: &str, name: &str) -> String {
    let script = format!("{lines}\nprintf %s \"${name}\"");
    let output = Command::new("sh").args(["-c", &script]).env_clear().output().unwrap();
    Outcome::from(output).ok()
}

fn home(place: &Place, below: &str) -> PathBuf {
    place.write("marker", "").with_file_name(below)
}

fn read_json(path: &PathBuf) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn a_shell_that_evaluates_the_lines_holds_address_and_key() {
    let place = Place::new();
    let gateway = place.serve();
    let key = key(&place);

    let lines = place.run(&["setup", "openai"]).ok();
    assert!(!lines.contains(&key), "the key is named by its file alone: {lines}");
    assert_eq!(evaluated(&lines, "OPENAI_BASE_URL"), format!("{}/v1", gateway.url()));
    assert_eq!(evaluated(&lines, "OPENAI_API_KEY"), key);

    let lines = place.run(&["setup", "claude", "--model", "work/gpt-4o"]).ok();
    assert!(!lines.contains(&key), "{lines}");
    assert_eq!(evaluated(&lines, "ANTHROPIC_BASE_URL"), gateway.url());
    assert_eq!(evaluated(&lines, "ANTHROPIC_AUTH_TOKEN"), key);
    assert_eq!(evaluated(&lines, "ANTHROPIC_MODEL"), "work/gpt-4o");
    assert_eq!(evaluated(&lines, "ANTHROPIC_DEFAULT_HAIKU_MODEL"), "work/gpt-4o");
    assert!(!place.run(&["setup", "claude"]).ok().contains("MODEL"));

    let codex = place.run(&["setup", "codex", "--output", "json"]).json();
    assert_eq!(evaluated(codex["lines"][0].as_str().unwrap(), "CLOSEDPAW_KEY"), key);
    let printed = place.run(&["setup", "codex"]);
    assert!(printed.stderr.contains("export CLOSEDPAW_KEY="), "{printed:?}");
    assert_eq!(printed.ok(), codex["config"].as_str().unwrap());
    assert!(!home(&place, ".codex").exists() && !home(&place, ".claude").exists());
}

#[test]
fn a_named_gateway_needs_a_named_key_file() {
    let place = Place::new();
    let url = ["--url", "https://gateway.example.com/llm/"];
    place.run(&[&url[..], &["setup", "openai"]].concat()).fails(4, "--key-file");
    let path = place.write("it's a key", "0123456789abcdef\n");
    let folder = path.parent().unwrap();
    let arguments = [&url[..], &["--key-file", "it's a key", "setup", "claude"]].concat();
    let outcome = place.command(&arguments).current_dir(folder).output().unwrap();
    let lines = Outcome::from(outcome).ok();
    assert_eq!(evaluated(&lines, "ANTHROPIC_BASE_URL"), "https://gateway.example.com/llm");
    assert_eq!(evaluated(&lines, "ANTHROPIC_AUTH_TOKEN"), "0123456789abcdef");
    place.run(&[&url[..], &["--key-file", "-", "setup", "openai"]].concat()).fails(2, "stdin");
    place.run(&[&url[..], &["--key-file", "none", "setup", "openai"]].concat()).fails(4, "none");
}

#[test]
fn a_key_in_the_environment_stays_there() {
    const KEY: &str = "0123456789abcdef0";
    let place = Place::new();
    let run = |arguments: &[&str]| {
        let url = ["--url", "https://gateway.example.com"];
        let mut command = place.command(&[&url[..], arguments].concat());
        Outcome::from(command.env("CLOSEDPAW_KEY", KEY).output().unwrap())
    };
    for (program, variable) in [("openai", "OPENAI_API_KEY"), ("claude", "ANTHROPIC_AUTH_TOKEN")] {
        let lines = run(&["setup", program]).ok();
        assert!(!lines.contains(KEY), "{lines}");
        let set = format!("export CLOSEDPAW_KEY={KEY}\n{lines}");
        assert_eq!(evaluated(&set, variable), KEY);
    }
    assert!(run(&["setup", "codex"]).ok().contains("env_key = \"CLOSEDPAW_KEY\""));

    run(&["setup", "claude", "--write"]).ok();
    let settings = read_json(&home(&place, ".claude").join("settings.json"));
    assert_eq!(settings["apiKeyHelper"], "printenv CLOSEDPAW_KEY");
}

#[test]
fn claudes_settings_keep_all_else_and_a_copy() {
    let place = Place::new();
    let gateway = place.serve();
    let settings = home(&place, ".claude/settings.json");
    let write = ["setup", "claude", "--write"];

    let made = place.run(&write).json();
    assert_eq!((&made["changed"], &made["copy"]), (&json!(true), &Value::Null));
    assert_eq!(fs::metadata(&settings).unwrap().permissions().mode() & 0o777, 0o600);
    let held = read_json(&settings);
    assert_eq!(held["env"], json!({ "ANTHROPIC_BASE_URL": gateway.url() }));
    let helper = held["apiKeyHelper"].as_str().unwrap();
    assert_eq!(evaluated(&format!("K=$({helper})"), "K"), key(&place));

    let before = r#"{"theme": "dark", "env": {"FOO": "1", "ANTHROPIC_BASE_URL": "https://old"}, "hooks": []}"#;
    fs::write(&settings, before).unwrap();
    fs::set_permissions(&settings, fs::Permissions::from_mode(0o640)).unwrap();
    let changed = place.run(&[&write[..], &["--model", "work/o3"]].concat()).json();
    let copy = settings.with_file_name("settings.json.before-closedpaw");
    assert_eq!(changed["copy"], copy.to_str().unwrap());
    assert_eq!(fs::read_to_string(&copy).unwrap(), before);
    assert_eq!(fs::metadata(&settings).unwrap().permissions().mode() & 0o777, 0o640);
    let held = read_json(&settings);
    assert_eq!(
        held.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["theme", "env", "hooks", "apiKeyHelper"]
    );
    assert_eq!(held["env"]["FOO"], "1");
    assert_eq!(held["env"]["ANTHROPIC_BASE_URL"], gateway.url());
    assert_eq!(held["env"]["ANTHROPIC_DEFAULT_SONNET_MODEL"], "work/o3");

    // Said again, and without the model, which stays: nothing changes.
    assert_eq!(place.run(&write).json()["changed"], false);
    assert_eq!(fs::read_to_string(&copy).unwrap(), before, "the copy is of what was there before");
    assert_eq!(fs::read_dir(settings.parent().unwrap()).unwrap().count(), 2, "no drafts are left");
}

#[test]
fn settings_that_are_a_link_stay_one_and_another_key_is_told_of() {
    let place = Place::new();
    let _gateway = place.serve();
    let dotfile = place.write("dotfile", r#"{"env": {"ANTHROPIC_API_KEY": "sk-old"}}"#);
    let folder = home(&place, "elsewhere");
    fs::create_dir(&folder).unwrap();
    symlink(&dotfile, folder.join("settings.json")).unwrap();
    let mut command = place.command(&["setup", "claude", "--write"]);
    let outcome = Outcome::from(command.env("CLAUDE_CONFIG_DIR", &folder).output().unwrap());
    assert!(outcome.stderr.contains("ANTHROPIC_API_KEY"), "{outcome:?}");
    assert!(!outcome.stderr.contains("sk-old"), "{outcome:?}");
    outcome.ok();
    assert!(folder.join("settings.json").is_symlink());
    assert_eq!(read_json(&dotfile)["env"]["ANTHROPIC_API_KEY"], "sk-old");
    assert!(read_json(&dotfile)["apiKeyHelper"].is_string());
}

#[test]
fn a_file_that_is_not_understood_is_left_alone() {
    let place = Place::new();
    let _gateway = place.serve();
    let check = |client: &str, folder: &str, name: &str, text: &[u8], why: &str| {
        let folder = home(&place, folder);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(name), text).unwrap();
        let outcome = place.run(&["setup", client, "--write"]);
        outcome.fails(1, why);
        outcome.fails(1, name);
        assert_eq!(fs::read(folder.join(name)).unwrap(), text, "{why}");
        assert_eq!(fs::read_dir(folder).unwrap().count(), 1, "{why}");
    };
    let claude = ("claude", ".claude", "settings.json");
    check(claude.0, claude.1, claude.2, b"{\"env\": {}, // mine\n}", "is not JSON");
    check(claude.0, claude.1, claude.2, b"[]", "not a JSON object");
    check(claude.0, claude.1, claude.2, b"{\"env\": 1}", "`env` is not an object");
    check(claude.0, claude.1, claude.2, b"\xff", "cannot read");
    check("codex", ".codex", "config.toml", b"model = \n", "is not TOML");
    check("codex", ".codex", "config.toml", b"model_providers = 1\n", "is not a table");
}

#[test]
fn codexs_config_keeps_its_comments() {
    let place = Place::new();
    let gateway = place.serve();
    let folder = home(&place, "codex-home");
    fs::create_dir(&folder).unwrap();
    let config = folder.join("config.toml");
    fs::write(&config, "# my own\nmodel = \"o4\"\n\n[tui] # quiet\nnotifications = false\n")
        .unwrap();
    let run = || {
        let mut command = place.command(&["setup", "codex", "--model", "work/o3", "--write"]);
        Outcome::from(command.env("CODEX_HOME", &folder).output().unwrap())
    };
    let outcome = run();
    assert!(outcome.stderr.contains("export CLOSEDPAW_KEY="), "{outcome:?}");
    assert_eq!(outcome.json()["changed"], true);
    let expected = format!(
        "# my own\nmodel = \"work/o3\"\nmodel_provider = \"closedpaw\"\n\n[tui] # quiet\nnotifications = false\n\n\
         [model_providers.closedpaw]\nname = \"ClosedPaw\"\nbase_url = \"{}/v1\"\nwire_api = \"responses\"\n\
         env_key = \"CLOSEDPAW_KEY\"\n",
        gateway.url()
    );
    assert_eq!(fs::read_to_string(&config).unwrap(), expected);
    assert_eq!(run().json()["changed"], false);
}
