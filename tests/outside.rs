//! A crate outside the repository, with `default-features = false`: it builds, tracks what it measures, and is small. The first build
//! takes 2 min 50 s of one core, dependencies with it where features are other ones; later ones what changed.

use std::fs;
use std::path::Path;
use std::process::Command;

/// Crates that stand on no feature at most, this one among them.
const CRATES_MAX: usize = 60;

/// The repository.
const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn cargo(folder: &Path, arguments: &[&str]) -> Result<String, String> {
    let mut command = Command::new(env!("CARGO"));
    let output = command.current_dir(folder).args(arguments).output().map_err(|error| error.to_string())?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

#[test]
fn without_features_it_stands_on_few_crates() {
    let arguments = ["tree", "--offline", "--locked", "-e", "normal", "--no-default-features", "--prefix", "none"];
    let tree = cargo(Path::new(ROOT), &arguments).expect("a tree");
    let mut crates: Vec<&str> = tree.lines().collect();
    crates.sort_unstable();
    crates.dedup();
    assert!((2..=CRATES_MAX).contains(&crates.len()), "{} crates:\n{}", crates.len(), crates.join("\n"));
}

/// The example, as the one file of a crate that knows the library by its path and has its lock file. What both build with equal
/// features lies in one folder, so it is built once; so that flags are equal too, the crate lies where `.cargo/config.toml` is found.
#[test]
fn the_example_tracks_a_thousand_objects_in_a_crate_of_its_own() {
    let folder = Path::new(ROOT).join("target/outside");
    fs::create_dir_all(folder.join("src")).expect("a folder");
    let read = |name: &str| fs::read_to_string(Path::new(ROOT).join(name)).expect("a file of the repository");
    let own = read("Cargo.toml");
    // Fast to build rather than fast; of the dependencies as here.
    let profile: String = own.split_inclusive("\n\n").filter(|part| is_of_dependencies(part)).collect();
    let manifest = format!(
        "[package]\nname = \"outside\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n\
         trackweave = {{ path = {ROOT:?}, default-features = false }}\n\n\
         [profile.release.package.trackweave]\nopt-level = 0\ncodegen-units = 64\n\n{profile}"
    );
    fs::write(folder.join("Cargo.toml"), manifest).expect("a manifest");
    fs::write(folder.join("Cargo.lock"), read("Cargo.lock")).expect("a lock file");
    fs::write(folder.join("src/main.rs"), read("examples/live.rs")).expect("a program");
    let built = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the folder of all that is built");
    let said = cargo(&folder, &["run", "--release", "--offline", "--target-dir", &built.display().to_string()]);
    let said = said.unwrap_or_else(|error| panic!("{error}"));
    let tracked: Option<u32> = said.split_whitespace().next().and_then(|count| count.parse().ok());
    assert!(tracked.is_some_and(|tracked| tracked > 950), "{said}");
}

/// Whether a part of the manifest says how dependencies are built.
fn is_of_dependencies(part: &str) -> bool {
    let head = part.lines().find(|line| line.starts_with('['));
    head.is_some_and(|head| head.starts_with("[profile.release.package.") && !head.contains(".trackweave"))
}
