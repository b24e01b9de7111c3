//! What of a recording contradicts its catalogue, or itself: said by a run, since no check has to be made before one.
//!
//! - Detections outside the coverage of their own sensor: nobody expects an object there, so they begin nothing.
//! - Detections that are nearer to one of the same look than to any of the next: a look holds an object at most once, so the
//!   second report of one is another object. Where objects are many and move on, both are equally far, and less than a
//!   third of the detections have their nearest neighbour so much nearer in their own look.
//! - Speeds that the configuration does not expect: far above or below those of its new tracks.
//! - Rows whose times are far from those of all others, and report times of which none lies within the recording.
//!
//! Doubts hang on all data: they are for the operator, and no partner's folder has any of them.

use super::basis::Basis;
use crate::ingest::{Catalogue, Detections, IngestReport, StrayRow, Wrap};
use crate::inspect::{Glance, Proposal, short};
use crate::scan::Lane;
use crate::sensor::{Kind, Sensor};
use crate::space::{Frame, Geodetic, Place};
use crate::time::micros;
use rayon::prelude::*;
use serde::Serialize;

/// Looks of a sensor that are asked, detections of a look that are kept, and those that are asked for their neighbours.
const LOOKS: usize = 200;
const KEPT: usize = 2_000;
const ASKED: usize = 32;
/// A neighbour is much nearer at this part of the distance, and too many are so from this share on, of so many at least.
const NEARER: f64 = 0.6;
const TOO_MANY: f64 = 0.4;
const LEAST: u64 = 20;
/// Speeds are not those of a configuration if they are so many times larger, or smaller.
const FASTER: f64 = 5.0;
const SLOWER: f64 = 8.0;
/// Share of a sensor's detections outside its coverage that noise at its border explains.
const AT_BORDER: f64 = 0.01;

/// Something that a person should look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Doubt {
    /// The sensor, or the file.
    pub at: String,
    /// What is there.
    pub found: String,
    /// What would be right.
    pub wanted: String,
}

/// What a pass over the detections shows of each sensor.
#[derive(Debug)]
pub(super) struct Doubts {
    sensors: Vec<Seen>,
    glance: Glance,
}

#[derive(Clone, Debug, Default)]
struct Seen {
    rows: u64,
    outside: u64,
    /// Of those outside, how many are within if latitude is taken for longitude.
    swapped: u64,
    /// The number of the look at hand, its detections, and those of the one before.
    look: Option<i64>,
    now: Vec<[f64; 3]>,
    before: Vec<[f64; 3]>,
    /// Pairs of looks, detections that were asked, and how many had a much nearer neighbour in their own look.
    looks: usize,
    asked: u64,
    nearer: u64,
}

impl Doubts {
    pub(super) fn new(catalogue: &Catalogue) -> Self {
        Self { sensors: vec![Seen::default(); catalogue.sensors.len()], glance: Glance::new(catalogue) }
    }

    /// Takes in detections, in the order of time.
    pub(super) fn take(&mut self, batch: &Detections, catalogue: &Catalogue) {
        self.glance.take(batch, catalogue);
        let is_outside = |row: usize| outside(batch, row, catalogue);
        let outside: Vec<(bool, bool)> = (0..batch.len()).into_par_iter().with_min_len(1024).map(is_outside).collect();
        let rows = batch.time_us.iter().zip(&batch.sensor).zip(&batch.place).zip(outside);
        for (((&time_us, &number), place), (outside, swapped)) in rows {
            let Some(seen) = self.sensors.get_mut(number as usize) else { continue };
            seen.rows += 1;
            seen.outside += u64::from(outside);
            seen.swapped += u64::from(swapped);
            let look = catalogue.sensors.get(number as usize).and_then(|sensor| sensor.looks.number_at(time_us));
            if let Some(look) = look.filter(|_| seen.looks < LOOKS) {
                seen.place(look, place);
            }
        }
    }

    /// What there is to doubt.
    pub(super) fn finish(self, (basis, lanes): (&Basis<'_>, &[Lane]), ingest: &IngestReport) -> Vec<Doubt> {
        let mut doubts: Vec<Doubt> = ingest.strays.iter().map(|stray| of_stray(stray, ingest)).collect();
        doubts.extend(ingest.wrap.map(|wrap| of_wrap(wrap, ingest)));
        for (seen, sensor) in self.sensors.iter().zip(&basis.catalogue.sensors) {
            doubts.extend(seen.of_coverage(sensor));
            doubts.extend(seen.of_looks(sensor));
        }
        doubts.extend(of_reports(basis, lanes));
        doubts.extend(self.glance.finish(basis.catalogue).and_then(|proposal| of_speeds(&proposal, basis)));
        doubts
    }
}

/// Whether a detection is outside the coverage of its sensor, and would be within if latitude and longitude were swapped.
fn outside(batch: &Detections, row: usize, catalogue: &Catalogue) -> (bool, bool) {
    let sensor = batch.sensor.get(row).and_then(|number| catalogue.sensors.get(*number as usize));
    let Some((((sensor, place), &[longitude_deg, latitude_deg]), &time_us)) =
        sensor.zip(batch.place.get(row)).zip(batch.horizontal.get(row)).zip(batch.time_us.get(row))
    else {
        return (false, false);
    };
    let frame = catalogue.frame;
    // Whatever their height, detections above covered ground begin tracks.
    let is_in = |metres: [f64; 3]| sensor.covers_on_ground((frame, time_us), metres);
    if is_in(place.metres()) {
        return (false, false);
    }
    let swapped = frame == Frame::Geodetic && sensor.kind == Kind::Position && longitude_deg.abs() <= 90.0;
    let altitude_m = if swapped { Geodetic::from_ecef(place.metres()).altitude_m } else { 0.0 };
    let other = Geodetic { latitude_deg: longitude_deg, longitude_deg: latitude_deg, altitude_m };
    (true, swapped && is_in(other.ecef()))
}

impl Seen {
    fn place(&mut self, look: i64, place: &Place) {
        if self.look != Some(look) {
            self.close();
            let follows = self.look.is_some_and(|before| before + 1 == look);
            let now = std::mem::take(&mut self.now);
            self.before = if follows { now } else { Vec::new() };
            self.look = Some(look);
        }
        if self.now.len() < KEPT {
            self.now.push(place.metres());
        }
    }

    /// Asks the detections of the look before for their neighbours.
    fn close(&mut self) {
        if self.before.is_empty() || self.now.is_empty() {
            return;
        }
        self.looks += 1;
        let step = self.before.len().div_ceil(ASKED);
        for (place, of) in self.before.iter().enumerate().step_by(step) {
            let others = self.before.iter().enumerate().filter(|(other, _)| *other != place).map(|(_, other)| other);
            let [own_m2, next_m2] = [nearest_m2(of, others), nearest_m2(of, self.now.iter())];
            self.asked += 1;
            self.nearer += u64::from(own_m2 < NEARER * NEARER * next_m2 || own_m2 <= 0.0);
        }
    }

    fn of_coverage(&self, sensor: &Sensor) -> Option<Doubt> {
        if self.outside as f64 <= AT_BORDER * self.rows as f64 {
            return None;
        }
        let wanted = if 2 * self.swapped > self.outside {
            "latitude_deg and longitude_deg the other way round: so most of them would lie within"
        } else if self.outside == self.rows {
            "its `coverage`, or its `site`, in recording.toml where its detections are"
        } else {
            "a `coverage` in recording.toml that holds what it sees"
        };
        Some(Doubt {
            at: format!("sensor `{}`", sensor.name),
            found: format!(
                "{} of {} detections outside its coverage, where they begin no track",
                self.outside, self.rows
            ),
            wanted: wanted.to_owned(),
        })
    }

    fn of_looks(&self, sensor: &Sensor) -> Option<Doubt> {
        if self.asked < LEAST || (self.nearer as f64) < TOO_MANY * self.asked as f64 {
            return None;
        }
        let percent = 100 * self.nearer / self.asked;
        Some(Doubt {
            at: format!("sensor `{}`", sensor.name),
            found: format!(
                "several detections of one object in a look: {percent} % are much nearer to another one of their look than \
                 to any of the next, and each counts as an object of its own"
            ),
            wanted: "looks = \"reports\" if objects report when they like (AIS, ADS-B, a log), a shorter `scan_period_s` if \
                it looks more often, or every row once"
                .to_owned(),
        })
    }
}

fn nearest_m2<'a>([x, y, z]: &[f64; 3], others: impl Iterator<Item = &'a [f64; 3]>) -> f64 {
    others.map(|[a, b, c]| (x - a).powi(2) + (y - b).powi(2) + (z - c).powi(2)).fold(f64::INFINITY, f64::min)
}

fn of_stray(stray: &StrayRow, ingest: &IngestReport) -> Doubt {
    let StrayRow { at, found, before_us } = stray;
    let side = if *before_us > 0 { "before" } else { "after" };
    let seconds = before_us.unsigned_abs() as f64 * 1e-6;
    let units = [(31_557_600.0, "years"), (86_400.0, "days"), (3_600.0, "hours"), (60.0, "minutes")];
    let (unit, name) = units.into_iter().find(|(unit, _)| seconds >= 2.0 * unit).unwrap_or((1.0, "seconds"));
    let file = ingest.file.file_name().unwrap_or_default().to_string_lossy();
    Doubt {
        at: format!("{file}, {at}"),
        found: format!("time {found}, {:.0} {name} {side} all others", seconds / unit),
        wanted: "a time among those of the other rows: put it right, or leave the row out".to_owned(),
    }
}

fn of_wrap(Wrap { at, by_us }: Wrap, ingest: &IngestReport) -> Doubt {
    let file = ingest.file.file_name().unwrap_or_default().to_string_lossy();
    Doubt {
        at: format!("{file}, {at}"),
        found: format!("time falls by {} s, as seconds of the day do at midnight", by_us as f64 * 1e-6),
        wanted: "86400 s more from there on, or timestamps: as it is, the rows after midnight are the earlier ones"
            .to_owned(),
    }
}

/// Speeds that the configuration does not expect.
fn of_speeds(proposal: &Proposal, basis: &Basis<'_>) -> Option<Doubt> {
    let expected = f64::from(basis.config.fusion.undetected.speed_m_s);
    let found = proposal.seen.speed_m_s.filter(|found| *found > FASTER * expected || *found < expected / SLOWER)?;
    let side = if found > expected { "above" } else { "below" };
    Some(Doubt {
        at: "configuration".to_owned(),
        found: format!(
            "19 of 20 speeds in the first rows are below {} m/s, far {side} what it expects: fusion.undetected.speed_m_s = \
             {expected}",
            short(found)
        ),
        wanted: format!(
            "--config {}, or values that fit these objects: `trackweave inspect` says more, docs/choosing.md leads to each",
            proposal.name
        ),
    })
}

/// Lanes that have detections and no report time.
fn of_reports(basis: &Basis<'_>, lanes: &[Lane]) -> Option<Doubt> {
    let period_s = basis.config.report_period_s.get();
    let period_us = micros(f64::from(period_s)).filter(|us| *us > 0)?;
    let none = |lane: &&Lane| {
        let [first_us, last_us] = lane.span_us;
        lane.detections > 0 && last_us.div_euclid(period_us) == (first_us - 1).div_euclid(period_us)
    };
    let partners: Vec<&str> = lanes
        .iter()
        .filter(none)
        .flat_map(|lane| &lane.partners)
        .filter_map(|&partner| basis.policy.partners().get(partner))
        .map(|partner| partner.id.as_str())
        .collect();
    let named = partners.iter().take(5).map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ");
    let more = if partners.len() > 5 { format!(" and {} more", partners.len() - 5) } else { String::new() };
    (!partners.is_empty()).then(|| Doubt {
        at: format!("pictures of {named}{more}"),
        found: format!(
            "no report time within the recording: from the first detection to the last there is no multiple of \
             report_period_s = {period_s}, so they are empty"
        ),
        wanted: "a shorter `report_period_s` in the configuration".to_owned(),
    })
}
