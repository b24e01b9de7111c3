//! Altitudes that are not measured from the ellipsoid, or not at all: pressure altitudes with a correction, flight levels, ships.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use tempfile::TempDir;
use trackweave::ingest::{Catalogue, IngestError, Options, Order, Reader, Reason};
use trackweave::inspect::inspect;
use trackweave::sensor::Altitudes;
use trackweave::space::Geodetic;

fn sensor(name: &str, keys: &str) -> String {
    let (kind, noise, coverage) = match name {
        "radar" => (
            "radar\"\nsite = { latitude_deg = 50.0, longitude_deg = 8.0, altitude_m = 100.0 }",
            "range_m = 30.0, azimuth_deg = 0.1, vertical_m = 20.0",
            "range_m = [100.0, 4e5]",
        ),
        "ais" => ("position\"", "horizontal_m = 10.0", "longitude_deg = [5.0, 11.0], latitude_deg = [48.0, 56.0]"),
        _ => (
            "position\"",
            "horizontal_m = 10.0, vertical_m = 10.0",
            "longitude_deg = [5.0, 11.0], latitude_deg = [48.0, 56.0]",
        ),
    };
    format!(
        "[[sensor]]\nname = \"{name}\"\nowner = \"o\"\nkind = \"{kind}\nnoise = {{ {noise} }}\ndetection_probability = 0.9\n\
         clutter_per_scan = 0.1\nscan_period_s = 10.0\ncoverage = {{ {coverage} }}\n{keys}\n"
    )
}

fn recording(sensors: &[String], rows: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let toml = format!("name = \"a\"\nframe = \"geodetic\"\ntime = \"seconds\"\n{}", sensors.concat());
    fs::write(folder.path().join("recording.toml"), toml).expect("a file");
    let head = "time,sensor,latitude_deg,longitude_deg,altitude_m,flight_level,range_m,azimuth_deg,sigma_vertical_m\n";
    fs::write(folder.path().join("detections.csv"), head.to_owned() + rows).expect("a file");
    folder
}

type Taken = (Vec<[f64; 2]>, BTreeMap<Reason, u64>);

/// The altitude of each row that was taken and the standard deviation of its third axis, and why others were not.
fn read(folder: &Path) -> Result<Taken, String> {
    let catalogue = Catalogue::read(folder).map_err(|error| error.to_string())?;
    let options = Options { strict: false, rows_per_batch: 100, order: Order::Any };
    let mut reader = Reader::open(folder, &catalogue, options).map_err(|error| error.to_string())?;
    let mut found = Vec::new();
    while let Some(batch) = reader.next_batch().map_err(|error| error.to_string())? {
        for (place, measurement) in batch.place.iter().zip(&batch.measurement) {
            found.push([Geodetic::from_ecef(place.metres()).altitude_m, f64::from(measurement.sigma_m[2])]);
        }
    }
    Ok((found, reader.report().rejected.clone()))
}

fn near(found: &[[f64; 2]], wanted: &[[f64; 2]]) {
    assert_eq!(found.len(), wanted.len(), "{found:?}");
    for (found, wanted) in found.iter().zip(wanted) {
        assert!((found[0] - wanted[0]).abs() < 0.01 && (found[1] - wanted[1]).abs() < 1e-3, "{found:?} {wanted:?}");
    }
}

#[test]
fn a_pressure_altitude_is_corrected_and_a_flight_level_is_a_hundred_feet() {
    let rows = "0,baro,50,8,10000,,,,\n1,baro,50,8,,350,,,\n2,baro,50,8,,-3,,,25\n";
    let levels = [10_000.0, 350.0 * 30.48, -3.0 * 30.48];
    let qnh_m = 44_330.77 * ((1030.0_f64 / 1013.25).powf(0.190_263) - 1.0);
    assert!((Altitudes::of_qnh_m(1030.0) - qnh_m).abs() < 1e-9 && (137.0..139.0).contains(&qnh_m), "{qnh_m}");
    for (keys, more_m) in [
        ("altitude = \"pressure\"", 0.0),
        ("altitude = \"pressure\"\npressure_correction_m = 120.0", 120.0),
        ("altitude = \"pressure\"\nqnh_hpa = 1030.0", qnh_m),
        ("altitude = \"pressure\"\nqnh_hpa = 1030.0\ngeoid_m = 47.5", qnh_m + 47.5),
        ("altitude = \"pressure\"\ngeoid_m = 47.5", 47.5),
    ] {
        let (found, rejected) = read(recording(&[sensor("baro", keys)], rows).path()).expect("a table");
        let sigmas = [10.0, 10.0, 25.0];
        let wanted: Vec<[f64; 2]> = levels.iter().zip(sigmas).map(|(level, sigma)| [level + more_m, sigma]).collect();
        near(&found, &wanted);
        assert!(rejected.is_empty(), "{keys}: {rejected:?}");
    }
    // A radar: the range meets the corrected altitude.
    let keys = "altitude = \"pressure\"\npressure_correction_m = 120.0";
    let (found, _) = read(recording(&[sensor("radar", keys)], "0,radar,,,,100,80000,45,\n").path()).expect("a table");
    assert!((found[0][0] - 3168.0).abs() < 0.01, "{found:?}");
}

#[test]
fn an_altitude_is_said_once_and_a_flight_level_by_who_measures_pressure() {
    let of = |keys: &str, row: &str| {
        let (found, rejected) = read(recording(&[sensor("baro", keys)], row).path()).expect("a table");
        (found.len(), rejected)
    };
    let pressure = "altitude = \"pressure\"";
    let both = of(pressure, "0,baro,50,8,3000,100,,,\n");
    assert_eq!(both, (0, BTreeMap::from([(Reason::OfAnotherKind, 1)])));
    assert_eq!(of("", "0,baro,50,8,,100,,,\n"), (0, BTreeMap::from([(Reason::OfAnotherKind, 1)])));
    assert_eq!(of("altitude = \"ellipsoid\"", "0,baro,50,8,100,,,,\n").0, 1);
    assert_eq!(of(pressure, "0,baro,50,8,,-700,,,\n"), (0, BTreeMap::from([(Reason::BeyondLimits, 1)])));
    assert_eq!(of(pressure, "0,baro,50,8,,,,,\n"), (0, BTreeMap::from([(Reason::Missing, 1)])));
}

#[test]
fn ships_are_on_the_surface_and_not_at_zero_by_accident() {
    let rows = "0,ais,54,8,,,,,\n1,ais,54,8,12,,,,3\n";
    let (found, rejected) = read(recording(&[sensor("ais", "surface_m = [39.5, 4.0]")], rows).path()).expect("a table");
    near(&found, &[[39.5, 4.0], [12.0, 3.0]]);
    assert!(rejected.is_empty());
    // Without the key, whoever has no altitude is no detection, and a table without the column says what would do.
    let (found, rejected) =
        read(recording(&[sensor("other", "")], "0,other,54,8,,,,,\n1,other,54,8,12,,,,\n").path()).expect("a table");
    assert_eq!((found.len(), rejected), (1, BTreeMap::from([(Reason::Missing, 1)])));
    let folder = recording(&[sensor("other", "")], "");
    fs::write(folder.path().join("detections.csv"), "time,sensor,latitude_deg,longitude_deg\n0,other,54,8\n")
        .expect("a file");
    let error = read(folder.path()).expect_err("no altitudes");
    assert!(error.contains("`altitude_m`") && error.contains("surface_m = [height, standard deviation]"), "{error}");
}

#[test]
fn what_is_said_of_altitudes_is_said_once_and_fits() {
    for (name, keys, parts) in [
        ("baro", "pressure_correction_m = 3.0", ["`pressure_correction_m`", "altitude = \"pressure\" alone"]),
        ("baro", "qnh_hpa = 1000.0", ["`qnh_hpa`", "altitude = \"pressure\" alone"]),
        ("baro", "altitude = \"sea\"", ["`sea`", "`ellipsoid`"]),
        (
            "baro",
            "altitude = \"pressure\"\npressure_correction_m = 3.0\nqnh_hpa = 1000.0",
            ["`qnh_hpa`", "either pressure_correction_m, which has all of it"],
        ),
        ("baro", "altitude = \"pressure\"\nqnh_hpa = 29.92", ["`qnh_hpa` is 29.92", "hectopascals"]),
        ("baro", "surface_m = [0.0]", ["`surface_m` is [0.0]", "[height, standard deviation]"]),
        ("baro", "surface_m = [0.0, 0.0]", ["`surface_m`", "between 1e-6"]),
        ("radar", "surface_m = [0.0, 1.0]", ["`surface_m`", "height_m in `coverage`: kind is radar"]),
        ("ais", "", ["`vertical_m` is missing", "a standard deviation"]),
    ] {
        let error = read(recording(&[sensor(name, keys)], "").path()).expect_err("no catalogue");
        assert!(parts.iter().all(|part| error.contains(part)), "{keys}: {error}");
    }
    let local = "name = \"a\"\nframe = \"local\"\ntime = \"seconds\"\n[[sensor]]\nname = \"s\"\nowner = \"o\"\nkind = \"position\"\n\
        noise = { horizontal_m = 1.0 }\ndetection_probability = 0.9\nclutter_per_scan = 0.1\nscan_period_s = 1.0\n\
        coverage = { x_m = [0.0, 1.0], y_m = [0.0, 1.0] }\nsurface_m = [0.0, 1.0]\n";
    let error = Catalogue::parse(local, Path::new("c")).expect_err("a local one").to_string();
    assert!(error.contains("frame is local"), "{error}");
}

#[test]
fn inspection_measures_the_correction_by_heights_of_the_same_objects() {
    // Twenty aircraft, seen by a geometric receiver and, 143 m lower, by a pressure one; each with its own noise.
    let mut rows = String::new();
    // The finalizer of MurmurHash3: numbers that lie apart by a constant have nothing to do with each other.
    let noise = |k: u32| {
        let k = (k ^ (k >> 16)).wrapping_mul(0x85eb_ca6b);
        let k = (k ^ (k >> 13)).wrapping_mul(0xc2b2_ae35);
        (f64::from((k ^ (k >> 16)) >> 8) / f64::from(1 << 24) - 0.5) * 30.0
    };
    for t in 0..60 {
        for n in 0..20 {
            let (time, n_) = (10.0 * f64::from(t), f64::from(n));
            let at = |late: f64| {
                let s = time + late;
                (49.0 + 0.1 * n_ + 1e-3 * s * (n_ * 1.7).sin(), 6.5 + 0.13 * n_ + 1.5e-3 * s * (n_ * 1.7).cos())
            };
            let level = 5_000.0 + 300.0 * n_;
            let ((a, b), (c, d)) = (at(0.1 * n_), at(0.1 * n_ + 4.0));
            writeln!(rows, "{},geo,{a:.6},{b:.6},{:.1},,,,", time + 0.1 * n_, level + noise(t * 20 + n)).expect("text");
            let level = level - 143.0 + noise(t * 20 + n + 7_777);
            writeln!(rows, "{},baro,{c:.6},{d:.6},{level:.1},,,,", time + 0.1 * n_ + 4.0).expect("text");
        }
    }
    let folder = recording(&[sensor("geo", ""), sensor("baro", "altitude = \"pressure\"\nqnh_hpa = 1013.25")], &rows);
    let inspection = inspect::<IngestError>(folder.path(), &mut |_| Ok(())).expect("an inspection");
    let remarks: Vec<String> =
        inspection.remarks.iter().map(|remark| format!("{} {}", remark.found, remark.wanted)).collect();
    let told = remarks.iter().find(|remark| remark.contains("pressure_correction_m"));
    let told = told.unwrap_or_else(|| panic!("{remarks:?} {:?}", inspection.pairs));
    let (_, value) = told.split_once("pressure_correction_m = ").expect("a value");
    let metres: f64 = value.split(' ').next().and_then(|text| text.parse().ok()).expect("a number");
    assert!((metres - 143.0).abs() < 5.0 && told.contains("in the entry of `baro`"), "{told}");
}
