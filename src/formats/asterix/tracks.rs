//! Tracks of a tracker over several sensors: category 62.

use super::meaning::{Draft, callsign, components, geodetic, mode_a, number, plane, time_of_day};
use super::walk::Found;
use crate::formats::report::{Marks, Report};

/// Metres in a degree along a meridian, within 0.6 %, as for standard deviations.
const DEGREE_M: f64 = 111_195.0;

/// Reads an item.
pub(super) fn read(draft: &mut Draft, item: &Found<'_>) {
    let report = &mut draft.report;
    match item.item.number {
        40 => report.identity.track = number(item, "VAL"),
        60 => mode_a(&mut report.identity, item),
        70 => draft.time = time_of_day(item),
        80 => {
            draft.marks(item);
            let marks = &mut draft.report.marks;
            marks.put(Marks::TENTATIVE, item.is_set("CNF"));
            marks.put(Marks::END, item.is_set("TSE"));
            marks.put(Marks::COASTED, item.is_set("CST"));
        }
        100 => report.plane = plane(item),
        105 => report.geodetic = geodetic(item),
        130 => report.height_m = item.si("VAL"),
        136 => report.pressure_altitude_m = item.si("VAL").or(report.pressure_altitude_m),
        // The calculated one, where it is a pressure altitude at all and none was measured.
        135 if !item.is_set("QNH") => report.pressure_altitude_m = report.pressure_altitude_m.or(item.si("CTB")),
        185 => report.velocity = components(item),
        220 => report.up_m_s = item.si("VAL"),
        245 => report.identity.callsign = report.identity.callsign.take().or_else(|| callsign(item, "CHR")),
        380 => {
            report.identity.address = item.part("ADR").and_then(|part| number(&part, "VAL"));
            let sent = item.part("ID").and_then(|part| callsign(&part, "VAL"));
            report.identity.callsign = sent.or_else(|| report.identity.callsign.take());
        }
        500 => accuracies(report, item),
        _ => {}
    }
}

/// Estimated accuracies, which are standard deviations; the covariance is the root of itself, with its sign.
fn accuracies(report: &mut Report, item: &Found<'_>) {
    let sigmas = &mut report.sigmas;
    let value = |part: &str, name: &str| item.part(part).and_then(|part| part.si(name));
    if let Some(east_m) = value("APC", "X").filter(|sigma| *sigma > 0.0) {
        (sigmas.east_m, sigmas.north_m) = (Some(east_m), value("APC", "Y").filter(|sigma| *sigma > 0.0));
        let covariance = value("COV", "VAL").map(|root| root * root.abs());
        let product = sigmas.north_m.map(|north_m| north_m * east_m);
        sigmas.correlation = covariance.zip(product).map(|(covariance, product)| covariance / product);
        sigmas.correlation = sigmas.correlation.filter(|correlation| correlation.abs() <= 1.0);
    } else if let Some(north_deg) = value("APW", "LAT").filter(|sigma| *sigma > 0.0) {
        let latitude = report.geodetic.map_or(0.0, |place| place.latitude_deg.to_radians());
        sigmas.north_m = Some(north_deg * DEGREE_M);
        sigmas.east_m = value("APW", "LON").map(|east_deg| east_deg * DEGREE_M * libm::cos(latitude));
    }
    sigmas.height_m = value("AGA", "VAL").filter(|_| report.height_m.is_some()).or(value("ABA", "VAL"));
    // The larger of the two.
    sigmas.velocity_m_s = value("ATV", "X").zip(value("ATV", "Y")).map(|(x, y)| x.max(y));
    sigmas.up_m_s = value("ARC", "VAL");
}
