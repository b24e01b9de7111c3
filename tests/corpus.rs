//! The kept inputs of the fuzz targets, run without a fuzzer: what once went wrong stays right.

#[expect(unreachable_pub, dead_code, reason = "the same file is the library of the fuzz targets")]
#[path = "../fuzz/src/lib.rs"]
mod targets;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Every kept input, and what it becomes when it is cut off or one byte of it is another.
#[test]
fn no_kept_input_brings_a_target_down() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let mut named: BTreeSet<String> = targets::TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    for (name, target) in targets::TARGETS {
        let inputs = fs::read_dir(corpus.join(name)).unwrap_or_else(|error| panic!("no corpus of `{name}`: {error}"));
        let mut inputs: Vec<_> = inputs.map(|entry| entry.expect("an entry").path()).collect();
        inputs.sort();
        assert!(!inputs.is_empty(), "`{name}` has no inputs");
        for input in inputs {
            let data = fs::read(&input).expect("an input");
            eprintln!("{}", input.display());
            target(&data);
            for share in 1..4 {
                let at = data.len() * share / 4;
                target(&data[..at]);
                let mut other = data.clone();
                if let Some(byte) = other.get_mut(at) {
                    *byte ^= 1 << share;
                }
                target(&other);
            }
        }
    }
    for entry in fs::read_dir(corpus).expect("the corpora") {
        named.remove(entry.expect("an entry").file_name().to_str().expect("a name"));
    }
    assert!(named.is_empty(), "targets without a corpus: {named:?}");
}
