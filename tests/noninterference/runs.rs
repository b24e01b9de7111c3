//! Runs of worlds, and the subject's folder after them.

use super::worlds::World;
use super::worlds::change::Pair;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use tempfile::TempDir;
use trackweave::fusion::device::{Context, Options, Wanted};
use trackweave::fusion::executor::Executor;
use trackweave::product::{SigningKey, read_table};
use trackweave::run::{PartnerReport, Progress, Request, RunConfig, RunReport, Seals, run_sealed};

/// The subject's folder, and what the operator knows of it.
#[derive(Debug, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) files: BTreeMap<PathBuf, Vec<u8>>,
    /// Rows of its picture.
    pub(crate) rows: u64,
    /// Links between its tracks.
    pub(crate) links: u64,
    /// Detections of its lane.
    pub(crate) detections: u64,
    /// Whether its lane was fused: it may be in the cache.
    pub(crate) fused: bool,
}

impl Outcome {
    /// Whether the folder is that of another run; `Err` says what is not.
    pub(crate) fn same(&self, other: &Self) -> Result<(), String> {
        let names = |outcome: &Self| outcome.files.keys().cloned().collect::<Vec<_>>();
        if names(self) != names(other) {
            return Err(format!("files {:?} and {:?}", names(self), names(other)));
        }
        let differs = |(name, bytes): &(&PathBuf, &Vec<u8>)| other.files.get(*name) != Some(bytes);
        let differing: Vec<_> = self.files.iter().filter(differs).map(|(name, _)| name.display().to_string()).collect();
        if differing.is_empty() { Ok(()) } else { Err(format!("{} differ", differing.join(", "))) }
    }
}

/// Links however unlikely, so that whatever moves one shows.
const STITCHING: &str = "\n[stitching]\ngap_max_s = 5.0\nfound_again = 0.5\nprobability_min = 0.01\n";

/// How the runs of a pair are made.
#[derive(Debug)]
pub(crate) struct Manner {
    pub(crate) config: RunConfig,
    signed: bool,
    /// In some cases the second run finds what the first one fused: nothing hidden is in a lane's digest either.
    cache: Option<TempDir>,
}

impl Manner {
    pub(crate) fn of(world: &World) -> Self {
        let tuning = world.tuning;
        let config = include_str!("../../data/config/air.toml")
            .replace("report_period_s = 10.0", "report_period_s = 1.0")
            .replace("cell_km = 10.0", "cell_km = 0.25")
            .replace("horizontal = 400.0", "horizontal = 2.0")
            .replace("initial_per_km2 = 0.001", "initial_per_km2 = 5.0")
            .replace("speed_m_s = 150.0", "speed_m_s = 20.0")
            .replace("\"assign\"", if tuning.soft { "\"soft\"" } else { "\"assign\"" })
            .replace("exact_max = 8", &format!("exact_max = {}", tuning.exact_max))
            .replace("reorder_scans = 32", &format!("reorder_scans = {}", tuning.reorder));
        let config = if tuning.identities { config + "\n[fusion.identity]\nerror_probability = 0.1\n" } else { config };
        let smoothing = tuning.smoothing.map(|lag| format!("\n[smoothing]\n{lag}")).unwrap_or_default();
        let config = format!("associations = {}\n", tuning.associations) + &config + &smoothing;
        let config = if tuning.stitching { config + STITCHING } else { config };
        Self {
            config: RunConfig::parse(&config, Path::new("test")).expect("a configuration"),
            signed: tuning.signed,
            // What is stored does not tell which detections tracks took.
            cache: (tuning.cached && !tuning.associations).then(scratch),
        }
    }

    pub(crate) fn run(&self, world: &World, executor: &Executor) -> Result<Outcome, String> {
        let folder = scratch();
        world.write(folder.path());
        self.run_in(folder.path(), world, executor, &mut |_| {})
    }

    /// Runs what is written in a folder already.
    pub(crate) fn run_in(
        &self,
        folder: &Path,
        world: &World,
        executor: &Executor,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Outcome, String> {
        let [recording, policy, out] = ["recording", "policy", "out"].map(|name| folder.join(name));
        let mut request = Request::new(&recording, &policy, &out, &self.config);
        request.as_of_us = world.as_of_us();
        request.cache = self.cache.as_ref().map(TempDir::path);
        request.label = world.tuning.label;
        request.formats = if world.tuning.exact_max == 4 { world.formats() } else { &[] };
        let seals = Seals { sign: self.signed.then(key), ..Seals::default() };
        let report = run_sealed(&request, seals, executor.clone(), progress).map_err(|error| error.to_string())?;
        balanced(&report)?;
        let mine = |lane: &&trackweave::run::LaneReport| lane.partners.contains(&world.subject);
        let detections = report.lanes.iter().filter(mine).map(|lane| lane.detections).sum();
        let mut lanes = report.lanes.iter().zip(&report.work.from_cache);
        let fused = lanes.any(|(lane, stored)| !stored && mine(&lane));
        let folder = out.join(&world.subject);
        let rows = report.partners.iter().filter(|other| other.partner == world.subject).map(|other| other.rows).sum();
        let links = read_table(&folder.join("links.parquet")).into_iter().flatten();
        let links = links.map(|batch| batch.map_or(0, |batch| batch.num_rows() as u64)).sum();
        Ok(Outcome { files: files(&folder), rows, links, detections, fused })
    }
}

/// Whether every row of the recording is in one account of every partner, and those that its picture is from in the last
/// four.
fn balanced(report: &RunReport) -> Result<(), String> {
    for PartnerReport { partner, ledger, detections, .. } in &report.partners {
        let all = (ledger.sum(), ledger.used.sum() + ledger.withheld.get(NOTHING_LEFT).copied().unwrap_or_default());
        if all != (report.ingest.rows_read, *detections) {
            return Err(format!(
                "{partner}: {all:?} of {} rows, {detections} used: {ledger:?}",
                report.ingest.rows_read
            ));
        }
    }
    Ok(())
}

/// The account of rows that a partner may have fused, but for all that they measured.
const NOTHING_LEFT: &str = "nothing of them is left at their level";

/// Runs both worlds of a pair; gives the subject's folder, and `Err` says what differs.
pub(crate) fn agree(pair: &Pair, executor: &Executor) -> Result<Outcome, String> {
    let manner = Manner::of(&pair.before);
    let before = manner.run(&pair.before, executor).map_err(|error| format!("the first run fails: {error}"))?;
    let after = || manner.run(&pair.after, executor);
    let after = if pair.before.tuning.wide {
        // Out of this thread's pool: on every core.
        std::thread::scope(|scope| scope.spawn(after).join().expect("a run"))
    } else {
        after()
    };
    let after = after.map_err(|error| format!("the second run fails: {error}"))?;
    // Rows that the subject sees are in its lane: a test that sees nothing would pass whatever leaks.
    for (world, outcome) in [(&pair.before, &before), (&pair.after, &after)] {
        let (seen, fused) = (world.view().len() as u64, outcome.detections);
        if seen != fused {
            return Err(format!("the subject may have {seen} rows fused, and {fused} were"));
        }
    }
    if manner.cache.is_some() && after.fused {
        return Err("the lane is not found in the cache".to_owned());
    }
    before.same(&after)?;
    Ok(before)
}

/// In memory where there is such a place: thousands of runs wait for the disk otherwise.
pub(crate) fn scratch() -> TempDir {
    let memory = Path::new("/dev/shm");
    let inside = memory.is_dir().then(|| tempfile::tempdir_in(memory).ok()).flatten();
    inside.unwrap_or_else(|| tempfile::tempdir().expect("a folder"))
}

/// Every file of one folder.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.map(|path| (path.file_name().expect("a name").into(), std::fs::read(path).expect("a file"))).collect()
}

/// One key for all runs.
fn key() -> &'static SigningKey {
    static KEY: OnceLock<SigningKey> = OnceLock::new();
    KEY.get_or_init(|| SigningKey::generate(&scratch().path().join("key")).expect("a key"))
}

/// An executor on the device, if there is one; that there is none is said, and an error where one is required.
pub(crate) fn device() -> Option<Executor> {
    let open = |context| Executor::device(context, Options::USUAL);
    Context::open(Wanted::Any).map(open).map_or_else(
        |error| {
            eprintln!("skipped: no device: {error}");
            assert!(std::env::var_os("REQUIRE_GPU").is_none(), "REQUIRE_GPU is set and there is no device: {error}");
            None
        },
        Some,
    )
}
