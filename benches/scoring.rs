//! What scoring costs: every score of a picture of many objects, truth and rows being made as they are read.
//!
//! `cargo bench --bench scoring` scores 100,000 objects over 20 scans; `-- OBJECTS SCANS` other numbers. Objects stand 200 m apart
//! and move at 100 m/s; every twentieth is missed in a scan, one in twenty rows is false, one object in a hundred changes its track
//! every ten scans. The cut-off is 150 m, or a third number of metres: from 200 on neighbours compete, all of a scan in one component.
//! Prints seconds and the most memory that the program had.

use std::fs;
use std::time::Instant;
use trackweave::score::further::Asking;
use trackweave::score::gospa::Gospa;
use trackweave::score::sequence::{Scans, ScoreConfig, score_states};
use trackweave::score::states::{TrackState, TruthState};

const SECOND_US: i64 = 1_000_000;

/// A number that looks random, of an object and a scan (SplitMix64).
fn mixed(object: u64, scan: u64) -> u64 {
    let mut z = (object << 20 ^ scan).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ z >> 31
}

/// Where an object is.
fn place(object: u64, scan: u64, side: u64) -> [f64; 3] {
    let (column, row) = (object % side, object / side);
    [200.0 * column as f64 + 100.0 * scan as f64, 200.0 * row as f64, 10_000.0]
}

fn truth(objects: u64, scans: u64, side: u64) -> impl Iterator<Item = TruthState> {
    (0..scans).flat_map(move |scan| {
        (0..objects).map(move |object| TruthState {
            time_us: i64::try_from(scan).expect("a scan") * SECOND_US,
            object: u32::try_from(object).expect("an object"),
            position_m: place(object, scan, side),
            velocity_m_s: Some([100.0, 0.0, 0.0]),
        })
    })
}

fn rows(objects: u64, scans: u64, side: u64) -> impl Iterator<Item = TrackState> {
    let row = move |scan: u64, object: u64| {
        let random = mixed(object, scan);
        if random.is_multiple_of(20) {
            return None;
        }
        let off = |shift: u32| ((random >> shift & 0xFFFF) as f64 / 65_536.0 - 0.5) * 60.0;
        let [x, y, z] = place(object, scan, side);
        let is_false = object % 20 == 1;
        let changes = if object.is_multiple_of(100) { scan / 10 } else { 0 };
        Some(TrackState {
            time_us: i64::try_from(scan).expect("a scan") * SECOND_US,
            track: object << 8 | changes,
            position_m: [x + off(8), y + off(24), z + if is_false { 5_000.0 } else { off(40) }],
            velocity_m_s: Some([100.0, 1.0, 0.0]),
            covariance_m2: Some([[300.0, 0.0, 0.0], [0.0, 300.0, 0.0], [0.0, 0.0, 300.0]]),
            confirmed: true,
            last_detection_us: None,
        })
    };
    (0..scans).flat_map(move |scan| (0..objects).filter_map(move |object| row(scan, object)))
}

/// The most memory so far, MB; where the system tells.
fn peak_mb() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kb| kb / 1024)
}

fn main() {
    // Cargo itself passes `--bench`.
    let mut numbers = std::env::args().skip(1).filter_map(|argument| argument.parse::<u64>().ok());
    let (objects, scans) = (numbers.next().unwrap_or(100_000), numbers.next().unwrap_or(20));
    let cutoff_m = numbers.next().unwrap_or(150) as f64;
    let side = objects.isqrt().max(1);
    let last_us = i64::try_from(scans - 1).expect("a scan") * SECOND_US;
    let config = ScoreConfig {
        gospa: Gospa { cutoff_m, order: 2.0 },
        max_gap_s: 0.0,
        scans: Scans::Every { period_us: SECOND_US, first_us: 0, last_us },
    };
    let started = Instant::now();
    let pass = || (truth(objects, scans, side), rows(objects, scans, side));
    let report = score_states(pass, &config, &Asking::default()).expect("a score");
    let seconds = started.elapsed().as_secs_f64();
    let further = report.further.expect("all scores");
    println!(
        "{objects} objects, {scans} scans, {} rows: {seconds:.1} s, {:.2} µs an object and scan, {} MB; coverage {:.3}, MOTA {:.3}, HOTA {:.3}",
        report.estimates,
        1e6 * seconds / (objects * scans) as f64,
        peak_mb().map_or_else(|| "?".to_owned(), |mb| mb.to_string()),
        report.coverage.unwrap_or_default(),
        further.clear.mota.unwrap_or_default(),
        further.hota.hota.unwrap_or_default(),
    );
}
