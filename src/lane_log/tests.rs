//! Files of lanes: what is written is read again bit for bit; damage, cuts and other content are seen.

use super::*;
use crate::fusion::address::Belief;
use crate::fusion::batch::{Answer, Estimate, Taken, WaveLog};
use crate::fusion::credit::Accounts;
use crate::fusion::state::State;
use sha2::{Digest as _, Sha256};
use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const ACCOUNTS: Accounts = Accounts { confirmed: 9, unconfirmed: 8, none: 7, outside_coverage: u64::MAX };

fn head(digest: &str) -> Head {
    Head { digest: digest.to_owned(), log: None }
}

/// The head of a log.
fn logged(digest: &str, lane: usize) -> Head {
    let from = [("policy", "p"), ("recording", "r")].map(|(name, of)| (name.to_owned(), of.to_owned())).into();
    Head { digest: digest.to_owned(), log: Some(Made { lane, existence_min: 0.25.try_into().expect("one"), from }) }
}

fn tracks(count: u32) -> Vec<Estimate> {
    let track = |k: u32| Estimate {
        born: [k, 7 * k],
        confirmed: k % 2 == 1,
        existence: 0.25 * (1 + k % 4) as f32,
        tile: [-3, 5, i32::MIN],
        state: State {
            mean: core::array::from_fn(|i| -1.5 * (i as f32)),
            covariance: core::array::from_fn(|i| 1.0 / (1.0 + i as f32)),
        },
        sources: [k, 0, u32::MAX, 9],
        detections: 3 * k,
        last_detection_us: i64::from(k) << 33 | 5,
        belief: Belief { address: k, probability: 0.25 },
        models: [0.5, 0.25, 0.125, 0.125],
    };
    (0..count).map(track).collect()
}

fn answer(time_us: i64, count: u32) -> Answer {
    Answer { lane: 4, time_us, estimates: tracks(count) }
}

fn wave(time_us: i64, count: u32) -> WaveLog {
    let taken = (0..count).map(|k| Taken { born: [k / 2, k], detection: 3 * k, weight: 0.5 / (1.0 + k as f32) });
    WaveLog { lane: 4, time_us, tracks: tracks(count), taken: taken.collect() }
}

/// A folder, and what must not lie around it.
fn folder() -> (TempDir, Folder) {
    let scratch = tempfile::tempdir().expect("a folder");
    let folder = Folder::beside(&scratch.path().join("a/lanes"), &scratch.path().join("out")).expect("a folder");
    (scratch, folder)
}

fn store(folder: &Folder, head: &Head, write: impl FnOnce(&mut Writer) -> Result<(), LaneLogError>) -> PathBuf {
    let mut writer = folder.store(head).expect("a file is begun");
    write(&mut writer).expect("entries are written");
    writer.finish(ACCOUNTS).expect("a file is finished");
    folder.path().join(format!("{}.lane", head.digest))
}

/// Two waves and two reports, a wave before a report of the same time.
fn log(writer: &mut Writer) -> Result<(), LaneLogError> {
    writer.report(&answer(-9, 0))?;
    writer.wave(&wave(5, 2))?;
    writer.report(&answer(5, 2))?;
    writer.wave(&wave(7, 3))
}

/// What a file with these bytes before its seal is, by the document.
fn sealed(body: &[u8]) -> Vec<u8> {
    let digests = body.chunks(65_536).flat_map(Sha256::digest).collect::<Vec<u8>>();
    [body, &digests, &Sha256::digest(&digests)].concat()
}

fn is_whole(folder: &Folder, head: &Head, times_us: &[i64]) -> bool {
    matches!(folder.find(head, times_us.iter().copied()), Found::Whole(_))
}

#[test]
fn what_is_stored_is_found_bit_for_bit() {
    let (_scratch, folder) = folder();
    let answers = [answer(-9, 3), answer(0, 0), answer(i64::MAX, 1)];
    store(&folder, &head("d"), |to| answers.iter().try_for_each(|answer| to.report(answer)));
    assert!(matches!(folder.find(&head("e"), std::iter::empty()), Found::Missing));
    let times_us = answers.each_ref().map(|answer| answer.time_us);
    let Found::Whole(mut found) = folder.find(&head("d"), times_us.into_iter()) else {
        panic!("the lane is not found")
    };
    for wanted in &answers {
        let found = found.report(4, wanted.time_us).expect("a report");
        assert_eq!((found.lane, &found.estimates), (4, &wanted.estimates));
    }
    assert_eq!(found.finish().expect("accounts"), ACCOUNTS);
    let Found::Whole(mut found) = folder.find(&head("d"), times_us.into_iter()) else { panic!("it is gone") };
    let beyond = found.report(4, 0).expect_err("a report that is not the next one");
    assert!(beyond.to_string().contains("d.lane: cannot read a report"), "{beyond}");
}

#[test]
fn a_log_has_reports_and_waves_and_who_wants_reports_passes_over_waves() {
    let (_scratch, folder) = folder();
    let of = logged("d", 3);
    let path = store(&folder, &of, log);
    let mut reader = Reader::open(&path).expect("a log");
    assert_eq!(reader.head(), &of);
    let entries: Vec<Entry> = (0..5).map(|_| reader.entry().expect("an entry")).collect();
    let report = |time_us, count| Entry::Report { time_us, tracks: tracks(count) };
    let wave = |time_us, count| {
        let WaveLog { tracks, taken, .. } = wave(time_us, count);
        Entry::Wave { time_us, tracks, taken }
    };
    assert_eq!(entries, [report(-9, 0), wave(5, 2), report(5, 2), wave(7, 3), Entry::End(ACCOUNTS)]);
    assert!(reader.entry().is_err(), "behind the end there is none");
    let mut reader = Reader::open_at(&path, "d", [-9, 5].into_iter()).expect("a log");
    assert!(Reader::open_at(&path, "e", [-9, 5].into_iter()).is_err(), "another lane");
    assert_eq!(reader.report(0, -9).expect("a report").estimates, []);
    assert_eq!(reader.report(0, 5).expect("a report").estimates, tracks(2));
    assert_eq!(reader.finish().expect("accounts"), ACCOUNTS);
    let early = Reader::open(&path).expect("a log").finish().expect_err("reports are left");
    assert!(early.to_string().contains("cannot read what became of detections"), "{early}");
    assert_eq!(Folder::heads(folder.path()).expect("heads"), [(path, of)]);
}

#[test]
fn who_wants_a_log_takes_that_of_its_run_alone_and_who_wants_reports_any() {
    let (_scratch, folder) = folder();
    store(&folder, &logged("d", 3), log);
    assert!(is_whole(&folder, &logged("d", 3), &[-9, 5]) && is_whole(&folder, &head("d"), &[-9, 5]));
    assert!(matches!(folder.find(&logged("d", 2), [-9, 5].into_iter()), Found::Missing));
    store(&folder, &head("d"), |to| to.report(&answer(5, 1)));
    assert!(matches!(folder.find(&logged("d", 3), std::iter::once(5)), Found::Missing));
}

/// Runs with a rule lifted open one folder at once, while others write into it.
#[test]
fn a_folder_that_many_open_at_once_loses_no_file_that_is_being_written() {
    let scratch = tempfile::tempdir().expect("a folder");
    let path = scratch.path().join("lanes");
    let work = |worker: usize| {
        for k in 0..200 {
            let folder = Folder::open(&path).expect("a folder");
            let digest = format!("{worker}-{k}");
            store(&folder, &head(&digest), |_| Ok(()));
            assert!(is_whole(&folder, &head(&digest), &[]), "{digest}");
        }
    };
    std::thread::scope(|scope| {
        let work = &work;
        let workers: Vec<_> = (0..8).map(|worker| scope.spawn(move || work(worker))).collect();
        for worker in workers {
            worker.join().expect("its lanes");
        }
    });
    assert_eq!(fs::read_dir(&path).expect("the lanes").count(), 1600);
}

#[test]
fn what_a_killed_run_left_is_removed_and_what_another_run_writes_is_not() {
    let (_scratch, folder) = folder();
    let open = || Folder::open(folder.path()).expect("a folder");
    fs::write(folder.path().join(".unfinished-abcdef"), "half a lane").expect("a file");
    fs::write(folder.path().join("notes"), "somebody's").expect("a file");
    let mut writer = folder.store(&head("d")).expect("a file is begun");
    open();
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 2, "the one that is written, and the notes");
    writer.report(&answer(5, 1)).expect("a report is stored");
    writer.finish(ACCOUNTS).expect("a file is finished");
    assert!(is_whole(&open(), &head("d"), &[5]));
}

/// Whole, by its last bytes, and yet not what this run wants: another lane's, other times, more or less of them, tracks
/// that are none, waves that no log has.
#[test]
fn a_whole_file_with_other_content_counts_as_damaged() {
    let (_scratch, folder) = folder();
    store(&folder, &head("d"), |to| to.report(&answer(5, 1)).and_then(|()| to.report(&answer(6, 2))));
    assert!(is_whole(&folder, &head("d"), &[5, 6]));
    for other in [&[5, 7][..], &[5], &[5, 6, 7], &[]] {
        assert!(!is_whole(&folder, &head("d"), other), "{other:?}");
    }
    let [d, e] = ["d", "e"].map(|name| folder.path().join(format!("{name}.lane")));
    fs::rename(&d, e).expect("another name");
    assert!(matches!(folder.find(&head("e"), [5, 6].into_iter()), Found::Damaged));
    let mut nowhere = answer(5, 2);
    nowhere.estimates[1].state.mean[0] = f32::NAN;
    store(&folder, &head("d"), |to| to.report(&nowhere));
    assert!(!is_whole(&folder, &head("d"), &[5]));
    let faults: [fn(&mut WaveLog); 6] = [
        |wave| wave.tracks[0].existence = 0.125,
        |wave| wave.tracks.swap(0, 1),
        |wave| wave.taken.swap(0, 1),
        |wave| wave.taken[0].weight = f32::NAN,
        |wave| wave.taken[0].weight = 0.0,
        |wave| wave.time_us = 6,
    ];
    let of = logged("d", 3);
    store(&folder, &of, |to| log(to).and_then(|()| to.wave(&wave(8, 2))));
    assert!(is_whole(&folder, &of, &[-9, 5]), "without a fault it is a log");
    for (number, fault) in faults.into_iter().enumerate() {
        let mut wrong = wave(8, 2);
        fault(&mut wrong);
        let path = store(&folder, &of, |to| log(to).and_then(|()| to.wave(&wrong)));
        assert!(!is_whole(&folder, &of, &[-9, 5]), "{number}");
        let error = Reader::open(&path).expect_err("an entry that no lane has").to_string();
        assert!(error.contains("d.lane: found an entry that no lane has, wanted a lane as it was written"), "{error}");
    }
    store(&folder, &head("d"), |to| to.wave(&wave(6, 2)));
    assert!(!is_whole(&folder, &head("d"), &[]), "waves of no log");
    fs::remove_file(&d).expect("the file");
    fs::create_dir(&d).expect("a folder");
    assert!(matches!(folder.find(&head("d"), std::iter::once(5)), Found::Damaged));
}

/// The bytes that the error names of a file that was changed to these.
fn named(path: &Path, bytes: &[u8]) -> RangeInclusive<usize> {
    fs::write(path, bytes).expect("the file is written");
    let error = Reader::open(path).expect_err("a file that was changed").to_string();
    let places = error.strip_prefix(&format!("{}: found other bytes than its digests say, in bytes ", path.display()));
    let places = places.and_then(|rest| rest.strip_suffix(", wanted a lane as it was written: make it again"));
    let (from, to) = places.and_then(|places| places.split_once(" to ")).unwrap_or_else(|| panic!("{error}"));
    let number = |text: &str| text.parse::<usize>().expect("a number");
    number(from)..=number(to)
}

/// Of a file of many blocks: bytes of all of them, of their digests and of the last one, and the ends of each; two changes and a
/// cut name the file.
#[test]
fn the_error_names_the_block_of_the_byte_that_changed() {
    let (_scratch, folder) = folder();
    let of = logged("d", 3);
    let path = store(&folder, &of, |to| log(to).and_then(|()| to.wave(&wave(9, 2_000))));
    let whole = fs::read(&path).expect("the file");
    let digests = 32 * ((whole.len() - 32).div_ceil(65_536 + 32) + 1);
    let body = whole.len() - digests;
    assert!(whole == sealed(&whole[..body]) && digests > 32 * 6 && is_whole(&folder, &of, &[-9, 5]));
    let edges = (0..body).step_by(65_536).flat_map(|begin| [begin, (begin + 65_535).min(body - 1)]);
    for place in edges.chain((0..body).step_by(9_973)).chain(body..whole.len()) {
        let mut changed = whole.clone();
        changed[place] ^= 0x10;
        let found = named(&path, &changed);
        let most = if place < body { 65_536 } else { 32 };
        assert!(found.contains(&place) && found.end() - found.start() < most, "{place}: {found:?}");
    }
    let mut twice = whole.clone();
    (twice[70_000], twice[body + 3]) = (!twice[70_000], !twice[body + 3]);
    for bytes in [&twice[..], &whole[..body], &whole[..whole.len() - 1]] {
        fs::write(&path, bytes).expect("the file is written");
        let error = Reader::open(&path).expect_err("a file that was changed").to_string();
        assert!(error.contains("d.lane: found other bytes than its digests say: it is cut, or"), "{error}");
    }
}

#[test]
fn any_changed_byte_and_any_cut_is_seen() {
    let (_scratch, folder) = folder();
    let of = logged("d", 3);
    let path = store(&folder, &of, log);
    let whole = fs::read(&path).expect("the file");
    assert_eq!(whole, sealed(&whole[..whole.len() - 64]));
    for place in 0..whole.len() {
        let mut changed = whole.clone();
        changed[place] ^= 1;
        assert!(named(&path, &changed).contains(&place), "byte {place}");
        for bytes in [&changed[..], &whole[..place]] {
            fs::write(&path, bytes).expect("the file is written");
            assert!(matches!(folder.find(&of, [-9, 5].into_iter()), Found::Damaged), "byte {place}");
        }
    }
    // The digest of nothing, of something that has no head, and of a head that says it is longer than anything.
    for body in
        [&b""[..], b"trackweave lane 1\n", b"trackweave lane 7\n\xff\xff\xff\xff", b"trackweave lane 7\n\x02\0\0\0{}"]
    {
        fs::write(&path, sealed(body)).expect("the file is written");
        assert!(matches!(folder.find(&of, [-9, 5].into_iter()), Found::Damaged), "{body:?}");
        assert!(Reader::open(&path).is_err_and(|error| matches!(error, LaneLogError::Damaged { .. })), "{body:?}");
    }
    store(&folder, &of, log);
    assert!(is_whole(&folder, &of, &[-9, 5]));
}

#[test]
fn a_folder_in_the_output_is_refused_before_it_is_made() {
    let scratch = tempfile::tempdir().expect("a folder");
    let out = scratch.path().join("out");
    fs::create_dir(&out).expect("a folder");
    for inside in [out.clone(), out.join("lanes"), out.join("x/../aspen"), scratch.path().join("./out/a/b")] {
        let error = Folder::beside(&inside, &out).expect_err("a folder in the output");
        assert!(error.to_string().contains("wanted one that is not in an output"), "{error}");
    }
    assert!(fs::read_dir(&out).expect("the output").next().is_none());
    assert!(Folder::beside(&scratch.path().join("outer"), &out).is_ok());
}
