//! `zones.geojson` as it is written (RFC 7946): named features that are polygons.
//!
//! What the format allows beside is read past: `bbox`, `id`, other properties and members, heights of positions. Coordinates
//! are those of the recording; in degrees they are WGS 84, so a `crs`, which the format once had, may say nothing else.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, IgnoredAny, SeqAccess, Visitor};

use super::PolicyError;
use super::polygon::Ring;
use super::source::Source;

/// A zone of the file.
pub(super) struct Written {
    pub(super) name: String,
    pub(super) line: usize,
    /// Polygon, then ring, the last position of which is still the first one again.
    pub(super) polygons: Vec<Vec<Ring>>,
}

/// The file: a collection, or one feature alone.
#[derive(Deserialize)]
struct File {
    #[serde(rename = "type")]
    kind: String,
    crs: Option<serde_json::Value>,
    features: Option<Vec<Feature>>,
    properties: Option<Properties>,
    #[serde(default)]
    geometry: Option<Geometry>,
}

#[derive(Deserialize)]
struct Feature {
    #[serde(rename = "type")]
    _kind: FeatureKind,
    properties: Option<Properties>,
    geometry: Option<Geometry>,
}

#[derive(Deserialize)]
enum FeatureKind {
    Feature,
}

/// The property that counts.
#[derive(Deserialize)]
struct Properties {
    name: Option<serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(tag = "type", content = "coordinates")]
enum Geometry {
    Polygon(Vec<Vec<Position>>),
    MultiPolygon(Vec<Vec<Vec<Position>>>),
    Point(IgnoredAny),
    MultiPoint(IgnoredAny),
    LineString(IgnoredAny),
    MultiLineString(IgnoredAny),
    #[serde(rename = "GeometryCollection")]
    Collection,
}

/// Two coordinates; a height behind them is read past.
struct Position([f64; 2]);

impl<'de> Deserialize<'de> for Position {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Numbers;
        impl<'de> Visitor<'de> for Numbers {
            type Value = Position;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a position of two coordinates, or three")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut numbers: A) -> Result<Position, A::Error> {
                let mut next = |at| -> Result<f64, A::Error> {
                    numbers.next_element()?.ok_or_else(|| de::Error::invalid_length(at, &self))
                };
                let place = [next(0)?, next(1)?];
                while numbers.next_element::<f64>()?.is_some() {}
                Ok(Position(place))
            }
        }
        deserializer.deserialize_seq(Numbers)
    }
}

/// Reads the text of a file.
pub(super) fn read(source: &Source) -> Result<Vec<Written>, PolicyError> {
    let text = source.text.strip_prefix('\u{feff}').unwrap_or(&source.text);
    let before = source.text.len() - text.len();
    let file: File = serde_json::from_str(text).map_err(|error| {
        let said = error.to_string();
        source.syntax(error.line().max(1), &reworded(said.split(" at line ").next().unwrap_or(&said)))
    })?;
    let wrong = |found: &str, wanted: &str| source.syntax(1, &format!("found {found}, wanted {wanted}"));
    if let Some(crs) = file.crs.filter(|crs| !is_wgs84(crs)) {
        let (line, crs) = (source.line_with("\"crs\""), crs.to_string());
        let crs = crs.char_indices().nth(80).map_or(crs.as_str(), |(end, _)| crs.get(..end).unwrap_or_default());
        let wanted = "WGS 84, or no `crs` where zones are in the coordinates of the recording: QGIS exports to EPSG:4326, \
                      ogr2ogr with -t_srs EPSG:4326, geopandas after to_crs(4326)";
        return Err(source.syntax(line, &format!("found crs {crs}, wanted {wanted}")));
    }
    let features = match (file.kind.as_str(), file.features) {
        ("FeatureCollection", Some(features)) => features,
        ("FeatureCollection", None) => return Err(wrong("no `features`", "the features of the collection")),
        ("Feature", _) => {
            vec![Feature { _kind: FeatureKind::Feature, properties: file.properties, geometry: file.geometry }]
        }
        (kind, _) => {
            return Err(wrong(&format!("type {kind:?}"), "FeatureCollection: zones are features, which have names"));
        }
    };
    let starts = starts(text);
    let place = |number: usize| starts.get(number).map_or(source.text.len(), |start| start + before);
    let named = features.into_iter().enumerate().map(|(number, feature)| {
        let start = if starts.is_empty() { 0 } else { place(number) };
        zone(feature, source, (start, place(number + 1)))
    });
    named.collect()
}

fn zone(feature: Feature, source: &Source, (start, end): (usize, usize)) -> Result<Written, PolicyError> {
    let text = source.text.get(start..end).unwrap_or_default();
    let line = source.line_at(start);
    let name = match feature.properties.and_then(|properties| properties.name) {
        Some(serde_json::Value::String(name)) => name,
        Some(other) => {
            let message = format!("found the property `name` {other}, wanted text in quotes: the name of the zone");
            return Err(source.syntax(line, &message));
        }
        None => {
            let message = "found a feature without the property `name`, wanted it: the name of the zone, by which rules speak of it";
            return Err(source.syntax(line, message));
        }
    };
    let line = source.line_at(start + text.find(&format!("{name:?}")).unwrap_or(0));
    let rings = |rings: Vec<Vec<Position>>| -> Vec<Ring> {
        rings.into_iter().map(|ring| ring.into_iter().map(|Position(place)| place).collect()).collect()
    };
    let other = match feature.geometry {
        Some(Geometry::Polygon(polygon)) => return Ok(Written { name, line, polygons: vec![rings(polygon)] }),
        Some(Geometry::MultiPolygon(polygons)) => {
            return Ok(Written { name, line, polygons: polygons.into_iter().map(rings).collect() });
        }
        Some(Geometry::Point(IgnoredAny) | Geometry::MultiPoint(IgnoredAny)) => "points",
        Some(Geometry::LineString(IgnoredAny) | Geometry::MultiLineString(IgnoredAny)) => "lines",
        Some(Geometry::Collection) => "a GeometryCollection",
        None => "no geometry",
    };
    let wanted = "a Polygon or a MultiPolygon: a zone is an area";
    Err(PolicyError::Zone { path: source.path.clone(), line, zone: name, found: format!("found {other}"), wanted })
}

/// What a library says of something else than these structures, in words of the format.
fn reworded(said: &str) -> String {
    said.replace("adjacently tagged enum Geometry", "a geometry of a `type` with `coordinates`")
        .replace("struct File", "a FeatureCollection")
        .replace("struct Feature", "a Feature")
        .replace("struct Properties", "properties, among them `name`")
}

/// Whether a coordinate reference system of old is longitude and latitude in WGS 84.
fn is_wgs84(crs: &serde_json::Value) -> bool {
    let name = crs.pointer("/properties/name").and_then(serde_json::Value::as_str).unwrap_or_default();
    let known = ["urn:ogc:def:crs:OGC:1.3:CRS84", "urn:ogc:def:crs:OGC::CRS84", "OGC:CRS84"];
    let known = known.into_iter().chain(["urn:ogc:def:crs:EPSG::4326", "EPSG:4326"]);
    crs.is_null() || known.into_iter().any(|known| known == name)
}

/// Where the features of a collection that was read begin: each object in the array `features` of the outermost object.
fn starts(text: &str) -> Vec<usize> {
    let mut starts = Vec::new();
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    let (mut string, mut key, mut in_features) = (0, "", false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' if in_string => {
                in_string = false;
                if depth == 1 {
                    key = text.get(string..at).unwrap_or_default();
                }
            }
            b'"' => (in_string, string) = (true, at + 1),
            _ if in_string => {}
            b'{' | b'[' => {
                match depth {
                    1 => in_features = byte == b'[' && key == "features",
                    2 if in_features && byte == b'{' => starts.push(at),
                    _ => {}
                }
                depth += 1;
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    starts
}
