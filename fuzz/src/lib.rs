//! What every fuzz target does with bytes. No input may panic, hang or take more memory than its length accounts for;
//! beyond that each target says what must hold.
//!
//! `tests/corpus.rs` includes this file and runs the kept inputs, so nothing here needs a fuzzer.

mod folder;
mod outputs;
mod policies;
mod tables;
mod texts;

pub use outputs::{manifests, score, verify};
pub use policies::{policy_folder, zones};
pub use tables::{csv, parquet};
pub use texts::{catalogue, configuration, scenario};

/// A target: what it does with bytes.
pub type Target = fn(&[u8]);

/// Every target, by the name of its corpus.
pub const TARGETS: [(&str, Target); 10] = [
    ("catalogue", catalogue),
    ("configuration", configuration),
    ("scenario", scenario),
    ("policy_folder", policy_folder),
    ("zones", zones),
    ("csv", csv),
    ("parquet", parquet),
    ("manifests", manifests),
    ("verify", verify),
    ("score", score),
];

/// Runs a target under a fuzzer, whose own hook would end the process at a panic that the library contains; one that
/// it lets out still does.
pub fn run(target: Target, data: &[u8]) {
    static QUIET: std::sync::Once = std::sync::Once::new();
    thread_local!(static LAST: std::cell::RefCell<String> = const { std::cell::RefCell::new(String::new()) });
    QUIET.call_once(|| std::panic::set_hook(Box::new(|panic| LAST.set(panic.to_string()))));
    if std::panic::catch_unwind(|| target(data)).is_err() {
        eprintln!("{}", LAST.take());
        std::process::abort();
    }
}
