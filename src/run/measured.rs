//! Sensors as measured over the whole recording, beside what its catalogue says: for the operator's page alone.
//!
//! What is measured is what `trackweave inspect` finds of each sensor and of every two that see the same objects, and the innovations
//! of the first rows under the configuration of the run. No run uses any of it.

use super::innovations::{Innovations, innovations_of_first};
use super::{RunConfig, RunError};
use crate::ingest::Recording;
use crate::inspect::{COMPARED, Estimated, Inspection, SensorFound, inspect_opened};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Rows of a recording that is measured for a page: it is read thrice for it.
const ROWS_MOST: u64 = 1_000_000;
/// Rows whose innovations are looked at.
const FIRST: usize = 20_000;

/// What is measured of sensors, by name.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// Figures, each under its key.
    pub sensors: BTreeMap<String, Map<String, Value>>,
    /// Why there are none.
    pub lacking: Option<String>,
    /// What two sensors say of each other: `pairs` and `unpaired` as `trackweave inspect` has them, `why` where it is not all.
    pub biases: Option<Value>,
}

/// Measures the sensors of a recording of so many rows; `heard` hears how many have been read, and may end it.
///
/// # Errors
/// What `heard` gives, a recording that changed, or one that cannot be read any more.
pub fn measured(
    recording: &Recording,
    config: &RunConfig,
    rows: u64,
    heard: &mut dyn FnMut(u64) -> Result<(), RunError>,
) -> Result<Measured, RunError> {
    if rows > ROWS_MOST {
        let lacking = Some(
            "neither measured nor compared in a recording of so many rows: `trackweave inspect` does both".to_owned(),
        );
        return Ok(Measured { lacking, ..Measured::default() });
    }
    let found = inspect_opened(recording, heard)?;
    let mut sensors: BTreeMap<String, Map<String, Value>> =
        found.sensors.iter().map(|found| (found.name.clone(), figures(found))).collect();
    for Innovations { sensor, key, nis, .. } in innovations_of_first(recording, config, FIRST)? {
        let axis = key.trim_end_matches("_m").trim_end_matches("_deg");
        sensors.entry(sensor).or_default().insert(format!("NIS_{axis}"), nis.into());
    }
    Ok(Measured { sensors, lacking: None, biases: Some(biases(&found)) })
}

/// What two sensors say of each other, and of which nothing is known.
fn biases(found: &Inspection) -> Value {
    let why = match found.sensors.len() {
        0 | 1 => Some("there is no other sensor to compare it with".to_owned()),
        sensors if sensors > COMPARED => Some(format!("of {sensors} sensors the {COMPARED} whose rows go on most")),
        _ => None,
    };
    let mut told = json!({ "pairs": found.pairs, "unpaired": found.unpaired });
    if let (Value::Object(told), Some(why)) = (&mut told, why) {
        told.insert("why".to_owned(), why.into());
    }
    told
}

fn figures(found: &SensorFound) -> Map<String, Value> {
    let SensorFound { rows, outside_coverage, interval, figures, .. } = found;
    let noise = figures.noise;
    let value = |of: Option<Estimated>| of.map(|of| of.value);
    let known = [
        ("look_every_s", interval.map(|interval| interval.median_s)),
        ("P_D", value(figures.detection_probability)),
        ("clutter_per_scan", value(figures.clutter_per_scan)),
        ("horizontal_m", value(noise.horizontal_m)),
        ("vertical_m", value(noise.vertical_m)),
        ("range_m", value(noise.range_m)),
        ("azimuth_deg", value(noise.azimuth_deg)),
        ("elevation_deg", value(noise.elevation_deg)),
    ];
    let mut told = Map::new();
    told.insert("detections".to_owned(), (*rows).into());
    if *outside_coverage > 0 {
        told.insert("outside_coverage".to_owned(), (*outside_coverage).into());
    }
    told.extend(known.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?.into()))));
    told
}
