//! Rows to classes: detections with equal policy attributes.
//!
//! One pass, at the speed of memory: a row becomes four small numbers and a flag (sensor, label, set of zones, stratum
//! of time, identified), packed into two words; a small cache before the ordered map finds the class of most rows.
//! A class's number says when it first turned up, so it depends on all rows and is for the engine only.

use super::PolicyError;
use super::judge::class_entity;
use super::known::{Attributes, ClassValue};
use super::part::{Known, Packed, Part, Row, count};
use super::read::Policy;
use super::schema::Types;
use super::strata::{Strata, Stratum};
use super::zones::ZoneMap;
use crate::ingest::{Catalogue, Detections};
use cedar_policy::Entity;
use rayon::prelude::*;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

/// What the rules may know about a detection, and how long it has waited. Detections with equal keys form one class.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClassKey {
    /// The sensor's name.
    pub sensor: String,
    /// The partner that owns it.
    pub owner: String,
    /// `position` or `radar`.
    pub kind: String,
    /// The owner's marking; empty where there is none.
    pub label: String,
    /// The zones that it lies in.
    pub zones: BTreeSet<String>,
    /// The periods that its time lies in.
    pub periods: BTreeSet<String>,
    /// Whether the target sent an address.
    pub identified: bool,
    /// Whether it has a place at all: a bearing has none, so it lies in no zone, and only rules that speak of
    /// `resource.placed` can permit it.
    pub placed: bool,
    /// The longest delay of a level of `fuse` that has passed since its time when the run is made; `None` if it is
    /// later than the run. No rule sees this: it says at which levels the detection is due.
    pub waited_us: Option<i64>,
}

/// How many detections a class has, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClassSummary {
    /// How many.
    pub count: u64,
    /// The earliest time, in microseconds.
    pub first_us: i64,
    /// The latest time, in microseconds.
    pub last_us: i64,
}

/// Sorts detections into classes, batch by batch.
#[derive(Debug)]
pub struct Classifier {
    sensors: Vec<[String; 3]>,
    zone_map: Arc<ZoneMap>,
    strata: Strata,
    // From a stretch of time to the number of its stratum: stretches with equal strata have one number.
    stratum: Vec<u32>,
    zone_sets: BTreeMap<Vec<u32>, u32>,
    zone_names: Vec<BTreeSet<String>>,
    labels: Vec<String>,
    label_numbers: BTreeMap<String, u32>,
    numbers: BTreeMap<Packed, u32>,
    classes: Vec<ClassKey>,
    summaries: Vec<ClassSummary>,
}

/// Fewest rows of a part: below, a core costs more than it saves.
const ROWS_MIN: usize = 4096;
/// The number of no label.
const UNMET: u32 = u32::MAX;

impl Classifier {
    /// For the detections of a recording, in a run made at `as_of_us`.
    ///
    /// # Errors
    ///
    /// A zone that makes no sense in the frame of the recording, a period in another scale of time; a run without a time
    /// where a level of `fuse` delays.
    pub fn new(policy: &Policy, catalogue: &Catalogue, as_of_us: Option<i64>) -> Result<Self, PolicyError> {
        policy.periods().counted_in(catalogue.time)?;
        let zone_map = policy.zone_map(catalogue.frame)?;
        let strata = policy.strata(as_of_us)?;
        let mut numbers: BTreeMap<&Stratum, u32> = BTreeMap::new();
        let stratum = (0u32..).zip(strata.all()).map(|(new, one)| *numbers.entry(one).or_insert(new)).collect();
        let zone_sets = (0u32..).zip(zone_map.sets()).map(|(number, set)| (set.clone(), number)).collect();
        let zone_names = zone_map.sets().iter().map(|set| zone_map.named(set)).collect();
        let sensors = catalogue.sensors.iter();
        let sensors = sensors.map(|s| [s.name.clone(), s.owner.clone(), s.kind.name().to_owned()]).collect();
        Ok(Self {
            sensors,
            zone_map,
            strata,
            stratum,
            zone_sets,
            zone_names,
            labels: Vec::new(),
            label_numbers: BTreeMap::new(),
            numbers: BTreeMap::new(),
            classes: Vec::new(),
            summaries: Vec::new(),
        })
    }

    /// The number of the class of each detection of a batch: its place in [`Classifier::classes`].
    ///
    /// # Errors
    ///
    /// Columns of unequal length, a sensor that the catalogue lacks, a label that the batch lacks, a place that is
    /// not finite.
    pub fn classify(&mut self, batch: &Detections) -> Result<Vec<u32>, PolicyError> {
        let labels = batch.labels.iter().map(|label| self.label_number(label)).collect();
        let parts = self.parts(batch, labels)?;
        let sets = self.zone_sets.len();
        let mut classes = Vec::with_capacity(batch.len());
        for part in parts {
            let numbers = self.join(&part, sets)?;
            part.spread(&numbers, &mut classes)?;
        }
        Ok(classes)
    }

    /// The same for a batch of a later pass: what was decided about a class holds for every detection with its key, and
    /// for no other. Numbers are looked up, never given.
    ///
    /// # Errors
    ///
    /// As [`Classifier::classify`]; a detection of a class that was not met before.
    pub fn find(&self, batch: &Detections) -> Result<Vec<u32>, PolicyError> {
        let labels = batch.labels.iter().map(|label| self.label_numbers.get(label).copied().unwrap_or(UNMET)).collect();
        let mut classes = Vec::with_capacity(batch.len());
        for part in self.parts(batch, labels)? {
            let mut numbers = Vec::with_capacity(part.classes.len());
            for (place, (row, _)) in (0u32..).zip(&part.classes) {
                // An unmet set of zones has a number that no met class has, and so has an unmet label.
                let unmet = || self.unmet(batch, *row, part.start + part.rows.iter().position(|of| *of == place)?);
                match self.numbers.get(&row.packed()) {
                    Some(&number) => numbers.push(number),
                    None => return Err(unmet().unwrap_or_else(|| nowhere(part.start))),
                }
            }
            part.spread(&numbers, &mut classes)?;
        }
        Ok(classes)
    }

    /// The rows of a batch, part by part.
    fn parts(&self, batch: &Detections, labels: Vec<u32>) -> Result<Vec<Part>, PolicyError> {
        let rows = batch.time_us.len();
        for (column, length) in [
            ("sensor", batch.sensor.len()),
            ("horizontal", batch.horizontal.len()),
            ("label", batch.label.len()),
            ("identified", batch.identified.len()),
        ] {
            if length != rows {
                let found = format!("{length} rows of `{column}`, {rows} of `time_us`");
                return Err(PolicyError::Detection { row: length.min(rows), found, wanted: "columns of one length" });
            }
        }
        let known = Known {
            sensors: self.sensors.len(),
            labels,
            zone_map: &self.zone_map,
            zone_sets: &self.zone_sets,
            strata: &self.strata,
            stratum: &self.stratum,
        };
        let size = rows.div_ceil(rayon::current_num_threads()).max(ROWS_MIN);
        let starts: Vec<usize> = (0..rows).step_by(size).collect();
        let part = |&start: &usize| Part::of(&known, batch, start..rows.min(start + size));
        // All are done before the first failure is picked, so that it is the same one on any number of threads.
        let parts: Vec<_> = starts.par_iter().map(part).collect();
        parts.into_iter().collect()
    }

    /// A detection whose class was not met.
    fn unmet(&self, batch: &Detections, row: Row, at: usize) -> Option<PolicyError> {
        let label = batch.labels.get(*batch.label.get(at)? as usize)?;
        let zones = self.zone_map.zones_at(*batch.horizontal.get(at)?).into_owned();
        let class = Box::new(self.key(row, label.clone(), zones)?);
        Some(PolicyError::UnmetClass { row: at, class })
    }

    /// The classes met so far, by number.
    #[must_use]
    pub fn classes(&self) -> &[ClassKey] {
        &self.classes
    }

    /// How many detections each class has, by number.
    #[must_use]
    pub fn summaries(&self) -> &[ClassSummary] {
        &self.summaries
    }

    /// The zones that hold a point: x, y in metres or longitude, latitude in degrees.
    #[must_use]
    pub fn zones_at(&self, place: [f64; 2]) -> Cow<'_, BTreeSet<String>> {
        self.zone_map.zones_at(place)
    }

    /// The periods that hold a time.
    #[must_use]
    pub fn periods_at(&self, time_us: i64) -> &BTreeSet<String> {
        &self.strata.at(time_us).periods
    }

    fn label_number(&mut self, label: &String) -> u32 {
        if let Some(&number) = self.label_numbers.get(label) {
            return number;
        }
        let number = count(self.labels.len());
        self.labels.push(label.clone());
        self.label_numbers.insert(label.clone(), number);
        number
    }

    /// Takes in the classes of a part that knew so many sets of zones: the number of each.
    fn join(&mut self, part: &Part, sets: usize) -> Result<Vec<u32>, PolicyError> {
        let zones: Vec<u32> = part.zone_sets.iter().map(|set| self.zone_set(set)).collect();
        let mut numbers = Vec::with_capacity(part.classes.len());
        for &(mut row, summary) in &part.classes {
            let new = (row.zones as usize).checked_sub(sets).and_then(|place| zones.get(place));
            row.zones = new.copied().unwrap_or(row.zones);
            let packed = row.packed();
            let number = match self.numbers.get(&packed) {
                Some(&number) => number,
                None => self.add(row, packed).ok_or_else(|| nowhere(part.start))?,
            };
            if let Some(all) = self.summaries.get_mut(number as usize) {
                all.add(summary);
            }
            numbers.push(number);
        }
        Ok(numbers)
    }

    fn zone_set(&mut self, set: &Vec<u32>) -> u32 {
        if let Some(&number) = self.zone_sets.get(set) {
            return number;
        }
        let number = count(self.zone_names.len());
        self.zone_names.push(self.zone_map.named(set));
        self.zone_sets.insert(set.clone(), number);
        number
    }

    fn add(&mut self, row: Row, packed: Packed) -> Option<u32> {
        let number = count(self.classes.len());
        let label = self.labels.get(row.label as usize)?.clone();
        let zones = self.zone_names.get(row.zones as usize)?.clone();
        self.classes.push(self.key(row, label, zones)?);
        self.summaries.push(ClassSummary { count: 0, first_us: i64::MAX, last_us: i64::MIN });
        self.numbers.insert(packed, number);
        Some(number)
    }

    fn key(&self, row: Row, label: String, zones: BTreeSet<String>) -> Option<ClassKey> {
        let [sensor, owner, kind] = self.sensors.get(row.sensor as usize)?.clone();
        let Stratum { periods, waited_us } = self.strata.all().get(row.stretch)?.clone();
        Some(ClassKey {
            sensor,
            owner,
            kind,
            label,
            zones,
            periods,
            identified: row.identified,
            placed: true,
            waited_us,
        })
    }
}

/// A class with a number that no table has.
pub(super) fn nowhere(row: usize) -> PolicyError {
    let found = "a number of a class, label or set of zones beyond the last one".to_owned();
    PolicyError::Detection { row, found, wanted: "a number that was given" }
}

impl ClassKey {
    pub(super) fn entity(&self, types: &Types) -> Result<Entity, PolicyError> {
        class_entity(&types.detections, self.attributes(types))
    }

    /// As rules name them.
    pub(super) fn attributes(&self, types: &Types) -> Attributes<'_> {
        let mut attributes = vec![
            ("sensor", ClassValue::Text(&self.sensor)),
            ("owner", ClassValue::Text(&self.owner)),
            ("kind", ClassValue::Text(&self.kind)),
            ("label", ClassValue::Text(&self.label)),
            ("zones", ClassValue::Names(&self.zones)),
            ("periods", ClassValue::Names(&self.periods)),
            ("identified", ClassValue::Flag(self.identified)),
        ];
        if types.placed {
            attributes.push(("placed", ClassValue::Flag(self.placed)));
        }
        attributes
    }

    /// A class to try a schema with.
    pub(super) fn probe() -> Self {
        Self {
            sensor: String::new(),
            owner: String::new(),
            kind: String::new(),
            label: String::new(),
            zones: BTreeSet::new(),
            periods: BTreeSet::new(),
            identified: false,
            placed: true,
            waited_us: Some(0),
        }
    }

    /// The same to all rules: what a question to Cedar is about.
    pub(super) fn asked(&self) -> Self {
        Self { waited_us: Some(0), ..self.clone() }
    }
}

impl fmt::Display for ClassKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sensor, owner, kind, label, zones, periods, identified, placed, waited_us } = self;
        let identity = if *identified { "identified" } else { "unidentified" };
        write!(f, "{identity} detections of {kind} sensor `{sensor}` of `{owner}`, label {label:?}, ")?;
        write!(f, "zones {zones:?}, periods {periods:?}")?;
        if !placed {
            write!(f, ", without a place")?;
        }
        match waited_us {
            None => write!(f, ", later than the run"),
            Some(0) => Ok(()),
            Some(us) => write!(f, ", {} s old or older", *us as f64 * 1e-6),
        }
    }
}
