//! What the items of a record mean: a report.
//!
//! The categories are alike: an item of a number means one thing, or one of two. What the sender says of an item that it
//! is not valid (a garbled code, a height not validated) is left out.

use super::edition::Edition;
use super::own::{self, Items};
use super::walk::{Found, Layout};
use super::{service, tracks};
use crate::formats::report::{Geodetic, Identity, Kind, Marks, Plane, Polar, Report, Velocity};

/// The report of a record, before its source and its time are known to the file.
#[derive(Debug, Default)]
pub(super) struct Draft {
    /// What it says.
    pub(super) report: Report,
    /// System area code and system identification code.
    pub(super) source: Option<(u8, u8)>,
    /// When, of the day.
    pub(super) time: Option<TimeOfDay>,
}

/// A time of day as it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TimeOfDay {
    /// Microseconds since midnight, UTC, rounded down.
    Whole(i64),
    /// Those since a multiple of 512 s.
    Truncated(i64),
}

impl Draft {
    /// Reads the items of a record.
    #[must_use]
    pub(super) fn of(edition: &Edition, layout: &Layout, octets: &[u8]) -> Self {
        let mut draft = Self::default();
        draft.report.kind = match edition.category {
            1 | 10 | 20 | 48 => Kind::Plot,
            21 => Kind::Own,
            62 => Kind::Track,
            _ => Kind::Status,
        };
        for item in layout.items(edition, octets) {
            if item.item.number == 10 {
                draft.source = octet(&item, "SAC").zip(octet(&item, "SIC"));
                continue;
            }
            match edition.category {
                1 | 48 => draft.radar(edition.category, &item),
                10 | 20 => draft.surface(edition.category, &item),
                21 => own::read(&mut draft, &item, Items::of(edition)),
                62 => tracks::read(&mut draft, &item),
                _ => service::read(&mut draft, edition.category, &item),
            }
        }
        if edition.category == 21 {
            own::finish(&mut draft);
        }
        draft
    }

    /// An item of a radar's report: categories 1 and 48.
    fn radar(&mut self, category: u8, item: &Found<'_>) {
        let report = &mut self.report;
        match item.item.number {
            20 if category == 1 => {
                report.kind = if item.is_set("TYP") { Kind::Track } else { Kind::Plot };
                self.sensing(item.raw("SSRPSR").unwrap_or(0));
                self.marks(item);
            }
            20 => {
                // Primary, secondary, both; then Mode S without and with primary.
                let sensing = [0, 1, 2, 3, 2, 2, 3, 3];
                let kind = item.raw("TYP").and_then(|kind| usize::try_from(kind).ok());
                self.sensing(kind.and_then(|kind| sensing.get(kind)).copied().unwrap_or(0));
                self.marks(item);
            }
            30 | 50 | 55 | 60 | 65 | 80 | 100 => {}
            40 => report.polar = polar(item, "THETA"),
            42 => report.plane = plane(item),
            110 => report.height_m = item.si("3DH"),
            120 if category == 1 => report.range_rate_m_s = item.si("VAL"),
            120 => {
                let calculated = item.part("CAL").filter(|part| !part.is_set("D"));
                report.range_rate_m_s = calculated.and_then(|part| part.si("CAL"));
            }
            140 => self.time = time_of_day(item),
            141 => self.time = item.raw("VAL").map(|raw| TimeOfDay::Truncated(micros(raw))),
            161 => report.identity.track = number(item, if category == 1 { "VAL" } else { "TRN" }),
            170 => {
                report.marks.put(Marks::TENTATIVE, item.is_set("CNF") || item.is_set("CON"));
                report.marks.put(Marks::END, item.is_set("TRE"));
                report.marks.put(Marks::GHOST, item.is_set("GHO"));
            }
            200 => report.velocity = course(item, "GSP", "HDG"),
            230 => report.marks.put(Marks::GROUND, matches!(item.raw("STAT"), Some(1 | 3))),
            _ => transponder(report, item),
        }
    }

    /// An item of a surface radar's or multilateration's report: categories 10 and 20.
    fn surface(&mut self, category: u8, item: &Found<'_>) {
        let report = &mut self.report;
        match item.item.number {
            0 => match item.raw("VAL") {
                Some(1) => {}
                Some(2) => report.kind = Kind::North,
                _ => report.kind = Kind::Status,
            },
            20 => {
                let primary = category == 10 && item.raw("TYP") == Some(3);
                let secondary = category == 20 || matches!(item.raw("TYP"), Some(0 | 1 | 5));
                report.marks.put(Marks::PRIMARY, primary);
                report.marks.put(Marks::SECONDARY, secondary);
                if category == 10 && item.raw("TYP") == Some(2) {
                    report.kind = Kind::Own;
                }
                self.marks(item);
            }
            40 => report.polar = polar(item, "TH"),
            41 => report.geodetic = geodetic(item),
            42 => report.plane = plane(item),
            91 | 105 => report.height_m = item.si("VAL"),
            110 => report.height_m = report.height_m.or(item.si("VAL")),
            140 => self.time = time_of_day(item),
            161 => report.identity.track = number(item, "TRK").or_else(|| number(item, "TRN")),
            170 => {
                report.marks.put(Marks::TENTATIVE, item.is_set("CNF"));
                report.marks.put(Marks::END, item.is_set("TRE"));
                report.marks.put(Marks::COASTED, item.is_set("CST"));
                report.marks.put(Marks::GHOST, item.is_set("GHO"));
            }
            200 => report.velocity = course(item, "GSP", "TRA"),
            202 => report.velocity = components(item),
            230 => report.marks.put(Marks::GROUND, matches!(item.raw("STAT"), Some(1 | 3))),
            245 => report.identity.callsign = callsign(item, "CHR"),
            // Of category 10 the third field is a covariance whose unit the editions print differently: left out.
            500 if category == 10 => {
                (report.sigmas.east_m, report.sigmas.north_m) = (item.si("DEVX"), item.si("DEVY"));
            }
            500 => {
                if let Some(part) = item.part("SDP") {
                    (report.sigmas.east_m, report.sigmas.north_m) = (part.si("X"), part.si("Y"));
                }
                report.sigmas.height_m = item.part("SDH").and_then(|part| part.si("VAL"));
            }
            _ => transponder(report, item),
        }
    }

    /// 0 nothing, 1 primary, 2 secondary, 3 both.
    fn sensing(&mut self, found: u64) {
        self.report.marks.put(Marks::PRIMARY, found & 1 != 0);
        self.report.marks.put(Marks::SECONDARY, found & 2 != 0);
        self.report.marks.put(Marks::COASTED, found == 0);
    }

    /// The bits of a target report descriptor that go by the same names everywhere.
    pub(super) fn marks(&mut self, item: &Found<'_>) {
        let marks = &mut self.report.marks;
        marks.put(Marks::SIMULATED, item.is_set("SIM"));
        marks.put(Marks::TEST, item.is_set("TST"));
        marks.put(Marks::MONITOR, item.is_set("RAB"));
        marks.put(Marks::SPI, item.is_set("SPI"));
        marks.put(Marks::GROUND, item.is_set("GBS"));
    }
}

/// What a transponder says, in items of the same numbers in several categories.
fn transponder(report: &mut Report, item: &Found<'_>) {
    match item.item.number {
        60 | 70 => mode_a(&mut report.identity, item),
        90 if !item.is_set("V") && !item.is_set("G") => {
            report.pressure_altitude_m = item.si("FL").or_else(|| item.si("HGT"));
        }
        220 => report.identity.address = number(item, "VAL"),
        240 => report.identity.callsign = callsign(item, "VAL"),
        _ => {}
    }
}

/// A Mode 3/A code, where it is valid and not garbled.
pub(super) fn mode_a(identity: &mut Identity, item: &Found<'_>) {
    if !item.is_set("V") && !item.is_set("G") {
        identity.mode_a = item.raw("MODE3A").and_then(|code| u16::try_from(code).ok());
    }
}

pub(super) fn octet(item: &Found<'_>, name: &str) -> Option<u8> {
    item.raw(name).and_then(|raw| u8::try_from(raw).ok())
}

pub(super) fn number(item: &Found<'_>, name: &str) -> Option<u32> {
    item.raw(name).and_then(|raw| u32::try_from(raw).ok())
}

/// Units of 1/128 s as microseconds, rounded down.
fn micros(raw: u64) -> i64 {
    i64::try_from(raw * 15_625 / 2).unwrap_or(0)
}

pub(super) fn time_of_day(item: &Found<'_>) -> Option<TimeOfDay> {
    item.raw("VAL").map(|raw| TimeOfDay::Whole(micros(raw)))
}

fn polar(item: &Found<'_>, angle: &str) -> Option<Polar> {
    Some(Polar { range_m: Some(item.si("RHO")?), azimuth_deg: Some(item.si(angle)?), elevation_deg: None })
}

pub(super) fn plane(item: &Found<'_>) -> Option<Plane> {
    Some(Plane { x_m: item.si("X")?, y_m: item.si("Y")? })
}

/// A place on the Earth; none at an impossible latitude.
pub(super) fn geodetic(item: &Found<'_>) -> Option<Geodetic> {
    let (latitude_deg, longitude_deg) = (item.si("LAT")?, item.si("LON")?);
    (latitude_deg.abs() <= 90.0 && longitude_deg.abs() <= 180.0).then_some(Geodetic { latitude_deg, longitude_deg })
}

pub(super) fn course(item: &Found<'_>, speed: &str, course: &str) -> Option<Velocity> {
    Some(Velocity::Course { speed_m_s: item.si(speed)?, course_deg: item.si(course)? })
}

pub(super) fn components(item: &Found<'_>) -> Option<Velocity> {
    Some(Velocity::Components { east_m_s: item.si("VX")?, north_m_s: item.si("VY")? })
}

/// A callsign; none where it is blank.
pub(super) fn callsign(item: &Found<'_>, name: &str) -> Option<Box<str>> {
    item.text(name).filter(|text| !text.is_empty()).map(String::into_boxed_str)
}
