//! What a recording and a policy show around the pictures: rules, sensors, zones, detections, truth. For the operator's page alone.

use super::column::Coding;
use super::picture::tenths;
use crate::ingest::{IngestError, Options, Recording};
use crate::policy::{Attribute, Partner, Policy};
use crate::sensor::{Coverage, Kind, Mount, Sensor};
use crate::space::{Frame, Geodetic};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Detections, and points of the truth, that a page holds at most.
const DETECTIONS_MOST: u64 = 200_000;
const TRUTH_MOST: usize = 300_000;
/// Bytes of all rules that a page holds at most.
const RULES_MOST: usize = 1 << 20;

/// What surrounds the pictures of a run.
#[derive(Clone, Debug, Default)]
pub struct Scene {
    pub(super) parts: Map<String, Value>,
    pub(super) ground: BTreeSet<[i32; 2]>,
    rows: u64,
}

impl Scene {
    /// Nothing.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// Of a recording and a policy, as a run reads them.
    ///
    /// # Errors
    /// A recording that cannot be read any more.
    pub fn of(recording: &Recording, policy: &Policy, options: Options) -> Result<Self, IngestError> {
        let mut scene = Self::default();
        scene.rules(policy);
        scene.zones(policy);
        let sensors: Vec<Value> =
            recording.catalogue().sensors.iter().map(|s| sensor(s, recording.catalogue().frame)).collect();
        scene.parts.insert("sensors".to_owned(), sensors.into());
        let (rows, detections) = detections(recording, options)?;
        scene.rows = rows;
        match detections {
            Some(detections) => scene.parts.insert("detections".to_owned(), detections),
            None => scene.parts.insert("detections_left_out".to_owned(), rows.into()),
        };
        Ok(scene)
    }

    /// Detections of the recording.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The same with figures that were measured of sensors, by name, or why there are none.
    #[must_use]
    pub fn with_measured(mut self, measured: &BTreeMap<String, Map<String, Value>>, lacking: Option<&str>) -> Self {
        let sensors = self.parts.get_mut("sensors").and_then(Value::as_array_mut).into_iter().flatten();
        for sensor in sensors.filter_map(Value::as_object_mut) {
            let found = sensor.get("name").and_then(Value::as_str).and_then(|name| measured.get(name)).cloned();
            sensor.extend(found.map(|found| ("measured".to_owned(), found.into())));
        }
        self.parts.extend(lacking.map(|why| ("sensors_lacking".to_owned(), why.into())));
        self
    }

    /// The same with what two sensors say of each other.
    #[must_use]
    pub fn with_biases(mut self, biases: Option<Value>) -> Self {
        self.parts.extend(biases.map(|biases| ("biases".to_owned(), biases)));
        self
    }

    /// The same with the truth, if there is one and it is not too large.
    ///
    /// # Errors
    /// A truth that cannot be read any more.
    pub fn with_truth(mut self, recording: &Recording) -> Result<Self, IngestError> {
        if let Some(truth) = recording.truth()?.filter(|truth| truth.time_us.len() <= TRUTH_MOST) {
            let frame = recording.catalogue().frame;
            let points = truth.object.iter().zip(&truth.time_us).zip(&truth.position_m);
            let points = points.map(|((object, time_us), at)| (*object, *time_us, on_map(frame, *at))).collect();
            self.parts.insert("truth".to_owned(), table(frame, &truth.objects, points, 2));
        }
        Ok(self)
    }

    /// Where each rule stands and how it is written, if they are not too long.
    fn rules(&mut self, policy: &Policy) {
        let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let rules = policy
            .rule_texts()
            .map(|rule| (rule.id, json!({ "file": name(&rule.file), "line": rule.line, "text": rule.text })));
        let rules: Map<String, Value> = rules.collect();
        let bytes: usize = rules.values().map(|rule| rule.to_string().len()).sum();
        if bytes > RULES_MOST {
            self.parts.insert("rules_left_out".to_owned(), rules.len().into());
        } else {
            self.parts.insert("rules".to_owned(), rules.into());
        }
    }

    fn zones(&mut self, policy: &Policy) {
        let text = policy.text("zones.geojson");
        let Some(mut zones) = text.and_then(|text| serde_json::from_str::<Value>(&text).ok()) else { return };
        for feature in zones.get_mut("features").and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(coordinates) = feature.get("geometry").and_then(|geometry| geometry.get("coordinates")) {
                places(coordinates, &mut self.ground);
            }
            let Some(properties) = feature.get_mut("properties").and_then(Value::as_object_mut) else { continue };
            let name = properties.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
            let named = |attribute: &Attribute| match attribute {
                Attribute::Text(text) => *text == name,
                Attribute::Names(names) => names.contains(&name),
                Attribute::Flag(_) | Attribute::Number(_) => false,
            };
            let of = |partner: &&Partner| partner.attributes.values().any(named);
            let partners: Vec<&str> = policy.partners().iter().filter(of).map(|partner| partner.id.as_str()).collect();
            properties.insert("partners".to_owned(), partners.into());
        }
        self.parts.insert("zones".to_owned(), zones);
    }
}

/// The places of a geometry, however deep its lists.
fn places(coordinates: &Value, ground: &mut BTreeSet<[i32; 2]>) {
    let Some(list) = coordinates.as_array() else { return };
    match (list.first().and_then(Value::as_f64), list.get(1).and_then(Value::as_f64)) {
        (Some(longitude), Some(latitude)) => drop(ground.insert([longitude, latitude].map(tenths))),
        _ => list.iter().for_each(|part| places(part, ground)),
    }
}

fn sensor(sensor: &Sensor, frame: Frame) -> Value {
    let mut told = Map::new();
    let mut put = |key: &str, value: Value| told.insert(key.to_owned(), value);
    put("name", sensor.name.as_str().into());
    put("owner", sensor.owner.as_str().into());
    put("kind", sensor.kind.name().into());
    match (sensor.coverage, frame) {
        (Coverage::Box { min: [w, s], max: [e, n], .. }, Frame::Geodetic) => {
            put("coverage", json!({ "longitude_deg": [w, e], "latitude_deg": [s, n] }));
        }
        (Coverage::Box { min: [w, s], max: [e, n], .. }, Frame::Local) => {
            put("coverage", json!({ "x_m": [w, e], "y_m": [s, n] }));
        }
        (Coverage::Ring { range_m: [_, far], .. }, _) => drop(put("range_m", far.into())),
    }
    if let Kind::Radar { mount: Mount::Fixed { site_m, .. } } = sensor.kind {
        put("position", json!(on_map(frame, site_m)));
    }
    let noise = sensor.noise;
    let declared = [
        ("look_every_s", Some(sensor.looks.per_s()).filter(|per_s| *per_s > 0.0).map(f64::recip)),
        ("P_D", Some(sensor.detection_probability)),
        ("clutter_per_scan", Some(sensor.clutter_per_scan)),
        ("horizontal_m", noise.horizontal_m),
        ("vertical_m", noise.vertical_m),
        ("range_m", noise.range_m),
        ("azimuth_deg", noise.azimuth_rad.map(f64::to_degrees)),
        ("elevation_deg", noise.elevation_rad.map(f64::to_degrees)),
    ];
    let declared = declared.into_iter().filter_map(|(key, value)| Some((key.to_owned(), Value::from(value?))));
    put("declared", declared.collect::<Map<_, _>>().into());
    Value::Object(told)
}

/// Longitude and latitude, or x and y.
fn on_map(frame: Frame, metres: [f64; 3]) -> [f64; 2] {
    match (frame, metres) {
        (Frame::Local, [x, y, _]) => [x, y],
        (Frame::Geodetic, metres) => {
            let at = Geodetic::from_ecef(metres);
            [at.longitude_deg, at.latitude_deg]
        }
    }
}

/// How many detections there are, and all of them if they are not too many.
fn detections(recording: &Recording, options: Options) -> Result<(u64, Option<Value>), IngestError> {
    let catalogue = recording.catalogue();
    let names: Vec<String> = catalogue.sensors.iter().map(|sensor| sensor.name.clone()).collect();
    let (mut reader, mut points, mut rows) = (recording.reader(options)?, Vec::new(), 0);
    while let Some(batch) = reader.next_batch()? {
        rows += batch.len() as u64;
        if rows <= DETECTIONS_MOST {
            let batch = batch.sensor.iter().zip(&batch.time_us).zip(&batch.horizontal);
            points.extend(batch.map(|((sensor, time_us), at)| (*sensor, *time_us, *at)));
        }
    }
    let few = rows <= DETECTIONS_MOST;
    Ok((rows, few.then(|| table(catalogue.frame, &names, points, 0))))
}

/// Points of several sensors or objects, each with the number of whose it is, its time and its place.
fn table(frame: Frame, names: &[String], mut points: Vec<(u32, i64, [f64; 2])>, order: u8) -> Value {
    points.sort_by_key(|(of, time_us, _)| (*of, *time_us));
    let counts: Vec<usize> =
        (0..).zip(names).map(|(n, _): (u32, _)| points.iter().filter(|p| p.0 == n).count()).collect();
    let whole: Vec<i64> = counts.iter().map(|count| i64::try_from(*count).unwrap_or(0)).collect();
    let (axes, scale) = match (frame, order) {
        (Frame::Geodetic, 0) => (["longitude", "latitude"], 1e-4),
        (Frame::Geodetic, _) => (["longitude", "latitude"], 1e-5),
        (Frame::Local, 0) => (["x", "y"], 0.1),
        (Frame::Local, _) => (["x", "y"], 0.01),
    };
    let times: Vec<i64> = points.iter().map(|(_, time_us, _)| time_us.div_euclid(1000)).collect();
    let mut columns = Map::new();
    columns.insert("time".to_owned(), Coding { order: order.max(1), scale: 1000.0 }.column(&times, &counts));
    for (axis, name) in axes.into_iter().enumerate() {
        let coding = Coding { order, scale };
        let values: Vec<i64> = points.iter().map(|(_, _, at)| coding.whole(at.get(axis).copied())).collect();
        columns.insert(name.to_owned(), coding.column(&values, &counts));
    }
    let tracks = json!({ "ids": names, "counts": Coding::PLAIN.column(&whole, &[whole.len()]) });
    json!({ "rows": points.len(), "tracks": tracks, "columns": columns })
}
