//! Tracks of lanes that were fused before, in a folder, by the digest of all that went into them.
//!
//! A run with a cache does all of this by itself; a program that keeps what its own lanes reported uses [`Cache`].
//!
//! `<digest>.lane` holds what one lane reported: a head, then for every report its time, the number of tracks and their
//! words, little endian; then what became of its detections, and last the SHA-256 of the lane's digest and all that. A file is there whole or not at all; one
//! that cannot be read, is not what its last bytes say, is another lane's or holds what no lane of this run reports is
//! treated as missing, and replaced. A file that is being written has another name and is locked; what a killed run left
//! of one is locked by nobody, and removed when the folder is opened next. The folder holds tracks of every partner: it is the operator's, as readable
//! as its `_operator`, and to be trusted like the program.

use super::RunError;
use super::inputs::Hashing;
use crate::files::{self, array};
use crate::fusion::batch::{Answer, Estimate};
use crate::fusion::credit::Accounts;
use sha2::{Digest, Sha256};
use std::fs::{self, File, TryLockError};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// What every file begins with.
const HEAD: [u8; 18] = *b"trackweave lane 4\n";
/// What the name of a file begins with that is being written.
const UNFINISHED: &str = ".unfinished-";
/// Bytes of a digest.
const DIGEST: u64 = 32;
/// A folder of lanes.
#[derive(Debug)]
pub struct Cache {
    folder: PathBuf,
}

/// What is there of a lane.
#[derive(Debug)]
pub enum Found {
    /// Its reports.
    Whole(Stored),
    /// A file that is not what was written, or cannot be read.
    Damaged,
    /// Nothing.
    Missing,
}

/// The reports of a lane that was fused before.
#[derive(Debug)]
pub struct Stored {
    path: PathBuf,
    file: BufReader<io::Take<File>>,
}

/// The reports of a lane that is being fused.
#[derive(Debug)]
pub struct Storing {
    path: PathBuf,
    file: BufWriter<NamedTempFile>,
    hash: Sha256,
}

/// An error of the cache, or of what it needs.
pub(super) fn failed(path: &Path, doing: &'static str) -> impl FnOnce(io::Error) -> RunError {
    move |source| RunError::Cache { path: path.to_owned(), doing, source }
}

impl Cache {
    /// Opens a folder, made if it is not there.
    ///
    /// # Errors
    /// If it cannot be made or written to, or lies in the output, which is replaced as a whole and has the partners' folders.
    pub fn open(folder: &Path, out: &Path) -> Result<Self, RunError> {
        let place = |path| resolved(path).map_err(failed(path, "resolve the path"));
        if place(folder)?.starts_with(place(out)?) {
            return Err(RunError::CacheInOutput { cache: folder.to_owned(), out: out.to_owned() });
        }
        make(folder).map_err(failed(folder, "create the folder"))?;
        remove_left(folder).map_err(failed(folder, "remove what a killed run left in it"))?;
        let trial = unfinished(folder).map_err(failed(folder, "create a file in it"))?;
        trial.close().map_err(failed(folder, "remove a file from it"))?;
        Ok(Self { folder: folder.to_owned() })
    }

    fn path(&self, digest: &str) -> PathBuf {
        self.folder.join(format!("{digest}.lane"))
    }

    /// The reports of a lane, checked whole before the first is used: those at `times_us`, no others.
    pub fn find(&self, digest: &str, times_us: impl Iterator<Item = i64>) -> Found {
        let path = self.path(digest);
        match whole(&path, digest, times_us) {
            Ok(Some(file)) => Found::Whole(Stored { path, file: BufReader::new(file) }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Found::Missing,
            Ok(None) | Err(_) => Found::Damaged,
        }
    }

    /// Begins to store the reports of a lane.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn store(&self, digest: &str) -> Result<Storing, RunError> {
        let path = self.path(digest);
        let file = unfinished(&self.folder).map_err(failed(&path, "create the file"))?;
        let hash = Sha256::new_with_prefix(digest);
        let mut storing = Storing { path, file: BufWriter::new(file), hash };
        storing.append(&HEAD)?;
        Ok(storing)
    }
}

/// Makes a folder that only its owner reads.
fn make(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

/// A file to be written, locked where the file system can lock.
fn unfinished(folder: &Path) -> io::Result<NamedTempFile> {
    loop {
        let file = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(folder)?;
        // Until it is locked, who opens the folder takes it for what a killed run left, and removes it.
        let is_taken = matches!(file.as_file().try_lock(), Err(TryLockError::WouldBlock));
        if !is_taken && file.path().exists() {
            return Ok(file);
        }
    }
}

/// Removes the unfinished files of runs that are no more.
fn remove_left(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let is_unfinished =
            path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(UNFINISHED.as_bytes()));
        // The lock is held until the file is gone, so that nobody writes to one that is about to be removed.
        let left = if is_unfinished { files::open(&path).ok() } else { None };
        if left.as_ref().is_some_and(|left| left.try_lock().is_ok()) {
            // Another run may have been faster.
            fs::remove_file(&path).or_else(|error| if path.exists() { Err(error) } else { Ok(()) })?;
        }
    }
    Ok(())
}

/// An absolute path without links, as far as it is there.
fn resolved(path: &Path) -> io::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    let there = path.ancestors().find(|above| above.exists()).unwrap_or(&path);
    let rest = path.strip_prefix(there).map_err(io::Error::other)?;
    Ok(fs::canonicalize(there)?.join(rest))
}

/// The reports in a file, from the first on; `None` if it is not what its head and its last bytes say, or holds other
/// reports than those at `times_us`.
fn whole(path: &Path, digest: &str, mut times_us: impl Iterator<Item = i64>) -> io::Result<Option<io::Take<File>>> {
    let mut file = files::open(path)?;
    let head = HEAD.len() as u64;
    let Some(reports) = file.metadata()?.len().checked_sub(head + DIGEST) else { return Ok(None) };
    let mut hash = Sha256::new_with_prefix(digest);
    io::copy(&mut (&mut file).take(head + reports), &mut Hashing(&mut hash))?;
    let mut last = Vec::new();
    file.read_to_end(&mut last)?;
    let mut begin = || {
        file.rewind()?;
        Ok::<_, io::Error>(array(&mut file)? == HEAD)
    };
    if !begin()? || last != *hash.finalize() {
        return Ok(None);
    }
    let mut stored = Stored { path: path.to_owned(), file: BufReader::new(file.try_clone()?.take(reports)) };
    let all = times_us.all(|time_us| stored.check(time_us).is_ok()) && stored.accounts().is_ok();
    if !all || stored.file.fill_buf()? != [0_u8; 0] {
        return Ok(None);
    }
    file.seek(io::SeekFrom::Start(head))?;
    Ok(Some(file.take(reports)))
}

impl Stored {
    /// The next report, of `lane` at `time_us`.
    ///
    /// # Errors
    /// If the file cannot be read, or holds another report.
    pub fn next(&mut self, lane: usize, time_us: i64) -> Result<Answer, RunError> {
        let mut read = || {
            let count = self.begin(time_us)?;
            let estimates = (0..count).map(|_| self.estimate()).collect::<io::Result<_>>()?;
            Ok(Answer { lane, time_us, estimates })
        };
        let answer = read();
        answer.map_err(failed(&self.path, "read a report"))
    }

    /// What became of the lane's detections, behind the last report.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn finish(mut self) -> Result<Accounts, RunError> {
        self.accounts().map_err(failed(&self.path, "read what became of detections"))
    }

    fn accounts(&mut self) -> io::Result<Accounts> {
        let mut words = [0; 4];
        for word in &mut words {
            *word = u64::from_le_bytes(array(&mut self.file)?);
        }
        Ok(Accounts::of(words))
    }

    /// Passes over the next report, which must be one at `time_us` of tracks as fusion gives them.
    fn check(&mut self, time_us: i64) -> io::Result<()> {
        for _ in 0..self.begin(time_us)? {
            let Estimate { existence, state, belief, .. } = self.estimate()?;
            let numbers = state.mean.iter().chain(&state.covariance);
            let are_probabilities = [existence, belief.probability].iter().all(|p| (0.0..=1.0).contains(p));
            if !are_probabilities || !numbers.into_iter().all(|number| number.is_finite()) {
                return Err(io::Error::other("no track"));
            }
        }
        Ok(())
    }

    /// The number of tracks of the next report.
    fn begin(&mut self, time_us: i64) -> io::Result<u64> {
        let found_us = i64::from_le_bytes(array(&mut self.file)?);
        if found_us != time_us {
            return Err(io::Error::other(format!("found a report at {found_us}, wanted one at {time_us}")));
        }
        Ok(u64::from_le_bytes(array(&mut self.file)?))
    }

    fn word(&mut self) -> io::Result<u32> {
        array(&mut self.file).map(u32::from_le_bytes)
    }

    fn estimate(&mut self) -> io::Result<Estimate> {
        Estimate::take(&mut || self.word())
    }
}

impl Storing {
    fn append(&mut self, bytes: &[u8]) -> Result<(), RunError> {
        self.hash.update(bytes);
        self.file.write_all(bytes).map_err(failed(&self.path, "write the file"))
    }

    /// Appends a report.
    ///
    /// # Errors
    /// A disk that is full.
    pub fn add(&mut self, answer: &Answer) -> Result<(), RunError> {
        self.append(&answer.time_us.to_le_bytes())?;
        self.append(&(answer.estimates.len() as u64).to_le_bytes())?;
        let mut bytes = Vec::with_capacity(4 * Estimate::WORDS);
        answer.estimates.iter().try_for_each(|estimate| {
            bytes.clear();
            estimate.put(&mut |word| bytes.extend(word.to_le_bytes()));
            self.append(&bytes)
        })
    }

    /// Puts the file in its place, with what became of the lane's detections.
    ///
    /// # Errors
    /// A disk that is full.
    pub fn finish(mut self, accounts: Accounts) -> Result<(), RunError> {
        accounts.words().into_iter().try_for_each(|word| self.append(&word.to_le_bytes()))?;
        let Self { path, mut file, hash } = self;
        let finish = || {
            file.write_all(&hash.finalize())?;
            let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
            file.as_file().sync_all()?;
            file.persist(&path).map_err(|error| error.error)
        };
        finish().map(drop).map_err(failed(&path, "write the file"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fusion::address::Belief;
    use crate::fusion::state::State;

    /// Runs with a rule lifted open one folder at once, while others write into it.
    #[test]
    fn a_folder_that_many_open_at_once_loses_no_file_that_is_being_written() {
        let scratch = tempfile::tempdir().expect("a folder");
        let (folder, out) = (scratch.path().join("lanes"), scratch.path().join("out"));
        let store = |worker: usize| {
            for k in 0..200 {
                let cache = Cache::open(&folder, &out).expect("a cache");
                let digest = format!("{worker}-{k}");
                cache.store(&digest).and_then(|storing| storing.finish(ACCOUNTS)).expect("a lane");
                assert!(matches!(cache.find(&digest, std::iter::empty()), Found::Whole(_)), "{digest}");
            }
        };
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..8)
                .map(|worker| {
                    let store = &store;
                    scope.spawn(move || store(worker))
                })
                .collect();
            for worker in workers {
                worker.join().expect("its lanes");
            }
        });
        assert_eq!(fs::read_dir(&folder).expect("the lanes").count(), 1600);
    }

    const ACCOUNTS: Accounts = Accounts { confirmed: 9, unconfirmed: 8, none: 7, outside_coverage: u64::MAX };

    fn answer(time_us: i64, tracks: u32) -> Answer {
        let track = |k: u32| Estimate {
            born: [k, 7 * k],
            confirmed: k % 2 == 1,
            existence: 0.25 * k as f32,
            tile: [-3, 5, i32::MIN],
            state: State {
                mean: core::array::from_fn(|i| -1.5 * (i as f32)),
                covariance: core::array::from_fn(|i| 1.0 / (1.0 + i as f32)),
            },
            sources: [k, 0, u32::MAX, 9],
            detections: 3 * k,
            last_detection_us: i64::from(k) << 33 | 5,
            belief: Belief { address: k, probability: 0.25 },
        };
        Answer { lane: 4, time_us, estimates: (0..tracks).map(track).collect() }
    }

    fn stored(cache: &Cache, digest: &str, answers: &[Answer]) {
        let mut storing = cache.store(digest).expect("a file is begun");
        for answer in answers {
            storing.add(answer).expect("a report is stored");
        }
        storing.finish(ACCOUNTS).expect("a file is finished");
    }

    #[test]
    fn what_is_stored_is_found_bit_for_bit() {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = Cache::open(&folder.path().join("a/b"), Path::new("out")).expect("a cache");
        let answers = [answer(-9, 3), answer(i64::MAX, 0), answer(12, 1)];
        stored(&cache, "d", &answers);
        assert!(matches!(cache.find("e", std::iter::empty()), Found::Missing));
        let Found::Whole(mut found) = cache.find("d", [-9, i64::MAX, 12].into_iter()) else {
            panic!("the lane is not found")
        };
        for wanted in &answers {
            let found = found.next(4, wanted.time_us).expect("a report");
            assert_eq!((found.lane, &found.estimates), (4, &wanted.estimates));
        }
        assert_eq!(found.finish().expect("accounts"), ACCOUNTS);
        let Found::Whole(mut found) = cache.find("d", [-9, i64::MAX, 12].into_iter()) else { panic!("it is gone") };
        let beyond = found.next(4, 0).expect_err("a report that nobody stored");
        assert!(beyond.to_string().contains("d.lane: cannot read a report"), "{beyond}");
    }

    #[test]
    fn what_a_killed_run_left_is_removed_and_what_another_run_writes_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let open = || Cache::open(folder.path(), Path::new("out")).expect("a cache");
        let cache = open();
        fs::write(folder.path().join(".unfinished-abcdef"), "half a lane").expect("a file");
        fs::write(folder.path().join("notes"), "somebody's").expect("a file");
        let mut storing = cache.store("d").expect("a file is begun");
        open();
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 2, "the one that is written, and the notes");
        storing.add(&answer(5, 1)).expect("a report is stored");
        storing.finish(ACCOUNTS).expect("a file is finished");
        assert!(matches!(open().find("d", [5].into_iter()), Found::Whole(_)));
    }

    #[test]
    fn a_report_at_another_time_is_an_error() {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = Cache::open(folder.path(), Path::new("out")).expect("a cache");
        stored(&cache, "d", &[answer(5, 1)]);
        let Found::Whole(mut found) = cache.find("d", [5].into_iter()) else { panic!("the lane is not found") };
        assert!(found.next(4, 6).is_err());
    }

    /// Whole, by its last bytes, and yet not what this run wants: another lane's, other times, more or less of them,
    /// tracks that are none.
    #[test]
    fn a_whole_file_with_other_content_counts_as_damaged() {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = Cache::open(folder.path(), Path::new("out")).expect("a cache");
        let find = |times: &[i64]| matches!(cache.find("d", times.iter().copied()), Found::Whole(_));
        stored(&cache, "d", &[answer(5, 1), answer(6, 2)]);
        assert!(find(&[5, 6]));
        for other in [&[5, 7][..], &[5], &[5, 6, 7], &[]] {
            assert!(!find(other), "{other:?}");
        }
        fs::rename(folder.path().join("d.lane"), folder.path().join("e.lane")).expect("another name");
        assert!(matches!(cache.find("e", [5, 6].into_iter()), Found::Damaged));
        let mut nowhere = answer(5, 2);
        nowhere.estimates[1].state.mean[0] = f32::NAN;
        stored(&cache, "d", &[nowhere]);
        assert!(!find(&[5]));
        fs::remove_file(folder.path().join("d.lane")).expect("the file");
        fs::create_dir(folder.path().join("d.lane")).expect("a folder");
        assert!(matches!(cache.find("d", [5].into_iter()), Found::Damaged));
    }

    #[test]
    fn any_changed_byte_and_any_cut_is_seen() {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = Cache::open(folder.path(), Path::new("out")).expect("a cache");
        stored(&cache, "d", &[answer(5, 2)]);
        let path = folder.path().join("d.lane");
        let whole = fs::read(&path).expect("the file");
        for place in 0..whole.len() {
            let mut changed = whole.clone();
            changed[place] ^= 1;
            fs::write(&path, &changed).expect("the file is written");
            assert!(matches!(cache.find("d", [5].into_iter()), Found::Damaged), "byte {place}");
            fs::write(&path, &whole[..place]).expect("the file is written");
            assert!(matches!(cache.find("d", [5].into_iter()), Found::Damaged), "cut at {place}");
        }
        // The digest of nothing, and of something that has no head.
        for body in [&b""[..], b"trackweave lane 1\n"] {
            fs::write(&path, [body, &Sha256::new_with_prefix("d").chain_update(body).finalize()].concat())
                .expect("the file is written");
            assert!(matches!(cache.find("d", [5].into_iter()), Found::Damaged), "{body:?}");
        }
        stored(&cache, "d", &[answer(5, 2)]);
        assert!(matches!(cache.find("d", [5].into_iter()), Found::Whole(_)));
    }

    #[test]
    fn a_cache_in_the_output_is_refused_before_it_is_made() {
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path().join("out");
        fs::create_dir(&out).expect("a folder");
        for inside in [out.clone(), out.join("cache"), out.join("x/../aspen"), folder.path().join("./out/a/b")] {
            let error = Cache::open(&inside, &out).expect_err("a cache in the output");
            assert!(error.to_string().contains("wanted a folder that is not in the output"), "{error}");
        }
        assert!(fs::read_dir(&out).expect("the output").next().is_none());
        assert!(Cache::open(&folder.path().join("outer"), &out).is_ok());
    }
}
