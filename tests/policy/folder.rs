//! A folder is what it says: nothing in it is ignored, no time in it means another, nothing is too deep to read.

use crate::common::{PERIODS, RULES, catalogue, folder, policy, refused};
use std::path::Path;
use trackweave::ingest::{Catalogue, TimeScale};
use trackweave::policy::{Classifier, Files, Policy, PolicyError, check};
use trackweave::space::Frame;

const FORBID: &str = "@id(\"all\") forbid (principal, action, resource);";

/// The complaint of reading, which a check finds too.
fn complaint(folder: &Path) -> String {
    let text = Policy::read(folder).expect_err("a folder that does not do what it says").to_string();
    let found = check(folder, None, None).expect("a check");
    assert!(found.has_errors(), "{text}");
    let first = &found.findings[0];
    let path = first.file.display();
    assert_eq!(text, format!("{path}: {}, wanted {}", first.found, first.wanted), "{first:?}");
    text
}

#[test]
fn what_would_be_ignored_is_an_error_and_what_is_allowed_is_not() {
    for name in ["forbid.CEDAR", "forbid.cedar.bak", "forbid.cedar~", ".forbid.cedar", "period.toml", "Zones.geojson"] {
        let folder = folder(&[(name, FORBID)]);
        let text = complaint(folder.path());
        assert!(text.contains(&format!("{name}: found \"{name}\", ")) && text.contains("rename it"), "{text}");
    }
    for name in ["README", "README.md", "LICENSE.txt", "NOTICE", "CHANGELOG.md", ".gitignore", ".gitattributes"] {
        policy(&[(name, FORBID)]);
    }
    let inside = folder(&[]);
    std::fs::create_dir(inside.path().join(".git")).expect("a folder");
    Policy::read(inside.path()).expect("a folder under version control");
    std::fs::create_dir(inside.path().join("more")).expect("a folder");
    std::fs::write(inside.path().join("more/forbid.cedar"), FORBID).expect("a file");
    assert!(complaint(inside.path()).contains("more: found a folder: none is looked into, wanted"));
    let inside = folder(&[]);
    std::fs::create_dir(inside.path().join("forbid.cedar")).expect("a folder");
    assert!(complaint(inside.path()).ends_with("forbid.cedar: found a folder, wanted a file"));
}

#[cfg(unix)]
#[test]
fn links_are_what_they_lead_to_and_nothing_is_waited_for() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;
    let elsewhere = folder(&[("forbid.cedar", FORBID)]);
    let inside = folder(&[]);
    symlink(elsewhere.path().join("forbid.cedar"), inside.path().join("more.cedar")).expect("a link");
    let linked = Policy::read(inside.path()).expect("a link to a file");
    let class = crate::common::key("a", "red", "", &[]);
    let decisions = linked.decide(&[class], None).expect("decisions");
    assert_eq!(decisions.level(0, crate::common::number(&linked, "red")), None, "the rule that is linked forbids");
    std::fs::remove_file(elsewhere.path().join("forbid.cedar")).expect("removed");
    assert!(complaint(inside.path()).contains("more.cedar: found a link that leads nowhere, wanted a file"));
    for name in ["zones.geojson", "periods.toml"] {
        let inside = folder(&[]);
        std::fs::remove_file(inside.path().join(name)).expect("removed");
        symlink("nowhere", inside.path().join(name)).expect("a link");
        assert!(complaint(inside.path()).contains("found a link that leads nowhere"), "{name}");
        std::fs::remove_file(inside.path().join(name)).expect("removed");
        let made = std::process::Command::new("mkfifo").arg(inside.path().join(name)).status().expect("mkfifo");
        assert!(made.success());
        assert!(complaint(inside.path()).contains("found a named pipe, wanted a file"), "{name}");
        std::fs::remove_file(inside.path().join(name)).expect("removed");
        symlink("/dev/zero", inside.path().join(name)).expect("a link");
        assert!(complaint(inside.path()).contains("found a device, wanted a file"), "{name}");
    }
    let inside = folder(&[]);
    std::fs::write(inside.path().join(OsStr::from_bytes(b"forbid\xff.cedar")), FORBID).expect("a file");
    assert!(complaint(inside.path()).contains("found a name that is not UTF-8, wanted"));
}

#[test]
fn a_period_in_the_wrong_scale_of_time_is_an_error_and_no_embargo_that_never_applies() {
    let instants =
        PERIODS.replace("start = 10\nend = 20", "start = 2024-05-01T06:00:00Z\nend = \"2024-05-02T06:00:00Z\"");
    let sensors = catalogue(Frame::Local, &[("a", "red")]);
    let classify =
        |text: &str, sensors: &Catalogue| Classifier::new(&policy(&[("periods.toml", text)]), sensors, None).map(drop);
    classify(PERIODS, &sensors).expect("seconds in a recording that has seconds");
    let text = classify(&instants, &sensors).expect_err("an instant among seconds").to_string();
    let found = "`start` is `2024-05-01T06:00:00Z`, an instant, in a recording with `time = \"seconds\"`";
    assert!(text.contains(&format!("periods.toml:4: period `first`: {found}, wanted seconds")), "{text}");
    let sensors = Catalogue { time: TimeScale::Timestamp, ..sensors.clone() };
    let text = classify(PERIODS, &sensors).expect_err("seconds among instants").to_string();
    let found = "`start` is `10`, seconds, in a recording with `time = \"timestamp\"`";
    assert!(text.contains(&format!("periods.toml:4: period `first`: {found}, wanted an RFC 3339 time")), "{text}");
}

#[test]
fn text_that_is_nested_too_deeply_is_an_error_at_its_line_and_the_rest_is_evaluated() {
    let rule = |condition: &str| {
        format!(
            "{RULES}\n@id(\"deep\") permit (principal, action in Action::\"fuse\", resource)\nwhen {{ {condition} }};"
        )
    };
    let name = "resource.label == \"a\"";
    for depth in [5_000, 300] {
        for condition in [
            format!("{}{name}{}", "(".repeat(depth), ")".repeat(depth)),
            format!("{}{name}", format!("{name} && ").repeat(depth)),
            format!("{}{name}", format!("if {name} then true else ").repeat(depth)),
            format!("{}1{} == resource.label", "[".repeat(depth), "]".repeat(depth)),
        ] {
            let text = refused(&[("rules.cedar", &rule(&condition))]);
            assert!(text.contains("rules.cedar:17: found text nested more than 250 deep, wanted less"), "{text}");
        }
    }
    let types = crate::common::SCHEMA
        .replace("zone?: String", &format!("zone?: {}String{}", "Set<".repeat(5000), ">".repeat(5000)));
    let text = refused(&[("schema.cedarschema", &types)]);
    assert!(text.contains("schema.cedarschema:2: found text nested more than 250 deep"), "{text}");
    // As deep as it may be, on the threads that ask Cedar.
    for condition in [
        format!("{}{name}{}", "(".repeat(245), ")".repeat(245)),
        format!("{}{name}", "principal.rank == 7 || ".repeat(245)),
        format!("{}{name}", format!("if {name} then true else ").repeat(245)),
    ] {
        let deep = policy(&[("rules.cedar", &rule(&condition))]);
        let decisions = deep.decide(&[crate::common::key("x", "red", "a", &[])], None).expect("decisions");
        let green = crate::common::number(&deep, "green");
        assert_eq!(decisions.level(0, green), Some("fuse_full"));
        // What manifests and audits say of the rules, on a thread of the usual two megabytes.
        assert_eq!(deep.view_sha256(green).expect("a view").len(), 64);
        deep.disclosure(green).expect("what it may name");
    }
}

#[test]
fn a_public_key_may_be_the_line_that_keygen_prints_and_an_age_key_with_a_slip_is_an_error() {
    let digits = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    let age = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
    let with = |keys: &str| crate::common::PARTNERS.replace("id = \"blue\"", &format!("id = \"blue\"\n{keys}"));
    for key in [digits, &format!("ed25519-public:{digits}")] {
        let read = policy(&[("partners.toml", &with(&format!("public_key = \"{key}\"\nage_recipient = \"{age}\"")))]);
        let blue = &read.partners()[crate::common::number(&read, "blue")];
        assert_eq!((blue.public_key.as_deref(), blue.age_recipient.as_deref()), (Some(digits), Some(age)));
    }
    let slip = age.replace("ql3z", "ql3y");
    let text = refused(&[("partners.toml", &with(&format!("age_recipient = \"{slip}\"")))]);
    assert!(text.contains(&format!("partners.toml:7: `age_recipient` is `{slip}`, wanted an age key")), "{text}");
}

#[test]
fn a_secret_key_in_any_place_of_a_policy_is_never_shown() {
    let age = "AGE-SECRET-KEY-1QQPQXRAJ9S6M5QQPQXRAJ9S6M5";
    let own = format!("ed25519-secret:{}", "0f".repeat(32));
    for key in [age, &own] {
        for (there, instead) in [
            ("id = \"blue\"", format!("id = \"blue\"\nage_recipient = \"{key}\"")),
            ("id = \"blue\"", format!("id = \"blue\"\npublic_key = \"{key}\"")),
            ("id = \"blue\"", format!("id = \"{key}\"")),
            ("id = \"blue\"", format!("id = \"blue\"\n\"{key}\" = 1")),
            ("id = \"blue\"", format!("id = \"blue\"\ngroups = [\"{key}\"]")),
            ("rank = 1", format!("rank = \"{key}\"")),
            ("rank = 1", format!("rank = 1, \"{key}\" = 1")),
        ] {
            let text = refused(&[("partners.toml", &crate::common::PARTNERS.replacen(there, &instead, 1))]);
            assert!(!text.contains(key) && !text.contains(&key.to_lowercase()), "{text}");
            assert!(text.contains("(a secret key, not shown)"), "{text}");
        }
    }
    let error = PolicyError::Refused { what: "a test", message: format!("saw {age}") };
    assert_eq!(error.to_string(), "cedar refused a test: saw (a secret key, not shown)");
}

#[test]
fn a_policy_in_memory_is_that_of_a_folder_with_these_files() {
    let folder = folder(&[]);
    let wanted = Policy::read(folder.path()).expect("a policy");
    let names = wanted.files().iter().map(|file| file.name.clone());
    let texts: Vec<(String, String)> = names
        .map(|name| {
            let text = std::fs::read_to_string(folder.path().join(&name)).expect("a text");
            (name, text)
        })
        .collect();
    let files: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let found = Policy::of(Files::Memory(&files)).expect("a policy");
    assert_eq!(found.files(), wanted.files());
    assert!(files.iter().all(|(name, text)| found.text(name).as_deref() == Some(*text)));
    let lifted = |policy: &Policy| {
        policy.lifts().iter().map(|lift| policy.lifted(lift).expect("a policy without it")).collect::<Vec<_>>()
    };
    assert_eq!(lifted(&found), lifted(&wanted));
    let complaint = |files: &[(&str, &str)]| Policy::of(Files::Memory(files)).expect_err("no policy").to_string();
    let more = [files.as_slice(), &[("forbid.cedar.bak", FORBID)]].concat();
    assert!(complaint(&more).contains("found \"forbid.cedar.bak\", which no policy has"), "{}", complaint(&more));
    let fewer: Vec<_> = files.iter().copied().filter(|(name, _)| *name != "levels.toml").collect();
    assert!(complaint(&fewer).contains("policy in memory/levels.toml"), "{}", complaint(&fewer));
}
