//! What every fuzz target does with bytes. No input may panic, hang or take more memory than its length accounts for;
//! beyond that each target says what must hold.
//!
//! `tests/corpus.rs` includes this file and runs the kept inputs, so nothing here needs a fuzzer.

mod folder;
mod formats;
mod imports;
mod lanes;
mod outputs;
mod policies;
mod tables;
mod texts;
mod two_run;

pub use formats::formats;
pub use imports::imports;
pub use lanes::cache;
pub use outputs::{manifests, score, verify};
pub use policies::{policy_folder, zones};
pub use tables::{csv, looks, parquet, platforms};
pub use texts::{catalogue, configuration, scenario};
pub use two_run::two_run;

use rayon::{ThreadPool, ThreadPoolBuilder};
use std::sync::{LazyLock, Mutex};

/// A target: what it does with bytes.
pub type Target = fn(&[u8]);

/// Every target, by the name of its corpus.
pub const TARGETS: [(&str, Target); 16] = [
    ("catalogue", catalogue),
    ("configuration", configuration),
    ("scenario", scenario),
    ("policy_folder", policy_folder),
    ("zones", zones),
    ("csv", csv),
    ("parquet", parquet),
    ("looks", looks),
    ("platforms", platforms),
    ("formats", formats),
    ("imports", imports),
    ("manifests", manifests),
    ("verify", verify),
    ("score", score),
    ("cache", cache),
    ("two_run", two_run),
];

/// Runs a target under a fuzzer, whose own hook would end the process at a panic that the library contains; one that
/// it lets out still does. On one thread: so small a work costs less than handing its parts to others.
pub fn run(target: Target, data: &[u8]) {
    static LAST: Mutex<String> = Mutex::new(String::new());
    static POOL: LazyLock<ThreadPool> = LazyLock::new(|| {
        std::panic::set_hook(Box::new(|panic| *LAST.lock().expect("a text") = panic.to_string()));
        ThreadPoolBuilder::new().num_threads(1).stack_size(8 << 20).build().expect("a pool")
    });
    if std::panic::catch_unwind(|| POOL.install(|| target(data))).is_err() {
        eprintln!("{}", LAST.lock().expect("a text"));
        std::process::abort();
    }
}
