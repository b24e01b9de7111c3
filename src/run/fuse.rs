//! Waves to tracks to pictures, and the lanes that need not be fused again.
//!
//! Where lanes are kept there is a pass before this one: it digests what every lane will be given, and notes in which order
//! their tracks are asked for. Lanes whose tracks are there are not fused. Their reports come out between the others as
//! if they were: the output of a run does not tell where its tracks are from.

use super::associations::Associating;
use super::basis::Basis;
use super::feed::{Asked, Outcome, changed, feed};
use super::inputs::Inputs;
use super::kept::Kept;
use super::logs::{Keeping, Logs, made_from};
use super::pictures::Pictures;
use super::report::WorkReport;
use super::{Listener, Progress, Request, RunConfig, RunError, tell};
use crate::fusion::batch::{Answer, Batch, LaneSetup, Logging, Patience};
use crate::fusion::credit::Accounts;
use crate::fusion::executor::{Backward, Executor};
use crate::ingest::Recording;
use crate::lane_log::{Folder, Found, LaneLogError, Reader};
use crate::policy::Policy;
use crate::scan::{Lane, Observation, Row, Scan};
use crate::waves::{Taker, filter};
use core::ops::Range;
use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// How a run comes by the tracks of its lanes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Way<'a> {
    /// It fuses.
    Fuse(&'a Executor),
    /// It takes the logs in these folders; what fused them smooths.
    Assemble(&'a [&'a Path], &'a Executor),
}

/// Where the tracks of lanes come from.
#[derive(Debug)]
pub(super) enum Tracks<'a> {
    /// All lanes are fused.
    Fused(&'a Executor),
    /// Those that a folder does not have are fused, and kept there.
    Kept(&'a Executor, Kept),
    /// All lanes are in logs.
    Logged(Logs, &'a Executor),
}

/// What came of lanes.
#[derive(Debug)]
pub(super) struct Fused {
    /// What became of each lane's detections.
    pub(super) outcomes: Vec<Outcome>,
    /// What it took.
    pub(super) work: WorkReport,
    /// Why a lane that was fused is not kept.
    pub(super) unstored: Option<LaneLogError>,
}

/// The lanes of a run, as far as files have them.
#[derive(Debug)]
struct Known<'a> {
    digests: Vec<String>,
    /// When tracks of which lane are asked for, over all lanes.
    order: VecDeque<Asked>,
    stored: BTreeMap<usize, Reader>,
    storing: BTreeMap<usize, Keeping>,
    /// Why a lane could not be stored; fusion goes on without.
    unstored: Option<LaneLogError>,
    /// What the lanes that are fused are given: it must be what was digested.
    given: Inputs<'a>,
}

/// Fuses the lanes of these numbers, all lanes being given, and has their tracks reported.
///
/// # Errors
/// If the recording cannot be read, the device fails, a rule fails, or a file cannot be read or written.
pub(super) fn fuse<'a>(
    (request, tracks): (&Request<'_>, &Tracks<'_>),
    (basis, all_lanes, numbers): (&'a Basis<'a>, &'a [Lane], Range<usize>),
    mut pictures: Option<&mut Pictures<'_>>,
    listener: &mut Listener<'_>,
) -> Result<Fused, RunError> {
    let lanes: Vec<(usize, &Lane)> = all_lanes.iter().enumerate().filter(|(lane, _)| numbers.contains(lane)).collect();
    let all: u64 = basis.summaries.iter().map(|summary| summary.count).sum();
    let mut work = WorkReport::default();
    let mut started = Instant::now();
    let (mut outcomes, mut known) = (None, None);
    if let Some(computed_by) = tracks.computed_by() {
        let begin = || Inputs::new(basis, all_lanes, &computed_by);
        let mut inputs = begin()?;
        let mut histories = pictures.as_mut().and_then(|pictures| pictures.histories.as_mut());
        inputs.pasts = histories.as_mut().map(|histories| histories.pasts.taken());
        let all_fed = feed(request, basis, lanes.iter().copied(), &mut inputs, &mut |rows| {
            tell(listener, Progress::Comparing(rows, all))
        })?;
        outcomes = Some(all_fed);
        if let Some((histories, pasts)) = histories.zip(inputs.pasts.take()) {
            histories.pasts = pasts;
        }
        if let Some(pictures) = &mut pictures {
            pictures.identities = std::mem::take(&mut inputs.identities);
        }
        known = Some(Known::look_up((basis, tracks), numbers, (inputs, begin()?), &mut work)?);
        work.seconds.look_up = started.elapsed().as_secs_f64();
        started = Instant::now();
    }
    let digests = known.as_ref().map(|known| known.digests.clone()).unwrap_or_default();
    let is_stored = |lane: usize| known.as_ref().is_some_and(|known| known.stored.contains_key(&lane));
    let chosen: Vec<(usize, &Lane)> = lanes.iter().copied().filter(|(lane, _)| !is_stored(*lane)).collect();
    work.from_cache = lanes.iter().map(|(lane, _)| is_stored(*lane)).collect();
    let batch = tracks.batch(basis, &chosen)?;
    let associating = pictures.as_ref().map_or(Ok(None), |_| Associating::new(basis, all_lanes))?;
    let numbers = chosen.iter().map(|(number, _)| *number).collect();
    let mut fusing = Fusing { basis, pictures, batch, numbers, asked: VecDeque::new(), associating, known };
    if !chosen.is_empty() {
        let fed = feed(request, basis, chosen, &mut fusing, &mut |rows| tell(listener, Progress::Fusing(rows, all)))?;
        outcomes = outcomes.or(Some(fed));
    }
    // Before anything is kept.
    basis.recording.check()?;
    let mut device = tracks.backward(basis.config)?;
    let smooth =
        |pictures: &mut Pictures<'_>| pictures.smooth((device.as_mut(), &mut || tell(listener, Progress::Smoothing)));
    let (accounts, unstored) = fusing.finish(&mut work, smooth)?;
    work.seconds.fuse = started.elapsed().as_secs_f64();
    let mut outcomes = outcomes.unwrap_or_default();
    for (outcome, accounts) in outcomes.iter_mut().zip(accounts.into_values()) {
        outcome.accounts = accounts;
    }
    Ok(Fused { outcomes, work, unstored: unstored.or_else(|| tracks.share(basis, &digests).err()) })
}

impl<'a> Tracks<'a> {
    /// Opens what a run needs of files.
    ///
    /// # Errors
    /// A folder or file that cannot be read or written, or logs of something else.
    pub(super) fn open(request: &Request<'_>, way: Way<'a>, of: (&Recording, &Policy)) -> Result<Self, RunError> {
        let made_from = |by: &str| made_from(of, request, by);
        let executor = match way {
            Way::Assemble(..) if request.besides.prices => return Err(RunError::PricesOfLogs),
            Way::Assemble(..) if request.config.associations => return Err(RunError::AssociationsOfLogs),
            Way::Assemble(folders, executor) => {
                let logs = Logs::find(folders, made_from("")?)?;
                let (found, wanted) = (executor.identity(), logs.computed_by());
                if request.config.smoothing.is_some() && !logs.is_of_host() && found != wanted {
                    return Err(RunError::SmoothedBy { found, wanted: wanted.to_owned() });
                }
                return Ok(Self::Logged(logs, executor));
            }
            Way::Fuse(executor) => executor,
        };
        let cache = request.cache.map(|cache| Folder::beside(cache, request.out)).transpose()?;
        let kept = match (request.keep_logs, cache) {
            (None, None) => return Ok(Self::Fused(executor)),
            (None, Some(cache)) => Kept::cache(cache),
            (Some(logs), cache) => {
                Kept::logs(Folder::beside(logs, request.out)?, made_from(&executor.identity())?, cache)
            }
        };
        Ok(Self::Kept(executor, kept))
    }

    /// Has lanes kept in a folder, if they are in none.
    ///
    /// # Errors
    /// If it cannot be made.
    pub(super) fn or_in(self, folder: &Path) -> Result<Self, RunError> {
        match self {
            Self::Fused(executor) => Ok(Self::Kept(executor, Kept::cache(Folder::open(folder)?))),
            other => Ok(other),
        }
    }

    /// Fails unless the logs, where tracks are from logs, are those of so many lanes.
    ///
    /// # Errors
    /// A lane of which there is none, or that there is not.
    pub(super) fn expect(&self, lanes: usize) -> Result<(), RunError> {
        if let Self::Logged(logs, _) = self { logs.expect(lanes) } else { Ok(()) }
    }

    /// What computes the tracks of lanes that are in files; `None` where none are.
    fn computed_by(&self) -> Option<String> {
        match self {
            Self::Fused(_) => None,
            Self::Kept(executor, ..) => Some(executor.identity()),
            Self::Logged(logs, _) => Some(logs.computed_by().to_owned()),
        }
    }

    /// What a log of every wave has in it, where logs are made.
    fn logging(&self, basis: &Basis<'_>) -> Option<Logging> {
        // All that the filter keeps: what is left out while it is unlikely cannot become likely again.
        let logging = Logging { existence_min: basis.config.fusion.existence.prune };
        let has_logs = matches!(self, Self::Kept(_, kept) if kept.has_logs());
        (basis.associates || has_logs).then_some(logging)
    }

    /// Gives a cache beside logs what it lacks of lanes that were given what has these digests.
    fn share(&self, basis: &Basis<'_>, digests: &[String]) -> Result<(), LaneLogError> {
        if let Self::Kept(_, kept) = self { kept.share(digests, self.logging(basis)) } else { Ok(()) }
    }

    /// What smooths tracks, where they are smoothed on a device: that of the fusion.
    fn backward(&self, config: &RunConfig) -> Result<Option<Backward>, RunError> {
        match self {
            _ if config.smoothing.is_none() => Ok(None),
            Self::Logged(logs, _) if logs.is_of_host() => Ok(None),
            Self::Fused(executor) | Self::Kept(executor, ..) | Self::Logged(_, executor) => Ok(executor.backward()?),
        }
    }

    /// The lanes that are to be fused.
    fn batch(&self, basis: &Basis<'_>, lanes: &[(usize, &Lane)]) -> Result<Batch, RunError> {
        let executor = match self {
            Self::Fused(executor) | Self::Kept(executor, ..) => Executor::clone(executor),
            Self::Logged(..) => Executor::host(),
        };
        let setup = |(_, lane): &(usize, &Lane)| LaneSetup::new(lane, basis.catalogue.frame, &basis.config.fusion);
        let mut batch = Batch::new(filter(basis.config), executor, lanes.iter().map(setup).collect())?;
        self.logging(basis).map_or(Ok(()), |logging| batch.log(logging))?;
        Ok(batch)
    }
}

impl<'a> Known<'a> {
    /// Finds out which of the lanes of these numbers are there; an error where all have to be and one is not.
    fn look_up(
        (basis, tracks): (&Basis<'_>, &Tracks<'_>),
        lanes: impl Iterator<Item = usize>,
        (inputs, given): (Inputs<'a>, Inputs<'a>),
        work: &mut WorkReport,
    ) -> Result<Self, RunError> {
        let (digests, order) = inputs.finish();
        let mut times: BTreeMap<usize, Vec<i64>> = BTreeMap::new();
        for asked in &order {
            times.entry(asked.lane).or_default().push(asked.time_us);
        }
        let (mut stored, mut storing, mut unstored) = (BTreeMap::new(), BTreeMap::new(), None);
        for (lane, digest) in lanes.filter_map(|lane| Some((lane, digests.get(lane)?))) {
            let times = times.remove(&lane).unwrap_or_default();
            let kept = match tracks {
                Tracks::Fused(_) => continue,
                Tracks::Logged(logs, _) => {
                    stored.insert(lane, logs.open(lane, digest, times.into_iter())?);
                    continue;
                }
                Tracks::Kept(_, kept) => kept,
            };
            let head = kept.head(lane, digest, tracks.logging(basis));
            // A report that is stored does not tell which detections tracks took.
            let found = if basis.associates { Ok(Found::Missing) } else { kept.find(&head, &times) };
            let found = found.unwrap_or_else(|error| {
                unstored.get_or_insert(error);
                Found::Missing
            });
            work.damaged += u64::from(matches!(found, Found::Damaged));
            match found {
                Found::Whole(reports) => drop(stored.insert(lane, reports)),
                Found::Damaged | Found::Missing => match kept.store(&head) {
                    Ok(writer) => drop(storing.insert(lane, Keeping::new(writer, times))),
                    Err(error) => unstored = unstored.or(Some(error)),
                },
            }
        }
        Ok(Self { digests, order: order.into(), stored, storing, unstored, given })
    }

    /// The next report if it is one of a lane that is stored, whatever is fused meanwhile, and whether it is shown.
    fn next(&mut self) -> Result<Option<(Answer, bool)>, RunError> {
        let Some(&Asked { lane, time_us, shown }) = self.order.front() else { return Ok(None) };
        let Some(stored) = self.stored.get_mut(&lane) else { return Ok(None) };
        self.order.pop_front();
        Ok(Some((stored.report(lane, time_us)?, shown)))
    }

    /// Stores what a lane that is fused gave.
    fn keep(&mut self, lane: usize, keep: impl FnOnce(&mut Keeping) -> Result<(), LaneLogError>) {
        if let Some(Err(error)) = self.storing.get_mut(&lane).map(keep) {
            self.storing.remove(&lane);
            self.unstored.get_or_insert(error);
        }
    }

    /// Stores a report of a lane that is fused, which must be the next one.
    fn add(&mut self, basis: &Basis<'_>, (answer, shown): (&Answer, bool)) -> Result<(), RunError> {
        if self.order.pop_front() != Some(Asked { lane: answer.lane, time_us: answer.time_us, shown }) {
            return Err(other_scans(basis));
        }
        self.keep(answer.lane, |keeping| keeping.report(answer));
        Ok(())
    }

    /// Keeps what was stored, if the lanes were given what had been digested; says why anything was not. Lanes that were
    /// stored before join the `accounts`, which are by lane.
    fn finish(
        self,
        basis: &Basis<'_>,
        accounts: &mut BTreeMap<usize, Accounts>,
    ) -> Result<Option<LaneLogError>, RunError> {
        let (given, _) = self.given.finish();
        if self.storing.keys().any(|lane| !self.order.is_empty() || given.get(*lane) != self.digests.get(*lane)) {
            return Err(other_scans(basis));
        }
        for (lane, stored) in self.stored {
            accounts.insert(lane, stored.finish()?);
        }
        let of = |lane: usize| accounts.get(&lane).copied().unwrap_or_default();
        let failed = self.storing.into_iter().filter_map(|(lane, keeping)| keeping.finish(of(lane)).err());
        Ok(self.unstored.into_iter().chain(failed.collect::<Vec<_>>()).next())
    }
}

/// That the lanes are not given what was digested.
fn other_scans(basis: &Basis<'_>) -> RunError {
    changed(basis, "other scans of a lane than it was given before".to_owned(), "the same scans")
}

/// The lanes that are fused, and where their tracks go.
struct Fusing<'f, 'p, 'a> {
    basis: &'f Basis<'f>,
    pictures: Option<&'f mut Pictures<'p>>,
    batch: Batch,
    /// The number of each lane of the batch among all lanes.
    numbers: Vec<usize>,
    /// Whether each of the answers to come is shown.
    asked: VecDeque<bool>,
    /// Which detections made which tracks, where that is told.
    associating: Option<Associating<'f>>,
    known: Option<Known<'a>>,
}

impl Fusing<'_, '_, '_> {
    /// The place in the batch of a lane with a number.
    fn place(&self, number: usize) -> usize {
        self.numbers.partition_point(|known| *known < number)
    }

    fn ask(&mut self, asked: Asked) -> Result<(), RunError> {
        if let Some(known) = &mut self.known {
            known.given.ask(asked);
        }
        self.asked.push_back(asked.shown);
        let place = self.place(asked.lane);
        self.batch.request(place, asked.time_us)?;
        // What a report shows decides which of the detections up to it are told.
        if self.associating.is_some() { self.report(Patience::Wait) } else { Ok(()) }
    }

    /// Reports the tracks that were asked for and are there.
    fn report(&mut self, patience: Patience) -> Result<(), RunError> {
        let answers = self.batch.answers(patience)?;
        // Behind the answers, so that none is there whose wave is not.
        self.logs(Patience::None)?;
        for answer in answers {
            let Some(&lane) = self.numbers.get(answer.lane) else { continue };
            let answer = Answer { lane, ..answer };
            self.report_stored()?;
            let shown = self.asked.pop_front().ok_or_else(|| other_scans(self.basis))?;
            if let Some(known) = &mut self.known {
                known.add(self.basis, (&answer, shown))?;
            }
            self.picture((answer, shown))?;
        }
        Ok(())
    }

    /// Takes in the logs of waves that are there.
    fn logs(&mut self, patience: Patience) -> Result<(), RunError> {
        for log in self.batch.logs(patience)? {
            let Some(&lane) = self.numbers.get(log.lane) else { continue };
            if let Some((associating, pictures)) = self.associating.as_mut().zip(self.pictures.as_mut()) {
                pictures.associate(lane, associating.took(lane, &log).ok_or_else(|| other_scans(self.basis))?);
            }
            if let Some(known) = &mut self.known {
                known.keep(lane, |keeping| keeping.wave(log));
            }
        }
        Ok(())
    }

    /// Reports stored tracks up to the next ones that are fused.
    fn report_stored(&mut self) -> Result<(), RunError> {
        while let Some(report) = self.known.as_mut().map_or(Ok(None), Known::next)? {
            self.picture(report)?;
        }
        Ok(())
    }

    /// Puts a report into the pictures, where there are any, to be shown or only to be smoothed.
    fn picture(&mut self, report: (Answer, bool)) -> Result<(), RunError> {
        self.pictures.as_mut().map_or(Ok(()), |pictures| pictures.report(report))
    }

    /// Ends; says by lane what became of its detections, and why a lane is not kept.
    fn finish(
        mut self,
        work: &mut WorkReport,
        smooth: impl FnOnce(&mut Pictures<'_>) -> Result<(), RunError>,
    ) -> Result<(BTreeMap<usize, Accounts>, Option<LaneLogError>), RunError> {
        self.report(Patience::Wait)?;
        self.report_stored()?;
        self.pictures.as_mut().map_or(Ok(()), |pictures| smooth(pictures))?;
        let of_place = |(place, number): (usize, &usize)| Ok((*number, self.batch.accounts(place)?));
        let mut accounts = self.numbers.iter().enumerate().map(of_place).collect::<Result<_, RunError>>()?;
        for wave in self.batch.take_reports()? {
            work.fusion.add(&wave);
        }
        let spent = self.batch.timings().each();
        work.stages_s = spent.map(|(stage, time)| (stage.name(), time.as_secs_f64())).collect();
        let unstored = self.known.map_or(Ok(None), |known| known.finish(self.basis, &mut accounts))?;
        Ok((accounts, unstored))
    }
}

impl<'a> Taker<'a> for Fusing<'_, '_, 'a> {
    type Error = RunError;

    fn due(&mut self, lane: usize, time_us: i64) -> Result<(), RunError> {
        self.ask(Asked { lane, time_us, shown: true })
    }

    fn passed(&mut self, lane: usize, time_us: i64) -> Result<(), RunError> {
        self.ask(Asked { lane, time_us, shown: false })
    }

    fn named(&mut self, lane: usize, identity: &Arc<str>) {
        if let Some(known) = &mut self.known {
            // All are known since lanes were compared with what is stored.
            known.given.name(lane, identity);
        } else if let Some(names) = self.pictures.as_mut().and_then(|pictures| pictures.identities.get_mut(lane)) {
            names.push(Arc::clone(identity));
        }
    }

    fn looked(&mut self, lane: usize, rows: &[Row]) {
        if let Some(associating) = &mut self.associating {
            associating.looked(lane, rows);
        }
    }

    fn wave(&mut self, scans: Vec<Scan<'a>>, observations: Vec<Observation>) -> Result<(), RunError> {
        if let Some(known) = &mut self.known {
            for scan in &scans {
                known.given.scan(scan, &observations);
            }
        } else if let Some(histories) = self.pictures.as_mut().and_then(|pictures| pictures.histories.as_mut()) {
            // Where lanes were compared all scans have been there.
            for scan in &scans {
                histories.pasts.scan(scan);
            }
        }
        if let Some(associating) = &mut self.associating {
            associating.wave(&scans, &observations);
        }
        let placed = scans.into_iter().map(|scan| Scan { lane: self.place(scan.lane), ..scan }).collect();
        self.batch.step(placed, observations)?;
        if self.associating.is_some() {
            self.logs(Patience::Wait)?;
        }
        self.report(Patience::None)
    }
}
