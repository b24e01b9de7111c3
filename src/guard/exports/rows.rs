//! Formats with a record for each row: GeoJSON, CSV, Cursor on Target, MOT Challenge.

use super::super::reading::Reading;
use super::super::table::{Row, numbers, places};
use super::{Picture, escaped, times};
use crate::space::{Frame, Geodetic};
use crate::time::format_timestamp;
use serde_json::json;
use std::collections::BTreeMap;

/// What a cell of any column is.
enum Cell {
    Null,
    Number(String),
    Text(String),
    List(Vec<String>),
}

/// All columns of a row under their names but for the geometry.
fn cells(row: &Row, picture: &Picture<'_>) -> Vec<(String, Cell)> {
    let instant = |time_us: i64| match picture.frame {
        Frame::Geodetic => Cell::Text(format_timestamp(time_us)),
        Frame::Local => Cell::Number(time_us.to_string()),
    };
    let named = |(name, cell): (&str, Cell)| (name.to_owned(), cell);
    let single = |number: Option<f32>| number.map_or(Cell::Null, |number| Cell::Number(number.to_string()));
    let list = |texts: Option<Vec<String>>| texts.map_or(Cell::Null, Cell::List);
    let begin = [
        ("time", instant(row.time_us)),
        ("track", Cell::Number(row.track.to_string())),
        ("status", Cell::Text(row.status.clone())),
    ];
    let mut cells: Vec<(String, Cell)> = begin.map(named).into();
    cells.extend(
        places(picture.frame)
            .into_iter()
            .zip(row.position)
            .map(|(name, number)| named((name, Cell::Number(number.to_string())))),
    );
    cells.extend(numbers(picture.frame).into_iter().zip(row.numbers).map(|(name, number)| (name, single(number))));
    let counted = row.detections.map_or(Cell::Null, |count| Cell::Number(count.to_string()));
    cells.extend([("detections", counted), ("last_detection", row.last_us.map_or(Cell::Null, instant))].map(named));
    if picture.smoothing {
        let known = row.known_us.map_or(Cell::Null, instant);
        cells.extend([("smoothed", Cell::Number(row.smoothed.to_string())), ("as_known_at", known)].map(named));
        let filtered = places(picture.frame).into_iter().zip(row.filtered);
        let cell = |number: Option<f64>| number.map_or(Cell::Null, |number| Cell::Number(number.to_string()));
        cells.extend(filtered.map(|(name, number)| (format!("filtered_{name}"), cell(number))));
    }
    if picture.joining {
        cells.push(("object".to_owned(), row.object.map_or(Cell::Null, |object| Cell::Number(object.to_string()))));
    }
    if picture.identities {
        let text = row.identity.clone().map_or(Cell::Null, Cell::Text);
        cells.extend([("identity", text), ("identity_probability", single(row.identity_probability))].map(named));
    }
    let contributors = row.contributors.as_ref().map(|names| names.iter().cloned().collect());
    let lists = [
        ("contributors", contributors),
        ("authorities", Some(row.authorities.clone())),
        ("holders", row.holders.clone()),
    ];
    cells.extend(lists.map(|(name, texts)| named((name, list(texts)))));
    cells
}

/// A point a row.
pub(super) fn geojson(file: &mut Reading<'_>, picture: &Picture<'_>) {
    file.next("{\"type\":\"FeatureCollection\",\"features\":[");
    for (number, row) in picture.rows.iter().enumerate() {
        let properties = cells(row, picture)
            .into_iter()
            .filter(|(name, _)| !["latitude_deg", "longitude_deg", "altitude_m"].contains(&name.as_str()));
        let property = |(name, cell): (String, Cell)| {
            let value = match cell {
                Cell::Null => "null".to_owned(),
                Cell::Number(text) if ["track", "object"].contains(&name.as_str()) => json!(text).to_string(),
                Cell::Number(text) => text,
                Cell::Text(text) => json!(text).to_string(),
                Cell::List(texts) => json!(texts).to_string(),
            };
            format!("\"{name}\":{value}")
        };
        let properties = properties.map(property).collect::<Vec<_>>().join(",");
        let place = row.place().join(",");
        file.next(if number == 0 { "\n" } else { ",\n" });
        file.next(format!("{{\"type\":\"Feature\",\"geometry\":{{\"type\":\"Point\",\"coordinates\":[{place}]}},"));
        file.next(format!("\"properties\":{{{properties}}}}}"));
    }
    file.next("\n]}\n");
}

/// A line with the names, and one each row.
pub(super) fn csv(file: &mut Reading<'_>, picture: &Picture<'_>) {
    let nothing = Row {
        time_us: 0,
        track: 0,
        status: String::new(),
        position: [0.0; 3],
        numbers: [None; super::super::table::NUMBERS],
        detections: None,
        last_us: None,
        smoothed: false,
        known_us: None,
        filtered: [None; 3],
        object: None,
        identity: None,
        identity_probability: None,
        contributors: None,
        authorities: Vec::new(),
        holders: None,
        sorted: true,
    };
    let names: Vec<String> = cells(&nothing, picture).into_iter().map(|(name, _)| name).collect();
    file.next(names.join(",") + "\n");
    let quoted = |text: String| {
        let bare = !text.is_empty() && !text.chars().any(|letter| "\",\n\r".contains(letter));
        if bare { text } else { format!("\"{}\"", text.replace('"', "\"\"")) }
    };
    for row in picture.rows {
        let text = |(_, cell): (String, Cell)| match cell {
            Cell::Null => String::new(),
            Cell::Number(text) => text,
            Cell::Text(text) => quoted(text),
            Cell::List(texts) => quoted(json!(texts).to_string()),
        };
        file.next(cells(row, picture).into_iter().map(text).collect::<Vec<_>>().join(",") + "\n");
    }
}

/// An event a row.
pub(super) fn cot(file: &mut Reading<'_>, picture: &Picture<'_>) {
    let times = times(picture.rows);
    let mut gaps: Vec<i64> = times.windows(2).filter_map(|pair| Some(pair.last()? - pair.first()?)).collect();
    gaps.sort_unstable();
    let gap = gaps.get(gaps.len().saturating_sub(1) / 2).copied().unwrap_or(1_000_000);
    file.next("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<events>\n");
    for row in picture.rows {
        let (time, stale) = (row.instant(), format_timestamp(row.time_us.saturating_add(gap.saturating_mul(3))));
        let [longitude, latitude, height] = row.place();
        let [ce, le] = row
            .deviations()
            .map_or(["9999999.0"; 2].map(str::to_owned), |both| both.map(|metres| format!("{metres:.2}")));
        file.next(format!("<event version=\"2.0\" uid=\"trackweave.{}\" type=\"a-u-X\" how=\"m-f\"", row.track));
        file.next(format!(" time=\"{time}\" start=\"{time}\" stale=\"{stale}\">"));
        file.next(format!(
            "<point lat=\"{latitude}\" lon=\"{longitude}\" hae=\"{height}\" ce=\"{ce}\" le=\"{le}\"/><detail>"
        ));
        if let Some(address) = &row.identity {
            file.next(format!("<contact callsign=\"{}\"/>", escaped(address)));
        }
        if let Some([course, speed]) = row.course() {
            file.next(format!("<track course=\"{course:.2}\" speed=\"{speed:.2}\"/>"));
        }
        let existence = row.existence().map(|existence| format!(" existence=\"{existence}\"")).unwrap_or_default();
        file.next(format!("<__trackweave status=\"{}\"{existence}>{}", row.status, row.elements("")));
        file.next("</__trackweave></detail></event>\n");
    }
    file.next("</events>\n");
}

/// A line a row, times and tracks counted from one.
pub(super) fn mot(file: &mut Reading<'_>, picture: &Picture<'_>) {
    let frames: BTreeMap<i64, usize> = times(picture.rows).into_iter().zip(1..).collect();
    let mut ids: BTreeMap<u64, usize> = BTreeMap::new();
    for row in picture.rows {
        let turned_up = ids.len() + 1;
        let id = *ids.entry(row.track).or_insert(turned_up);
        let [a, b, c] = row.position;
        let [x, y, z] = match picture.frame {
            Frame::Local => row.position,
            Frame::Geodetic => Geodetic { latitude_deg: a, longitude_deg: b, altitude_m: c }.ecef(),
        };
        let frame = frames.get(&row.time_us).copied().unwrap_or(0);
        let existence = row.existence().map_or("-1".to_owned(), |existence| existence.to_string());
        file.next(format!("{frame},{id},-1,-1,-1,-1,{existence},{x:.3},{y:.3},{z:.3}\n"));
    }
}
