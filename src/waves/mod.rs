//! Rows to waves: the looks of some lanes become scans, in each wave the next one of every lane, and their tracks are
//! asked for when they are due.
//!
//! Whoever takes the waves, fusion or the digest of what fusion would be given, gets the same ones. What a lane is fed
//! does not depend on which others are fed beside it.

mod error; // why rows did not become tracks
mod histories; // what was known later
mod memory; // detections in memory -> tracks in memory
mod taken; // the digest of the detections that a lane was given

pub use error::TrackError;
pub(crate) use histories::{Histories, Pasts, Refined, filter};
pub use memory::{TrackAt, track};
pub(crate) use memory::{address_of, track_rows};
pub(crate) use taken::Taken;

use crate::config::RunConfig;
use crate::fusion::config::Config;
use crate::ingest::{Catalogue, Detections};
use crate::scan::{Lane, Look, Observation, Permitted, Row, Scan, Scans, gives_identity, permitted};
use crate::time::micros;
use std::sync::Arc;
use taken::{Held, ranks};

/// What takes the waves.
pub(crate) trait Taker<'a> {
    /// Why it takes no more.
    type Error: From<TrackError>;

    /// A lane's tracks at a time are asked for, before its next scan.
    fn due(&mut self, lane: usize, time_us: i64) -> Result<(), Self::Error>;
    /// A lane's tracks right after its scan at a time are asked for, since they are to be smoothed.
    fn passed(&mut self, lane: usize, time_us: i64) -> Result<(), Self::Error> {
        let _ = (lane, time_us);
        Ok(())
    }
    /// The next address that a lane's scans name: number 1, then 2, and so on, before the first scan that does.
    fn named(&mut self, lane: usize, identity: &Arc<str>);
    /// The rows of a lane's next scan.
    fn looked(&mut self, lane: usize, rows: &[Row]) {
        let _ = (lane, rows);
    }
    /// The next scans of some lanes, in the order of their numbers.
    fn wave(&mut self, scans: Vec<Scan<'a>>, observations: Vec<Observation>) -> Result<(), Self::Error>;
}

/// A lane, as far as it has been fed.
#[derive(Debug)]
struct Fed<'a> {
    /// Its number among all lanes.
    number: usize,
    lane: &'a Lane,
    scans: Scans<'a>,
    /// Time of its last scan, and of its last one with a row.
    scanned_us: Option<i64>,
    row_us: Option<i64>,
    /// When its tracks are asked for next.
    due_us: Option<i64>,
    /// Whether its tracks were asked for since there could be none.
    silent: bool,
    /// Its rows of one time, where their order is wanted.
    held: Option<Held>,
    /// The digest of its detections, where a partner may have it.
    taken: Option<Taken>,
    /// Whether its scans come from the rows that were held, with their numbers.
    numbers: bool,
    /// Rows that it may see of which its levels leave nothing.
    emptied: u64,
    /// How many of its addresses the taker has heard of.
    named: usize,
}

/// Reports of one lane at most.
const REPORTS_MAX: u64 = 10_000_000;

/// What is kept of the detections of a lane.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keeps<'c> {
    /// Their digest, of what this configuration fuses.
    pub(crate) digest: Option<&'c Config>,
    /// Their numbers.
    pub(crate) numbers: bool,
}

/// The lanes that are fed together.
#[derive(Debug)]
pub(crate) struct Waves<'a> {
    catalogue: &'a Catalogue,
    lanes: Vec<Fed<'a>>,
    due: Due,
    smooths: bool,
}

/// When tracks are asked for.
#[derive(Clone, Copy, Debug)]
struct Due {
    period_us: i64,
    /// So long after a lane's last row no track of it can be in a picture.
    horizon_us: i64,
}

impl<'a> Waves<'a> {
    /// Before the first row.
    ///
    /// # Errors
    /// A report period out of its range, or too short for what the lanes span.
    pub(crate) fn new(
        catalogue: &'a Catalogue,
        config: &'a RunConfig,
        lanes: impl IntoIterator<Item = (usize, &'a Lane)>,
    ) -> Result<Self, TrackError> {
        let period_s = config.report_period_s.get();
        let period_us = micros(f64::from(period_s)).filter(|us| *us > 0);
        let due = Due {
            period_us: period_us.ok_or(TrackError::ReportPeriod { period_s })?,
            horizon_us: micros(config.fusion.horizon_s()).unwrap_or(i64::MAX),
        };
        let begin = |(number, lane): (usize, &'a Lane)| {
            let found = lane.reports(catalogue, due.period_us, due.horizon_us);
            if found > REPORTS_MAX {
                return Err(TrackError::TooManyReports { period_s, found, wanted: REPORTS_MAX });
            }
            let undetected = &config.fusion.undetected;
            let scans = Scans::new(catalogue, lane, lane.span_us[0], undetected.speed_m_s);
            let scans = scans.climbing(undetected.climb_m_s);
            Ok(Fed {
                number,
                lane,
                scans,
                scanned_us: None,
                row_us: None,
                due_us: None,
                silent: false,
                held: None,
                taken: None,
                numbers: false,
                emptied: 0,
                named: 0,
            })
        };
        let lanes = lanes.into_iter().map(begin).collect::<Result<_, _>>()?;
        Ok(Self { catalogue, lanes, due, smooths: config.smoothing.is_some() })
    }

    /// Has lanes digest and number their detections, as `wanted` says of each.
    ///
    /// # Errors
    /// Those of `wanted`.
    pub(crate) fn keep<'c, E>(&mut self, mut wanted: impl FnMut(&Lane) -> Result<Keeps<'c>, E>) -> Result<(), E> {
        let ranks = ranks(self.catalogue);
        for fed in &mut self.lanes {
            let Keeps { digest, numbers } = wanted(fed.lane)?;
            fed.taken = digest.map(Taken::new);
            fed.numbers = numbers;
            fed.held = (fed.taken.is_some() || numbers).then(|| Held::new(Arc::clone(&ranks)));
        }
        Ok(())
    }

    /// Whether some lane gets some detections other than as they were measured.
    pub(crate) fn cuts(&self) -> bool {
        self.lanes.iter().any(|fed| fed.lane.cuts())
    }

    /// Of every lane the detections that it was given, where they are digested, and how many rows its levels left nothing of.
    pub(crate) fn outcomes(self) -> impl Iterator<Item = (Option<Taken>, u64)> {
        self.lanes.into_iter().map(|Fed { taken, emptied, .. }| (taken, emptied))
    }

    /// Hands every lane a row that each may see as it is.
    ///
    /// # Errors
    /// A row of a sensor that a lane may not use.
    pub(crate) fn push_open(&mut self, row: Row, identity: Option<&Arc<str>>) -> Result<(), TrackError> {
        Ok(self.lanes.iter_mut().try_for_each(|Fed { scans, .. }| {
            let identity = identity.map_or(0, |name| scans.identity(name));
            scans.push(Row { identity, ..row })
        })?)
    }

    /// Hands every lane the rows that it may see, as it may see them.
    pub(crate) fn push(&mut self, batch: &Detections, classes: &[u32]) -> Result<(), TrackError> {
        let catalogue = self.catalogue;
        for (number, (row, &class)) in Row::of(batch, 0).zip(classes).enumerate() {
            let address = batch.identity.get(number).map_or(0, |address| *address as usize);
            let name = batch.identities.get(address);
            for fed in &mut self.lanes {
                let Some(Permitted { source, cut }) = fed.lane.permitted(class) else { continue };
                let given = name.filter(|_| address > 0 && cut.as_ref().is_none_or(gives_identity));
                let identity = given.map_or(0, |name| fed.scans.identity(name));
                let row = Row { source: *source, identity, ..row };
                let row = match cut {
                    None => Some(row),
                    Some(cut) => {
                        let parts = batch.reading.get(number).zip(catalogue.sensors.get(row.sensor));
                        parts.and_then(|(&reading, sensor)| permitted(&row, reading, sensor, catalogue.frame, cut))
                    }
                };
                match row {
                    Some(row) => fed.push(row, name.filter(|_| row.identity != 0))?,
                    None => fed.emptied += 1,
                }
            }
        }
        Ok(())
    }

    /// Passes on every look that is over.
    pub(crate) fn pass<T: Taker<'a>>(
        &mut self,
        taker: &mut T,
        pulse: &mut dyn FnMut() -> Result<(), T::Error>,
    ) -> Result<(), T::Error> {
        loop {
            pulse()?;
            let next = self.lanes.iter_mut().map(|fed| fed.scans.next_look()).collect::<Result<Vec<_>, _>>();
            let next = next.map_err(TrackError::from)?;
            if next.iter().all(Option::is_none) {
                return Ok(());
            }
            let (mut scans, mut observations) = (Vec::new(), Vec::new());
            for (fed, look) in self.lanes.iter_mut().zip(next) {
                let Some(look) = look else { continue };
                fed.report_until((look.time_us, look.after_rest), self.due, taker)?;
                fed.scanned(&look);
                taker.looked(fed.number, &look.rows);
                let scan = fed.scans.scan(fed.number, &look, &mut observations).map_err(TrackError::from)?;
                fed.name(&scan, taker);
                scans.push(scan);
            }
            let scanned: Vec<(usize, i64)> = scans.iter().map(|scan| (scan.lane, scan.time_us)).collect();
            taker.wave(scans, observations)?;
            if self.smooths {
                scanned.into_iter().try_for_each(|(lane, time_us)| taker.passed(lane, time_us))?;
            }
        }
    }

    /// Passes on the looks that are still open, and asks for tracks up to each lane's last detection.
    pub(crate) fn finish<T: Taker<'a>>(&mut self, taker: &mut T) -> Result<(), T::Error> {
        self.end(taker, &mut || Ok(()))
    }

    pub(crate) fn end<T: Taker<'a>>(
        &mut self,
        taker: &mut T,
        pulse: &mut dyn FnMut() -> Result<(), T::Error>,
    ) -> Result<(), T::Error> {
        for fed in &mut self.lanes {
            fed.settle()?;
            fed.scans.end(fed.lane.span_us[1]);
        }
        self.pass(taker, pulse)?;
        let due = self.due;
        self.lanes.iter_mut().try_for_each(|fed| fed.report_until((i64::MAX, false), due, taker))
    }
}

impl<'a> Fed<'a> {
    /// Takes in a row as the lane may have it.
    fn push(&mut self, row: Row, identity: Option<&Arc<str>>) -> Result<(), TrackError> {
        if !self.numbers {
            self.scans.push(row)?;
        }
        if self.held.as_ref().is_some_and(|held| held.are_all(row.time_us)) {
            self.settle()?;
        }
        if let Some(held) = &mut self.held {
            held.push(row, identity);
        }
        Ok(())
    }

    /// Passes on the rows of one time, of which there are no more.
    fn settle(&mut self) -> Result<(), TrackError> {
        let Self { held, taken, scans, numbers, .. } = self;
        for (row, identity) in held.iter_mut().flat_map(Held::numbered) {
            if let Some(taken) = taken {
                taken.push(&row, &identity);
            }
            if *numbers {
                scans.push(row)?;
            }
        }
        Ok(())
    }

    /// Has the taker hear of the addresses up to those of a scan.
    fn name(&mut self, scan: &Scan<'_>, taker: &mut impl Taker<'a>) {
        let most = scan.detections.addresses().iter().max().map_or(0, |most| *most as usize);
        for identity in
            self.scans.identities().names().iter().skip(self.named + 1).take(most.saturating_sub(self.named))
        {
            taker.named(self.number, identity);
        }
        self.named = self.named.max(most);
    }

    /// Takes note of a scan.
    fn scanned(&mut self, look: &Look) {
        self.scanned_us = Some(look.time_us);
        if !look.rows.is_empty() {
            self.row_us = Some(look.time_us);
            self.silent = false;
        }
    }

    /// Asks for the lane's tracks at every due time before `scan_us`, the time of its next scan, and not after its last
    /// detection: a look may end later. Where no track can be in a picture, it is asked once, and not again before the
    /// next row.
    fn report_until<T: Taker<'a>>(
        &mut self,
        (scan_us, after_rest): (i64, bool),
        Due { period_us, horizon_us }: Due,
        taker: &mut T,
    ) -> Result<(), T::Error> {
        // The first report is due at the first multiple of the period that is not before the first scan.
        let mut next_us = self.due_us.unwrap_or_else(|| multiple(scan_us, period_us));
        let end_us = scan_us.min(self.lane.span_us[1].saturating_add(1));
        // Before its first row a lane has no track.
        let gone_us = self.row_us.map_or(i64::MIN, |row_us| row_us.saturating_add(horizon_us));
        // A look that saw nothing ends what is too uncertain or unlikely, and so does so long a time without any look.
        let over = |scanned_us: i64| scanned_us > gone_us || scan_us.saturating_sub(scanned_us) > horizon_us;
        let silent = after_rest || self.scanned_us.is_some_and(over);
        let silent_us = if silent { gone_us } else { i64::MAX };
        while next_us < end_us {
            if next_us > silent_us && self.silent {
                next_us = multiple(end_us, period_us);
                break;
            }
            taker.due(self.number, next_us)?;
            self.silent = next_us > silent_us;
            next_us = next_us.saturating_add(period_us);
        }
        self.due_us = Some(next_us);
        Ok(())
    }
}

/// The first multiple of a period that is not before a time.
fn multiple(time_us: i64, period_us: i64) -> i64 {
    let whole = time_us.div_euclid(period_us);
    (whole + i64::from(time_us.rem_euclid(period_us) > 0)).saturating_mul(period_us)
}
