//! What was acknowledged is there, whatever happens; what is secret is nowhere to be read.

use std::{
    fs,
    sync::atomic::{AtomicUsize, Ordering},
};

use serde_json::json;

use crate::harness::{Gateway, Home, VENDORS, at_once, eventually, openai, vendor};

#[test]
fn a_restart_keeps_everything() {
    let home = Home::new();
    let mut gateway = home.serve();
    let providers: Vec<_> = VENDORS.iter().map(|vendor| (vendor, vendor.start())).collect();
    for (vendor, provider) in &providers {
        let mut body = vendor.registration(&format!("my-{}", vendor.provider_type), provider);
        body["headers"] = json!({ "x-team": "blue" });
        body["models"] = json!(["beta"]);
        gateway.register(&body);
    }
    gateway.patch("my-openai", &json!({ "rate_limit": 9, "timeout": 2.5 })).expect(200);
    gateway.patch("my-google", &json!({ "enabled": false })).expect(200);
    gateway.ask("POST", "/api/providers/my-mistral/default").send().expect(200);
    gateway.delete("ollama").expect(200);
    let before = gateway.get("/api/providers").expect(200);
    gateway.terminate();
    assert_eq!(gateway.exit_code(), Some(0));

    let gateway = home.serve();
    assert_eq!(gateway.get("/api/providers").expect(200), before);
    gateway.patch("my-google", &json!({ "enabled": true })).expect(200);
    for (vendor, provider) in &providers {
        let name = format!("my-{}", vendor.provider_type);
        gateway.chat(&json!({ "message": "hi", "provider": name })).expect(200);
        let request = &provider.requests()[0];
        assert_eq!(request.header("x-team"), Some("blue"));
        if vendor.provider_type != "ollama" {
            let (header, prefix) = vendor.credential;
            let key = format!("{prefix}{}", vendor.key());
            assert_eq!(request.header(header), Some(key.as_str()), "{name}");
        }
    }
}

#[test]
fn a_kill_among_200_registrations_loses_none_that_was_acknowledged() {
    const ALL: usize = 200;
    let home = Home::new();
    let provider = openai().start();
    let key = |index: usize| format!("key-{index}-0123456789abcdef");
    let describe = |index: usize| {
        let mut body = openai().registration(&format!("p{index}"), &provider);
        body["api_key"] = json!(key(index));
        body
    };

    let gateway = home.serve();
    let first = describe(ALL);
    gateway.register(&first);
    gateway.ask("POST", &format!("/api/providers/p{ALL}/default")).send().expect(200);
    gateway.patch(&format!("p{ALL}"), &json!({ "timeout": 7.5 })).expect(200);

    let acknowledged = AtomicUsize::new(0);
    let answers = std::thread::scope(|scope| {
        scope.spawn(|| {
            eventually("some are registered", || acknowledged.load(Ordering::SeqCst) >= ALL / 4);
            gateway.kill();
        });
        at_once(ALL, |index| {
            let ask = gateway.ask("POST", "/api/providers/register").json(&describe(index));
            let answer = ask.try_open().ok()?.whole();
            answer.is_complete.then(|| {
                acknowledged.fetch_add(1, Ordering::SeqCst);
                assert_eq!(answer.status, 200, "{}", answer.text());
            })
        })
    });
    drop(gateway);

    let gateway = home.serve();
    let list = gateway.get("/api/providers").expect(200);
    assert_eq!(list["default_provider"], format!("p{ALL}"));
    assert_eq!(list["providers"][format!("p{ALL}")]["timeout"], 7.5);
    let there = list["providers"].as_object().unwrap();
    for (index, answer) in answers.iter().enumerate() {
        let is_there = there.contains_key(&format!("p{index}"));
        assert!(is_there || answer.is_none(), "p{index} was acknowledged and is lost");
    }
    // Whatever is there is there whole: all that was said of it, and a key that opens.
    for index in (0..=ALL).filter(|index| there.contains_key(&format!("p{index}"))) {
        let name = format!("p{index}");
        let shown = &there[&name];
        assert_eq!(shown["base_url"], first["base_url"]);
        assert_eq!(
            (&shown["default_model"], &shown["has_api_key"]),
            (&json!("alpha"), &json!(true))
        );
        gateway.chat(&json!({ "message": "hi", "provider": name })).expect(200);
        let bearer = format!("Bearer {}", key(index));
        let sent = provider.requests();
        assert_eq!(sent.last().unwrap().header("authorization"), Some(bearer.as_str()));
    }
}

#[test]
fn no_secret_can_be_read_from_the_data_dir_or_the_log() {
    const CANARIES: [&str; 5] = [
        "canary-key-of-a-provider",
        "canary-key-that-was-replaced",
        "canary-key-that-was-removed",
        "canary-value-of-a-header",
        "canary-text-of-a-prompt",
    ];
    let home = Home::new();
    let gateway = home.serve();
    let provider = openai().start();
    let mut body = openai().registration("kept", &provider);
    body["api_key"] = json!(CANARIES[1]);
    body["headers"] = json!({ "x-secret": CANARIES[3] });
    gateway.register(&body);
    gateway.patch("kept", &json!({ "api_key": CANARIES[0] })).expect(200);
    body["name"] = json!("removed");
    body["api_key"] = json!(CANARIES[2]);
    gateway.register(&body);
    gateway.delete("removed").expect(200);
    for stream in [false, true] {
        let chat = json!({ "message": CANARIES[4], "provider": "kept", "stream": stream });
        assert_eq!(gateway.chat(&chat).status, 200);
    }
    let target = format!("/api/providers/register?api_key={}", CANARIES[2]);
    assert_eq!(gateway.ask("POST", &target).send().status, 400);
    assert_eq!(gateway.get(&format!("/{}", CANARIES[0])).status, 404);

    let admin_key = gateway.key.clone();
    let look = |when: &str| {
        let mut places = home.data_files();
        assert!(!places.is_empty());
        places.push((home.path("the log"), home.logs().into_bytes()));
        for (path, bytes) in places {
            for canary in CANARIES.into_iter().chain([admin_key.as_str()]) {
                let found = bytes.windows(canary.len()).any(|window| window == canary.as_bytes());
                assert!(!found, "{when}: {canary} stands in {}", path.display());
            }
        }
    };
    look("while it runs");
    gateway.kill();
    drop(gateway);
    look("after a kill");
    let mut gateway = home.serve();
    gateway.terminate();
    gateway.exit_code();
    look("after a stop");
}

#[test]
fn another_or_no_master_key_refuses_to_start_and_makes_nothing() {
    let home = Home::new();
    let mut gateway = home.serve();
    gateway.register(&openai().registration("x", &openai().start()));
    gateway.terminate();
    gateway.exit_code();
    let master = home.keys_dir().join("master.key");
    let original = fs::read(&master).unwrap();
    let before = home.data_files();

    let check = |what: &str| {
        let failed = home.fail_to_serve(&["--listen", "127.0.0.1:0"]);
        assert_eq!(failed.exit_code, Some(1), "{what}: {failed:?}");
        let names_the_file = failed.stderr.contains(master.to_str().unwrap());
        assert!(names_the_file, "{what}: {}", failed.stderr);
    };
    fs::remove_file(&master).unwrap();
    check("no key");
    assert!(!master.exists(), "nothing new is made");

    let other = Home::new();
    drop(other.serve());
    fs::copy(other.keys_dir().join("master.key"), &master).unwrap();
    let others = fs::read(&master).unwrap();
    check("another key");
    assert_eq!(fs::read(&master).unwrap(), others);

    fs::write(&master, "nonsense").unwrap();
    check("no key's text");

    let database = |files: &[(std::path::PathBuf, Vec<u8>)]| {
        files
            .iter()
            .find(|(path, _)| path.ends_with("closedpaw.db"))
            .map(|(_, bytes)| bytes.clone())
    };
    assert_eq!(database(&home.data_files()), database(&before));
    fs::write(&master, original).unwrap();
    assert_eq!(home.serve().names(), ["ollama", "x"]);
}

#[test]
fn what_was_removed_stays_removed() {
    let home = Home::new();
    let gateway = home.serve();
    gateway.delete("ollama").expect(200);
    gateway.kill();
    drop(gateway);
    let gateway = home.serve();
    assert_eq!(gateway.names(), [""; 0]);
    gateway.register(&json!({ "provider_type": "ollama", "name": "mine" }));
    drop(gateway);
    let gateway: Gateway = home.serve();
    let list = gateway.get("/api/providers").expect(200);
    assert_eq!(list["default_provider"], "mine");
}

#[test]
fn a_sealed_key_is_bound_to_its_row() {
    let home = Home::new();
    let gateway = home.serve();
    let provider = vendor("mistral").start();
    gateway.register(&vendor("mistral").registration("x", &provider));
    drop(gateway);
    let path = home.data_dir().join("closedpaw.db");
    let store = store::Store::open(&home.data_dir()).expect("the database at rest");
    let mut row = store.load().unwrap().providers.into_iter().find(|row| row.name == "x").unwrap();
    row.base_url = "http://127.0.0.1:1/v1".to_owned();
    store.update_provider(&row).unwrap();
    drop(store);
    let failed = home.fail_to_serve(&["--listen", "127.0.0.1:0"]);
    assert_eq!(failed.exit_code, Some(1), "{failed:?}");
    assert!(failed.stderr.contains("provider x"), "{}: {}", path.display(), failed.stderr);
}
