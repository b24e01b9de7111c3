//! What smoothing costs beside fusion, in one run: the world of `trackweave bench`, fused scan by scan, its tracks kept after each
//! scan, then smoothed backwards over all of them.
//!
//! `cargo bench --bench smoothing` fuses 100,000 objects over 20 scans; `-- OBJECTS SCANS` other numbers, and a third one the
//! bytes of memory up to which tracks are kept there, as `8GB`. On the host, and on a device where there is one. Prints seconds
//! of fusion, of keeping and of smoothing, by the clock and of all cores together, the last two with what they read and write on disk, and the most memory that the
//! program had.

use std::error::Error;
use std::fmt;
use std::fs;
use std::time::Instant;
use trackweave::bench::{Bench, Session};
use trackweave::fusion::config::{Config, Probability};
use trackweave::fusion::device::{Context, Options, Wanted};
use trackweave::fusion::executor::Executor;
use trackweave::refine::{History, Interval, Room};
use trackweave::run::read_memory;

/// Scans before the first that counts: births and deaths are then in balance.
const SETTLING: usize = 12;

/// The most memory so far, MB; where the system tells.
fn peak_mb() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kb| kb / 1024)
}

/// Seconds that all cores have worked for this program; where the system tells, in hundredths.
fn worked_s() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
    fields.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// What a part of the bench takes: by the clock, and of all cores together.
#[derive(Clone, Copy, Default)]
struct Spent {
    clock_s: f64,
    worked_s: f64,
}

impl Spent {
    fn add<T>(&mut self, run: impl FnOnce() -> T) -> T {
        let (started, worked) = (Instant::now(), worked_s());
        let done = run();
        self.clock_s += started.elapsed().as_secs_f64();
        self.worked_s += worked_s() - worked;
        done
    }
}

impl fmt::Display for Spent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2} s ({:.2} s of all cores)", self.clock_s, self.worked_s)
    }
}

fn smoothed(
    (objects, scans, room): (usize, usize, Room),
    side: &str,
    executor: Executor,
) -> Result<(), Box<dyn Error>> {
    let mut config: Config = toml::from_str(include_str!("../data/config/bench.toml"))?;
    // All that the filter keeps.
    config.existence.report = Probability::ZERO;
    let mut device = executor.backward()?;
    let bench = Bench::new(objects, config.clone());
    let mut session = Session::new(&bench, executor)?;
    let folder = tempfile::tempdir()?;
    let [mut history, mut spill] = [room; 2].map(|room| History::new(folder.path(), room));
    let ([mut fused, mut kept, mut backwards], mut rows) = ([Spent::default(); 3], 0u64);
    for scan in 0..SETTLING + scans {
        let seen = session.look();
        if scan < SETTLING {
            session.fuse(seen)?;
            continue;
        }
        fused.add(|| session.fuse(seen))?;
        kept.add(|| {
            let tracks = session.tracks()?;
            rows += tracks.len() as u64;
            history.push(i64::try_from(scan)? * 1_000_000, &tracks)?;
            Ok::<(), Box<dyn Error>>(())
        })?;
    }
    let (wanted, mut found) = (vec![true; scans], 0u64);
    let smoother = session.smoother(&config);
    backwards.add(|| {
        smoother.pass(
            (&mut history, scans),
            (Interval::Fixed, &wanted),
            (&mut spill, device.as_mut()),
            |_, tracks, _| {
                found += tracks.len() as u64;
                Ok::<(), Box<dyn Error>>(())
            },
        )
    })?;
    assert_eq!(found, rows, "every row");
    let [here, on_disk] = [0, 1].map(|k| (history.bytes()[k] + spill.bytes()[k]) / 1_000_000);
    println!(
        "{side}: {objects} objects, {scans} scans, {rows} rows: fused in {fused}, kept in {kept}, smoothed in {backwards}: {:.2} of \
         fusion, {:.2} by work; {here} MB kept in memory, {on_disk} MB on disk; {} MB of memory in all",
        backwards.clock_s / fused.clock_s,
        backwards.worked_s / fused.worked_s,
        peak_mb().map_or_else(|| "?".to_owned(), |mb| mb.to_string()),
    );
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    // Cargo itself passes `--bench`.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let number = |k: usize, usual| arguments.get(k).map_or(Ok(usual), |argument| argument.parse::<usize>());
    let room = arguments.get(2).map(|argument| read_memory(argument)).transpose()?.map_or(Room::NONE, Room::within);
    let sizes = (number(0, 100_000)?, number(1, 20)?, room);
    smoothed(sizes, "host", Executor::host())?;
    match Context::open(Wanted::Any) {
        Ok(context) => smoothed(sizes, "device", Executor::device(context, Options::USUAL)),
        Err(error) => {
            println!("device: not run: {error}");
            Ok(())
        }
    }
}
