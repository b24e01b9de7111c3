//! Seals: whatever is changed in a signed output is found, with one clear error; keys are what they say.

use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;
use trackweave::policy::{Field, Obligations, Status};
use trackweave::product::{
    Fault, Fields, KeyError, Made, PublicKey, Row, Sealing, SigningKey, Staging, verify_chain, verify_seals,
};
use trackweave::space::Frame;

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
        let mut faults = verify_seals(&self.out(), Some(&self.public)).expect("a readable output").faults;
        assert!(faults.len() <= 1, "one fault gives one error: {faults:?}");
        faults.pop()
    }

    fn fault_of(&self, change: impl FnOnce(&Path)) -> Fault {
        change(&self.out());
        self.fault().expect("a fault")
    }
}

fn write(out: &Path, sign: Option<&SigningKey>) {
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
            computed_from: None,
            decisions: &decisions,
        };
        writer.finish(&made).expect("a picture");
    }
    let mut audit = staging.audit().expect("an audit");
    (0..5).for_each(|number| audit.record(&json!({ "number": number })).expect("an entry"));
    audit.finish().expect("an audit");
    staging.report(&json!({ "rows": 5 })).expect("a report");
    staging.publish_sealed(&Sealing { sign, encrypt: None }).expect("an output");
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
    let integrity = verify_seals(&signed.out(), Some(&signed.public)).expect("a readable output");
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
    let alone = verify_seals(&signed.out().join("bravo"), Some(&signed.public)).expect("a readable folder");
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
    let alone = verify_seals(&folder, None).expect("a readable folder");
    assert!(alone.faults[0].found.starts_with("2 lines") && alone.faults[0].wanted.starts_with("4 lines"), "{alone:?}");
    // With that made right as well, only the signature is left.
    let wrong = &old["audit"];
    let right = right
        .replace("\"lines\": 4", "\"lines\": 2")
        .replace(wrong["head"].as_str().expect("a head"), &chain.head)
        .replace(wrong["root"].as_str().expect("a root"), &chain.root);
    fs::write(folder.join("manifest.json"), right).expect("a manifest is written");
    assert_eq!(verify_seals(&folder, None).expect("a readable folder").faults, []);
    let alone = verify_seals(&folder, Some(&signed.public)).expect("a readable folder");
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
    let found = verify_seals(&signed.out(), Some(&other)).expect("a readable output");
    assert_eq!(found.faults[0].place, "_operator/manifest.sig");
    assert!(found.faults[0].wanted.starts_with("ed25519-public:"), "{found:?}");
    let found = verify_seals(&signed.out(), None).expect("a readable output");
    assert_eq!((found.faults, found.signatures, found.signatures_unchecked), (Vec::new(), 0, 3));
    // Signed by nobody, and a signature wanted.
    let unsigned = signed.folder.path().join("unsigned");
    write(&unsigned, None);
    let found = verify_seals(&unsigned, Some(&signed.public)).expect("a readable output");
    assert_eq!(found.faults[0].found, "no signature");
    assert_eq!(verify_seals(&unsigned, None).expect("a readable output").faults, []);
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

    let error = PublicKey::read(&path).expect_err("a secret key").to_string();
    assert!(error.contains("found a secret key, wanted one line `ed25519-public:<64"), "{error}");
    let error = SigningKey::read(&folder.path().join("key.pub")).expect_err("a public key").to_string();
    assert!(error.contains("found a public key, wanted one line `ed25519-secret:<64"), "{error}");
    for wrong in ["", "ed25519-secret:", &text.to_uppercase(), &text[..40], "\u{0}\u{1}"] {
        fs::write(folder.path().join("wrong"), wrong).expect("a file");
        assert!(matches!(SigningKey::read(&folder.path().join("wrong")), Err(KeyError::Malformed { .. })), "{wrong:?}");
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
    assert_eq!(program(&[&run[..], &["--sign", &key]].concat()).status.code(), Some(0));
    let verify =
        ["verify", &out, "--public-key", &public, "--policy", "data/demo/policy", "--recording", "data/demo/recording"];
    let output = program(&verify);
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{text}{}", stderr(&output));
    assert!(text.contains("5 signatures: as they were written"), "{text}");
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
    let output = program(&["verify", &out, "--policy", &narrow, "--recording", "data/demo/recording"]);
    assert_eq!(output.status.code(), Some(6), "{}", stderr(&output));
    assert!(stderr(&output).contains("policy/levels.toml: found "), "{}", stderr(&output));
    assert!(String::from_utf8_lossy(&output.stdout).contains("clover/"), "{}", stderr(&output));
    assert!(String::from_utf8_lossy(&output.stdout).contains("delay ("), "the kind is named");

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
    let made =
        Made { configuration: &json!({}), as_of_us: None, computed_from: None, decisions: &[json!({ "count": 1 })] };
    staging.picture("alpha", Frame::Local, &Fields::new()).expect("a picture").finish(&made).expect("a picture");
    staging.publish_sealed(&Sealing { sign: Some(&key), encrypt: Some(&recipients) }).expect("an output");
    assert_eq!(verify_seals(&out, Some(&key.public())).expect("a readable output").faults, []);

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
