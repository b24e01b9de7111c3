//! What reading formats of others costs: octets a second.
//!
//! `cargo bench --bench formats -- FILES` reads files; without any, blocks of category 48 that it makes. Every file is read
//! five times from memory, and the fastest is said. `scripts/asterix-vectors` runs it beside asterix_decoder.

use std::fs;
use std::io::Cursor;
use std::time::Instant;

use trackweave::formats::{Options, open};

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
