//! What reading costs: octets a second.
//!
//! `cargo bench --bench formats -- FILES` reads files of others; without any, blocks of category 48 and a recording in CSV that it
//! makes, the latter to detections, beside what the crate `csv` takes to find its cells. Everything is read five times, and the
//! fastest is said. `scripts/asterix-vectors` runs it beside asterix_decoder.

use std::fmt::Write as _;
use std::fs;
use std::io::Cursor;
use std::path::Path;
use std::time::Instant;

use trackweave::formats::{Options, open};
use trackweave::ingest::{self, Catalogue, Order, Reader};

/// How often a file is read.
const ROUNDS: usize = 5;

/// So many plots of a radar, each a block.
fn plots(count: u32) -> Vec<u8> {
    let plot = |number: u32| {
        let [_, a, b, c] = (number % (86_400 * 128)).to_be_bytes();
        let [_, _, high, low] = (number.wrapping_mul(2_654_435_761) >> 16).to_be_bytes();
        // Source, time, descriptor, place, code, height, address, velocity, status.
        let items =
            [20, 7, a, b, c, 0xa0, high, low, low, high, 0, 0x3f, 5, 0x78, 0x4c, 0xa2, low, 4, 0, low, high, 0x40];
        [&[48, 0, 27, 0xfd, 0x0c][..], &items].concat()
    };
    (0..count).flat_map(plot).collect()
}

fn main() {
    let files: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    if files.is_empty() {
        measure("plots", &plots(1_000_000));
        recording(1_000_000);
    }
    for path in files {
        match fs::read(&path) {
            Ok(octets) => measure(&path, &octets),
            Err(error) => eprintln!("{path}: {error}"),
        }
    }
}

fn measure(name: &str, octets: &[u8]) {
    let mut fastest = f64::INFINITY;
    let mut found = String::new();
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let (format, mut source) = match open(Cursor::new(octets), Options::default()) {
            Ok(opened) => opened,
            Err(error) => return eprintln!("{name}: {error}"),
        };
        let mut reports = Vec::new();
        while source.read(&mut reports).expect("octets in memory") {
            reports.clear();
        }
        fastest = fastest.min(start.elapsed().as_secs_f64());
        let summary = source.summary();
        found = format!("{}, {} reports, {} rejected", format.name(), summary.reports, summary.rejects());
    }
    println!("{name}: {found}, {:.1} MB/s", octets.len() as f64 / fastest / 1e6);
}

/// The catalogue of the recording in CSV.
const CATALOGUE: &str = r#"
name = "speed"
frame = "geodetic"
time = "timestamp"
[[sensor]]
name = "rx"
owner = "north"
kind = "position"
noise = { horizontal_m = 30.0, vertical_m = 30.0 }
detection_probability = 0.9
clutter_per_scan = 0.1
scan_period_s = 10.0
coverage = { longitude_deg = [5.0, 11.0], latitude_deg = [45.0, 48.0] }
"#;

/// Reads so many rows of CSV to detections, and what the crate `csv` makes of the same file.
fn recording(rows: u32) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut text = "time,sensor,latitude_deg,longitude_deg,altitude_m,identity\n".to_owned();
    for row in 0..rows {
        let (at, spread) = (row / 100, row.wrapping_mul(2_654_435_761));
        let (hour, minute, second) = (10 + at / 3600, at / 60 % 60, at % 60);
        let (latitude, longitude, altitude) = (spread % 3_000_000, (spread >> 4) % 6_000_000, (spread >> 8) % 120_000);
        let time = format!("2024-05-01T{hour:02}:{minute:02}:{second:02}.{:03}Z", row % 100 * 10);
        let degrees = format!("{:.6},{:.6}", 45.0 + f64::from(latitude) * 1e-6, 5.0 + f64::from(longitude) * 1e-6);
        writeln!(text, "{time},rx,{degrees},{:.1},{:06x}", f64::from(altitude) * 0.1, spread >> 22).expect("text");
    }
    let path = folder.path().join("detections.csv");
    fs::write(&path, &text).expect("a file");
    let catalogue = Catalogue::parse(CATALOGUE, Path::new("recording.toml")).expect("a catalogue");
    let options = ingest::Options { strict: true, rows_per_batch: 65_536, order: Order::Any };
    let own = fastest(|| {
        let mut reader = Reader::open(folder.path(), &catalogue, options).expect("a recording");
        while reader.next_batch().expect("detections").is_some() {}
        assert_eq!(reader.report().rows_accepted, u64::from(rows));
    });
    let other = fastest(|| {
        let mut reader = csv::Reader::from_path(&path).expect("a file");
        let (mut record, mut count) = (csv::ByteRecord::new(), 0);
        while reader.read_byte_record(&mut record).expect("a record") {
            count += 1;
        }
        assert_eq!(count, rows);
    });
    let [own_mb, other_mb] = [own, other].map(|seconds| text.len() as f64 / seconds / 1e6);
    let share = own_mb / other_mb;
    println!("CSV to detections: {own_mb:.1} MB/s; cells by csv::ByteRecord: {other_mb:.1} MB/s; {share:.2} of it");
}

/// Seconds of the fastest of some rounds.
fn fastest(round: impl Fn()) -> f64 {
    let seconds = |_| {
        let start = Instant::now();
        round();
        start.elapsed().as_secs_f64()
    };
    (0..ROUNDS).map(seconds).fold(f64::INFINITY, f64::min)
}
