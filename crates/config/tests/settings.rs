//! The layers end to end: precedence, origins, and every fault at once.

#![expect(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

use std::{fs, path::PathBuf};

use config::{
    Directories, DirectoryFlags, Environment, Faults, Format, Level, Origin, ServerFlags, Settings,
    load, reference,
};

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

    fn load<const N: usize>(
        &self,
        variables: [(&str, &str); N],
        flags: &ServerFlags,
    ) -> Result<Settings, Faults> {
        let home = Environment::fixed([("HOME", self.folder.path().to_str().unwrap())]);
        let places = DirectoryFlags { config: Some(self.file.clone()), ..Default::default() };
        let directories = Directories::find(&home, &places).unwrap();
        load(&directories, &Environment::fixed(variables), flags)
    }

    fn line(&self, line: usize) -> Origin {
        Origin::File { path: self.file.clone(), line }
    }
}

#[test]
fn defaults_without_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let environment = Environment::fixed([("HOME", folder.path().to_str().unwrap())]);
    let directories = Directories::find(&environment, &DirectoryFlags::default()).unwrap();
    assert_eq!(directories.data.value, folder.path().join(".local/share/closedpaw"));
    assert_eq!(directories.keys.value, folder.path().join(".config/closedpaw/keys"));
    assert_eq!(directories.config.value, folder.path().join(".config/closedpaw/config.toml"));

    let settings = load(&directories, &environment, &ServerFlags::default()).unwrap();
    assert_eq!(*settings.server.listen, ["127.0.0.1:8000".parse().unwrap()]);
    assert_eq!(settings.server.listen.origin, Origin::Default);
    assert!(settings.server.hosts.is_empty());
    assert_eq!(settings.server.tls, None);
    assert!(!*settings.server.insecure_http);
    assert_eq!(settings.models.catalog, None);
    assert_eq!(*settings.records.retention_days, 30);
    assert_eq!((*settings.log.level, *settings.log.format), (Level::Info, Format::Text));
}

#[test]
fn the_highest_layer_wins_and_is_remembered() {
    let case = Case::with_file("[server]\nlisten = [\"127.0.0.1:1\"]\nhosts = [\"a\"]\n");
    let flags = ServerFlags { listen: vec!["127.0.0.1:3".into()], ..Default::default() };
    let port = |settings: &Settings| settings.server.listen[0].port();

    let file_only = case.load([], &ServerFlags::default()).unwrap();
    assert_eq!(port(&file_only), 1);
    assert_eq!(file_only.server.listen.origin, case.line(2));

    let variables = [("CLOSEDPAW_LISTEN", "127.0.0.1:2, [::1]:2"), ("CLOSEDPAW_HOSTS", "")];
    let with_environment = case.load(variables, &ServerFlags::default()).unwrap();
    assert_eq!(port(&with_environment), 2);
    assert_eq!(with_environment.server.listen.len(), 2, "a comma separates");
    assert_eq!(with_environment.server.listen.origin, Origin::Variable("CLOSEDPAW_LISTEN"));
    assert_eq!(*with_environment.server.hosts, ["a"], "an empty variable is unset");

    let with_flags = case.load(variables, &flags).unwrap();
    assert_eq!(port(&with_flags), 3);
    assert_eq!(with_flags.server.listen.origin, Origin::Flag("--listen"));
}

#[test]
fn every_fault_at_once_with_its_line() {
    let case = Case::with_file(
        "# a comment\n[server]\nlistn = [\"127.0.0.1:1\"]\nhosts = [\"ok\", \"http://no\"]\n\
         tls_cert = 7\n\n[lg]\nx = 1\n[log]\nlevel = \"inf\"\nformat = [\"json\"]\n",
    );
    let faults = case.load([("CLOSEDPAW_LISTEN", "8000")], &ServerFlags::default()).unwrap_err();
    let expected = [
        (case.line(3), "unknown key `listn` in [server] (did you mean `listen`?)"),
        (case.line(4), "hosts: expected NAME or NAME:PORT"),
        (case.line(5), "tls_cert: expected a path in quotes, found integer"),
        (case.line(5), "a certificate needs its private key"),
        (case.line(7), "unknown section `lg` (did you mean `log`?)"),
        (
            case.line(10),
            "level: expected one of error, warn, info, debug, trace, found `inf` (did you mean `info`?)",
        ),
        (case.line(11), "format: expected a string, found array"),
        (Origin::Variable("CLOSEDPAW_LISTEN"), "expected IP:PORT"),
    ];
    for (origin, start) in &expected {
        let found = faults.0.iter().any(|f| f.origin == *origin && f.message.starts_with(start));
        assert!(found, "{start}\nis not among\n{faults}");
    }
    assert_eq!(faults.0.len(), expected.len(), "{faults}");
}

#[test]
fn a_fault_counts_even_where_a_higher_layer_replaces_it() {
    let case = Case::with_file("[server]\nlisten = [\"nowhere\"]\n");
    let flags = ServerFlags { listen: vec!["127.0.0.1:1".into()], ..Default::default() };
    let faults = case.load([("CLOSEDPAW_LISTEN", "8000")], &flags).unwrap_err();
    let origins: Vec<_> = faults.0.iter().map(|fault| fault.origin.clone()).collect();
    assert_eq!(origins, [Origin::Variable("CLOSEDPAW_LISTEN"), case.line(2)]);
}

#[test]
fn at_least_one_listener_is_needed() {
    let faults = Case::with_file("[server]\nlisten = []\n").load([], &ServerFlags::default());
    let text = faults.unwrap_err().to_string();
    assert!(text.ends_with("config.toml:2: listen: expected at least one address"), "{text}");
}

#[test]
fn an_address_is_listed_once() {
    let listed_twice = |text: &str| {
        let faults = Case::with_file(text).load([], &ServerFlags::default()).unwrap_err();
        assert_eq!(faults.0.len(), 1, "{faults}");
        faults.to_string()
    };
    let text = listed_twice("[server]\nlisten = [\"127.0.0.1:1\", \"[::1]:1\", \"localhost:1\"]\n");
    assert!(text.ends_with("config.toml:2: listen: 127.0.0.1:1 is listed twice"), "{text}");
    let text = listed_twice("[server]\nlisten = [\"[::1]:1\", \"[0:0::1]:1\"]\n");
    assert!(text.ends_with("[::1]:1 is listed twice"), "{text}");
}

#[test]
fn a_syntax_error_has_its_line_and_hides_nothing() {
    let case = Case::with_file("[server]\nlisten = \n[log]\nlevel = \"loud\"\n");
    let faults = case.load([], &ServerFlags::default()).unwrap_err();
    let text = faults.to_string();
    assert!(faults.0.iter().any(|fault| fault.origin == case.line(2)), "{text}");
    assert!(text.contains("found `loud`"), "{text}");
}

#[test]
fn listeners_beyond_loopback_need_tls_or_a_word() {
    let tls = |cert: &str, key: &str| ServerFlags {
        tls_cert: (!cert.is_empty()).then(|| cert.to_owned()),
        tls_key: (!key.is_empty()).then(|| key.to_owned()),
        ..Default::default()
    };
    let check = |listen: &str, flags: ServerFlags, expected: Option<&str>| {
        let flags = ServerFlags { listen: vec![listen.to_owned()], ..flags };
        let outcome = Case::with_file("").load([], &flags).err().map(|faults| faults.to_string());
        match (expected, &outcome) {
            (None, None) => {}
            (Some(part), Some(text)) if text.contains(part) => {}
            _ => panic!("{listen}: {outcome:?}, expected {expected:?}"),
        }
    };
    let insecure = || ServerFlags { insecure_http: true, ..Default::default() };
    check("127.0.0.1:1", tls("", ""), None);
    check("127.9.9.9:1", tls("", ""), None);
    check("[::1]:1", tls("", ""), None);
    check("[::ffff:127.0.0.1]:1", tls("", ""), None);
    check("0.0.0.0:1", tls("", ""), Some("--listen: 0.0.0.0:1 is not a loopback address"));
    check("[::]:1", tls("", ""), Some("is not a loopback address"));
    check("192.168.1.2:1", tls("", ""), Some("is not a loopback address"));
    check("0.0.0.0:1", insecure(), None);
    check("0.0.0.0:1", tls("c.pem", "k.pem"), None);
    check("0.0.0.0:1", tls("c.pem", ""), Some("--tls-cert: a certificate needs its private key"));
    check("127.0.0.1:1", tls("", "k.pem"), Some("--tls-key: a private key needs its certificate"));
}

#[test]
fn a_relative_path_in_the_file_starts_at_the_file() {
    let case = Case::with_file("[server]\ntls_cert = \"tls/c.pem\"\ntls_key = \"/k.pem\"\n");
    let tls = case.load([], &ServerFlags::default()).unwrap().server.tls.unwrap();
    assert_eq!(*tls.cert, case.folder.path().join("tls/c.pem"));
    assert_eq!(*tls.key, PathBuf::from("/k.pem"));
}

#[test]
fn a_catalog_may_be_named_by_file_and_environment() {
    let case = Case::with_file("[models]\ncatalog = \"facts.json\"\n");
    let named = |variables| case.load(variables, &ServerFlags::default()).unwrap().models.catalog;
    let in_file = named([("CLOSEDPAW_CATALOG", "")]).unwrap();
    assert_eq!(
        (in_file.value, in_file.origin),
        (case.folder.path().join("facts.json"), case.line(2))
    );
    let outside = named([("CLOSEDPAW_CATALOG", "/facts.json")]).unwrap();
    assert_eq!(*outside, PathBuf::from("/facts.json"));
    assert_eq!(outside.origin, Origin::Variable("CLOSEDPAW_CATALOG"));
    let faults = Case::with_file("[models]\ncatalog = 7\n").load([], &ServerFlags::default());
    assert!(faults.unwrap_err().to_string().ends_with("expected a path in quotes, found integer"));
}

#[test]
fn days_are_whole_numbers() {
    let days = |text: &str, variable: &str| {
        Case::with_file(text)
            .load([("CLOSEDPAW_RETENTION_DAYS", variable)], &ServerFlags::default())
            .map(|settings| *settings.records.retention_days)
            .map_err(|faults| faults.to_string())
    };
    let refused = |text: &str, variable: &str, part: &str| {
        let faults = days(text, variable).unwrap_err();
        assert!(faults.contains(part), "{faults}");
    };
    assert_eq!(days("[records]\nretention_days = 0\n", ""), Ok(0));
    assert_eq!(days("[records]\nretention_days = 1_000\n", ""), Ok(1000));
    assert_eq!(days("[records]\nretention_days = 0x10\n", ""), Ok(16));
    assert_eq!(days("[records]\nretention_days = 7\n", "90"), Ok(90));
    for text in ["-1", "1.5", "\"7\"", "true", "99999999999999999999"] {
        let text = format!("[records]\nretention_days = {text}\n");
        refused(&text, "", "retention_days: expected a whole number, found");
    }
    refused("[records]\nretention_days = 36501\n", "", "expected a number of days up to 36500");
    refused("", "a week", "expected a number of days up to 36500, found `a week`");
    refused("[records]\nretention_day = 7\n", "", "did you mean `retention_days`?");
}

#[test]
fn a_named_config_file_must_exist() {
    let case = Case::with_file("");
    fs::remove_file(&case.file).unwrap();
    let text = case.load([], &ServerFlags::default()).unwrap_err().to_string();
    assert!(text.starts_with("--config: cannot read the config file"), "{text}");
}

#[test]
fn switches_from_the_environment() {
    let case = Case::with_file("[server]\ninsecure_http = true\n");
    let with = |text| {
        case.load([("CLOSEDPAW_INSECURE_HTTP", text)], &ServerFlags::default())
            .map(|settings| *settings.server.insecure_http)
    };
    assert_eq!(with(""), Ok(true));
    assert_eq!(with("false"), Ok(false));
    assert_eq!(with("1"), Ok(true));
    assert!(with("yes").is_err());
}

#[test]
fn places_follow_flags_then_variables_then_xdg() {
    let environment = Environment::fixed([
        ("HOME", "/ada"),
        ("XDG_DATA_HOME", "/data"),
        ("XDG_CONFIG_HOME", "relative/is/ignored"),
        ("CLOSEDPAW_KEYS_DIR", "/variable"),
    ]);
    let flags = DirectoryFlags { config: Some("/flag".into()), ..Default::default() };
    let places = Directories::find(&environment, &flags).unwrap();
    assert_eq!(*places.data, PathBuf::from("/data/closedpaw"));
    assert_eq!(*places.keys, PathBuf::from("/variable"));
    assert_eq!(places.keys.origin, Origin::Variable("CLOSEDPAW_KEYS_DIR"));
    assert_eq!(*places.config, PathBuf::from("/flag"));
    assert_eq!(places.config.origin, Origin::Flag("--config"));

    let nowhere = Directories::find(&Environment::fixed([]), &DirectoryFlags::default());
    assert!(nowhere.unwrap_err().to_string().contains("HOME is not set"));
}

#[test]
fn keys_never_lie_inside_the_data() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::create_dir(root.join("data")).unwrap();
    std::os::unix::fs::symlink(root.join("data"), root.join("link")).unwrap();
    let check = |keys: &str, inside: bool| {
        let flags = DirectoryFlags {
            data: Some(root.join("data")),
            keys: Some(root.join(keys)),
            config: Some(root.join("config.toml")),
        };
        assert_eq!(Directories::find(&Environment::fixed([]), &flags).is_err(), inside, "{keys}");
    };
    check("keys", false);
    check("data-keys", false);
    check("data/../keys", false);
    check("data", true);
    check("data/keys", true);
    check("data/a/b", true);
    check("keys/../data/keys", true);
    check("link/keys", true);
}

#[test]
fn origins_are_shown() {
    let case = Case::with_file("[log]\nlevel = \"debug\"\n");
    let settings = case.load([("CLOSEDPAW_LOG_FORMAT", "json")], &ServerFlags::default()).unwrap();
    assert_eq!(settings.log.level.origin.to_string(), format!("{}:2", case.file.display()));
    assert_eq!(settings.log.format.origin.to_string(), "CLOSEDPAW_LOG_FORMAT");
    assert_eq!(settings.server.listen.origin.to_string(), "default");
}

#[test]
fn the_reference_has_a_row_for_each_setting() {
    let text = reference();
    for part in [
        "## `[server]`",
        "| `listen` | a list of strings | `[\"127.0.0.1:8000\"]`",
        "`CLOSEDPAW_TLS_KEY`",
        "`--host`",
        "## `[log]`",
        "`data_dir`",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

#[test]
fn traces_are_off_unless_a_collector_is_named() {
    let case = Case::with_file("");
    let telemetry = case.load([], &ServerFlags::default()).unwrap().telemetry;
    assert_eq!(telemetry.otlp_endpoint, None);
    assert!(telemetry.otlp_headers.is_empty());
    assert_eq!(*telemetry.service_name, "closedpaw");
}

#[test]
fn a_collectors_headers_are_names_of_variables() {
    let text = "[telemetry]\notlp_endpoint = \"http://127.0.0.1:4318\"\n\
                otlp_headers = [\"Authorization = OTLP_AUTHORIZATION\", \"x-tenant=TENANT_1\"]\n";
    let case = Case::with_file(text);
    let variables = [("OTLP_AUTHORIZATION", "Bearer c4n4ry"), ("TENANT_1", "c4n4ry")];
    let telemetry = case.load(variables, &ServerFlags::default()).unwrap().telemetry;
    assert_eq!(telemetry.otlp_endpoint.as_ref().unwrap().origin, case.line(2));
    let headers: Vec<_> = telemetry
        .otlp_headers
        .iter()
        .map(|header| (header.name.as_str(), header.variable.as_str()))
        .collect();
    assert_eq!(headers, [("authorization", "OTLP_AUTHORIZATION"), ("x-tenant", "TENANT_1")]);
    let shown = format!("{telemetry:?}{}", serde_json::to_string(&telemetry).unwrap());
    assert!(!shown.contains("c4n4ry"), "{shown}");
}

#[test]
fn a_secret_in_the_place_of_a_variable_is_not_repeated() {
    for text in [
        "[telemetry]\notlp_headers = [\"authorization=Bearer c4n4ry\"]\n",
        "[telemetry]\notlp_headers = [\"authorization=C4N4RY\"]\n",
        "[telemetry]\notlp_headers = [\"c4n4ry\"]\n",
        "[telemetry]\notlp_headers = [\"a b=TENANT\"]\n",
        "[telemetry]\notlp_endpoint = \"http://me:c4n4ry@127.0.0.1:4318\"\n",
        "[telemetry]\notlp_endpoint = \"127.0.0.1:4318\"\n",
        "[telemetry]\nservice_name = \"\"\n",
    ] {
        let case = Case::with_file(text);
        let faults = case.load([("TENANT", "t")], &ServerFlags::default()).unwrap_err();
        assert_eq!(faults.0.len(), 1, "{text}: {faults}");
        assert_eq!(faults.0[0].origin, case.line(2), "{text}");
        assert!(!faults.to_string().to_lowercase().contains("c4n4ry"), "{faults}");
    }
}
