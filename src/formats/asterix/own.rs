//! What targets say of themselves: category 21, whose editions before 1.0 have other items under the same numbers.

use super::edition::Edition;
use super::meaning::{Draft, TimeOfDay, callsign, course, geodetic, mode_a, number, time_of_day};
use super::walk::Found;
use crate::formats::accuracy;

/// What the numbers of items stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Items {
    /// In editions before 1.0.
    Old,
    /// Since.
    New,
}

impl Items {
    /// Those of an edition.
    pub(super) fn of(edition: &Edition) -> Self {
        if edition.edition.starts_with("0.") { Self::Old } else { Self::New }
    }
}

/// Reads an item.
pub(super) fn read(draft: &mut Draft, item: &Found<'_>, items: Items) {
    let old = items == Items::Old;
    let report = &mut draft.report;
    match item.item.number {
        40 => draft.marks(item),
        70 if old => mode_a(&mut report.identity, item),
        70 => report.identity.mode_a = item.raw("MODE3A").and_then(|code| u16::try_from(code).ok()),
        80 => report.identity.address = number(item, "VAL"),
        90 if old => {
            let sigma = item.raw("PA").and_then(accuracy::nuc_p);
            (report.sigmas.east_m, report.sigmas.north_m) = (sigma, sigma);
        }
        95 => report.sigmas.velocity_m_s = item.raw("VAL").and_then(accuracy::nac_v),
        90 => quality(draft, item),
        130 if report.geodetic.is_none() => report.geodetic = geodetic(item),
        // 131 has more bits than 130, and in editions before 1.0 it is a signal's amplitude.
        131 if !old => report.geodetic = geodetic(item).or(report.geodetic),
        140 => report.height_m = item.si("VAL"),
        145 => report.pressure_altitude_m = item.si("VAL"),
        155 => report.up_m_s = report.up_m_s.or(rate(item, "BVR", items)),
        157 => report.up_m_s = rate(item, "GVR", items).or(report.up_m_s),
        160 if old || !item.is_set("RE") => report.velocity = course(item, "GS", "TA"),
        161 => report.identity.track = number(item, "TRNUM"),
        170 => report.identity.callsign = callsign(item, "VAL"),
        30 if old => draft.time = time_of_day(item),
        71 | 73 | 77 if !old => draft.time = draft.time.or(time_of_day(item)),
        74 if !old => draft.time = refined(draft.time, item).or(draft.time),
        _ => {}
    }
}

/// A rate of climb; editions from 1.0 say whether it is out of range.
fn rate(item: &Found<'_>, name: &str, items: Items) -> Option<f64> {
    match items {
        Items::Old => item.si("VAL"),
        Items::New => item.si(name).filter(|_| !item.is_set("RE")),
    }
}

/// The time of reception to 2⁻³⁰ s: a second, or the one after or before it, and a fraction.
fn refined(time: Option<TimeOfDay>, item: &Found<'_>) -> Option<TimeOfDay> {
    const SECOND_US: i64 = 1_000_000;
    let TimeOfDay::Whole(us) = time? else { return None };
    let second = us.div_euclid(SECOND_US)
        + match item.raw("FSI")? {
            0 => 0,
            1 => 1,
            2 => -1,
            _ => return None,
        };
    let fraction_us = i64::try_from((item.raw("TOMRP")? * 1_000_000) >> 30).ok()?;
    Some(TimeOfDay::Whole(second * SECOND_US + fraction_us))
}

/// Quality indicators: accuracies where they are said, else what integrity implies.
fn quality(draft: &mut Draft, item: &Found<'_>) {
    let sigmas = &mut draft.report.sigmas;
    sigmas.velocity_m_s = item.raw("NUCRNACV").and_then(accuracy::nac_v);
    sigmas.height_m = item.raw("GVA").and_then(accuracy::gva);
    let code = item.raw("NUCPNIC");
    let horizontal = match item.raw("NACP") {
        // Without its first extension the item is of a transponder of the first version.
        None => code.and_then(accuracy::nuc_p),
        Some(accuracy) => accuracy::nac_p(accuracy).or_else(|| accuracy::nic(code?, item.raw("SIL")?)),
    };
    (sigmas.east_m, sigmas.north_m) = (horizontal, horizontal);
}

/// What hangs on several items: the accuracy of a height is that of the geometric one alone.
pub(super) fn finish(draft: &mut Draft) {
    let report = &mut draft.report;
    if report.height_m.is_none() {
        report.sigmas.height_m = None;
    }
}
