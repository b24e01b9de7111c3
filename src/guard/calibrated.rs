//! What a calibration is to a partner, once more from docs/calibration.md: which entry corrects its detections, and how.
//!
//! An entry is a partner's if it names the partner and was computed from as many detections of each sensor, owner and label as the
//! partner may have fused. Whether its values follow from these is not asked: that is what comparing folders byte by byte is for.

use super::GuardError;
use super::evidence::{Height, Row};
use super::folder::hex;
use super::ground::{axes, dot, length, plus};
use crate::ingest::Catalogue;
use crate::sensor::{Kind, Looks, Offsets, Sensor};
use crate::space::Frame;
use crate::time::micros;
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;

/// How many detections there are of each sensor, owner and label.
pub(super) type Counts = BTreeMap<(String, String, String), u64>;
/// By quantity, what a sensor says too much, in its unit.
type Off = BTreeMap<String, f64>;

/// The entries of a calibration.
#[derive(Debug, Default)]
pub(super) struct Calibrations {
    entries: Vec<Entry>,
    /// Whether the configuration has them correct whoever's detections.
    declared: bool,
}

#[derive(Debug)]
struct Entry {
    partners: Vec<String>,
    from: Counts,
    /// By sensor, what counts.
    offsets: BTreeMap<String, Off>,
    refused: bool,
}

/// What a manifest says of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Told {
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    declared: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    entry_sha256: Option<String>,
}

/// What corrects one partner's detections.
#[derive(Debug, Default)]
pub(super) struct Corrections {
    /// By sensor's number.
    off: BTreeMap<u32, Off>,
    pub(super) told: Option<Told>,
}

impl Calibrations {
    /// Reads a file, if there is one.
    pub(super) fn read(path: Option<&Path>, configuration: &Value) -> Result<Self, GuardError> {
        let declared = configuration.pointer("/calibration").and_then(Value::as_str) == Some("declared");
        let Some(path) = path else { return Ok(Self { entries: Vec::new(), declared }) };
        let wrong = |found: String| GuardError::Policy {
            path: path.to_owned(),
            found,
            wanted: "what `trackweave calibrate` wrote, as docs/calibration.md has it",
        };
        let file: toml::Value =
            super::rules::text(path)?.parse::<toml::Table>().map_err(|error| wrong(error.to_string()))?.into();
        let segments = list(&file, "segment");
        let entries = segments.map(|segment| Entry::of(segment).ok_or_else(|| wrong("another segment".to_owned())));
        Ok(Self { entries: entries.collect::<Result<_, _>>()?, declared })
    }

    /// What corrects the detections that a partner may have fused.
    pub(super) fn of(&self, partner: &str, counts: &Counts, catalogue: &Catalogue) -> Corrections {
        let numbered = (0_u32..).zip(&catalogue.sensors);
        let of_partner: Vec<(u32, &Sensor)> =
            numbered.filter(|(_, sensor)| counts.keys().any(|(name, ..)| *name == sensor.name)).collect();
        let mut told = Told {
            declared: of_partner.iter().any(|(_, sensor)| sensor.offsets != Offsets::default()),
            entry_sha256: None,
        };
        let is_its = |entry: &&Entry| entry.partners.iter().any(|id| id == partner) && entry.from == *counts;
        let entry = match &self.entries[..] {
            [entry] if self.declared => Some(entry),
            _ if self.declared => None,
            entries => entries.iter().find(is_its),
        };
        let mut off = BTreeMap::new();
        if let Some(entry) = entry.filter(|entry| !entry.refused) {
            for (number, sensor) in of_partner {
                let mut of = entry.offsets.get(&sensor.name).cloned().unwrap_or_default();
                of.retain(|quantity, value| value.abs() > 0.0 && takes(sensor, quantity));
                if !of.is_empty() {
                    off.insert(number, of);
                }
            }
            if !off.is_empty() {
                told.declared |= self.declared;
                told.entry_sha256 = (!self.declared).then(|| entry.sha256());
            }
        }
        Corrections { off, told: (told != Told::default()).then_some(told) }
    }
}

impl Entry {
    fn of(segment: &toml::Value) -> Option<Self> {
        let text = |of: &toml::Value, key: &str| Some(of.get(key)?.as_str()?.to_owned());
        let from = list(segment, "from").map(|of| {
            let count = u64::try_from(of.get("detections")?.as_integer()?).ok()?;
            Some(((text(of, "sensor")?, text(of, "owner")?, text(of, "label")?), count))
        });
        let offsets = list(segment, "sensors").map(|of| {
            let counts = list(of, "offsets").filter(|of| text(of, "standing").as_deref() == Some("significant"));
            let value = |of: &toml::Value| {
                let value = of.get("value")?;
                value.as_float().or_else(|| value.as_integer().map(|whole| whole as f64))
            };
            let counts = counts.map(|of| Some((text(of, "quantity")?, value(of)?))).collect::<Option<Off>>()?;
            Some((text(of, "sensor")?, counts))
        });
        let partners = segment.get("partners")?.as_array()?.iter().filter_map(toml::Value::as_str);
        Some(Self {
            partners: partners.map(str::to_owned).collect(),
            from: from.collect::<Option<_>>()?,
            offsets: offsets.collect::<Option<_>>()?,
            refused: segment.get("refused").is_some(),
        })
    }

    fn sha256(&self) -> String {
        let from = self.from.iter().map(|((sensor, owner, label), detections)| {
            json!({ "sensor": sensor, "owner": owner, "label": label, "detections": detections })
        });
        let mut entry = json!({ "from": from.collect::<Vec<_>>(), "offsets": self.offsets });
        entry.sort_all_objects();
        hex(&Sha256::digest(entry.to_string()))
    }
}

fn list<'a>(of: &'a toml::Value, key: &str) -> impl Iterator<Item = &'a toml::Value> {
    of.get(key).and_then(toml::Value::as_array).into_iter().flatten()
}

/// Whether a sensor's detections are corrected by a quantity.
fn takes(sensor: &Sensor, quantity: &str) -> bool {
    let own: &[&str] = match sensor.kind {
        Kind::Position => &["time_s", "east_m", "north_m"],
        Kind::Radar { .. } => &["range_m", "azimuth_deg", "elevation_deg", "time_s"],
    };
    let by_clock = matches!(sensor.looks, Looks::Periodic { .. } | Looks::Reports { .. });
    own.contains(&quantity) && (by_clock || !["time_s", "azimuth_deg"].contains(&quantity))
}

impl Corrections {
    /// When a detection was made.
    pub(super) fn time_us(&self, row: &Row) -> i64 {
        let ahead_s = self.off.get(&row.sensor).and_then(|off| off.get("time_s"));
        row.time_us.saturating_sub(ahead_s.and_then(|ahead_s| micros(*ahead_s)).unwrap_or_default())
    }

    /// A detection that no level made coarse, put right.
    pub(super) fn corrected(&self, row: Row, (catalogue, keeps): (&Catalogue, bool)) -> Row {
        let of = self.off.get(&row.sensor).zip(catalogue.sensors.get(row.sensor as usize));
        let Some((off, sensor)) = of else { return row };
        let of = |quantity: &str| off.get(quantity).copied().unwrap_or_default();
        let (range_m, azimuth, elevation) =
            (of("range_m"), of("azimuth_deg").to_radians(), of("elevation_deg").to_radians());
        let time_us = self.time_us(&row);
        let site = if sensor.kind == Kind::Position { None } else { sensor.site(catalogue.frame, row.time_us) };
        let Some(site) = site else {
            let [east, north, _] = row.level(catalogue.frame);
            let at_m = plus(plus(row.at_m, -of("east_m"), east), -of("north_m"), north);
            return Row { time_us, at_m, ..row };
        };
        let [east, north, up] = site.axes();
        let line = plus(row.at_m, -1.0, site.metres());
        let [e, n, u] = [east, north, up].map(|axis| dot(line, axis));
        let (ground_m, heading) = (e.hypot(n), e.atan2(n) - azimuth);
        let out = plus(plus([0.0; 3], heading.sin(), east), heading.cos(), north);
        let far_m = length(line) - range_m;
        let line = match row.height {
            Height::Open => plus(plus([0.0; 3], ground_m - range_m, out), u, up),
            Height::Measured if keeps => {
                // As high above the ellipsoid as it was.
                let [_, _, vertical] = row.level(catalogue.frame);
                let turned = plus(plus([0.0; 3], ground_m, out), u, up);
                let above_m = dot(turned, vertical);
                let level = plus(turned, -above_m, vertical);
                let level_m = (far_m * far_m - above_m * above_m).max(0.0).sqrt();
                plus(plus([0.0; 3], level_m / length(level).max(1.0), level), above_m, vertical)
            }
            Height::Measured | Height::Slant => {
                let rise = u.atan2(ground_m) - elevation;
                plus(plus([0.0; 3], far_m * rise.cos(), out), far_m * rise.sin(), up)
            }
        };
        Row { time_us, at_m: plus(site.metres(), 1.0, line), range_m: row.range_m - range_m, ..row }
    }
}

impl Row {
    fn level(&self, frame: Frame) -> [[f64; 3]; 3] {
        let [x, y] = self.place;
        axes(frame, if frame == Frame::Geodetic { [y, x, 0.0] } else { [x, y, 0.0] })
    }
}
