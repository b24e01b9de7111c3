//! One picture against truth: both are streamed, twice; a truth of few states is held in memory.

use super::pictures::ground;
use super::scores::Times;
use super::{RunConfig, RunError};
use crate::ingest::{Catalogue, IngestError, Truth, TruthReader, read_truth};
use crate::policy::{Status, ZoneMap};
use crate::product::{PictureRows, PictureState};
use crate::score::further::Asking;
use crate::score::sequence::{ScoreReport, TrackPoint, TruthPoint, score_points, score_states};
use crate::score::states::{TrackState, TruthState};
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;

/// True states that are held in memory; where there are more they are read from their file again.
const HELD_MAX: u64 = 4_000_000;
/// Rows of a batch of truth.
const ROWS: usize = 65_536;

/// How estimates are judged.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Judge<'a> {
    /// Whether estimates that are near no object are left out.
    pub(super) partial_truth: bool,
    /// The zones that scores are told by.
    pub(super) zones: Option<&'a ZoneMap>,
}

/// The truth of a recording.
#[derive(Debug)]
pub(super) struct Truths<'a> {
    source: Source<'a>,
    span_us: [i64; 2],
    class_of: Vec<Option<u32>>,
    classes: Vec<String>,
}

#[derive(Debug)]
enum Source<'a> {
    Held(Cow<'a, Truth>),
    File(&'a Path, &'a Catalogue),
}

/// The first thing that went wrong while truth or a picture was read.
type Failed = RefCell<Option<RunError>>;

impl<'a> Truths<'a> {
    /// What a run holds.
    pub(super) fn held(truth: &'a Truth) -> Self {
        let span_us = [truth.time_us.first().copied().unwrap_or(0), truth.time_us.last().copied().unwrap_or(-1)];
        let (class_of, classes) = (truth.class_of.clone(), truth.classes.clone());
        Self { source: Source::Held(Cow::Borrowed(truth)), span_us, class_of, classes }
    }

    /// Reads all of it once; `None` if the recording has none.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn read(folder: &'a Path, catalogue: &'a Catalogue) -> Result<Option<Self>, IngestError> {
        let Some(mut reader) = TruthReader::open(folder, catalogue, ROWS)? else { return Ok(None) };
        let (mut span_us, mut states) = ([0, -1], 0);
        while let Some(batch) = reader.next_batch()? {
            if let Some((first_us, last_us)) = batch.time_us.first().zip(batch.time_us.last()) {
                span_us = [if states == 0 { *first_us } else { span_us[0] }, *last_us];
            }
            states += batch.time_us.len() as u64;
        }
        let (class_of, classes) = reader.classes();
        let (class_of, classes) = (class_of.to_vec(), classes.to_vec());
        let held = if states <= HELD_MAX { read_truth(folder, catalogue)? } else { None };
        let source = held.map_or(Source::File(folder, catalogue), |truth| Source::Held(Cow::Owned(truth)));
        Ok(Some(Self { source, span_us, class_of, classes }))
    }

    /// At how many report times it is compared with pictures.
    ///
    /// # Errors
    /// If it cannot be read any more.
    pub(super) fn times(&self, config: &RunConfig) -> Result<Times, RunError> {
        let mut times = Times::new(&config.scoring([0; 2]))?;
        let failed = Failed::default();
        self.states(&failed).for_each(|state| times.add(state.time_us));
        failed.into_inner().map_or(Ok(times), Err)
    }

    /// All states, in their order.
    fn states<'s>(&'s self, failed: &'s Failed) -> Box<dyn Iterator<Item = TruthState> + 's> {
        match &self.source {
            Source::Held(truth) => Box::new(states_of(truth)),
            Source::File(folder, catalogue) => {
                let mut reader = TruthReader::open(folder, catalogue, ROWS);
                let mut ready = Vec::new().into_iter();
                Box::new(std::iter::from_fn(move || {
                    loop {
                        if let Some(state) = ready.next() {
                            return Some(state);
                        }
                        match reader.as_mut().map(|reader| reader.as_mut().map(TruthReader::next_batch).transpose()) {
                            Ok(Ok(batch)) => ready = states_of(&batch.flatten()?).collect::<Vec<_>>().into_iter(),
                            Ok(Err(error)) => return note(failed, error.into()),
                            Err(_) => {
                                let error = std::mem::replace(&mut reader, Ok(None)).err()?;
                                return note(failed, error.into());
                            }
                        }
                    }
                }))
            }
        }
    }
}

/// Notes the first failure, and ends.
fn note<T>(failed: &Failed, error: RunError) -> Option<T> {
    failed.borrow_mut().get_or_insert(error);
    None
}

fn states_of(truth: &Truth) -> impl Iterator<Item = TruthState> + '_ {
    let columns = truth.time_us.iter().zip(&truth.object).zip(&truth.position_m).enumerate();
    columns.map(|(row, ((&time_us, &object), &position_m))| {
        let velocity_m_s = truth.velocity_m_s.as_ref().and_then(|velocities| velocities.get(row)).copied();
        TruthState { time_us, object, position_m, velocity_m_s }
    })
}

/// The rows of a picture, in their order.
fn rows<'s>(folder: &Path, failed: &'s Failed) -> impl Iterator<Item = TrackState> + 's {
    let mut rows = PictureRows::open(folder).map_err(RunError::from);
    std::iter::from_fn(move || {
        if let Ok(open) = &mut rows {
            return open.next()?.map_or_else(|error| note(failed, error.into()), |row| Some(state(&row)));
        }
        let error = std::mem::replace(&mut rows, Err(RunError::Stopped)).err()?;
        note(failed, error)
    })
}

fn state(row: &PictureState) -> TrackState {
    TrackState {
        time_us: row.time_us,
        track: row.track,
        position_m: row.position_m,
        velocity_m_s: row.velocity_m_s,
        covariance_m2: row.covariance_m2,
        confirmed: row.status == Status::Confirmed,
        last_detection_us: row.last_detection_us,
    }
}

/// Scores the picture in `folder` against all of the truth, at the report times that the truth spans.
///
/// # Errors
/// A picture or a truth that cannot be read or scored.
pub(super) fn score_picture(
    folder: &Path,
    truth: &Truths<'_>,
    config: &RunConfig,
    Judge { partial_truth, zones }: Judge<'_>,
) -> Result<ScoreReport, RunError> {
    let names: Vec<String> = zones.map_or_else(Vec::new, |zones| zones.names().to_vec());
    let number: BTreeMap<&str, usize> = names.iter().enumerate().map(|(place, name)| (name.as_str(), place)).collect();
    let zones_at = zones.map(|zones| {
        let number = &number;
        move |position_m: [f64; 3]| {
            let there = zones.zones_at(ground(position_m, zones.frame()));
            there.iter().filter_map(|name| number.get(name.as_str()).copied()).collect::<Vec<_>>()
        }
    });
    let asking = Asking {
        partial_truth,
        class_of: &truth.class_of,
        classes: &truth.classes,
        zones: zones_at.as_ref().filter(|_| !names.is_empty()).map(|at| at as &crate::score::ZonesAt<'_>),
        zone_names: &names,
    };
    let failed = Failed::default();
    let score =
        score_states(|| (truth.states(&failed), rows(folder, &failed)), &config.scoring(truth.span_us), &asking);
    failed.into_inner().map_or_else(|| Ok(score?), Err)
}

/// The same by GOSPA and who was tracked by whom alone.
///
/// # Errors
/// As [`score_picture`].
pub(super) fn score_plainly(folder: &Path, truth: &Truths<'_>, config: &RunConfig) -> Result<ScoreReport, RunError> {
    let failed = Failed::default();
    let points = truth.states(&failed).map(|TruthState { time_us, object, position_m, velocity_m_s: _ }| TruthPoint {
        time_us,
        object,
        position_m,
    });
    let tracks = rows(folder, &failed).map(|row| TrackPoint {
        time_us: row.time_us,
        track: row.track,
        position_m: row.position_m,
    });
    let score = score_points(points, tracks, &config.scoring(truth.span_us));
    failed.into_inner().map_or_else(|| Ok(score?), Err)
}
