//! `recording.toml`, drafted: what the files say, what their rows show, and what somebody has to state.

use std::fmt::Write as _;

use super::Request;
use super::error::ImportError;
use crate::formats::Options;
use crate::ingest::{Ended, Heights, Import, TimeScale};
use crate::inspect::{quoted, rounded};
use crate::space::Geodetic;

/// What stands above the sensors.
pub(super) fn head(request: &Request<'_>, time: TimeScale, ended: &[Ended]) -> Result<String, ImportError> {
    let mut text = "# Drafted by trackweave import. Behind each value stands where it is from: `found` in the rows or messages, `not\n\
                    # known`: made up, so that there is one; what is `to be stated` nobody but you can say.\n"
        .to_owned();
    for Ended { imported, .. } in ended {
        let _ = writeln!(
            text,
            "# {}: {}, {} reports, {} rows",
            imported.file, imported.format, imported.reports, imported.rows
        );
    }
    text += &notes(request, time, ended);
    let name =
        request.out.file_name().map_or_else(|| "recording".to_owned(), |name| name.to_string_lossy().trim().to_owned());
    let name = if name.is_empty() || name.chars().any(char::is_control) { "recording" } else { &name };
    let scale = if time == TimeScale::Seconds { "seconds" } else { "timestamp" };
    let _ = write!(text, "\nname = {}\nframe = \"geodetic\"\ntime = \"{scale}\"\n", quoted(name));
    if request.in_place {
        for import in &request.imports {
            text += &entry(import)?;
        }
    }
    Ok(text)
}

/// What holds of the files as a whole.
fn notes(request: &Request<'_>, time: TimeScale, ended: &[Ended]) -> String {
    let mut text = String::new();
    if time == TimeScale::Seconds {
        text += "# Times are seconds since the midnight before the first report of each file, or of its receiver's counter: the\n\
                 # files have no date (--date states it).\n";
    }
    for moments in ended.iter().map(|ended| ended.heard.above_pressure).filter(|moments| moments.count > 0) {
        let _ = writeln!(
            text,
            "# Heights above the ellipsoid are {} m above the pressure altitudes of the same reports (standard deviation {} m,\n\
             # {} reports); added to pressure altitudes here: {} m (--pressure-correction-m).",
            rounded(moments.mean),
            rounded(moments.sigma()),
            moments.count,
            request.imports.first().map_or(0.0, |import| import.pressure_correction_m)
        );
    }
    let heights = ended.iter().flat_map(|ended| ended.heard.sensors.values()).filter(|heard| heard.polar == 0);
    let [_, pressure, none] = heights.fold([0; 3], |[a, b, c], heard| {
        let [geometric, pressure, none] = heard.heights;
        [a + geometric, b + pressure, c + none]
    });
    if pressure > 0 {
        let _ = writeln!(
            text,
            "# {pressure} positions have a pressure altitude alone; how far it is from the height above the ellipsoid hangs on the\n\
             # weather: to be stated in vertical_m, or corrected."
        );
    }
    match request.imports.first().and_then(|import| import.altitude_m) {
        _ if none == 0 => {}
        Some(altitude_m) => {
            let _ =
                writeln!(text, "# {none} positions have no height: {altitude_m} m above the ellipsoid (--altitude-m).");
        }
        None => {
            let _ = writeln!(
                text,
                "# {none} positions have no height and will be rejected: --altitude-m states it for what is on the ground or at sea."
            );
        }
    }
    text
}

/// An `[[import]]`.
fn entry(import: &Import) -> Result<String, ImportError> {
    let file = import.file.to_str().ok_or_else(|| ImportError::Path { path: import.file.clone() })?;
    let mut text = format!("\n[[import]]\nfile = {}\n", quoted(file));
    let Import { format, options, heights, pressure_correction_m, altitude_m, origins, .. } = import;
    let Options { asterix, receiver } = options;
    let mut put = |line: String| text += &line;
    if let Some(format) = format {
        put(format!("format = \"{}\"\n", format.key()));
    }
    if let Some(date_us) = asterix.date_us {
        let day = crate::time::format_timestamp(date_us);
        put(format!("date = \"{}\"\n", day.split('T').next().unwrap_or_default()));
    }
    if !asterix.editions.is_empty() {
        let editions =
            asterix.editions.iter().map(|(category, edition)| format!("\"{category}\" = {}", quoted(edition)));
        put(format!("editions = {{ {} }}\n", editions.collect::<Vec<_>>().join(", ")));
    }
    if let Some(receiver) = receiver {
        let (latitude, longitude) = (receiver.latitude_deg, receiver.longitude_deg);
        put(format!("receiver = {{ latitude_deg = {latitude:?}, longitude_deg = {longitude:?} }}\n"));
    }
    if *heights == Heights::Pressure {
        put("heights = \"pressure\"\n".to_owned());
    }
    if *pressure_correction_m != 0.0 {
        put(format!("pressure_correction_m = {pressure_correction_m:?}\n"));
    }
    if let Some(altitude_m) = altitude_m {
        put(format!("altitude_m = {altitude_m:?}\n"));
    }
    if !origins.is_empty() {
        let origin = |(sensor, place): (&String, &Geodetic)| {
            let Geodetic { latitude_deg, longitude_deg, altitude_m } = place;
            format!(
                "{} = {{ latitude_deg = {latitude_deg:?}, longitude_deg = {longitude_deg:?}, altitude_m = {altitude_m:?} }}",
                quoted(sensor)
            )
        };
        put(format!("origins = {{ {} }}\n", origins.iter().map(origin).collect::<Vec<_>>().join(", ")));
    }
    Ok(text)
}
