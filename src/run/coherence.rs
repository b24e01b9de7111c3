//! Pictures of an output against each other: its files to what `score::coherence` takes, report after report.
//!
//! Rows come from the partners' own files, as they received them; which class a track was of, and so where it was by the
//! rules, who may act on it, at which level each partner gets it and at which its detections were taken, from the operator's tables. One batch of each picture is
//! in memory, and the stretches of all tracks.

use super::RunError;
use super::scores::{OutputError, manifest};
use crate::policy::{Status, TrackClass};
use crate::product::{
    Alike, ClassEntry, Demands, Lowered, PictureRows, PictureState, ProductError, ReleaseTable, Stretch, each_stretch,
    read_releases,
};
use crate::score::coherence::{Class, Coherence, CoherenceReport, Picture, Shown, World};
use crate::time::micros;
use std::collections::{BTreeMap, BTreeSet};
use std::iter::Peekable;
use std::path::{Path, PathBuf};

/// How far the pictures in the output folder of a run agree.
///
/// # Errors
/// A file of it that cannot be read, or does not fit the others.
pub fn coherence_of(out: &Path) -> Result<CoherenceReport, OutputError> {
    let failed = |error: RunError| OutputError::Run { picture: out.to_owned(), source: Box::new(error) };
    let table = read_releases(out).map_err(|error| failed(error.into()))?;
    let Some(first) = table.alike.iter().find_map(|alike| alike.partners.first()) else {
        return Err(OutputError::NoPicture { out: out.to_owned() });
    };
    let (_, made) = manifest(&out.join(first))?;
    let period_us = micros(f64::from(made.configuration.report_period_s.get())).unwrap_or(1);
    let cutoff_m = f64::from(made.configuration.score.cutoff_m.get());
    compared(out, &table, (cutoff_m, period_us)).map_err(failed)
}

fn compared(out: &Path, table: &ReleaseTable, (cutoff_m, period_us): (f64, i64)) -> Result<CoherenceReport, RunError> {
    if let Some(why) = &table.left_out {
        return Ok(CoherenceReport::none(why.clone()));
    }
    let partners = table.alike.iter().map(|alike| alike.partners.first().filter(|_| alike.lane.is_some()));
    let folders: Vec<Option<PathBuf>> = partners.map(|partner| partner.map(|id| out.join(id))).collect();
    let counts = folders.iter().flatten().map(|folder| PictureRows::count(folder)).collect::<Result<Vec<u64>, _>>()?;
    let (open, rows) = (counts.len(), counts.iter().sum::<u64>());
    if open > OPEN_MAX && rows > HELD_MAX {
        let why = format!("{open} different pictures of {rows} rows: at most {OPEN_MAX} pictures, or {HELD_MAX} rows");
        return Ok(CoherenceReport::none(why));
    }
    let known = Known::read(out, table)?;
    let mut coherence = Coherence::new(known.world(table, cutoff_m, period_us))?;
    each_report(&known, table, &folders, |time_us, pictures| Ok(coherence.report(time_us, pictures)?))?;
    Ok(coherence.finish())
}

/// Goes through the reports of pictures: their folders, by number, and nothing of a picture without one.
pub(super) fn each_report(
    known: &Known<'_>,
    table: &ReleaseTable,
    folders: &[Option<PathBuf>],
    mut take: impl FnMut(i64, &[Vec<Shown>]) -> Result<(), RunError>,
) -> Result<(), RunError> {
    // So many files may not be open at once: then they are read beforehand.
    let held = folders.iter().flatten().count() > OPEN_MAX;
    let source = |folder: &PathBuf| -> Result<Peekable<Rows>, RunError> {
        let rows = PictureRows::open(folder)?;
        let rows: Rows = if held { Box::new(rows.collect::<Vec<_>>().into_iter()) } else { Box::new(rows) };
        Ok(rows.peekable())
    };
    let sources = folders.iter().map(|folder| folder.as_ref().map(source).transpose());
    let mut sources = sources.collect::<Result<Vec<Source>, _>>()?;
    while let Some(time_us) = next_time(&mut sources)? {
        let mut pictures: Vec<Vec<Shown>> = vec![Vec::new(); sources.len()];
        for (number, (source, shown)) in sources.iter_mut().zip(&mut pictures).enumerate() {
            let Some(rows) = source else { continue };
            while let Some(row) = rows.next_if(|row| row.as_ref().map_or(true, |row| row.time_us == time_us)) {
                shown.extend(known.shown(table, number, &row?));
            }
        }
        if pictures.iter().any(|rows| !rows.is_empty()) {
            take(time_us, &pictures)?;
        }
    }
    Ok(())
}

/// The rows of a picture.
type Rows = Box<dyn Iterator<Item = Result<PictureState, ProductError>>>;

/// Pictures that are open at once.
const OPEN_MAX: usize = 200;
/// Rows of more pictures, all of which are held.
const HELD_MAX: u64 = 4_000_000;

/// The time of the next row of any picture.
fn next_time(sources: &mut [Source]) -> Result<Option<i64>, RunError> {
    let mut next: Option<i64> = None;
    for rows in sources.iter_mut().flatten() {
        match rows.peek() {
            Some(Ok(row)) => next = Some(next.map_or(row.time_us, |next| next.min(row.time_us))),
            Some(Err(_)) => return rows.next().transpose().map(|_| None).map_err(RunError::from),
            None => {}
        }
    }
    Ok(next)
}

/// Pictures and actions.
type Holders = BTreeSet<(usize, usize)>;
/// First report, last report and class of a stretch.
type Stretched = (i64, i64, usize);
/// A picture, as it is read; `None`: nothing is fused for it.
type Source = Option<Peekable<Rows>>;

/// What the operator's tables tell of tracks.
pub(super) struct Known<'a> {
    zones: Vec<&'a String>,
    actions: Vec<String>,
    /// By number of the class, who may act.
    holders: Vec<Holders>,
    /// By lane and track.
    stretches: BTreeMap<(usize, u64), Vec<Stretched>>,
    /// By number of the class and picture, how late and coarse rows of it are; `None`: it is not to see them.
    lowered: Vec<Vec<Option<Lowered>>>,
}

impl<'a> Known<'a> {
    pub(super) fn read(out: &Path, table: &'a ReleaseTable) -> Result<Self, RunError> {
        let zones: BTreeSet<&String> = table.classes.iter().flat_map(|class| &class.zones).collect();
        let classes: BTreeMap<TrackClass, usize> =
            table.classes.iter().enumerate().filter_map(|(number, class)| Some((class.class()?, number))).collect();
        let lanes: BTreeMap<&String, usize> = table
            .lanes
            .iter()
            .enumerate()
            .flat_map(|(number, lane)| lane.partners.iter().map(move |id| (id, number)))
            .collect();
        let pictures: BTreeMap<&str, usize> = table
            .alike
            .iter()
            .enumerate()
            .flat_map(|(number, alike)| alike.partners.iter().map(move |id| (id.as_str(), number)))
            .collect();
        let mut known = Self {
            zones: zones.into_iter().collect(),
            actions: Vec::new(),
            holders: Vec::new(),
            stretches: BTreeMap::new(),
            lowered: lowered(table),
        };
        let mut actions: BTreeSet<String> = BTreeSet::new();
        let mut held: Vec<BTreeSet<(usize, String)>> = vec![BTreeSet::new(); table.classes.len()];
        each_stretch(out, |Stretch { lane, track, first_us, last_us, class, holders, .. }| {
            let place = lane.first().and_then(|id| lanes.get(id)).zip(classes.get(&class));
            let Some((&lane, &class)) = place.filter(|_| class.status == Status::Confirmed) else { return };
            known.stretches.entry((lane, track)).or_default().push((first_us, last_us, class));
            let Some(held) = held.get_mut(class).filter(|held| held.is_empty()) else { return };
            for (partner, action) in holders.iter().filter_map(|holder| holder.split_once(':')) {
                actions.insert(action.to_owned());
                held.extend(pictures.get(partner).map(|picture| (*picture, action.to_owned())));
            }
        })?;
        known.actions = actions.into_iter().collect();
        let number = |action: &String| known.actions.binary_search(action).ok();
        let numbered = |(picture, action): &(usize, String)| Some((*picture, number(action)?));
        known.holders = held.iter().map(|held| held.iter().filter_map(numbered).collect()).collect();
        known.stretches.values_mut().for_each(|stretches| stretches.sort_unstable());
        Ok(known)
    }

    pub(super) fn world(&self, table: &ReleaseTable, cutoff_m: f64, period_us: i64) -> World {
        let mut lane_order: Vec<usize> = (0..table.lanes.len()).collect();
        lane_order
            .sort_by_key(|lane| std::cmp::Reverse(table.lanes.get(*lane).map(|lane| (lane.whole, lane.detections))));
        let latest_us = table.lanes.iter().map(|lane| lane.until_us).max().unwrap_or(i64::MIN);
        let of_lane = |lane: Option<usize>| lane.and_then(|lane| table.lanes.get(lane));
        let lacks_nothing = |picture: usize| {
            let classes = table.classes.iter().zip(&self.lowered);
            let mut confirmed = classes.filter(|(class, _)| class.status == Status::Confirmed.name());
            confirmed.all(|(_, of)| of.get(picture).copied().flatten().is_some_and(|lowered| !lowered.is_any()))
        };
        let complete =
            table.alike.iter().enumerate().position(|(number, alike)| {
                of_lane(alike.lane).is_some_and(|lane| lane.whole) && lacks_nothing(number)
            });
        let class = |((class, holders), lowered): ((&ClassEntry, &Holders), &Vec<Option<Lowered>>)| Class {
            zones: (0..self.zones.len())
                .filter(|&zone| self.zones.get(zone).is_some_and(|zone| class.zones.contains(*zone)))
                .collect(),
            delay_us: lowered.iter().map(|lowered| lowered.map(|lowered| lowered.delay_us)).collect(),
            holders: holders.iter().copied().collect(),
        };
        World {
            pictures: table
                .alike
                .iter()
                .map(|alike| Picture {
                    partners: alike.partners.clone(),
                    lane: alike.lane,
                    until_us: of_lane(alike.lane).map_or(latest_us, |lane| lane.until_us),
                })
                .collect(),
            lane_order,
            complete,
            zones: self.zones.iter().map(|zone| (*zone).clone()).collect(),
            actions: self.actions.clone(),
            classes: table.classes.iter().zip(&self.holders).zip(&self.lowered).map(class).collect(),
            cutoff_m,
            period_us,
        }
    }

    /// A row of a picture, if its track is confirmed then.
    fn shown(&self, table: &ReleaseTable, picture: usize, row: &PictureState) -> Option<Shown> {
        let lane = table.alike.get(picture)?.lane?;
        let stretches = self.stretches.get(&(lane, row.track)).filter(|_| row.status == Status::Confirmed)?;
        let next = stretches.partition_point(|(first_us, ..)| *first_us <= row.time_us);
        let &(_, last_us, class) = stretches.get(next.checked_sub(1)?)?;
        let lowered = self.lowered.get(class)?.get(picture).copied().flatten();
        let Lowered { delay_us, cell_m } = lowered.filter(|_| row.time_us <= last_us)?;
        let PictureState { position_m, covariance_m2, .. } = *row;
        Some(Shown { track: row.track, position_m, covariance_m2, cell_m, delay_us, class })
    }
}

/// By class and picture, how late and coarse rows are: what the level demands, and what the detections are that they are from.
fn lowered(table: &ReleaseTable) -> Vec<Vec<Option<Lowered>>> {
    let fusion = table.fusion();
    let of_class = |entry: &ClassEntry| {
        let class = entry.class();
        let of_picture = |(level, picture): (&Option<String>, &Alike)| {
            let lowered = table.levels.get(level.as_ref()?).map(Demands::lowered)?;
            Some(lowered.and(fusion.of(picture.lane, class.as_ref()?)))
        };
        entry.levels.iter().zip(&table.alike).map(of_picture).collect()
    };
    table.classes.iter().map(of_class).collect()
}
