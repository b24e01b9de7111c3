//! Waves to tracks to pictures, and the lanes that need not be fused again.
//!
//! With a cache there is a pass before this one: it digests what every lane will be given, and notes in which order
//! their tracks are asked for. Lanes whose tracks are there are not fused. Their reports come out between the others as
//! if they were: the output of a run does not tell where its tracks are from.

use super::associations::Associating;
use super::basis::Basis;
use super::cache::{Cache, Found, Stored, Storing};
use super::inputs::Inputs;
use super::pictures::Pictures;
use super::report::WorkReport;
use super::smoothing::filter;
use super::waves::{Asked, Outcome, Taker, changed, feed};
use super::{Listener, Progress, Request, RunError, chain, tell};
use crate::fusion::batch::{Answer, Batch, LaneSetup, Logging, Patience};
use crate::fusion::config::Probability;
use crate::fusion::credit::Accounts;
use crate::fusion::executor::Executor;
use crate::scan::{Lane, Observation, Row, Scan};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

/// The lanes of a run, as far as a cache has them.
#[derive(Debug)]
struct Known<'a> {
    digests: Vec<String>,
    /// When tracks of which lane are asked for, over all lanes.
    order: VecDeque<Asked>,
    stored: BTreeMap<usize, Stored>,
    storing: BTreeMap<usize, Storing>,
    /// Why a lane could not be stored; fusion goes on without.
    unstored: Option<RunError>,
    /// What the lanes that are fused are given: it must be what was digested.
    given: Inputs<'a>,
}

/// Fuses all lanes and reports their tracks; gives what became of each, and what it took.
///
/// # Errors
/// If the recording cannot be read, the device fails, a rule fails, or a file cannot be read or written.
pub(super) fn fuse(
    (request, cache): (&Request<'_>, Option<&Cache>),
    executor: Executor,
    (basis, lanes): (&Basis<'_>, &[Lane]),
    pictures: &mut Pictures<'_>,
    listener: &mut Listener<'_>,
) -> Result<(Vec<Outcome>, WorkReport), RunError> {
    let all: u64 = basis.summaries.iter().map(|summary| summary.count).sum();
    let mut work = WorkReport::default();
    let mut started = Instant::now();
    let (mut outcomes, mut known) = (None, None);
    if let Some(cache) = cache {
        let begin = || Inputs::new(basis, lanes, &executor.identity());
        let mut inputs = begin()?;
        let all_fed = feed(request, basis, lanes.iter().enumerate(), &mut inputs, &mut |rows| {
            tell(listener, Progress::Comparing(rows, all))
        })?;
        outcomes = Some(all_fed);
        pictures.identities = std::mem::take(&mut inputs.identities);
        known = Some(Known::look_up(cache, inputs, begin()?, &mut work));
        work.seconds.look_up = started.elapsed().as_secs_f64();
        started = Instant::now();
    }
    let is_stored = |lane: usize| known.as_ref().is_some_and(|known| known.stored.contains_key(&lane));
    let chosen: Vec<(usize, &Lane)> = lanes.iter().enumerate().filter(|(lane, _)| !is_stored(*lane)).collect();
    work.from_cache = (0..lanes.len()).map(is_stored).collect();
    let setups =
        chosen.iter().map(|(_, lane)| LaneSetup::new(lane, basis.catalogue.frame, &basis.config.fusion)).collect();
    let mut batch = Batch::new(filter(basis.config), executor, setups)?;
    let associating = Associating::new(basis, lanes)?;
    if associating.is_some() {
        batch.log(Logging { existence_min: Probability::ZERO })?;
    }
    let numbers = chosen.iter().map(|(number, _)| *number).collect();
    let mut fusing = Fusing { basis, pictures, batch, numbers, asked: VecDeque::new(), associating, known };
    if !chosen.is_empty() {
        let fed = feed(request, basis, chosen, &mut fusing, &mut |rows| tell(listener, Progress::Fusing(rows, all)))?;
        outcomes = outcomes.or(Some(fed));
    }
    // Before the cache keeps anything.
    basis.recording.check()?;
    let accounts = fusing.finish(&mut work)?;
    pictures.smooth(&mut || tell(listener, Progress::Smoothing))?;
    work.seconds.fuse = started.elapsed().as_secs_f64();
    let mut outcomes = outcomes.unwrap_or_default();
    for (outcome, accounts) in outcomes.iter_mut().zip(accounts.into_values()) {
        outcome.accounts = accounts;
    }
    Ok((outcomes, work))
}

impl<'a> Known<'a> {
    fn look_up(cache: &Cache, inputs: Inputs<'a>, given: Inputs<'a>, work: &mut WorkReport) -> Self {
        let (digests, order) = inputs.finish();
        let mut times: BTreeMap<usize, Vec<i64>> = BTreeMap::new();
        for asked in &order {
            times.entry(asked.lane).or_default().push(asked.time_us);
        }
        let (mut stored, mut storing, mut unstored) = (BTreeMap::new(), BTreeMap::new(), None);
        for (lane, digest) in digests.iter().enumerate() {
            let found = cache.find(digest, times.remove(&lane).unwrap_or_default().into_iter());
            work.damaged += u64::from(matches!(found, Found::Damaged));
            match found {
                Found::Whole(reports) => drop(stored.insert(lane, reports)),
                Found::Damaged | Found::Missing => match cache.store(digest) {
                    Ok(begun) => drop(storing.insert(lane, begun)),
                    Err(error) => unstored = unstored.or(Some(error)),
                },
            }
        }
        Self { digests, order: order.into(), stored, storing, unstored, given }
    }

    /// The next report if it is one of a lane that is stored, whatever is fused meanwhile, and whether it is shown.
    fn next(&mut self) -> Result<Option<(Answer, bool)>, RunError> {
        let Some(&Asked { lane, time_us, shown }) = self.order.front() else { return Ok(None) };
        let Some(stored) = self.stored.get_mut(&lane) else { return Ok(None) };
        self.order.pop_front();
        stored.next(lane, time_us).map(|answer| Some((answer, shown)))
    }

    /// Stores a report of a lane that is fused, which must be the next one.
    fn add(&mut self, basis: &Basis<'_>, (answer, shown): (&Answer, bool)) -> Result<(), RunError> {
        if self.order.pop_front() != Some(Asked { lane: answer.lane, time_us: answer.time_us, shown }) {
            return Err(other_scans(basis));
        }
        if let Some(Err(error)) = self.storing.get_mut(&answer.lane).map(|storing| storing.add(answer)) {
            self.storing.remove(&answer.lane);
            self.unstored.get_or_insert(error);
        }
        Ok(())
    }

    /// Keeps what was stored, if the lanes were given what had been digested; says why anything was not. Lanes that were
    /// stored before join the `accounts`, which are by lane.
    fn finish(self, basis: &Basis<'_>, accounts: &mut BTreeMap<usize, Accounts>) -> Result<Option<RunError>, RunError> {
        let (given, _) = self.given.finish();
        if self.storing.keys().any(|lane| !self.order.is_empty() || given.get(*lane) != self.digests.get(*lane)) {
            return Err(other_scans(basis));
        }
        for (lane, stored) in self.stored {
            accounts.insert(lane, stored.finish()?);
        }
        let of = |lane: usize| accounts.get(&lane).copied().unwrap_or_default();
        let failed = self.storing.into_iter().filter_map(|(lane, storing)| storing.finish(of(lane)).err());
        Ok(self.unstored.into_iter().chain(failed.collect::<Vec<_>>()).next())
    }
}

/// That the lanes are not given what was digested.
fn other_scans(basis: &Basis<'_>) -> RunError {
    changed(basis, "other scans of a lane than were compared with the cache".to_owned(), "the same scans")
}

/// The lanes that are fused, and where their tracks go.
struct Fusing<'f, 'p, 'a> {
    basis: &'f Basis<'f>,
    pictures: &'f mut Pictures<'p>,
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
        for answer in self.batch.answers(patience)? {
            let Some(&lane) = self.numbers.get(answer.lane) else { continue };
            let answer = Answer { lane, ..answer };
            self.report_stored()?;
            let shown = self.asked.pop_front().unwrap_or(true);
            if let Some(known) = &mut self.known {
                known.add(self.basis, (&answer, shown))?;
            }
            self.pictures.report(answer, shown)?;
        }
        Ok(())
    }

    /// Reports stored tracks up to the next ones that are fused.
    fn report_stored(&mut self) -> Result<(), RunError> {
        let Some(known) = &mut self.known else { return Ok(()) };
        while let Some((answer, shown)) = known.next()? {
            self.pictures.report(answer, shown)?;
        }
        Ok(())
    }

    /// Ends; says by lane what became of its detections.
    fn finish(mut self, work: &mut WorkReport) -> Result<BTreeMap<usize, Accounts>, RunError> {
        self.report(Patience::Wait)?;
        self.report_stored()?;
        let of_place = |(place, number): (usize, &usize)| Ok((*number, self.batch.accounts(place)?));
        let mut accounts = self.numbers.iter().enumerate().map(of_place).collect::<Result<_, RunError>>()?;
        for wave in self.batch.take_reports()? {
            work.fusion.add(&wave);
        }
        let spent = self.batch.timings().each();
        work.stages_s = spent.map(|(stage, time)| (stage.name(), time.as_secs_f64())).collect();
        let unstored = self.known.map_or(Ok(None), |known| known.finish(self.basis, &mut accounts))?;
        work.unstored = unstored.map(|error| chain(&error));
        Ok(accounts)
    }
}

impl<'a> Taker<'a> for Fusing<'_, '_, 'a> {
    fn due(&mut self, lane: usize, time_us: i64) -> Result<(), RunError> {
        self.ask(Asked { lane, time_us, shown: true })
    }

    fn passed(&mut self, lane: usize, time_us: i64) -> Result<(), RunError> {
        self.ask(Asked { lane, time_us, shown: false })
    }

    fn named(&mut self, lane: usize, identity: &Arc<str>) {
        match &mut self.known {
            // All are known since lanes were compared with what is stored.
            Some(known) => known.given.name(lane, identity),
            None => {
                self.pictures.identities.get_mut(lane).into_iter().for_each(|names| names.push(Arc::clone(identity)));
            }
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
        }
        if let Some(associating) = &mut self.associating {
            associating.wave(&scans, &observations);
        }
        let placed = scans.into_iter().map(|scan| Scan { lane: self.place(scan.lane), ..scan }).collect();
        self.batch.step(placed, observations)?;
        if let Some(associating) = &mut self.associating {
            for log in self.batch.logs(Patience::Wait)? {
                let Some(&lane) = self.numbers.get(log.lane) else { continue };
                self.pictures.associate(lane, associating.took(lane, log));
            }
        }
        self.report(Patience::None)
    }
}
