//! Seals: whatever is changed in a signed output is found, with one clear error; keys are what they say.

use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;
use trackweave::policy::{Field, Obligations, Status};
use trackweave::product::{
    Expected, Fault, Fields, KeyError, Made, PublicKey, Row, Sealing, SigningKey, Staging, check_label, verify_chain,
    verify_seals,
};
use trackweave::space::Frame;

/// A key that must have signed.
fn by(key: &PublicKey) -> Expected<'_> {
    Expected { key: Some(key), label: None }
}

/// A signed output of two partners, and the keys.
struct Signed {
    folder: TempDir,
    public: PublicKey,
}

impl Signed {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let key = SigningKey::generate(&folder.path().join("key")).expect("a key");
        write(&folder.path().join("out"), Some(&key));
        Self { folder, public: key.public() }
    }

    fn out(&self) -> PathBuf {
        self.folder.path().join("out")
    }

    /// The only fault, if there is one.
    fn fault(&self) -> Option<Fault> {
        let mut faults = verify_seals(&self.out(), by(&self.public)).expect("a readable output").faults;
        assert!(faults.len() <= 1, "one fault gives one error: {faults:?}");
        faults.pop()
    }

    fn fault_of(&self, change: impl FnOnce(&Path)) -> Fault {
        change(&self.out());
        self.fault().expect("a fault")
    }
}

fn write(out: &Path, sign: Option<&SigningKey>) {
    write_as(out, sign, None);
}

/// The same, with the operator's word for it.
fn write_as(out: &Path, sign: Option<&SigningKey>, label: Option<&str>) {
    let staging = Staging::create(out).expect("a place");
    let fields: Fields = Field::ALL.into();
    for (partner, rows) in [("alpha", 3u32), ("bravo", 2)] {
        let mut writer = staging.picture(partner, Frame::Local, &fields).expect("a picture");
        for number in 0..rows {
            let n = f64::from(number);
            let row = Row {
                time_us: i64::from(number) * 1_000_000,
                track: 7,
                status: Status::Confirmed,
                existence: 0.9,
                position_m: [n, 2.0 * n, 0.0],
                velocity_m_s: [1.0, 2.0, 0.0],
                covariance: std::array::from_fn(|i| std::array::from_fn(|j| f64::from(u8::from(i == j)))),
                detections: 1,
                last_detection_us: 0,
                smoothed: false,
                as_known_at_us: 0,
                filtered_m: None,
                identity: None,
                contributors: &[],
                authorities: &[],
                holders: None,
            };
            writer.write(&row, &Obligations::default()).expect("a row");
        }
        let decisions: Vec<Value> = (0..4).map(|count| json!({ "partner": partner, "count": count })).collect();
        let made = Made {
            configuration: &json!({ "gate": 25.0 }),
            as_of_us: None,
            label,
            decisions: &decisions,
            computed_from: None,
        };
        writer.finish(&made).expect("a picture");
    }
    let mut audit = staging.audit().expect("an audit");
    (0..5).for_each(|number| audit.record(&json!({ "number": number })).expect("an entry"));
    audit.finish().expect("an audit");
    staging.report(&json!({ "rows": 5 })).expect("a report");
    staging.publish_sealed(&Sealing { sign, encrypt: None, label }).expect("an output");
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { all.extend(files(&path)) } else { all.push(path) }
    }
    all.sort();
    all
}

#[test]
fn a_signed_output_verifies_and_equal_runs_are_signed_equally() {
    let signed = Signed::new();
    let integrity = verify_seals(&signed.out(), by(&signed.public)).expect("a readable output");
    assert_eq!(integrity.faults, []);
    assert_eq!((integrity.partners, integrity.signatures), (vec!["alpha".to_owned(), "bravo".to_owned()], 3));
    assert_eq!((integrity.files, integrity.audit_lines), (6, 13));
    let key = SigningKey::read(&signed.folder.path().join("key")).expect("a key");
    let again = signed.folder.path().join("again");
    write(&again, Some(&key));
    for path in files(&signed.out()) {
        let other = again.join(path.strip_prefix(signed.out()).expect("below the output"));
        assert_eq!(fs::read(&path).expect("a file"), fs::read(&other).expect("a file"), "{}", path.display());
    }
    // A partner checks its own folder alone.
    let alone = verify_seals(&signed.out().join("bravo"), by(&signed.public)).expect("a readable folder");
    assert_eq!((alone.faults, alone.signatures), (Vec::new(), 1));
}

#[test]
fn any_one_flipped_bit_is_found() {
    let signed = Signed::new();
    for path in files(&signed.out()) {
        let bytes = fs::read(&path).expect("a file");
        assert!(!bytes.is_empty(), "{} is empty: nothing to flip", path.display());
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << (at % 8);
            fs::write(&path, changed).expect("a file is written");
            assert!(signed.fault().is_some(), "{}, byte {at}: a flipped bit went unseen", path.display());
        }
        fs::write(&path, bytes).expect("a file is written");
    }
    assert_eq!(signed.fault(), None);
}

#[test]
fn each_kind_of_tampering_is_one_clear_error() {
    let remove = |name: &'static str| move |out: &Path| fs::remove_file(out.join(name)).expect("a file is removed");
    let fault = Signed::new().fault_of(remove("alpha/manifest.json"));
    assert_eq!((fault.place.as_str(), fault.found.as_str()), ("alpha/manifest.json", "no manifest"));
    let fault = Signed::new().fault_of(remove("_operator/manifest.json"));
    assert_eq!((fault.place.as_str(), fault.found.as_str()), ("_operator/manifest.json", "no manifest"));
    let fault = Signed::new().fault_of(remove("alpha/tracks.parquet"));
    assert_eq!((fault.place.as_str(), fault.found.as_str()), ("alpha/tracks.parquet", "no file"));
    let fault = Signed::new().fault_of(remove("bravo/manifest.sig"));
    assert_eq!((fault.place.as_str(), fault.found.as_str()), ("bravo/manifest.sig", "no signature"));
    let fault = Signed::new().fault_of(|out| fs::write(out.join("alpha/more"), "x").expect("a file"));
    assert_eq!((fault.place.as_str(), fault.found.as_str()), ("alpha/more", "a file"));
    let fault = Signed::new().fault_of(|out| fs::create_dir(out.join("charlie")).expect("a folder"));
    assert_eq!((fault.place.as_str(), fault.found.as_str()), ("charlie", "a file or folder"));
    // The folder of one partner in the place of another, signatures and all.
    let fault = Signed::new().fault_of(|out| {
        fs::remove_dir_all(out.join("bravo")).expect("a folder is removed");
        fs::rename(out.join("alpha"), out.join("bravo")).expect("a folder is moved");
        fs::create_dir(out.join("alpha")).expect("a folder");
        for path in files(&out.join("bravo")) {
            fs::copy(&path, out.join("alpha").join(path.file_name().expect("a name"))).expect("a copy");
        }
    });
    assert_eq!(fault.place, "bravo/manifest.json");
}

/// What the operator could do: cut the log, and make every digest right again; only the signature then tells.
#[test]
fn a_truncated_log_is_found_by_digest_by_manifest_and_by_signature() {
    let cut = |out: &Path| {
        let path = out.join("alpha/audit.jsonl");
        let text = fs::read_to_string(&path).expect("an audit");
        let lines: Vec<&str> = text.lines().collect();
        fs::write(&path, lines[..2].join("\n") + "\n").expect("an audit is written");
    };
    let fault = Signed::new().fault_of(cut);
    assert_eq!(fault.place, "alpha/audit.jsonl");
    assert!(fault.found.ends_with(" bytes"), "{fault:?}");

    let signed = Signed::new();
    let folder = signed.out().join("alpha");
    let before = fs::read_to_string(folder.join("manifest.json")).expect("a manifest");
    let old: Value = serde_json::from_str(&before).expect("JSON");
    cut(&signed.out());
    let chain = verify_chain(&folder.join("audit.jsonl")).expect("two lines are a chain, too");
    assert_eq!(chain.lines, 2);
    // With digest and length of the file made right, the manifest still tells of four lines.
    let audit = fs::read(folder.join("audit.jsonl")).expect("an audit");
    let digest = sha256(&audit);
    let right = before
        .replace(old["files"][0]["sha256"].as_str().expect("a digest"), &digest)
        .replace(&format!("\"bytes\": {}", old["files"][0]["bytes"]), &format!("\"bytes\": {}", audit.len()));
    fs::write(folder.join("manifest.json"), &right).expect("a manifest is written");
    let alone = verify_seals(&folder, Expected::default()).expect("a readable folder");
    assert!(alone.faults[0].found.starts_with("2 lines") && alone.faults[0].wanted.starts_with("4 lines"), "{alone:?}");
    // With that made right as well, only the signature is left.
    let wrong = &old["audit"];
    let right = right
        .replace("\"lines\": 4", "\"lines\": 2")
        .replace(wrong["head"].as_str().expect("a head"), &chain.head)
        .replace(wrong["root"].as_str().expect("a root"), &chain.root);
    fs::write(folder.join("manifest.json"), right).expect("a manifest is written");
    assert_eq!(verify_seals(&folder, Expected::default()).expect("a readable folder").faults, []);
    let alone = verify_seals(&folder, by(&signed.public)).expect("a readable folder");
    assert_eq!(alone.faults[0].place, "manifest.sig");
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    use std::fmt::Write as _;
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("text");
        text
    })
}

#[test]
fn a_wrong_key_and_no_key_are_told_apart() {
    let signed = Signed::new();
    let other = SigningKey::generate(&signed.folder.path().join("other")).expect("a key").public();
    let found = verify_seals(&signed.out(), by(&other)).expect("a readable output");
    assert_eq!(found.faults[0].place, "_operator/manifest.sig");
    assert!(found.faults[0].wanted.starts_with("ed25519-public:"), "{found:?}");
    let found = verify_seals(&signed.out(), Expected::default()).expect("a readable output");
    assert_eq!((found.faults, found.signatures, found.signatures_unchecked), (Vec::new(), 0, 3));
    // Signed by nobody, and a signature wanted.
    let unsigned = signed.folder.path().join("unsigned");
    write(&unsigned, None);
    let found = verify_seals(&unsigned, by(&signed.public)).expect("a readable output");
    assert_eq!(found.faults[0].found, "no signature");
    assert_eq!(verify_seals(&unsigned, Expected::default()).expect("a readable output").faults, []);
}

#[test]
fn keys_are_private_never_overwritten_and_not_taken_for_each_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("key");
    let public = SigningKey::generate(&path).expect("a key").public();
    let text = fs::read_to_string(&path).expect("a key");
    #[cfg(unix)]
    for name in ["key", "key.pub"] {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(folder.path().join(name)).expect("a key").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    assert!(matches!(SigningKey::generate(&path), Err(KeyError::Io { doing: "write the key", .. })));
    assert_eq!(fs::read_to_string(&path).expect("a key"), text, "a key was overwritten");
    assert_eq!(PublicKey::read(&folder.path().join("key.pub")).expect("a key"), public);
    assert!(!format!("{:?}", SigningKey::read(&path).expect("a key")).contains(text.trim()), "a secret is printed");

    // The line that is printed does where the file does; a secret one is refused and not repeated.
    assert_eq!(PublicKey::given(Path::new(&public.to_string())).expect("the line"), public);
    assert_eq!(PublicKey::given(&folder.path().join("key.pub")).expect("the file"), public);
    let given = program(&["verify", "nowhere", "--public-key", text.trim()]);
    assert_eq!(given.status.code(), Some(3));
    assert!(stderr(&given).contains("found a secret key") && !stderr(&given).contains(text.trim()), "{given:?}");
    #[cfg(unix)]
    for mode in [0o640, 0o604, 0o660] {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("a mode");
        let error = SigningKey::read(&path).expect_err("open to others").to_string();
        assert!(error.contains(&format!("(mode {mode:o}), wanted 600: run `chmod 600 ")), "{error}");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("a mode");
    }
    // Where one half is there the other is not made alone.
    let half = folder.path().join("half");
    fs::write(folder.path().join("half.pub"), "").expect("a file");
    assert!(SigningKey::generate(&half).is_err() && !half.exists(), "a secret half alone");

    let error = PublicKey::read(&path).expect_err("a secret key").to_string();
    assert!(error.contains("found a secret key, wanted one line `ed25519-public:<64"), "{error}");
    let error = SigningKey::read(&folder.path().join("key.pub")).expect_err("a public key").to_string();
    assert!(error.contains("found a public key, wanted one line `ed25519-secret:<64"), "{error}");
    for wrong in ["", "ed25519-secret:", &text.to_uppercase(), &text[..40], "\u{0}\u{1}"] {
        fs::write(folder.path().join("wrong"), wrong).expect("a file");
        assert!(matches!(SigningKey::read(&folder.path().join("wrong")), Err(KeyError::Malformed { .. })), "{wrong:?}");
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_file_of_its_own_in_the_folder_is_found_and_not_followed() {
    use std::os::unix::fs::symlink;
    // The same bytes by another way: digests and signatures are right.
    let moved = |out: &Path, name: &str| {
        let away = out.parent().expect("a folder").join("away");
        fs::rename(out.join(name), &away).expect("moved away");
        (out.join(name), away)
    };
    let linked = |name: &'static str| {
        move |out: &Path| {
            let (path, away) = moved(out, name);
            symlink(away, path).expect("a link");
        }
    };
    for (name, place, found) in [
        ("alpha/tracks.parquet", "alpha/tracks.parquet", "a link"),
        ("alpha/audit.jsonl", "alpha/audit.jsonl", "a link"),
        ("alpha/manifest.json", "alpha/manifest.json", "a link"),
        ("alpha/manifest.sig", "alpha/manifest.sig", "a link"),
        ("_operator/report.json", "_operator/report.json", "a link"),
        ("_operator/manifest.json", "_operator/manifest.json", "a link"),
        ("bravo", "bravo", "a file or a link"),
        ("_operator", "_operator", "a file or a link"),
    ] {
        let fault = Signed::new().fault_of(linked(name));
        assert_eq!((fault.place.as_str(), fault.found.as_str()), (place, found), "{name}");
    }
    let fault = Signed::new().fault_of(|out| {
        fs::hard_link(out.join("alpha/tracks.parquet"), out.with_extension("too")).expect("a hard link");
    });
    assert_eq!(fault.found, "a file with another name elsewhere (a hard link)");
    // A pipe is not opened: nobody will ever write into it.
    let fault = Signed::new().fault_of(|out| {
        let (path, _) = moved(out, "bravo/manifest.sig");
        assert!(Command::new("mkfifo").arg(path).status().expect("mkfifo").success());
    });
    assert_eq!((fault.place.as_str(), fault.found.as_str()), ("bravo/manifest.sig", "neither a file nor a folder"));
    let fault = Signed::new().fault_of(|out| {
        let (path, _) = moved(out, "alpha/tracks.parquet");
        fs::create_dir(path).expect("a folder");
    });
    assert_eq!((fault.place.as_str(), fault.found.as_str()), ("alpha/tracks.parquet", "a folder"));
}

/// Without a signature whoever writes the manifest may name what he likes: it must not lead out of the output.
#[test]
fn names_in_a_manifest_are_names_and_no_paths() {
    let folder = tempfile::tempdir().expect("a folder");
    let (out, other) = (folder.path().join("out"), folder.path().join("other"));
    write(&out, None);
    write(&other, None);
    let rename = |file: &str, from: &str, to: &str| {
        let path = out.join(file);
        let text = fs::read_to_string(&path).expect("a manifest");
        assert!(text.contains(from), "{text}");
        fs::write(&path, text.replace(from, to)).expect("a manifest is written");
        let faults = verify_seals(&out, Expected::default()).expect("a readable output").faults;
        fs::write(&path, text).expect("a manifest is written");
        faults
    };
    for path in ["../other/bravo", "./bravo", "/bravo", "bravo/", "..", ""] {
        let faults = rename("_operator/manifest.json", "\"partner\": \"bravo\"", &format!("\"partner\": \"{path}\""));
        assert_eq!((faults.len(), faults[0].place.as_str()), (1, "_operator/manifest.json"), "{path}: {faults:?}");
        assert_eq!(faults[0].found, format!("a picture of `{path}`"));
        let faults = rename("_operator/manifest.json", "\"report.json\"", &format!("\"../alpha/{path}\""));
        assert!(!faults.is_empty(), "{path}");
    }
    assert_eq!(verify_seals(&out, Expected::default()).expect("a readable output").faults, []);
}

#[test]
fn encrypted_folders_belong_to_the_output_that_the_operator_signed() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    write(&out, None);
    let fault = || verify_seals(&out, Expected::default()).expect("a readable output").faults;
    fs::create_dir(out.join("_sealed")).expect("a folder");
    let text = json!({ "made_by": "trackweave", "engine_version": env!("CARGO_PKG_VERSION"), "files": [] });
    fs::write(out.join("_sealed/manifest.json"), text.to_string()).expect("a manifest");
    // Sound in itself, and of another run.
    assert_eq!(fault()[0].place, "_sealed");
    fs::remove_dir_all(out.join("_sealed")).expect("removed");
    assert_eq!(fault(), []);
    // What the operator's manifest names must be there.
    let path = out.join("_operator/manifest.json");
    let manifest = fs::read_to_string(&path).expect("a manifest");
    let bound = format!(",\n  \"sealed_manifest_sha256\": \"{}\"\n}}\n", sha256(b""));
    fs::write(&path, manifest.replace("\n}\n", &bound)).expect("a manifest is written");
    assert_eq!((fault()[0].place.as_str(), fault()[0].found.as_str()), ("_sealed/manifest.json", "no manifest"));
}

#[test]
fn timings_may_be_absent_and_hold_nothing_but_timings() {
    let with = |text: &str| {
        let signed = Signed::new();
        fs::write(signed.out().join("_operator/timings.json"), text).expect("a file");
        signed.fault()
    };
    let good = r#"{ "from_cache": [true], "damaged": 0, "seconds": { "class": 0.5, "look_up": 0.0, "fuse": 1.5 },
        "stages_s": { "gate": 0.1 }, "fusion": { "waves": 1, "detections": 2, "edges": 3, "narrowed": 9, "births": 4, "merged": 1,
        "clusters": [5, 6, 7], "unconverged": 8 } }"#;
    assert_eq!(with(good), None);
    for (found, wanted) in
        [("0.5", "\"0.5 s\""), ("\"waves\": 1", "\"note\": \"alpha\""), ("[5, 6, 7]", "[5, 6, 7, 8]"), ("}", "")]
    {
        let fault = with(&good.replace(found, wanted)).expect("a fault");
        assert_eq!(fault.place, "_operator/timings.json", "{fault:?}");
    }
}

#[test]
fn a_folder_of_an_earlier_run_does_not_pass_for_the_present_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let key = SigningKey::generate(&folder.path().join("key")).expect("a key");
    let public = key.public();
    let [old, new] = ["run 16", "run 17"].map(|label| {
        let out = folder.path().join(label);
        write_as(&out, Some(&key), Some(label));
        out
    });
    let check = |out: &Path, label: Option<&str>| {
        verify_seals(out, Expected { key: Some(&public), label }).expect("a readable output").faults
    };
    assert_eq!(check(&new, Some("run 17")), []);
    assert_eq!(check(&new, None), []);
    assert_eq!(check(&new.join("alpha"), Some("run 17")), []);
    // The partner's folder alone, whole and signed, of the earlier run.
    let faults = check(&old.join("alpha"), Some("run 17"));
    assert_eq!((faults.len(), faults[0].place.as_str()), (1, "manifest.json"));
    assert_eq!((faults[0].found.as_str(), faults[0].wanted.as_str()), ("label `run 16`", "label `run 17`"));
    assert_eq!(check(&old, Some("run 17")).len(), 1);
    let plain = folder.path().join("plain");
    write(&plain, Some(&key));
    assert_eq!(check(&plain, Some("run 17"))[0].found, "no label");
    // All folders of an output have the operator's, whether or not one is asked for.
    let forged = folder.path().join("forged");
    write_as(&forged, None, Some("run 17"));
    let path = forged.join("alpha/manifest.json");
    let text = fs::read_to_string(&path).expect("a manifest");
    let other = text.replace("run 17", "run 16");
    fs::write(&path, &other).expect("a manifest is written");
    let path = forged.join("_operator/manifest.json");
    let operator = fs::read_to_string(&path).expect("a manifest");
    fs::write(&path, operator.replace(&sha256(text.as_bytes()), &sha256(other.as_bytes()))).expect("written");
    let faults = verify_seals(&forged, Expected::default()).expect("a readable output").faults;
    assert_eq!((faults[0].place.as_str(), faults[0].wanted.as_str()), ("alpha/manifest.json", "label `run 17`"));
}

#[test]
fn a_label_is_one_short_line_that_a_terminal_shows_as_it_is() {
    let long = "x".repeat(101);
    let good = |label: &&str| check_label(label).is_ok();
    assert!(["1", "run 17, 2026-11-28 / Nord (É)", &long[1..]].iter().all(good));
    for bad in ["", "two\nlines", "\u{1b}[31m", "turned\u{202e}", "no\u{200b}width", &long] {
        let error = check_label(bad).expect_err("a bad label").to_string();
        assert!(error.starts_with("label: found ") && !error.contains('\u{1b}'), "{error}");
        let folder = tempfile::tempdir().expect("a folder");
        let staging = Staging::create(&folder.path().join("out")).expect("a place");
        assert!(staging.publish_sealed(&Sealing { label: Some(bad), ..Sealing::default() }).is_err(), "{bad:?}");
    }
}

fn program(arguments: &[&str]) -> Output {
    let root = env!("CARGO_MANIFEST_DIR");
    Command::new(env!("CARGO_BIN_EXE_trackweave")).args(arguments).current_dir(root).output().expect("the program")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn the_command_signs_verifies_guards_and_tells_by_exit_code() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name).to_str().expect("UTF-8").to_owned();
    let (key, public, out) = (at("key"), at("key.pub"), at("out"));
    let run = ["run", "data/demo/recording", "--policy", "data/demo/policy", "--out", &out, "--executor", "host"];

    // A key that is not there, or is none: nothing is released.
    for (found, wanted) in [("nothing", "cannot read the key"), ("public", "found a public key")] {
        let wrong = if found == "nothing" { at("none") } else { public.clone() };
        let output = program(&[&run[..], &["--sign", &wrong]].concat());
        assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
        assert!(stderr(&output).contains(wanted), "{}", stderr(&output));
        assert!(!Path::new(&out).exists(), "something was released");
        if found == "nothing" {
            assert_eq!(program(&["keygen", "--out", &key]).status.code(), Some(0));
            assert_eq!(program(&["keygen", "--out", &key]).status.code(), Some(4), "a key was overwritten");
        }
    }
    let output = program(&[&run[..], &["--label", "two\nlines"]].concat());
    assert_eq!((output.status.code(), Path::new(&out).exists()), (Some(2), false), "{}", stderr(&output));
    let output = program(&[&run[..], &["--sign", &key, "--label", "run 17"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let demo = ["--policy", "data/demo/policy", "--recording", "data/demo/recording"];
    let verify = [&["verify", &out, "--public-key", &public, "--label", "run 17"][..], &demo].concat();
    let output = program(&verify);
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{text}{}", stderr(&output));
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("5 signatures: as they were written"), "{text}");
    assert!(text.contains("nothing beyond what the policy gives"), "{text}");
    let output = program(&[&verify[..], &["--json"]].concat());
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((&report["sound"], &report["guard"]["partners"]), (&json!(true), &json!(4)));

    // Held against a policy that gives less, the guard speaks.
    let narrow = folder.path().join("policy");
    fs::create_dir(&narrow).expect("a folder");
    for path in files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("data/demo/policy")) {
        let text = fs::read_to_string(&path).expect("a text").replace("PT5M", "PT10M");
        fs::write(narrow.join(path.file_name().expect("a name")), text).expect("a file");
    }
    let narrow = at("policy");
    let output =
        program(&["verify", &out, "--label", "run 17", "--policy", &narrow, "--recording", "data/demo/recording"]);
    assert_eq!(output.status.code(), Some(6), "{}", stderr(&output));
    assert!(stderr(&output).contains("policy/levels.toml: found "), "{}", stderr(&output));
    assert!(String::from_utf8_lossy(&output.stdout).contains("clover/"), "{}", stderr(&output));
    assert!(String::from_utf8_lossy(&output.stdout).contains("delay ("), "the kind is named");

    // Of another run; and a name that would steer the terminal.
    let output = program(&["verify", &out, "--label", "run 18"]);
    assert_eq!(output.status.code(), Some(6), "{}", stderr(&output));
    assert!(stderr(&output).contains("found label `run 17`, wanted label `run 18`"), "{}", stderr(&output));
    let strange = Path::new(&out).join("birch/\u{1b}[31mred");
    fs::write(&strange, "").expect("a file");
    let output = program(&["verify", &out]);
    for text in [stderr(&output), String::from_utf8_lossy(&output.stdout).into_owned()] {
        assert!(text.contains("birch/\\u{1b}[31mred") && !text.contains('\u{1b}'), "{text:?}");
    }
    fs::remove_file(strange).expect("removed");

    // Tampered with: one line, and the guard is not asked.
    fs::write(Path::new(&out).join("birch/audit.jsonl"), "").expect("a file");
    let output = program(&verify);
    assert_eq!(output.status.code(), Some(6));
    assert_eq!(stderr(&output).lines().count(), 1, "{}", stderr(&output));
    assert!(
        stderr(&output).starts_with("trackweave: birch/audit.jsonl: found 0 bytes, wanted "),
        "{}",
        stderr(&output)
    );
    assert!(String::from_utf8_lossy(&output.stdout).contains("guard: not run: the folders are not what was written"));
}

#[test]
fn encryption_that_cannot_be_is_an_error_before_anything_is_computed() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let out = out.to_str().expect("UTF-8");
    let run = ["run", "data/demo/recording", "--policy", "data/demo/policy", "--out", out, "--executor", "host"];
    let output = program(&[&run[..], &["--encrypt"]].concat());
    let (code, wanted) = if cfg!(feature = "encrypt") {
        (3, "partner `aspen`: found no `age_recipient`, wanted a key `age1…`")
    } else {
        (2, "this program was built without the feature `encrypt`")
    };
    assert_eq!(output.status.code(), Some(code), "{}", stderr(&output));
    assert!(stderr(&output).contains(wanted), "{}", stderr(&output));
    assert!(!Path::new(out).exists(), "something was released");
}

/// `age` takes back out what a run encrypted, and it is the plain folder.
#[cfg(feature = "encrypt")]
#[test]
fn an_encrypted_folder_holds_the_plain_one() {
    use std::io::Read as _;
    use trackweave::product::Recipients;

    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let identity = age::x25519::Identity::generate();
    let recipient = identity.to_public().to_string();
    let recipients = Recipients::of([("alpha", Some(recipient.as_str()))]).expect("keys");
    let key = SigningKey::generate(&folder.path().join("key")).expect("a key");
    let staging = Staging::create(&out).expect("a place");
    let made = Made {
        configuration: &json!({}),
        as_of_us: None,
        label: None,
        decisions: &[json!({ "count": 1 })],
        computed_from: None,
    };
    staging.picture("alpha", Frame::Local, &Fields::new()).expect("a picture").finish(&made).expect("a picture");
    staging.publish_sealed(&Sealing { sign: Some(&key), encrypt: Some(&recipients), label: None }).expect("an output");
    assert_eq!(verify_seals(&out, by(&key.public())).expect("a readable output").faults, []);

    let sealed = fs::read(out.join("_sealed/alpha.tar.age")).expect("an encrypted folder");
    let decryptor = age::Decryptor::new(sealed.as_slice()).expect("an age file");
    let mut archive = Vec::new();
    let mut reader = decryptor.decrypt(std::iter::once(&identity as &dyn age::Identity)).expect("the right key");
    reader.read_to_end(&mut archive).expect("the archive");
    fs::write(folder.path().join("alpha.tar"), archive).expect("a file");
    let unpacked = folder.path().join("unpacked");
    fs::create_dir(&unpacked).expect("a folder");
    let tar = Command::new("tar").args(["-xf", "../alpha.tar"]).current_dir(&unpacked).status().expect("tar");
    assert!(tar.success());
    let (plain, back) = (files(&out.join("alpha")), files(&unpacked.join("alpha")));
    assert_eq!(plain.len(), 4);
    for (plain, back) in plain.iter().zip(&back) {
        assert_eq!(plain.file_name(), back.file_name());
        assert_eq!(fs::read(plain).expect("a file"), fs::read(back).expect("a file"));
    }
    let other = age::x25519::Identity::generate();
    let decryptor = age::Decryptor::new(sealed.as_slice()).expect("an age file");
    assert!(decryptor.decrypt(std::iter::once(&other as &dyn age::Identity)).is_err(), "another key opens it");
    // A second run encrypts otherwise, and writes the same plain folder.
    assert!(Recipients::of([("alpha", None)]).is_err() && Recipients::of([("alpha", Some("age1x"))]).is_err());
}
