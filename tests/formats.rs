//! `docs/formats.md` says what is read: its examples are read, and its lists are complete.
#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::path::Path;

use trackweave::ingest::{Catalogue, Options, Order, Reader, Reason, read_truth};
use trackweave::sensor::Kind;
use trackweave::space::Geodetic;

const PAGE: &str = include_str!("../docs/formats.md");
const OPTIONS: Options = Options { strict: true, rows_per_batch: 2, order: Order::Required };

/// The fenced blocks of one language, in the order of the page.
fn blocks(language: &str) -> Vec<String> {
    let opening = format!("```{language}\n");
    PAGE.split(&opening).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// Time, sensor, label and identity of a detection, its position, how many axes were measured, and whether slant.
type Row = (i64, u32, String, bool, [f64; 3], u32, bool);

fn read(folder: &Path, catalogue: &Catalogue) -> Vec<Row> {
    let mut reader = Reader::open(folder, catalogue, OPTIONS).unwrap();
    let mut rows = Vec::new();
    while let Some(batch) = reader.next_batch().unwrap() {
        assert!(batch.len() <= 2, "a batch is as large as asked for");
        for i in 0..batch.len() {
            let measurement = batch.measurement[i];
            let label = batch.labels[usize::try_from(batch.label[i]).unwrap()].clone();
            let place = batch.place[i].metres();
            let row = (batch.time_us[i], batch.sensor[i], label, batch.identified[i]);
            rows.push((row.0, row.1, row.2, row.3, place, measurement.rows, measurement.slant));
        }
    }
    assert_eq!(reader.report().rows_accepted, u64::try_from(rows.len()).unwrap());
    rows
}

#[test]
fn the_geodetic_example_is_read_as_it_says() {
    let [toml, csv] = [blocks("toml").remove(0), blocks("csv").remove(0)];
    let truth = blocks("csv").remove(1);
    let folder = folder(&[("recording.toml", &toml), ("detections.csv", &csv), ("truth.csv", &truth)]);
    let catalogue = Catalogue::read(folder.path()).unwrap();
    assert_eq!(catalogue.name, "Two sensors over the lake");
    let [radar, receiver] = catalogue.sensors.as_slice() else { panic!("{catalogue:?}") };
    assert!(matches!(radar.kind, Kind::Radar { .. }) && receiver.kind == Kind::Position);
    assert_eq!((radar.owner.as_str(), receiver.owner.as_str()), ("north", "south"));
    assert_eq!(radar.looks.period_us(), Some(4_000_000));
    assert_eq!(radar.noise.azimuth_rad, Some(0.08_f64.to_radians()));

    let rows = read(folder.path(), &catalogue);
    let start = 1_533_101_250_000_000;
    let seen = rows.iter().map(|row| (row.0 - start, row.1, row.2.as_str(), row.3, row.5, row.6)).collect::<Vec<_>>();
    let wanted = [
        (0, 1, "", true, 3, false),
        (250_000, 0, "", false, 3, false),
        (1_000_000, 0, "restricted", false, 3, false),
        (1_500_000, 1, "", true, 3, false),
        (2_000_000, 0, "", false, 2, true),
    ];
    assert_eq!(seen, wanted);
    // The first two rows are of one aircraft, a quarter of a second apart.
    let gap = rows[0].4.iter().zip(rows[1].4).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
    assert!(gap < 300.0, "{gap}");
    assert!((Geodetic::from_ecef(rows[1].4).altitude_m - 9790.0).abs() < 0.01);

    let truth = read_truth(folder.path(), &catalogue).unwrap().unwrap();
    assert_eq!(truth.objects, ["swr-281", "glider"]);
    assert_eq!(truth.object, [0, 0, 1]);
    let speed = truth.velocity_m_s.unwrap()[0].iter().map(|v| v * v).sum::<f64>().sqrt();
    assert!((speed - (58.5_f64.powi(2) + 141.0_f64.powi(2) + 0.25).sqrt()).abs() < 1e-9, "{speed}");
}

#[test]
fn the_local_example_is_read_as_it_says() {
    let folder = folder(&[("recording.toml", &blocks("toml").remove(1)), ("detections.csv", &blocks("csv").remove(2))]);
    let catalogue = Catalogue::read(folder.path()).unwrap();
    let rows = read(folder.path(), &catalogue);
    assert_eq!(rows.len(), 2);
    let along = 820.5 * 0.5_f64.sqrt();
    for (found, wanted) in rows[0].4.iter().zip([along, along, 0.0]) {
        assert!((found - wanted).abs() < 1e-4, "{found} {wanted}");
    }
    assert_eq!((rows[1].0, rows[1].4, rows[1].5), (750_000, [120.0, 340.5, 0.0], 2));
    assert!(read_truth(folder.path(), &catalogue).unwrap().is_none());
}

#[test]
fn the_example_of_another_layout_is_read_as_it_says() {
    let folder = folder(&[("recording.toml", &blocks("toml").remove(2)), ("detections.csv", &blocks("csv").remove(3))]);
    let catalogue = Catalogue::read(folder.path()).unwrap();
    let rows = read(folder.path(), &catalogue);
    let start = 1_533_101_250_000_000;
    assert_eq!(rows.iter().map(|row| row.0 - start).collect::<Vec<_>>(), [0, 15_000_000]);
    for (row, [latitude_deg, longitude_deg]) in rows.iter().zip([[54.5, 10.25], [54.75, 10.5]]) {
        let wanted = Geodetic { latitude_deg, longitude_deg, altitude_m: 0.0 }.ecef();
        assert!(row.4.iter().zip(wanted).all(|(found, wanted)| (found - wanted).abs() < 1e-3), "{row:?}");
        assert!(row.3, "identified");
    }
}

#[test]
fn every_reason_is_on_the_page() {
    for reason in Reason::ALL {
        assert!(PAGE.contains(&format!("`{reason}`")), "docs/formats.md lacks `{reason}`");
        let as_json = serde_json::to_value(reason).unwrap();
        assert_eq!(as_json, reason.name(), "a report calls the reason otherwise than the page");
    }
}

#[test]
fn every_key_that_an_error_offers_is_on_the_page() {
    let complain = |text: &str| Catalogue::parse(text, Path::new("recording.toml")).unwrap_err().to_string();
    let toml = blocks("toml").remove(0);
    let mut offered = 0;
    for place in ["name = \"Two", "name = \"ridge", "latitude_deg = 46.55", "range_m = 60", "range_m = [500"] {
        let error = complain(
            &toml.replacen(place, &format!("unknown = 1\n{place}"), 1).replace("{ unknown = 1\n", "{ unknown = 1, "),
        );
        let (_, keys) = error.split_once("expected").unwrap();
        for key in keys.split('`').skip(1).step_by(2) {
            let written = [format!("`{key}`"), format!("`[[{key}]]`")];
            assert!(written.iter().any(|key| PAGE.contains(key)), "docs/formats.md lacks `{key}`: {error}");
            offered += 1;
        }
    }
    assert!(offered >= 4 + 9 + 6 + 6 + 6, "only {offered} keys were offered");
}
