//! Verbs with no gateway running: what works, and how the rest fails.

use crate::program::{Outcome, Place};

#[test]
fn alone_it_greets_and_names_what_is_next() {
    let greeting = Place::new().run(&[]).ok();
    assert!(greeting.contains("closedpaw serve") && greeting.contains("closedpaw doctor"));
}

#[test]
fn client_verbs_say_that_nothing_is_running() {
    let place = Place::new();
    for verb in [
        ["status"].as_slice(),
        &["providers", "list"],
        &["providers", "show", "ollama"],
        &["providers", "health"],
        &["routes", "list"],
        &["routes", "set", "smart", "--candidate", "ollama/m"],
        &["models"],
        &["usage"],
        &["requests", "list"],
        &["requests", "show", "x"],
        &["chat", "hello"],
        &["setup", "openai"],
        &["setup", "claude", "--write"],
    ] {
        let outcome = place.run(verb);
        outcome.fails(3, "no gateway is running on");
        outcome.fails(3, "closedpaw serve");
        assert_eq!(outcome.stdout, "", "{verb:?}");
    }
    assert!(!place.data_dir().exists(), "looking changes nothing");
}

#[test]
fn usage_errors_exit_with_2_and_suggest() {
    let place = Place::new();
    place.run(&["statsu"]).fails(2, "status");
    place.run(&["providers", "add", "--type", "opnai", "--name", "x"]).fails(2, "'openai'");
    place.run(&["providers", "show", "health"]).fails(2, "word of the API");
    place
        .run(&["--url", "ftp://gateway", "status"])
        .fails(2, "--url must begin with http:// or https://");
    place.run(&["models", "--refresh"]).fails(2, "PROVIDER");
    place.run(&["serve", "--listen", "8000"]).fails(2, "--listen: expected IP:PORT");
    let faulty = [("CLOSEDPAW_LISTEN", "8000"), ("CLOSEDPAW_TLS_KEY", "k.pem")];
    let outcome = Outcome::from(place.command(&["serve"]).envs(faulty).output().unwrap());
    outcome.fails(2, "CLOSEDPAW_LISTEN: expected IP:PORT");
    outcome.fails(2, "CLOSEDPAW_TLS_KEY: a private key needs its certificate");
}

#[test]
fn a_gateway_elsewhere_that_is_not_there_is_3_and_gets_no_admin_key_of_ours() {
    let place = Place::new();
    place
        .run(&["--url", "http://10.255.255.1:9", "status"])
        .fails(4, "--key-file or CLOSEDPAW_KEY");
    let key = place.write("key", "0123456789abcdef\n");
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", closed.local_addr().unwrap());
    drop(closed);
    let arguments = ["--url", &url, "--key-file", key.to_str().unwrap(), "status"];
    place.run(&arguments).fails(3, "cannot reach the gateway at http://127.0.0.1");
}

#[test]
fn the_config_file_in_the_documents_is_sound() {
    let document = include_str!("../../../../docs/operations.md");
    let example = document.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next());
    let place = Place::new();
    let file = place.write("config.toml", example.unwrap());
    let file = file.to_str().unwrap();
    let mut check = place.command(&["--config", file, "config", "check"]);
    let secrets = [
        ("OPENAI_API_KEY", "sk-0123456789-abcdefghij"),
        ("CI_GATEWAY_KEY", "sk-cp-aaaaaaaaaaaa-0123456789abcdef0123456789abcdef"),
    ];
    Outcome::from(check.envs(secrets).output().unwrap()).ok();
    let unset = place.run(&["--config", file, "config", "check"]);
    unset.fails(2, "the variable OPENAI_API_KEY is not set");
}

#[test]
fn config_check_names_every_fault_and_config_show_every_origin() {
    let place = Place::new();
    let bad = place.write("bad.toml", "[server]\nlistn = []\n[log]\nlevel = \"loud\"\n");
    let outcome = place.run(&["--config", bad.to_str().unwrap(), "config", "check"]);
    outcome.fails(2, "bad.toml:2: unknown key `listn` in [server] (did you mean `listen`?)");
    outcome.fails(2, "bad.toml:4: level: expected one of error, warn, info, debug, trace");

    place.write("facts.json", "{\"models\":[{\"vendor\":\"acme\",\"id\":\"a\"}]}");
    let named = place.write("named.toml", "[models]\ncatalog = \"facts.json\"\n");
    for command in [["config", "check"].as_slice(), &["doctor"]] {
        let outcome =
            place.run(&[["--config", named.to_str().unwrap()].as_slice(), command].concat());
        let told = format!("{}{}", outcome.stdout, outcome.stderr);
        assert!(told.contains("models[0]: vendor: `acme` is none of"), "{told}");
        assert_ne!(outcome.code, 0);
    }

    let keys = place.write(
        "keys.toml",
        "[keys.a]\nkey = { file = \"text\" }\n[keys.b]\nkey = { file = \"text\" }\n[keys.c]\nkey = { env = \"UNSET\" }\n\
         [keys.d]\nkey = { file = \"short\" }\n[projects.\"a b\"]\n",
    );
    place.write("text", "sk-cp-aaaaaaaaaaaa-0123456789abcdef0123456789abcdef");
    place.write("short", "sk-cp-aaaaaaaaaaaa-0");
    let outcome = place.run(&["--config", keys.to_str().unwrap(), "config", "check"]);
    for fault in [
        "keys.toml:3: keys.b: this is the same key as at",
        "keys.toml:6: keys.c.key: the variable UNSET is not set",
        "keys.toml:7: keys.d: a virtual key is sk-cp-ID-SECRET",
        "keys.toml:9: projects.a b: the name of a project has",
    ] {
        outcome.fails(2, fault);
    }
    assert_eq!(outcome.stderr.lines().count(), 4, "each once:\n{}", outcome.stderr);

    let good = place.write("good.toml", "[log]\nlevel = \"debug\"\n");
    let good = good.to_str().unwrap();
    place.run(&["--config", good, "config", "check"]).ok();
    let shown = place.run(&["--config", good, "config", "show"]).json();
    assert_eq!(shown["log"]["level"]["value"], "debug");
    assert!(shown["log"]["level"]["origin"].as_str().unwrap().ends_with("good.toml:2"));
    assert_eq!(shown["server"]["listen"]["value"][0], "127.0.0.1:8000");
    assert_eq!(shown["server"]["listen"]["origin"], "default");
    assert_eq!(shown["data_dir"]["origin"], "CLOSEDPAW_DATA_DIR");

    let table = place.run(&["--config", good, "config", "show", "--output", "table"]).ok();
    assert!(table.lines().any(|line| line.contains("log.level") && line.contains("debug")));
}

#[test]
fn config_check_and_show_cover_what_is_declared() {
    let place = Place::new();
    place.write("key", "sk-canary-0123456789\n");
    let text = "[providers.work]\nprovider_type = \"openai\"\napi_key = { env = \"WORK_KEY\" }\n\
                [providers.rack]\nprovider_type = \"custom\"\nbase_url = \"http://10.0.0.5/v1\"\n\
                network = \"local\"\napi_key = { file = \"key\" }\n\
                [routes.smart]\ncandidates = [{ provider = \"work\", model = \"m\" }]\n";
    let config = place.write("config.toml", text);
    let config = config.to_str().unwrap();
    let run = |arguments: &[&str]| -> Outcome {
        let arguments = [&["--config", config], arguments].concat();
        place.command(&arguments).env("WORK_KEY", "sk-canary-env").output().unwrap().into()
    };
    run(&["config", "check"]).ok();
    let shown = run(&["config", "show"]);
    let told = format!("{shown:?}{:?}", run(&["config", "show", "--output", "table"]));
    assert!(!told.contains("canary"), "{told}");
    assert!(told.contains("providers.work.api_key"), "{told}");
    let shown = shown.json();
    assert_eq!(shown["providers"]["work"]["api_key"]["value"], "env:WORK_KEY");
    let file = shown["providers"]["rack"]["api_key"].clone();
    assert!(file["value"].as_str().unwrap().starts_with("file:/"), "{file}");
    assert!(file["origin"].as_str().unwrap().ends_with("config.toml:8"), "{file}");
    assert_eq!(shown["routes"]["smart"]["candidates"]["value"][0]["provider"], "work");

    let unset = place.run(&["--config", config, "config", "check"]);
    unset.fails(2, "config.toml:3: providers.work.api_key: the variable WORK_KEY is not set");
    let broken = text.replace("openai", "opnai").replace("model", "modle");
    place.write("config.toml", broken);
    for verb in [["config", "check"].as_slice(), &["doctor"]] {
        let outcome = run(verb);
        let told = format!("{}{}", outcome.stdout, outcome.stderr);
        assert!(told.contains("providers.work: Invalid provider type: opnai"), "{told}");
        assert!(
            told.contains("routes.smart: unknown key `modle` (did you mean 'model'?)"),
            "{told}"
        );
        assert_ne!(outcome.code, 0);
    }
}

#[test]
fn the_keys_dir_may_not_lie_inside_the_data_dir() {
    let place = Place::new();
    let inside = place.data_dir().join("keys");
    let arguments = ["--keys-dir", inside.to_str().unwrap(), "serve"];
    place.run(&arguments).fails(2, "lies inside the data dir");
    assert!(!place.data_dir().exists(), "nothing is made");
}

#[test]
fn completions_know_the_verbs() {
    for shell in ["bash", "zsh", "fish"] {
        let script = Place::new().run(&["completions", shell]).ok();
        assert!(script.contains("providers") && script.contains("doctor"), "{shell}");
    }
}

#[test]
fn openapi_and_the_settings_reference_are_printed() {
    let place = Place::new();
    assert!(place.run(&["openapi"]).json()["paths"]["/api/providers"].is_object());
    assert!(place.run(&["config", "reference"]).ok().contains("| `listen` |"));
}

#[test]
fn a_closed_output_is_nobodys_mistake() {
    let place = Place::new();
    let mut child = place.command(&["config", "reference"]).spawn().unwrap();
    drop(child.stdout.take());
    let outcome = Outcome::from(child.wait_with_output().unwrap());
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""));
}
