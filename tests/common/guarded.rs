//! The guard after a run.

use std::path::Path;
use trackweave::guard::{Request, inspect};
use trackweave::run::RunConfig;

/// The guard finds nothing in what a run has written: rows that it looked at, and rows of which it cannot tell.
pub(crate) fn guarded([recording, policy, out]: [&Path; 3], config: &RunConfig) -> [u64; 2] {
    let configuration = serde_json::to_value(config).expect("JSON");
    let request = Request {
        out,
        policy,
        recording,
        configuration: &configuration,
        as_of_us: None,
        label: None,
        calibration: None,
    };
    let guarded = inspect(&request).expect("the guard does its work");
    assert!(guarded.breaches.is_empty(), "{:?}", guarded.breaches);
    [guarded.rows, guarded.undecided]
}
