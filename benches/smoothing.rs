//! What smoothing costs beside fusion, in one run: the world of `trackweave bench`, fused scan by scan, its tracks kept after each
//! scan in a file without a name, then smoothed backwards over all of them.
//!
//! `cargo bench --bench smoothing` fuses 100,000 objects over 20 scans; `-- OBJECTS SCANS` other numbers. On the host, and on a
//! device where there is one. Prints seconds of fusion, of keeping and of smoothing, the last two with what they read and write on disk, and the
//! most memory that the program had.

use std::error::Error;
use std::fs;
use std::time::{Duration, Instant};
use trackweave::bench::{Bench, Sensors, Session};
use trackweave::fusion::config::{Config, Probability};
use trackweave::fusion::device::{Context, Options, Wanted};
use trackweave::fusion::executor::Executor;
use trackweave::refine::{History, Interval, Known};

/// Scans before the first that counts: births and deaths are then in balance.
const SETTLING: usize = 12;

/// The most memory so far, MB; where the system tells.
fn peak_mb() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kb| kb / 1024)
}

fn smoothed((objects, scans): (usize, usize), side: &str, executor: Executor) -> Result<(), Box<dyn Error>> {
    let mut config: Config = toml::from_str(include_str!("../data/config/bench.toml"))?;
    // All that the filter keeps.
    config.existence.report = Probability::ZERO;
    let mut device = executor.backward()?;
    let bench = Bench { objects, scans: 0, seed: 1, config: config.clone(), sensors: Sensors::Positions };
    let mut session = Session::new(&bench, executor)?;
    let folder = tempfile::tempdir()?;
    let [mut history, mut spill] = [History::create(folder.path())?, History::create(folder.path())?];
    let (mut fused, mut kept, mut rows) = (Duration::ZERO, Duration::ZERO, 0u64);
    for scan in 0..SETTLING + scans {
        let (spent, _) = session.scan()?;
        if scan < SETTLING {
            continue;
        }
        fused += spent;
        let started = Instant::now();
        let tracks: Vec<Known> = session.tracks()?.into_iter().map(Known::from).collect();
        rows += tracks.len() as u64;
        history.push(i64::try_from(scan)? * 1_000_000, &tracks)?;
        kept += started.elapsed();
    }
    let (wanted, mut found) = (vec![true; scans], 0u64);
    let started = Instant::now();
    let smoother = session.smoother(&config);
    smoother.pass((&mut history, scans), (Interval::Fixed, &wanted), (&mut spill, device.as_mut()), |_, tracks| {
        found += tracks.len() as u64;
        Ok::<(), Box<dyn Error>>(())
    })?;
    let backwards = started.elapsed();
    assert_eq!(found, rows, "every row");
    let [fused, kept, backwards] = [fused, kept, backwards].map(|time| time.as_secs_f64());
    println!(
        "{side}: {objects} objects, {scans} scans, {rows} rows: fused in {fused:.2} s, kept in {kept:.2} s, smoothed in \
         {backwards:.2} s, {:.2} of fusion; {} MB on disk, {} MB of memory",
        backwards / fused,
        (history.bytes() + spill.bytes()) / 1_000_000,
        peak_mb().map_or_else(|| "?".to_owned(), |mb| mb.to_string()),
    );
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    // Cargo itself passes `--bench`.
    let mut numbers = std::env::args().skip(1).filter_map(|argument| argument.parse::<usize>().ok());
    let sizes = (numbers.next().unwrap_or(100_000), numbers.next().unwrap_or(20));
    smoothed(sizes, "host", Executor::host())?;
    match Context::open(Wanted::Any) {
        Ok(context) => smoothed(sizes, "device", Executor::device(context, Options::USUAL)),
        Err(error) => {
            println!("device: not run: {error}");
            Ok(())
        }
    }
}
