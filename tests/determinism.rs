//! The whole run on the demo gives the same bytes, however many threads there are and however often it is run.
//!
//! All files count but `_operator/timings.json`, the only one that may name a duration.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use trackweave::fusion::executor::Executor;
use trackweave::run::{Request, RunConfig, run};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Contents by path, relative to the output folder.
type Files = BTreeMap<PathBuf, Vec<u8>>;

const TIMINGS: &str = "_operator/timings.json";

/// Every file below a folder.
fn files(root: &Path, folder: &Path, to: &mut Files) -> Outcome<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files(root, &path, to)?;
        } else {
            to.insert(path.strip_prefix(root)?.to_owned(), fs::read(&path)?);
        }
    }
    Ok(())
}

/// What a run over the demo writes on so many threads.
fn demo(threads: usize) -> Outcome<Files> {
    let folder = tempfile::tempdir()?;
    let out = folder.path().join("out");
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/demo");
    let (recording, policy, config) = (data.join("recording"), data.join("policy"), RunConfig::air()?);
    let request = Request::new(&recording, &policy, &out, &config);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
    let report = pool.install(|| {
        assert_eq!(rayon::current_num_threads(), threads);
        run(&request, Executor::host(), &mut |_| {}).map(|_| ()).map_err(|error| error.to_string())
    });
    report?;
    let mut found = Files::new();
    files(&out, &out, &mut found)?;
    Ok(found)
}

/// The first file in which two outputs differ.
fn difference(a: &Files, b: &Files) -> Option<String> {
    let names = a.keys().chain(b.keys().filter(|name| !a.contains_key(*name)));
    names.filter(|name| *name != Path::new(TIMINGS)).find_map(|name| match (a.get(name), b.get(name)) {
        (Some(a), Some(b)) if a == b => None,
        (Some(a), Some(b)) => {
            let at = a.iter().zip(b).position(|(a, b)| a != b).unwrap_or(a.len().min(b.len()));
            Some(format!("{}: byte {at} differs; {} and {} bytes", name.display(), a.len(), b.len()))
        }
        _ => Some(format!("{}: only in one of them", name.display())),
    })
}

#[test]
fn threads_and_repetition_change_no_byte_and_a_changed_byte_is_seen() -> Outcome<()> {
    let first = demo(1)?;
    let pictures = first.iter().filter(|(name, _)| name.ends_with("tracks.parquet")).count();
    assert!(pictures > 1 && first.contains_key(Path::new(TIMINGS)), "{:?}", first.keys());
    for threads in [1, 2, 5] {
        assert_eq!(difference(&first, &demo(threads)?), None, "{threads} threads");
    }

    for (name, bytes) in &first {
        let mut changed = first.clone();
        let middle = bytes.len() / 2;
        // The audit of a partner that gets nothing is empty.
        changed.entry(name.clone()).and_modify(|bytes| match bytes.get_mut(middle) {
            Some(byte) => *byte ^= 1,
            None => bytes.push(1),
        });
        let (before, after) = (bytes.len(), changed[name].len());
        let wanted = format!("{}: byte {middle} differs; {before} and {after} bytes", name.display());
        let exempt = name == Path::new(TIMINGS);
        assert_eq!(difference(&first, &changed), (!exempt).then_some(wanted));

        changed.remove(name);
        let wanted = format!("{}: only in one of them", name.display());
        assert_eq!(difference(&first, &changed), (!exempt).then_some(wanted.clone()));
        assert_eq!(difference(&changed, &first), (!exempt).then_some(wanted));
    }
    Ok(())
}
