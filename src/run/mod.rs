//! The whole path: a recording and a policy in, one picture per partner out.
//!
//! Rows in any other order are put into that of time first. Then two passes over the recording, neither of which holds more of it than a batch and the looks that are open. The
//! first finds the classes of detections, which the policy decides over; the second forms looks, hands every lane what
//! it may see of them, fuses, and writes pictures. Nothing of a lane is computed from anything that it may not see.
//! With a cache, a pass between them finds out which lanes need not be fused again. All passes read the same open files
//! and must give the same detections; what the first decided about a class holds for its key.
//!
//! ```
//! use trackweave::product::read_picture;
//! use trackweave::run::{Request, THE_PICTURE, run};
//! use trackweave::simulate::{Scenario, simulate};
//! use trackweave::tracker::{Executor, RunConfig};
//!
//! let folder = tempfile::tempdir()?;
//! let [recording, out] = ["recording", "out"].map(|name| folder.path().join(name));
//! simulate(&Scenario::read("data/scenarios/crossing.toml".as_ref())?, &recording)?;
//! let config = RunConfig::air()?;
//! run(&Request::without_policy(&recording, &out, &config), Executor::host(), &mut |_| {})?;
//! assert!(!read_picture(&out.join(THE_PICTURE))?.is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod authority; // who may act on each lane's tracks
mod everything; // the policy of who has none
mod basis; // what the first pass found
mod error; // what can go wrong
mod feed; // rows of a recording -> lanes
mod inputs; // the digest of all that goes into a lane
mod kept; // folders in which lanes are kept
mod logs; // lanes on their way into files, and back
mod budget; // a run within so much memory
mod fuse; // waves -> tracks -> pictures
mod lanes; // lanes -> logs, by themselves
mod calibration; // logs -> what sensors are off by
mod corrections; // which of that is applied to which lane
mod associations; // which detections made which tracks
mod stitching; // which tracks of a picture go on as which
mod releases; // what partners may receive of other lanes' tracks
mod pictures; // tracks -> pictures, as each partner may receive them
mod journal; // what was decided, for the operator and for each partner
mod doubts; // what of the data contradicts the catalogue
mod ledger; // where every row went
mod report; // what the operator learns
mod scores; // pictures against truth
mod judging; // one picture against truth
mod coherence; // pictures against each other
mod prices; // what each rule costs whom
mod innovations; // a filter's predictions against rows and truth
mod on_track; // which detections lie on a track of a picture
mod spells; // what another partner sees of its reports, and why not
mod elsewhere; // a track of one picture in another
mod verdicts; // what they mean, in words
mod explained; // why a partner gets what of a detection or a track
mod measured; // sensors as measured

#[doc(hidden)]
pub use self::{
    authority::{ActionAuthority, AuthorityReport, LaneAuthority},
    budget::read_memory,
    calibration::{Calibration, Segment, Source, calibrate, calibrate_fused},
    coherence::coherence_of,
    doubts::Doubt,
    elsewhere::{Answered, Elsewhere, ElsewhereError, Lying, Own, elsewhere},
    explained::{About, ExplainError, Explained, explained},
    innovations::{Consistency, Errors, Innovations, consistency, consistency_of},
    lanes::{FusedLane, FusedLanes, fuse_lanes},
    ledger::{Ledger, Taken},
    measured::{Measured, measured},
    prices::{Changed, Figures, Gain, Price, Prices, price},
    report::{FusionReport, LaneReport, PartnerReport, Resolution, Seconds, WorkReport},
    scores::{Judging, OutputError, configuration_of, score_output},
    spells::{Spell, What, Withheld},
    verdicts::verdicts,
};
pub use error::RunError;
pub(crate) use error::chain;
#[doc(hidden)]
pub use everything::EVERYTHING;
pub use everything::THE_PICTURE;
pub use report::RunReport;

#[doc(hidden)]
pub use crate::config::{Calibrating, ConfigError, NAMED, RunConfig, Scoring, Smoothing, Stitching};
pub use crate::waves::{TrackAt, TrackError, track};

use crate::export::{self, Format};
use crate::fusion::executor::Executor;
use crate::ingest::{IngestReport, Options, Order, Pass, Recording, Where};
use crate::policy::{Classifier, Files, Policy};
use crate::product::{FileEntry, Origin, Recipients, Sealing, SigningKey, Staging, check_label, configuration_sha256};
use crate::report::{Lifts, Pages, Scene, operator_page};
use crate::scan::Lane;
use crate::sensor::{Offsets, Sensor};
use basis::Basis;
use budget::within;
use corrections::correct;
use doubts::Doubts;
use fuse::{Fused, Tracks, Way, fuse};
use pictures::Pictures;
use prices::Pricing;
use report::Judged;
use scores::check_truth;
use std::fmt;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

/// Rows of a batch.
const BATCH_ROWS: usize = 1 << 16;

/// What to run.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The recording.
    pub recording: Where<'a>,
    /// The files of the policy.
    pub policy: Files<'a>,
    /// Folder to write.
    pub out: &'a Path,
    /// Parameters.
    pub config: &'a RunConfig,
    /// Whether a bad row ends the run.
    pub strict: bool,
    /// The time that rules and delays refer to, microseconds; delays refer to a lane's own last detection without it.
    pub as_of_us: Option<i64>,
    /// The operator's word for the run, which every manifest repeats: nothing may be computed for it from others' data.
    pub label: Option<&'a str>,
    /// Folder of lanes that were fused before: those that nothing has changed for are not fused again. It belongs to one
    /// machine, one build of the program and, on a device, the usual kernels.
    pub cache: Option<&'a Path>,
    /// Folder that keeps the log of every lane ([`crate::lane_log`]), all that the filter keeps of every wave; lanes whose logs
    /// of this very run are there are not fused again. With a cache
    /// that has these logs of another run they are taken from there, and it gets those that it lacks.
    pub keep_logs: Option<&'a Path>,
    /// The run ends with an error before it holds more, bytes; see [`read_memory`]. It is asked at every wave and batch.
    pub memory: Option<u64>,
    /// What [`calibrate`] found of this recording, a file: each entry corrects the lane that it was computed from.
    pub calibration: Option<&'a Path>,
    /// Formats that other tools open, of every picture, in its partner's folder.
    pub formats: &'a [Format],
    /// What is made besides the pictures.
    pub besides: Besides,
}

/// What a run makes besides pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a thing of its own")]
pub struct Besides {
    /// A page in every folder.
    pub pages: bool,
    /// What each rule costs whom: the run is repeated for each, only what changes being fused.
    pub prices: bool,
    /// Which detections made the tracks of a picture, if the configuration asks for it.
    pub associations: bool,
}

impl Default for Besides {
    fn default() -> Self {
        Self { pages: true, prices: false, associations: true }
    }
}

impl Besides {
    /// Nothing.
    pub const NOTHING: Self = Self { pages: false, prices: false, associations: false };
}

impl<'a> Request<'a> {
    /// Bad rows are counted, the run has no time of its own and no label, there is no cache, no log is kept, folders have pages and no other
    /// formats, and nothing is priced.
    #[must_use]
    pub fn new(recording: &'a Path, policy: &'a Path, out: &'a Path, config: &'a RunConfig) -> Self {
        let (strict, as_of_us, label, cache, keep_logs) = (false, None, None, None, None);
        Self {
            recording: recording.into(),
            policy: policy.into(),
            out,
            config,
            strict,
            as_of_us,
            label,
            cache,
            keep_logs,
            memory: None,
            calibration: None,
            formats: &[],
            besides: Besides::default(),
        }
    }

    /// The same without a policy: everything is fused and shown, in one picture, [`THE_PICTURE`].
    #[must_use]
    pub fn without_policy(recording: &'a Path, out: &'a Path, config: &'a RunConfig) -> Self {
        Self { policy: Files::Memory(EVERYTHING), ..Self::new(recording, Path::new(""), out, config) }
    }
}

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress {
    /// So many rows have been read to be sorted, because they are not in the order of time.
    Sorting(u64),
    /// So many rows have been classed.
    Classing(u64),
    /// So many of so many rows have been compared with what is in the cache.
    Comparing(u64, u64),
    /// So many of so many rows have been fused.
    Fusing(u64, u64),
    /// What was known later makes tracks better.
    Smoothing,
    /// The pictures are being scored.
    Scoring,
    /// So many of so many rules have a price.
    Pricing(u64, u64),
    /// The run with a rule lifted goes on.
    Lifted,
    /// The output is being put in its place: from here on the run does not stop.
    Publishing,
}

/// Whoever is told how far a run is, and may have it stopped.
type Listener<'l> = dyn FnMut(Progress) -> ControlFlow<()> + 'l;

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sorting(rows) => write!(f, "after {rows} rows, to be sorted"),
            Self::Classing(rows) => write!(f, "after {rows} rows, to be classed"),
            Self::Comparing(rows, all) => write!(f, "after {rows} of {all} rows, to be compared with what is kept"),
            Self::Fusing(rows, all) => write!(f, "after {rows} of {all} rows, to be fused"),
            Self::Smoothing => write!(f, "while smoothing"),
            Self::Scoring => write!(f, "while scoring"),
            Self::Pricing(rules, all) => write!(f, "after the prices of {rules} of {all} rules"),
            Self::Lifted => write!(f, "with a rule lifted"),
            Self::Publishing => write!(f, "while publishing"),
        }
    }
}

fn tell(listener: &mut Listener<'_>, progress: Progress) -> Result<(), RunError> {
    if listener(progress).is_break() { Err(RunError::Stopped) } else { Ok(()) }
}

/// How a run seals what it writes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seals<'a> {
    /// The key that signs every folder; without one nothing is signed.
    pub sign: Option<&'a SigningKey>,
    /// Whether every partner's folder is also encrypted to its `age_recipient`.
    pub encrypt: bool,
}

/// Runs the whole path and publishes the output folder, unsealed.
///
/// # Errors
/// As [`run_sealed`].
pub fn run(
    request: &Request<'_>,
    executor: Executor,
    progress: &mut dyn FnMut(Progress),
) -> Result<RunReport, RunError> {
    run_sealed(request, Seals::default(), executor, progress)
}

/// Runs the whole path, seals the output folder and publishes it.
///
/// # Errors
/// Anything wrong with the recording, the policy, the output folder, the partners' keys or the device; nothing is
/// published then.
pub fn run_sealed(
    request: &Request<'_>,
    seals: Seals<'_>,
    executor: Executor,
    progress: &mut dyn FnMut(Progress),
) -> Result<RunReport, RunError> {
    run_watched(request, seals, executor, &mut |done| {
        progress(done);
        ControlFlow::Continue(())
    })
}

/// Runs the whole path, seals the output folder and publishes it, or stops where it is told to.
///
/// What can be checked beforehand is checked before anything is fused: policy, keys, truth, scoring, the output's place
/// and the cache. Scores that cannot be had in the end, and what goes wrong once the output is in its place, are in the
/// report and lose nothing.
///
/// # Errors
/// Anything wrong with the recording, the policy, the output folder, the partners' keys or the device, or
/// [`RunError::Stopped`]; nothing is published then.
#[expect(clippy::needless_pass_by_value, reason = "a run is given its executor, as by the other ways to run")]
pub fn run_watched(
    request: &Request<'_>,
    seals: Seals<'_>,
    executor: Executor,
    listener: &mut Listener<'_>,
) -> Result<RunReport, RunError> {
    run_whole(request, seals, Way::Fuse(&executor), listener)
}

/// Makes the output of a run from the logs of its lanes, in whatever folders and by whichever calls of [`fuse_lanes`], or of
/// runs that keep logs, they were made: nothing is fused. Its files are those of the run, but for the time that it took. Where
/// the configuration smooths, `executor` does it: the one that fused, unless that was the host.
///
/// # Errors
/// As [`run_watched`]; logs of another recording, policy, configuration, time, executor or program, two of one lane or none;
/// another executor than the tracks that it is to smooth were fused by;
/// and a wish for prices, which ask for lanes that are in no log.
#[doc(hidden)]
pub fn assemble(
    request: &Request<'_>,
    (logs, executor): (&[&Path], &Executor),
    seals: Seals<'_>,
    listener: &mut Listener<'_>,
) -> Result<RunReport, RunError> {
    run_whole(request, seals, Way::Assemble(logs, executor), listener)
}

/// Opens the recording and runs the whole path, within the memory that there is for it.
fn run_whole(
    request: &Request<'_>,
    seals: Seals<'_>,
    way: Way<'_>,
    listener: &mut Listener<'_>,
) -> Result<RunReport, RunError> {
    let recording = opened(request)?;
    let run = |listener: &mut Listener<'_>| run_opened(request, &recording, (seals, &Judged::default()), way, listener);
    within(request.memory, listener, run).map_err(|error| changed_or(error, &recording))
}

/// That the recording changed, if it did; else what went wrong.
fn changed_or(error: RunError, recording: &Recording) -> RunError {
    match error {
        RunError::Stopped | RunError::Memory { .. } | RunError::Product(_) => error,
        // Half a file may be wrong in many ways: that somebody is writing it comes first.
        error => recording.check().err().map_or(error, RunError::from),
    }
}

/// The whole path, the recording's files being open, with what is known of its truth and of pictures that were met before.
fn run_opened(
    request: &Request<'_>,
    recording: &Recording,
    (seals, judged): (Seals<'_>, &Judged),
    way: Way<'_>,
    listener: &mut Listener<'_>,
) -> Result<RunReport, RunError> {
    let started = Instant::now();
    request.label.map_or(Ok(()), check_label)?;
    let catalogue = recording.catalogue();
    export::check(request.formats, catalogue.frame)?;
    let policy = Policy::of(request.policy)?;
    let keys = policy.partners().iter().map(|partner| (partner.id.as_str(), partner.age_recipient.as_deref()));
    let recipients = seals.encrypt.then(|| Recipients::of(keys)).transpose()?;
    let zones = policy.zone_map(catalogue.frame)?;
    let strata = policy.strata(request.as_of_us)?;
    let tracks = Tracks::open(request, way, (recording, &policy))?;
    let staging = Staging::create(request.out)?;
    let lanes_kept = staging.scratch().join("lanes");
    // Lanes that a rule does not change are fused once.
    let tracks = if request.besides.prices { tracks.or_in(&lanes_kept)? } else { tracks };
    staging.expect(policy.partners().iter().map(|partner| partner.id.as_str()))?;
    if !judged.knows_truth() {
        check_truth(request.recording.path(), recording, request.config)?;
    }
    let (classifier, pass, ingest, doubts) = classes(request, recording, (&policy, staging.scratch()), listener)?;
    let decisions = policy.decide(classifier.classes(), request.as_of_us)?;
    let basis = Basis::of(request, recording, (pass, &classifier), (&policy, &zones, &strata));
    let mut lanes = Lane::all(&basis.of_lanes(), &decisions)?;
    let corrected = correct(request, &basis, &mut lanes)?;
    tracks.expect(lanes.len())?;
    let (class, pages) = (started.elapsed().as_secs_f64(), Pages::default());
    let mut pictures = Pictures::begin(&staging, request, &basis, (&lanes, &corrected.lanes))?;
    let Fused { outcomes, mut work, unstored } =
        fuse((request, &tracks), (&basis, &lanes, 0..lanes.len()), Some(&mut pictures), listener)?;
    (work.seconds.class, work.unstored) = (class, unstored.map(|error| chain(&error)));
    let (released, authority, releases) = pictures.finish(request, (&decisions, &pages), &outcomes)?;
    staging.releases(&releases)?;
    tell(listener, Progress::Scoring)?;
    let origin = origin(recording, &policy, (request.config, request.as_of_us), request.calibration)?;
    corrected.check(request.calibration, origin.calibration.as_ref())?;
    let origin = origin.with_rows(ingest.rows_read);
    let made_from = serde_json::to_value(&origin).unwrap_or_default();
    let mut staging = staging.made_from(origin);
    let doubts = doubts.finish((&basis, &lanes), &ingest);
    let (fed, decisions, releases) = (&outcomes, &decisions, &releases);
    let calibrated = &corrected.lanes;
    let outcome = report::Outcome { decisions, ingest, doubts, work, fed, calibrated, released, authority, releases };
    let mut report = RunReport::assemble(request, (&basis, judged), &lanes, outcome, &mut staging)?;
    if let (true, Way::Fuse(executor)) = (request.besides.prices, way) {
        let cache = request.keep_logs.or(request.cache).unwrap_or(&lanes_kept);
        let scratch = &staging.scratch().join("prices");
        let pricing = Pricing { request, recording, policy: &policy, scratch, cache, judged, executor };
        report.prices = Some(priced(&pricing, &report, &staging, listener)?);
    }
    if request.besides.pages {
        let mut scene = Scene::of(recording, &policy, options(request))?;
        // A truth that scores could not have is no reason to have no output.
        if report.unscored.is_empty() {
            scene = scene.with_truth(recording)?;
        }
        let found = measured(recording, request.config, scene.rows(), &mut |_| tell(listener, Progress::Scoring))?;
        scene = scene.with_measured(&found.sensors, found.lacking.as_deref()).with_biases(found.biases);
        staging.page(&operator_page(&staging.folder(), &made_from, &scene, &pages)?)?;
    }
    tell(listener, Progress::Publishing)?;
    let sealing = Sealing { sign: seals.sign, encrypt: recipients.as_ref(), label: request.label };
    let after = staging.publish_sealed(&sealing)?;
    report.untidy.extend(after.iter().map(|error| chain(error)).chain(report.work.unstored.clone()));
    Ok(report)
}

/// Prices the policy, and writes what it costs whom and the pictures that a change makes others.
fn priced(
    pricing: &Pricing<'_>,
    report: &RunReport,
    staging: &Staging,
    listener: &mut Listener<'_>,
) -> Result<Prices, RunError> {
    let lifts = pricing.request.besides.pages.then(|| Lifts::of(&staging.folder())).transpose()?;
    let (prices, lifts) = pricing.all(report, lifts, listener)?;
    staging.prices(&prices)?;
    lifts.map_or(Ok(()), |lifts| staging.lifts(&lifts.finish()))?;
    Ok(prices)
}

/// What a run reads: the files of a recording and of a policy, the configuration and the time.
///
/// # Errors
/// A file that cannot be read.
#[doc(hidden)]
pub fn origin(
    recording: &Recording,
    policy: &Policy,
    (config, as_of_us): (&RunConfig, Option<i64>),
    calibration: Option<&Path>,
) -> Result<Origin, RunError> {
    let configuration = serde_json::to_value(config).unwrap_or_default();
    let declares = |sensor: &Sensor| sensor.offsets != Offsets::default();
    let is_declared = calibration.is_some() && config.calibration == Some(Calibrating::Declared);
    Ok(Origin {
        calibration: calibration.map(corrections::file).transpose()?,
        offsets_declared: is_declared || recording.catalogue().sensors.iter().any(declares),
        recording: recording.files()?.into_iter().map(FileEntry::from).collect(),
        policy: policy.files().iter().cloned().map(FileEntry::from).collect(),
        configuration_sha256: configuration_sha256(&configuration),
        as_of_us,
    })
}

/// What the first pass finds.
type Classed = (Classifier, Pass, IngestReport, Doubts);

/// First pass: the classes of all detections, which are in the order of time from then on.
fn classes(
    request: &Request<'_>,
    recording: &Recording,
    (policy, scratch): (&Policy, &Path),
    listener: &mut Listener<'_>,
) -> Result<Classed, RunError> {
    if request.besides.prices {
        hold(request, recording, scratch, listener)?;
    }
    if let Some(classed) = class(request, recording, policy, listener)? {
        return Ok(classed);
    }
    hold(request, recording, scratch, listener)?;
    let classed = class(request, recording, policy, listener)?;
    classed.ok_or_else(|| RunError::Changed {
        path: recording.detections().to_owned(),
        found: "rows in another order".to_owned(),
        wanted: "the order of time, as sorted".to_owned(),
    })
}

/// Holds the detections in the order of time, in memory or in a file without a name: several runs may read them at once, and
/// none of them reads the recording's own file again.
fn hold(
    request: &Request<'_>,
    recording: &Recording,
    scratch: &Path,
    listener: &mut Listener<'_>,
) -> Result<(), RunError> {
    recording.sort(options(request), scratch, &mut |rows| tell(listener, Progress::Sorting(rows)))
}

/// The classes of all detections; `None` if one is earlier than one before it.
fn class(
    request: &Request<'_>,
    recording: &Recording,
    policy: &Policy,
    listener: &mut Listener<'_>,
) -> Result<Option<Classed>, RunError> {
    let mut classifier = Classifier::new(policy, recording.catalogue(), request.as_of_us)?;
    let mut doubts = Doubts::new(recording.catalogue());
    let mut reader = recording.reader(options(request))?;
    let mut rows = 0;
    while let Some(batch) = reader.next_batch()? {
        if !reader.is_in_order() {
            return Ok(None);
        }
        classifier.classify(&batch)?;
        doubts.take(&batch, recording.catalogue());
        rows += batch.time_us.len() as u64;
        tell(listener, Progress::Classing(rows))?;
    }
    Ok(Some((classifier, reader.pass(), reader.report().clone(), doubts)))
}

fn opened(request: &Request<'_>) -> Result<Recording, RunError> {
    let recording = request.recording.open()?;
    Ok(if request.config.fusion.identity.is_some() { recording.with_identities() } else { recording })
}

fn options(request: &Request<'_>) -> Options {
    Options { strict: request.strict, ..OPTIONS }
}

/// How rows are read: none is lost for its place in the file, for a row that a lane may not see must not cost it one that
/// it may. Bad rows are counted.
#[doc(hidden)]
pub const OPTIONS: Options = Options { strict: false, rows_per_batch: BATCH_ROWS, order: Order::Any };
