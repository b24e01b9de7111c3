//! What sensors say of themselves: categories 2 and 34 of radars, 19 of multilateration, 23 of ADS-B stations, 63 and 65 of
//! trackers.

use super::meaning::{Draft, geodetic, time_of_day};
use super::walk::Found;
use crate::formats::report::Kind;

/// Reads an item.
pub(super) fn read(draft: &mut Draft, category: u8, item: &Found<'_>) {
    let report = &mut draft.report;
    match (category, item.item.number) {
        // The type comes before the azimuth.
        (2 | 34, 0) => match item.raw("VAL") {
            Some(1) => report.kind = Kind::North,
            Some(2) => report.kind = Kind::Sector(0.0),
            _ => {}
        },
        (2 | 34, 20) if matches!(report.kind, Kind::Sector(_)) => {
            report.kind = item.si("VAL").map_or(Kind::Status, Kind::Sector);
        }
        (34, 120) => {
            report.geodetic = geodetic(item);
            report.height_m = item.si("HGT");
        }
        (19, 600) => report.geodetic = geodetic(item),
        (19, 610) => report.height_m = item.si("VAL"),
        (2 | 34 | 63 | 65, 30) | (19, 140) | (23, 70) => draft.time = time_of_day(item),
        _ => {}
    }
}
