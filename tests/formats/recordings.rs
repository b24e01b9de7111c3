//! Recordings that nobody here made, under the folder that `TRACKWEAVE_RECORDINGS` names; ignored where it is absent.

use std::fs::File;
use std::path::PathBuf;

use trackweave::formats::{Format, Kind, Options, Report, Summary, open};

/// Reads a recording by the format that is found; none where there is none.
fn recording(path: &str) -> Option<(Format, Vec<Report>, Summary)> {
    let path = PathBuf::from(std::env::var_os("TRACKWEAVE_RECORDINGS")?).join(path);
    let (format, mut source) = open(File::open(&path).ok()?, Options::default()).expect("a known format");
    let mut reports = Vec::new();
    while source.read(&mut reports).expect("a recording") {}
    let summary = source.summary().clone();
    Some((format, reports, summary))
}

fn of(reports: &[Report], kind: Kind) -> usize {
    reports.iter().filter(|report| report.kind == kind).count()
}

#[test]
fn the_counts_of_barcelona_are_those_that_are_published() {
    let folder = "asterix_lebl_2016";
    // Target reports, those with a place, starts of update cycles and statuses.
    for (file, targets, placed, service) in [
        ("smr_160510-lebl-220001.ast", 62_819, 62_097, 14_526),
        ("mlat_160510-lebl-220001.ast", 69_933, 69_933, 14_520),
        ("adsb_v023_160510-lebl-220001.ast", 49_330, 49_330, 0),
    ] {
        let Some((format, reports, summary)) = recording(&format!("{folder}/{file}")) else {
            eprintln!("ignored: TRACKWEAVE_RECORDINGS names no folder with {file}");
            continue;
        };
        assert_eq!((format, summary.rejects()), (Format::Asterix, 0), "{file}: {summary}");
        assert_eq!(of(&reports, Kind::Plot) + of(&reports, Kind::Own), targets, "{file}");
        assert_eq!(summary.with_position, placed, "{file}");
        assert_eq!(of(&reports, Kind::North) + of(&reports, Kind::Status), service, "{file}");
        // Two hours from 22:00 on: over midnight.
        let (first, last) = summary.span.expect("times");
        let hours = |time: trackweave::formats::Time| time.micros() as f64 / 3.6e9;
        assert!(
            (21.9..22.1).contains(&hours(first)) && (23.9..24.2).contains(&hours(last)),
            "{file}: {first:?} {last:?}"
        );
    }
}
