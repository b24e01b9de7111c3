//! Random bytes, numbers at the edges, damaged files: an error or an account of every row, never a panic.

use std::path::Path;

use proptest::prelude::*;
use trackweave::ingest::{Catalogue, Options, TimeScale};

use super::agreement::{two_forms, write_parquet};
use super::{OPTIONS, folder, geodetic, local, read, read_csv};

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let toml = String::from_utf8_lossy(&bytes).into_owned();
        let _refused = Catalogue::parse(&toml, Path::new("recording.toml"));
        for name in ["detections.csv", "detections.parquet"] {
            let _refused = read(folder(name, &bytes).path(), &local(), OPTIONS);
        }
        let mut after_header = b"time,sensor,x_m,y_m\n".to_vec();
        after_header.extend(&bytes);
        let _refused = read(folder("detections.csv", &after_header).path(), &local(), OPTIONS);
    }

    #[test]
    fn no_numbers_make_a_reader_panic_and_every_row_is_accounted_for(
        rows in prop::collection::vec(
            (prop::sample::select(TIMES), prop::sample::select(SENSORS), prop::array::uniform8(prop::sample::select(NUMBERS))),
            0..30,
        ),
        rows_per_batch in 1_usize..40,
    ) {
        for (catalogue, position) in [(local(), "x_m,y_m,z_m"), (geodetic(), "latitude_deg,longitude_deg,altitude_m")] {
            let catalogue = with_every_noise(catalogue);
            let header = format!("time,sensor,{position},range_m,azimuth_deg,elevation_deg,sigma_range_m,range_rate_m_s\n");
            let text = rows.iter().fold(header, |text, ((seconds, instant), sensor, numbers)| {
                let time = if catalogue.time == TimeScale::Timestamp { instant } else { seconds };
                text + &format!("{time},{sensor},{}\n", numbers.join(","))
            });
            let options = Options { rows_per_batch, ..OPTIONS };
            let (detections, report) = read_csv(&text, &catalogue, options).unwrap();
            prop_assert_eq!(report.rows_read, rows.len() as u64);
            prop_assert_eq!(report.rows_accepted, detections.len() as u64);
            prop_assert_eq!(report.rows_read, report.rows_accepted + report.rows_rejected());
            prop_assert!(detections.time_us.is_sorted());
            for measurement in &detections.measurement {
                let rows = usize::try_from(measurement.rows).unwrap();
                prop_assert!(measurement.sigma_m[..rows].iter().all(|s| s.is_finite() && *s > 0.0), "{:?}", measurement);
                prop_assert!(measurement.axes.iter().flatten().all(|a| a.is_finite()), "{:?}", measurement);
            }
            prop_assert!(detections.horizontal.iter().flatten().all(|v| v.is_finite()));
        }
    }

    #[test]
    fn no_damage_to_a_parquet_file_makes_the_reader_panic(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()) {
        let (_, batch) = two_forms(100);
        let sound = tempfile::tempdir().unwrap();
        write_parquet(sound.path(), &batch, 64);
        let mut bytes = std::fs::read(sound.path().join("detections.parquet")).unwrap();
        let at = at.index(bytes.len());
        if cut { bytes.truncate(at) } else { bytes[at] = byte }
        let _refused = read(folder("detections.parquet", &bytes).path(), &local(), OPTIONS);
    }
}

/// The footer is where the format's own reader was seen to panic.
#[test]
fn no_damaged_footer_makes_the_reader_panic() {
    let (_, batch) = two_forms(10);
    let folder = tempfile::tempdir().unwrap();
    write_parquet(folder.path(), &batch, 64);
    let path = folder.path().join("detections.parquet");
    let sound = std::fs::read(&path).unwrap();
    let mut refused = 0;
    for at in sound.len() / 4..sound.len() {
        let mut bytes = sound.clone();
        bytes[at] = 65;
        std::fs::write(&path, bytes).unwrap();
        refused += u32::from(read(folder.path(), &local(), OPTIONS).is_err());
    }
    assert!(refused > 100, "only {refused} damaged files were refused");
}

/// Times at the edges of what is right, as seconds and as instants.
const TIMES: &[(&str, &str)] = &[
    ("1", "2018-08-01T05:27:30Z"),
    ("1", "2018-08-01T05:27:30Z"),
    ("2", "2018-08-01T05:27:31.000000999Z"),
    ("", ""),
    ("nan", "1969-12-31T23:59:59+14:00"),
    ("-1e10", "0001-01-01T00:00:00Z"),
];

/// Sensors, and none.
const SENSORS: &[&str] = &["gps", "radar", "radar", ""];

/// Numbers at the edges of what is right; mostly none, so that rows are taken too.
const NUMBERS: &[&str] = &[
    "",
    "",
    "",
    "",
    "",
    "",
    "",
    "0",
    "1",
    "-1",
    "30",
    "90",
    "1e-6",
    "1e9",
    "1e300",
    "nan",
    "-inf",
    "-20000",
    "6356752.3",
    "12756274",
    "1e-320",
];

fn with_every_noise(mut catalogue: Catalogue) -> Catalogue {
    for sensor in &mut catalogue.sensors {
        sensor.noise.vertical_m = Some(30.0);
        sensor.noise.elevation_rad = Some(0.02);
        sensor.noise.range_rate_m_s = Some(1.0);
    }
    catalogue
}
