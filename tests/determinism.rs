//! The whole run on the demo gives the same bytes, however many threads there are and however often it is run.
//!
//! All files count but `_operator/timings.json`, the only one that may name a duration. And so do the partners' folders, where the rows
//! are in memory, however they are cut into batches.

use arrow_array::RecordBatch;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use trackweave::fusion::executor::Executor;
use trackweave::ingest::{Memory, Where};
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

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/demo")
}

/// What a run over the demo writes on so many threads.
fn demo(threads: usize) -> Outcome<Files> {
    demo_of((&data().join("recording")).into(), threads)
}

/// The same of the demo's recording wherever it is.
fn demo_of(recording: Where<'_>, threads: usize) -> Outcome<Files> {
    let folder = tempfile::tempdir()?;
    let out = folder.path().join("out");
    let (policy, config) = (data().join("policy"), RunConfig::air()?);
    let request = Request { recording, ..Request::new(Path::new(""), &policy, &out, &config) };
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

/// The rows of a file, so many in a batch.
fn rows(name: &str, rows_per_batch: usize) -> Outcome<Vec<RecordBatch>> {
    let file = fs::File::open(data().join("recording").join(name))?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(file)?.with_batch_size(rows_per_batch).build()?;
    Ok(reader.collect::<Result<_, _>>()?)
}

#[test]
fn a_recording_in_memory_gives_partners_the_bytes_of_its_folder() -> Outcome<()> {
    let of_partners =
        |files: Files| -> Files { files.into_iter().filter(|(name, _)| !name.starts_with("_operator")).collect() };
    let catalogue = fs::read_to_string(data().join("recording/recording.toml"))?;
    let folder = of_partners(demo(2)?);
    assert!(folder.len() > 8, "{} files", folder.len());
    for size in [997, 1 << 20] {
        let memory = Memory::new(&catalogue, rows("detections.parquet", size)?).truth(rows("truth.parquet", size)?);
        let found = of_partners(demo_of((&memory).into(), 2)?);
        assert_eq!(difference(&found, &folder), None, "batches of {size} rows");
    }
    // One row less is seen.
    let mut less = rows("detections.parquet", 1 << 20)?;
    less[0] = less[0].slice(1, less[0].num_rows() - 1);
    let less = Memory::new(&catalogue, less);
    assert!(difference(&of_partners(demo_of((&less).into(), 2)?), &folder).is_some());
    Ok(())
}

#[test]
fn what_is_wrong_with_rows_in_memory_is_said_with_its_row() -> Outcome<()> {
    let catalogue = fs::read_to_string(data().join("recording/recording.toml"))?;
    let catalogue = catalogue.replace("aspen-west", "aspen-north");
    let memory = Memory::new(&catalogue, rows("detections.parquet", 997)?);
    let error = demo_of((&memory).into(), 1).err().map(|error| error.to_string()).unwrap_or_default();
    assert!(error.starts_with("detections.arrow, row ") && error.contains("`aspen-west`"), "{error}");
    Ok(())
}
