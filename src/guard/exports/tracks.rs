//! Formats with a record for each track: trips, KML, CZML, ephemerides, XML in the style of STANAG 4676.

use super::super::reading::Reading;
use super::super::table::Row;
use super::{Picture, by_track, escaped, times};
use crate::space::Geodetic;
use crate::time::format_timestamp;
use serde_json::json;
use sha2::{Digest, Sha256};

/// Lines of three positions at least, cut where a track crosses the antimeridian.
pub(super) fn trips(file: &mut Reading<'_>, picture: &Picture<'_>) {
    file.next("{\"type\":\"FeatureCollection\",\"features\":[");
    let (mut left_out, mut first) = (0, true);
    for (track, rows) in by_track(picture.rows) {
        let mut parts: Vec<Vec<&Row>> = Vec::new();
        for row in rows {
            let before = parts.last_mut().filter(|part| {
                let [_, longitude, _] = row.position;
                part.last().is_some_and(|last| (longitude - last.position[1]).abs() <= 180.0)
            });
            match before {
                Some(part) => part.push(row),
                None => parts.push(vec![row]),
            }
        }
        for (number, part) in parts.iter().enumerate() {
            if part.len() < 3 {
                left_out += 1;
                continue;
            }
            let at = |row: &&Row| format!("[{},{}]", row.place().join(","), row.time_us.div_euclid(1000));
            let line = part.iter().map(at).collect::<Vec<_>>().join(",");
            file.next(if first { "\n" } else { ",\n" });
            first = false;
            file.next(format!(
                "{{\"type\":\"Feature\",\"geometry\":{{\"type\":\"LineString\",\"coordinates\":[{line}]}},"
            ));
            file.next(format!("\"properties\":{{\"track\":\"{track}\",\"part\":{number}}}}}"));
        }
    }
    file.next(format!("\n],\"left_out\":{left_out}}}\n"));
}

/// A placemark a track.
pub(super) fn kml(file: &mut Reading<'_>, picture: &Picture<'_>) {
    file.next("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<kml xmlns=\"http://www.opengis.net/kml/2.2\" ");
    file.next("xmlns:gx=\"http://www.google.com/kml/ext/2.2\">\n<Document>\n<name>tracks</name>\n");
    file.next("<description>Heights are above the WGS 84 ellipsoid, not above the geoid.</description>\n");
    file.next("<Schema id=\"row\">\n<gx:SimpleArrayField name=\"status\" type=\"string\"/>\n");
    file.next("<gx:SimpleArrayField name=\"existence\" type=\"float\"/>\n</Schema>\n");
    for (track, rows) in by_track(picture.rows) {
        if let [row] = rows.as_slice() {
            let existence = row.existence().map(|existence| existence.to_string()).unwrap_or_default();
            file.next(format!(
                "<Placemark>\n<name>{track}</name>\n<TimeStamp><when>{}</when></TimeStamp>\n",
                row.instant()
            ));
            file.next(format!("<ExtendedData>\n<Data name=\"status\"><value>{}</value></Data>\n", row.status));
            file.next(format!(
                "<Data name=\"existence\"><value>{existence}</value></Data>\n</ExtendedData>\n<Point>\n"
            ));
            file.next("<altitudeMode>absolute</altitudeMode>\n");
            file.next(format!("<coordinates>{}</coordinates>\n</Point>\n</Placemark>\n", row.place().join(",")));
            continue;
        }
        file.next(format!("<Placemark>\n<name>{track}</name>\n<gx:Track>\n<altitudeMode>absolute</altitudeMode>\n"));
        for row in &rows {
            file.next(format!("<when>{}</when>\n", row.instant()));
        }
        for row in &rows {
            file.next(format!("<gx:coord>{}</gx:coord>\n", row.place().join(" ")));
        }
        file.next("<ExtendedData>\n<SchemaData schemaUrl=\"#row\">\n<gx:SimpleArrayData name=\"status\">\n");
        for row in &rows {
            file.next(format!("<gx:value>{}</gx:value>\n", row.status));
        }
        file.next("</gx:SimpleArrayData>\n<gx:SimpleArrayData name=\"existence\">\n");
        for row in rows {
            let existence = row.existence().map(|existence| existence.to_string()).unwrap_or_default();
            file.next(format!("<gx:value>{existence}</gx:value>\n"));
        }
        file.next("</gx:SimpleArrayData>\n</SchemaData>\n</ExtendedData>\n</gx:Track>\n</Placemark>\n");
    }
    file.next("</Document>\n</kml>\n");
}

/// Packets of a thousand positions.
pub(super) fn czml(file: &mut Reading<'_>, picture: &Picture<'_>) {
    file.next("[{\"id\":\"document\",\"name\":\"tracks\",\"version\":\"1.0\"");
    if let [first, .., last] = times(picture.rows).as_slice() {
        let [first, last] = [*first, *last].map(format_timestamp);
        file.next(format!(
            ",\"clock\":{{\"interval\":\"{first}/{last}\",\"currentTime\":\"{first}\",\"multiplier\":10}}"
        ));
    }
    file.next("}");
    for (track, rows) in by_track(picture.rows) {
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else { continue };
        for (number, packet) in rows.chunks(1000).enumerate() {
            file.next(format!(",\n{{\"id\":\"{track}\","));
            if number == 0 {
                let name = first.identity.clone().unwrap_or_else(|| track.to_string());
                file.next(format!(
                    "\"name\":{},\"availability\":\"{}/{}\",",
                    json!(name),
                    first.instant(),
                    last.instant()
                ));
                file.next("\"point\":{\"pixelSize\":8},");
                let known: Option<Vec<[f64; 2]>> = rows.iter().map(|row| row.deviations()).collect();
                if let Some(radius) =
                    known.and_then(|known| known.into_iter().map(|[ground, _]| ground).reduce(f64::max))
                {
                    let axis = |which: &str| format!("\"semi{which}Axis\":{{\"number\":{radius:.2}}}");
                    file.next(format!("\"ellipse\":{{{},{}}},", axis("Major"), axis("Minor")));
                }
            }
            let at = |row: &&Row| {
                let us = row.time_us - first.time_us;
                format!("{}.{:06},{}", us / 1_000_000, us % 1_000_000, row.place().join(","))
            };
            let places = packet.iter().map(at).collect::<Vec<_>>().join(",");
            file.next(format!(
                "\"position\":{{\"epoch\":\"{}\",\"cartographicDegrees\":[{places}]}}}}",
                first.instant()
            ));
        }
    }
    file.next("\n]\n");
}

/// A segment a track.
pub(super) fn oem(file: &mut Reading<'_>, picture: &Picture<'_>) {
    let instant = |time_us: i64| format_timestamp(time_us).trim_end_matches('Z').to_owned();
    let last = instant(picture.rows.last().map_or(0, |row| row.time_us));
    file.next(format!("CCSDS_OEM_VERS = 2.0\nCREATION_DATE = {last}\nORIGINATOR = TRACKWEAVE\n"));
    for (track, rows) in by_track(picture.rows) {
        let moving: Vec<(&Row, [f64; 3])> =
            rows.iter().filter_map(|row| Some((*row, row.velocity()?.map(f64::from)))).collect();
        let (Some((first, _)), Some((last, _))) = (moving.first(), moving.last()) else { continue };
        file.next(format!("\nMETA_START\nOBJECT_NAME = {track}\nOBJECT_ID = {track}\nCENTER_NAME = EARTH\n"));
        file.next("REF_FRAME = ITRF2000\nTIME_SYSTEM = UTC\n");
        file.next(format!(
            "START_TIME = {}\nSTOP_TIME = {}\nMETA_STOP\n",
            instant(first.time_us),
            instant(last.time_us)
        ));
        if moving.len() < rows.len() {
            let without = rows.len() - moving.len();
            file.next(format!("COMMENT {without} states without a velocity are left out\n"));
        }
        for (row, [ve, vn, vu]) in moving {
            let [latitude_deg, longitude_deg, altitude_m] = row.position;
            let place = Geodetic { latitude_deg, longitude_deg, altitude_m };
            let [[ex, ey, ez], [nx, ny, nz], [ux, uy, uz]] = place.enu_axes();
            let [x, y, z] = place.ecef().map(|metres| metres / 1000.0);
            let velocity = [[ex, nx, ux], [ey, ny, uy], [ez, nz, uz]];
            let [vx, vy, vz] = velocity.map(|[east, north, up]| (east * ve + north * vn + up * vu) / 1000.0);
            let time = instant(row.time_us);
            file.next(format!("{time} {x:.6} {y:.6} {z:.6} {vx:.9} {vy:.9} {vz:.9}\n"));
        }
    }
}

/// A `tracks` with an item for each row.
pub(super) fn stanag4676(file: &mut Reading<'_>, picture: &Picture<'_>) {
    file.next("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<TrackMessage xmlns=\"urn:int:nato:stanag4676:0.14\" ");
    file.next("xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:tw=\"urn:trackweave:track:1\" ");
    file.next("schemaVersion=\"0.14\">\n<stanagVersion>1.0</stanagVersion>\n");
    if let Some(last) = picture.rows.last() {
        file.next(format!("<msgCreatedTime>{}</msgCreatedTime>\n", last.instant()));
    }
    for (track, rows) in by_track(picture.rows) {
        file.next(format!("<tracks>\n<trackUUID>{}</trackUUID>\n<trackNumber>{track}</trackNumber>\n", uuid(track)));
        for row in rows {
            item(file, row);
        }
        file.next("</tracks>\n");
    }
    file.next("</TrackMessage>\n");
}

fn item(file: &mut Reading<'_>, row: &Row) {
    let [longitude, latitude, height] = row.place();
    let place =
        format!("<latitude>{latitude}</latitude><longitude>{longitude}</longitude><elevation>{height}</elevation>");
    file.next(format!("<items xsi:type=\"TrackPoint\">\n<trackItemTime>{}</trackItemTime>\n", row.instant()));
    file.next(format!("<trackPointPosition>{place}</trackPointPosition>\n"));
    if let Some([course, speed]) = row.course() {
        file.next(format!("<trackPointSpeed>{speed:.2}</trackPointSpeed>\n"));
        file.next(format!("<trackPointCourse>{course:.2}</trackPointCourse>\n"));
    }
    file.next("<TrackPointDetail>\n<pointDetailPosition xsi:type=\"GeodeticPosition\">");
    file.next(format!("{place}</pointDetailPosition>\n"));
    if let Some([east, north, up]) = row.velocity() {
        file.next("<pointDetailVelocity xsi:type=\"LocalCartesianVelocity\">");
        file.next(format!("<velx>{east}</velx><vely>{north}</vely><velz>{up}</velz></pointDetailVelocity>\n"));
    }
    if let Some([ee, en, eu, nn, nu, uu]) = row.covariance() {
        file.next("<pointDetailCovarianceMatrix xsi:type=\"CovarianceMatrixPosition\">");
        for (a, b, number) in
            [('x', 'x', ee), ('y', 'y', nn), ('z', 'z', uu), ('x', 'y', en), ('x', 'z', eu), ('y', 'z', nu)]
        {
            file.next(format!("<covPos{a}Pos{b}>{number}</covPos{a}Pos{b}>"));
        }
        file.next("</pointDetailCovarianceMatrix>\n");
    }
    file.next(format!("</TrackPointDetail>\n<tw:status>{}</tw:status>", row.status));
    if let Some(existence) = row.existence() {
        file.next(format!("<tw:existence>{existence}</tw:existence>"));
    }
    if let Some(address) = &row.identity {
        file.next(format!("<tw:identity>{}</tw:identity>", escaped(address)));
    }
    file.next(format!("{}\n</items>\n", row.elements("tw:")));
}

/// The first sixteen bytes of the digest, with the version and the variant of RFC 9562.
fn uuid(track: u64) -> String {
    let digest = Sha256::digest(format!("track {track}"));
    let digits: Vec<u8> = digest.iter().take(16).flat_map(|byte| [byte >> 4, byte & 15]).collect();
    let digit = |(place, digit): (usize, &u8)| {
        let digit = match place {
            12 => 8,
            16 => digit & 3 | 8,
            _ => *digit,
        };
        let dash = if [8, 12, 16, 20].contains(&place) { "-" } else { "" };
        format!("{dash}{digit:x}")
    };
    digits.iter().enumerate().map(digit).collect()
}
