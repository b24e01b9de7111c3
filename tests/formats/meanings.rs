//! Records that libasterix encoded from quantities, and the quantities again.

use super::{asterix, octets};
use trackweave::formats::{Geodetic, Kind, Marks, Plane, Report, Time, Velocity};

const NM: f64 = 1852.0;
const FOOT_M: f64 = 0.3048;

fn one(hexadecimal: &str) -> Report {
    let (reports, summary) = asterix(&octets(hexadecimal), None);
    assert_eq!((reports.len(), summary.rejects()), (1, 0), "{summary}");
    reports[0].clone()
}

fn close(found: Option<f64>, wanted: f64) {
    assert!(found.is_some_and(|found| (found - wanted).abs() <= 1e-9 * wanted.abs()), "{found:?} is not {wanted}");
}

/// Whether a place is where it was to be, but for the step of its item, degrees.
fn at(report: &Report, latitude_deg: f64, longitude_deg: f64, step_deg: f64) {
    let near = |place: Geodetic| {
        (place.latitude_deg - latitude_deg).abs() <= step_deg && (place.longitude_deg - longitude_deg).abs() <= step_deg
    };
    assert!(report.geodetic.is_some_and(near), "{report:?}");
}

#[test]
fn an_aircraft_says_where_it_is_and_how_well_it_knows() {
    // Category 21, edition 2.7. Place 131 is finer than 130; time 074 is finer than 073.
    let report = one(
        "15003be71d6b198014db0160004d200000f80000102d82d8fbe93e944ca2d107084010000000138031f31c029c04b07f38080040004994b1d32de0",
    );
    assert_eq!(report.kind, Kind::Own);
    at(&report, 45.5, -11.5, 2e-7);
    assert_eq!(report.time, Some(Time::OfDay(3_600_250_000)));
    close(report.height_m, 31_200.0 * FOOT_M);
    close(report.pressure_altitude_m, 30_000.0 * FOOT_M);
    close(report.up_m_s, -1250.0 * FOOT_M / 60.0);
    assert_eq!(report.velocity, Some(Velocity::Course { speed_m_s: 0.125 * NM, course_deg: 90.0 }));
    // NACp 9 is 30 m, NACv 1 is 10 m/s, GVA 2 is 45 m, each of 95 %.
    close(report.sigmas.east_m, 30.0 / 2.447_746_830_680_816);
    close(report.sigmas.velocity_m_s, 10.0 / 2.447_746_830_680_816);
    close(report.sigmas.height_m, 45.0 / 1.959_963_984_540_054);
    assert_eq!(
        (report.identity.address, report.identity.mode_a, report.identity.track),
        (Some(0x4c_a2d1), Some(0o1234), Some(77))
    );
    assert_eq!(report.identity.callsign.as_deref(), Some("RYR1427"));
    assert!(report.marks.has(Marks::GROUND) && report.marks.has(Marks::SIMULATED) && !report.marks.has(Marks::TEST));
}

#[test]
fn the_old_editions_of_category_21_have_other_items_under_the_same_numbers() {
    let report = one("150029ff2358006b00280e10001d555501999a34567800a00007002800640400c00058c1f6cf3ca003");
    at(&report, 41.25, 2.25, 2.2e-5);
    assert_eq!(report.time, Some(Time::OfDay(7_200_000_000)));
    close(report.height_m, 1000.0 * FOOT_M);
    close(report.pressure_altitude_m, 1000.0 * FOOT_M);
    close(report.up_m_s, 625.0 * FOOT_M / 60.0);
    assert_eq!(report.velocity, Some(Velocity::Course { speed_m_s: 0.0625 * NM, course_deg: 270.0 }));
    // NUCp 7 is 0.05 NM, NUCr 3 is 1 m/s.
    close(report.sigmas.north_m, 0.05 * NM / 2.447_746_830_680_816);
    close(report.sigmas.velocity_m_s, 1.0 / 2.447_746_830_680_816);
    assert_eq!((report.identity.address, report.identity.callsign.as_deref()), (Some(0x34_5678), Some("VLG6332")));
}

#[test]
fn a_track_has_its_covariance() {
    let report = one(
        "3e00409f5d3504190d5460000086666600182d830007d1fff060fe6f00c80e00c03c660c10c236d4182012674140052814b400a0d5800028003cffe20a04060a",
    );
    assert_eq!((report.kind, report.time), (Kind::Track, Some(Time::OfDay(43_200_000_000))));
    at(&report, 47.25, 8.5, 5.5e-6);
    assert_eq!(report.plane, Some(Plane { x_m: 1000.5, y_m: -2000.0 }));
    assert_eq!(report.velocity, Some(Velocity::Components { east_m_s: -100.25, north_m_s: 50.0 }));
    close(report.height_m, 33_125.0 * FOOT_M);
    close(report.pressure_altitude_m, 33_000.0 * FOOT_M);
    close(report.up_m_s, 1000.0 * FOOT_M / 60.0);
    let sigmas = report.sigmas;
    assert_eq!((sigmas.east_m, sigmas.north_m, sigmas.velocity_m_s), (Some(20.0), Some(30.0), Some(1.5)));
    // The covariance is −15², of a product of 600.
    close(sigmas.correlation, -225.0 / 600.0);
    close(sigmas.height_m, 62.5 * FOOT_M);
    close(sigmas.up_m_s, 62.5 * FOOT_M / 60.0);
    assert_eq!((report.identity.track, report.identity.mode_a), (Some(4711), Some(0o7000)));
    assert_eq!((report.identity.address, report.identity.callsign.as_deref()), (Some(0x3c_660c), Some("DLH65A")));
    assert!(report.marks.has(Marks::SPI) && report.marks.has(Marks::END));
}

#[test]
fn multilateration_says_where_and_how_well() {
    let report = one(
        "14003afded88010241900032000089f49f002e38e4fffc170001f4006309770028ffeb0064abcdef00055071cb38200190600010001a00000018",
    );
    assert_eq!(report.plane, Some(Plane { x_m: -500.5, y_m: 250.0 }));
    at(&report, 48.5, 16.25, 5.5e-6);
    assert_eq!(report.velocity, Some(Velocity::Components { east_m_s: 10.0, north_m_s: -5.25 }));
    assert_eq!(
        (report.sigmas.east_m, report.sigmas.north_m, report.sigmas.height_m),
        (Some(4.0), Some(6.5), Some(12.0))
    );
    close(report.height_m, 2500.0 * FOOT_M);
    assert_eq!((report.identity.address, report.identity.mode_a), (Some(0xab_cdef), Some(0o4567)));
    assert_eq!((report.identity.callsign.as_deref(), report.identity.track), (Some("AUA123"), Some(99)));
    assert!(report.marks.has(Marks::GROUND) && report.marks.has(Marks::MONITOR) && report.marks.has(Marks::SECONDARY));
}

#[test]
fn a_radar_says_where_it_stands() {
    let report = one("220015e910140701000500020000781d55550182d8");
    assert_eq!((report.kind, report.height_m), (Kind::North, Some(120.0)));
    at(&report, 41.25, 2.125, 2.2e-5);
}

#[test]
fn truncated_times_of_category_1_follow_the_north_messages_of_category_2() {
    let turn = octets("02000ad01407010a0000");
    let plot = octets("010011fa14077232402000028000c80140");
    let track = octets("010014ed401407a001410290fae004008000fe00");
    let (reports, summary) = asterix(&[plot.clone(), turn, plot, track].concat(), None);
    let seconds: Vec<Option<f64>> =
        reports.iter().map(|report| report.time.map(|time| time.micros() as f64 / 1e6)).collect();
    assert_eq!(seconds, [None, Some(5120.0), Some(5122.5), Some(5116.0)], "{summary}");
    let (plot, track) = (&reports[2], &reports[3]);
    close(plot.polar.and_then(|polar| polar.range_m), 100.5 * NM);
    close(plot.polar.and_then(|polar| polar.azimuth_deg), 45.0);
    assert_eq!((plot.kind, plot.identity.mode_a), (Kind::Plot, Some(0o1200)));
    close(plot.pressure_altitude_m, 5000.0 * FOOT_M);
    assert!(plot.marks.has(Marks::PRIMARY) && plot.marks.has(Marks::SECONDARY) && plot.marks.has(Marks::MONITOR));
    assert_eq!((track.kind, track.identity.track), (Kind::Track, Some(321)));
    assert_eq!(track.plane, Some(Plane { x_m: 10.25 * NM, y_m: -20.5 * NM }));
    assert_eq!(track.velocity, Some(Velocity::Course { speed_m_s: 0.0625 * NM, course_deg: 180.0 }));
}
