//! The life of a gateway: start, lock, signals, restart, and what it refuses to start on.

use std::{
    fs,
    io::{Read as _, Write as _},
    os::unix::fs::PermissionsExt as _,
};

use rustix::process::Signal;
use testkit::scripted::{Answer, ScriptedProvider};

use crate::program::{Gateway, Outcome, Place};

#[test]
fn a_first_start_makes_everything_for_its_owner_alone() {
    let place = Place::new();
    let gateway = place.serve();
    assert!(gateway.first_line.starts_with("listening on http://127.0.0.1:"));
    let modes = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for directory in [place.data_dir(), place.keys_dir()] {
        assert_eq!(modes(&directory), 0o700, "{}", directory.display());
        for file in fs::read_dir(directory).unwrap() {
            let path = file.unwrap().path();
            assert_eq!(modes(&path), 0o600, "{}", path.display());
        }
    }

    let status = place.run(&["status"]).json();
    assert_eq!(status["status"], "running");
    assert_eq!(status["url"], gateway.url());
    assert_eq!(status["default_provider"], "ollama");
    assert_eq!(status["insecure_http"], false);
    let ollama = place.run(&["providers", "show", "ollama"]).json();
    assert_eq!(ollama["default_model"], "llama3.2:3b");

    let outcome = gateway.stop();
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, ""), "one line and no more");
    let key = fs::read_to_string(place.keys_dir().join("admin.key")).unwrap();
    assert!(!outcome.stderr.contains(key.trim()), "the log never holds the key");
    place.run(&["status"]).fails(3, "no gateway is running");
}

#[test]
fn a_second_one_on_the_same_data_dir_exits_with_2() {
    let place = Place::new();
    let gateway = place.serve();
    let second = place.run(&["serve", "--listen", "127.0.0.1:0"]);
    second.fails(2, "a gateway is running on");
    assert_eq!(second.stdout, "");
    assert_eq!(place.run(&["status"]).json()["url"], gateway.url(), "the first one stays found");
}

#[test]
fn what_was_changed_survives_a_restart_and_a_kill() {
    let place = Place::new();
    let gateway = place.serve();
    place.run(&["providers", "remove", "ollama"]).ok();
    let add = ["providers", "add", "--type", "openai", "--name", "work", "--api-key-stdin"];
    place.run_with(&add, "sk-0123456789abcdefghij\n").ok();
    gateway.signal(Signal::KILL);
    gateway.wait();
    place.run(&["status"]).fails(3, "no gateway is running");

    let _again = place.serve();
    let listed = place.run(&["providers", "list"]).json();
    assert_eq!(listed["default_provider"], "work");
    assert_eq!(listed["providers"]["work"]["has_api_key"], true);
    assert!(listed["providers"]["ollama"].is_null());
}

#[test]
fn an_emptied_registry_stays_empty() {
    let place = Place::new();
    let gateway = place.serve();
    place.run(&["providers", "remove", "ollama"]).ok();
    gateway.stop();
    let _again = place.serve();
    let listed = place.run(&["providers", "list"]).json();
    assert_eq!(listed["providers"], serde_json::json!({}));
    assert!(listed["default_provider"].is_null());
}

#[test]
fn sealed_data_without_its_master_key_refuses_to_start_and_makes_nothing() {
    let place = Place::new();
    let gateway = place.serve();
    let add = ["providers", "add", "--type", "openai", "--name", "work", "--api-key-stdin"];
    place.run_with(&add, "sk-0123456789abcdefghij\n").ok();
    gateway.stop();
    let database = fs::read(place.data_dir().join("closedpaw.db")).unwrap();
    let canary = b"0123456789abcdefghij";
    assert!(!database.windows(canary.len()).any(|bytes| bytes == canary), "sealed on disk");

    fs::rename(place.keys_dir(), place.data_dir().with_extension("away")).unwrap();
    let outcome = place.run(&["serve", "--listen", "127.0.0.1:0"]);
    outcome.fails(1, place.keys_dir().join("master.key").to_str().unwrap());
    assert!(!place.keys_dir().exists(), "nothing new is made");
    assert_eq!(place.run(&["doctor"]).code, 1, "the doctor sees it too");
}

#[test]
fn the_admin_key_may_come_from_the_environment() {
    let place = Place::new();
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    let short: Outcome =
        place.command(&serve).env("CLOSEDPAW_ADMIN_KEY", "short").output().unwrap().into();
    short.fails(2, "CLOSEDPAW_ADMIN_KEY: the admin key has 5 characters");

    let key = "0123456789-from-outside";
    let _gateway = Gateway::start(place.command(&serve).env("CLOSEDPAW_ADMIN_KEY", key));
    assert!(!place.keys_dir().join("admin.key").exists());
    place.run(&["status"]).fails(4, "admin.key does not exist");
    for variable in ["CLOSEDPAW_ADMIN_KEY", "CLOSEDPAW_KEY"] {
        let status: Outcome =
            place.command(&["status"]).env(variable, key).output().unwrap().into();
        status.ok();
    }
    place.run_with(&["--key-file", "-", "status"], &format!("{key}\n")).ok();
    let wrong = place.write("wrong", "0123456789-of-somebody");
    let outcome = place.run(&["--key-file", wrong.to_str().unwrap(), "status"]);
    assert_eq!(outcome.code, 4, "{outcome:?}");
}

#[test]
fn every_listener_gets_its_line() {
    let place = Place::new();
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--listen", "127.0.0.2:0"];
    let gateway = Gateway::start(&mut place.command(&arguments));
    assert!(gateway.url().starts_with("http://127.0.0.1:"));
    let listeners = place.run(&["status"]).json()["listeners"].clone();
    assert_eq!(listeners[0], gateway.url());
    assert!(listeners[1].as_str().unwrap().starts_with("http://127.0.0.2:"));
    assert!(gateway.stop().stdout.starts_with("listening on http://127.0.0.2:"));
}

#[test]
fn beyond_loopback_it_takes_tls_or_a_word() {
    let place = Place::new();
    let arguments = ["serve", "--listen", "0.0.0.0:0"];
    place.run(&arguments).fails(2, "--listen: 0.0.0.0:0 is not a loopback address");

    let gateway =
        Gateway::start(&mut place.command(&[&arguments[..], &["--insecure-http"]].concat()));
    let status = place.run(&["status"]).json();
    assert_eq!(status["insecure_http"], true);
    assert!(status["url"].as_str().unwrap().starts_with("http://127.0.0.1:"), "{status}");
    assert!(gateway.stop().stderr.contains("plain HTTP is accepted beyond loopback"));

    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let cert = place.write("cert.pem", made.cert.pem());
    let key = place.write("key.pem", made.signing_key.serialize_pem());
    let (cert, key) = (cert.to_str().unwrap(), key.to_str().unwrap());
    let with_tls = [&arguments[..], &["--tls-cert", cert, "--tls-key", key]].concat();
    let gateway = Gateway::start(&mut place.command(&with_tls));
    assert!(gateway.url().starts_with("https://0.0.0.0:"), "{}", gateway.first_line);
    let swapped = [&arguments[..], &["--tls-cert", key, "--tls-key", cert]].concat();
    let untouched = Place::new();
    untouched.run(&swapped).fails(2, "as PEM");
    assert!(!untouched.data_dir().exists() && !untouched.keys_dir().exists());
}

/// A gateway that speaks HTTPS, with a certificate that no authority vouches for and no listener is named in.
fn serve_https(place: &Place) -> Gateway {
    let made = rcgen::generate_simple_self_signed(vec!["gateway.lan".to_owned()]).unwrap();
    let cert = place.write("cert.pem", made.cert.pem());
    place.write("key.pem", made.signing_key.serialize_pem());
    let serve =
        ["serve", "--listen", "127.0.0.1:0", "--tls-cert", "cert.pem", "--tls-key", "key.pem"];
    Gateway::start(place.command(&serve).current_dir(cert.parent().unwrap()))
}

#[test]
fn the_verbs_trust_the_certificate_of_the_gateway_on_the_data_dir_alone() {
    let place = Place::new();
    let mut gateway = serve_https(&place);
    let status = place.run(&["status"]).json();
    assert_eq!(status["url"], gateway.url());
    place.run(&["providers", "list"]).ok();
    // Who names a gateway wants the usual proof of who it is.
    place.run(&["--url", gateway.url(), "status"]).fails(3, "certificate");

    let renewed = rcgen::generate_simple_self_signed(vec!["gateway.lan".to_owned()]).unwrap();
    place.write("cert.pem", renewed.cert.pem());
    place.write("key.pem", renewed.signing_key.serialize_pem());
    place.run(&["status"]).fails(3, "the certificate is not the one that is expected here");
    gateway.signal(Signal::HUP);
    gateway.wait_for_log("settings reloaded");
    place.run(&["status"]).ok();
}

#[test]
fn the_admin_key_goes_to_the_gateway_on_the_data_dir_alone() {
    let place = Place::new();
    let gateway = place.serve();
    place.run(&["--url", gateway.url(), "status"]).ok();
    let stranger = ScriptedProvider::always(Answer::json(200, "{}"));
    let outcome = place.run(&["--url", &stranger.url(), "providers", "list"]);
    outcome.fails(4, "give its key with --key-file or CLOSEDPAW_KEY");
    assert_eq!(stranger.connections(), 0);
}

#[test]
fn a_taken_port_is_told() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let outcome = Place::new().run(&["serve", "--listen", &address]);
    outcome.fails(1, &format!("cannot listen on {address}"));
}

/// The status of a request with this `Host`, as raw bytes over a socket.
fn status_for_host(gateway: &Gateway, host: &str) -> String {
    let address = gateway.url().strip_prefix("http://").unwrap();
    #[expect(clippy::disallowed_methods, reason = "a client of the gateway is what is tested")]
    let mut socket = std::net::TcpStream::connect(address).unwrap();
    let request = format!("GET /livez HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    socket.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).unwrap().to_owned()
}

#[test]
fn a_hangup_reloads_and_a_faulty_file_changes_nothing() {
    let place = Place::new();
    let config = place.write("config.toml", "[server]\nhosts = [\"first.lan\"]\n");
    let path = config.to_str().unwrap().to_owned();
    let serve = ["--config", &path, "serve", "--listen", "127.0.0.1:0"];
    let mut gateway = Gateway::start(&mut place.command(&serve));
    assert_eq!(status_for_host(&gateway, "first.lan"), "200");
    assert_eq!(status_for_host(&gateway, "second.lan"), "421");

    place.write("config.toml", "[server]\nhosts = [\"second.lan\"]\n[log]\nlevel = \"debug\"\n");
    gateway.signal(Signal::HUP);
    gateway.wait_for_log("settings reloaded");
    assert_eq!(status_for_host(&gateway, "second.lan"), "200");
    assert_eq!(status_for_host(&gateway, "first.lan"), "421");

    place.write("config.toml", "[server]\nhosts = [\"third.lan\"]\nlisten = [\"nowhere\"]\n");
    gateway.signal(Signal::HUP);
    let line = gateway.wait_for_log("the old ones stay");
    assert!(line.contains("config.toml:3: listen: expected IP:PORT"), "{line}");
    assert_eq!(status_for_host(&gateway, "third.lan"), "421");
    assert_eq!(status_for_host(&gateway, "second.lan"), "200");

    place.write("config.toml", "[server]\nlisten = [\"127.0.0.1:1\"]\n[log]\nformat = \"json\"\n");
    gateway.signal(Signal::HUP);
    let line = gateway.wait_for_log("takes effect at the next start");
    assert!(line.contains("log.format"), "{line}");
}

/// Waits for what another process is about to do; ten seconds are far more than it takes.
fn wait_until(done: impl Fn() -> bool) {
    for _ in 0..1000 {
        if done() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("it never happened");
}

#[test]
fn a_running_answer_is_finished_and_a_second_signal_does_not_wait() {
    let place = Place::new();
    let hanging = ScriptedProvider::always(Answer::silence());
    let gateway = place.serve();
    let base_url = format!("{}/v1", hanging.url());
    place
        .run(&[
            "providers",
            "add",
            "--type",
            "custom",
            "--name",
            "slow",
            "--base-url",
            &base_url,
            "--network",
            "local",
            "--default-model",
            "m",
        ])
        .ok();
    let mut chat = place.command(&["chat", "--provider", "slow", "hello"]).spawn().unwrap();
    wait_until(|| hanging.calls() > 0);
    gateway.signal(Signal::TERM);
    wait_until(|| {
        let address = gateway.url().strip_prefix("http://").unwrap();
        std::net::TcpListener::bind(address).is_ok()
    });
    assert!(chat.try_wait().unwrap().is_none(), "the running chat is not cut off");
    gateway.signal(Signal::TERM);
    let outcome = gateway.wait();
    assert_eq!(outcome.code, 130, "{outcome:?}");
    assert_eq!(chat.wait().unwrap().code(), Some(3));
}
