//! Files as other programs write them: read, or refused with the cure. `scripts/dialects.py` made them.

use std::path::Path;

use trackweave::ingest::{Catalogue, Detections, IngestError};

use super::{OPTIONS, assert_says, read};

/// The catalogue of the reports, with what is said of the table.
fn catalogue(said: &str) -> Catalogue {
    let text = format!(
        "name = \"lake\"\nframe = \"geodetic\"\ntime = \"timestamp\"\n{said}\n
        [[sensor]]\nname = \"gps\"\nowner = \"north\"\nkind = \"position\"\n
        noise = {{ horizontal_m = 30.0, vertical_m = 30.0 }}\ndetection_probability = 0.9\nclutter_per_scan = 0.1\n
        scan_period_s = 10.0\ncoverage = {{ longitude_deg = [5.0, 11.0], latitude_deg = [45.0, 48.0] }}\n"
    );
    Catalogue::parse(&text, Path::new("recording.toml")).unwrap()
}

fn made(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ingest/dialects").join(name)).unwrap()
}

/// A folder with a file as its detections.
fn folder_of(name: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let (_, ending) = name.split_once('.').unwrap();
    std::fs::write(folder.path().join(format!("detections.{ending}")), made(name)).unwrap();
    folder
}

/// Reads a file as the detections of a recording.
fn read_made(name: &str, said: &str) -> Result<Detections, IngestError> {
    let folder = folder_of(name);
    let (detections, report) = read(folder.path(), &catalogue(said), OPTIONS)?;
    assert_eq!((report.rows_accepted, report.rows_rejected()), (12, 0), "{name}: {report}");
    Ok(detections)
}

const UTC: &str = "[detections]\nzone = \"UTC\"";
const GERMAN: &str = r#"
[detections]
decimal = ","
zone = "UTC"
[detections.columns]
time = { columns = ["Datum", "Uhrzeit"], format = "%d.%m.%Y %H:%M:%S,%f" }
latitude_deg = "Breite"
longitude_deg = "Länge"
altitude_m = "Höhe"
identity = "Kennung"
sensor = { value = "gps" }
"#;
const AMERICAN: &str = r#"
[detections]
zone = "UTC"
columns.time = { column = "time", format = "%m/%d/%Y %H:%M:%S%.f" }
columns.sensor = { value = "gps" }
"#;
const EPOCH: &str = r#"
[detections.columns]
time = { column = "time", unit = "ms" }
latitude_deg = "lat"
longitude_deg = "lon"
altitude_m = { column = "alt_ft", unit = "ft" }
identity = "icao24"
sensor = { value = "gps" }
"#;

#[test]
fn what_other_programs_write_is_read() {
    let own = read_made("own.csv", "").unwrap();
    for (name, said) in [
        ("pandas.csv", UTC),
        ("pandas.csv.gz", UTC),
        ("pandas_zstd.csv.zst", UTC),
        ("pandas_comma.csv", "[detections]\nzone = \"UTC\"\ndecimal = \",\""),
        ("pandas.parquet", "[detections]\nignore = [\"note\", \"speed\"]"),
        ("pandas_gzip.parquet", ""),
        ("pandas_lz4.parquet", UTC),
        ("polars.csv", UTC),
        ("polars.parquet", ""),
        ("polars_gzip.parquet", ""),
        ("duckdb.csv", UTC),
        ("duckdb.csv.gz", UTC),
        ("duckdb.parquet", ""),
        ("duckdb_lz4.parquet", ""),
        ("excel_german.csv", GERMAN),
        ("excel_american.csv", AMERICAN),
        ("pandas_epoch.parquet", EPOCH),
    ] {
        let found = read_made(name, said).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(format!("{found:?}") == format!("{own:?}"), "{name}: {found:?}");
    }
    let later = read_made("pandas.csv", "[detections]\nzone = \"-01:30\"").unwrap();
    let ahead_us = later.time_us.iter().zip(&own.time_us).map(|(later, own)| later - own);
    assert!(ahead_us.into_iter().all(|us| us == 5_400_000_000), "{later:?}");
    let later = read_made("polars.parquet", "[detections]\nzone = \"-01:30\"").unwrap();
    assert_eq!(later.time_us[0] - own.time_us[0], 5_400_000_000);
}

#[test]
fn what_is_not_read_is_refused_with_the_cure() {
    let cases: &[(&str, &str, &[&str])] = &[
        ("pandas.csv", "", &["line 2: column `time` is `2024-05-01 10:00:00.000`", "zone = \"UTC\" in [detections]"]),
        (
            "pandas_comma.csv",
            UTC,
            &["line 2: column `latitude_deg` is `46,0`; wanted a number with a point, or decimal = \",\""],
        ),
        (
            "pandas_brotli.parquet",
            "",
            &["column `time`: found compression by BROTLI", "wanted none", "compression=\"zstd\""],
        ),
        ("pandas.parquet", "", &["columns `note`, `speed` are unknown here", "ignore = [\"note\", \"speed\"]"]),
        ("pandas_epoch.parquet", "", &["columns `lat`, `lon`, `icao24`, `alt_ft` are unknown", "[detections.columns]"]),
        (
            "pandas_epoch.parquet",
            &EPOCH.replace(", unit = \"ms\"", ""),
            &["column `time` is Int64", "time = { column = \"time\", unit = \"s\" } in [detections.columns]"],
        ),
        (
            "excel_german.csv",
            &GERMAN.replace("\"Höhe\"", "\"Hoehe\""),
            &[
                "column `Hoehe` is not there",
                "has for `altitude_m`; wanted one of `Datum`, `Uhrzeit`, `Breite`, `Länge`, `Höhe`",
            ],
        ),
        (
            "excel_german.csv",
            &GERMAN.replace("decimal = \",\"", ""),
            &["line 2: column `Breite` is `46,0`; wanted a number with a point, or decimal = \",\" in [detections]"],
        ),
        (
            "excel_american.csv",
            "[detections]\ncolumns.sensor = { value = \"gps\" }",
            &["line 2: column `time` is `05/01/2024 10:00:00.000`", "time = { column = \"time\", format = \"%d.%m.%Y"],
        ),
    ];
    for (name, said, pieces) in cases {
        let error = read_made(name, said).err().unwrap_or_else(|| panic!("{name} is read"));
        assert_says(&error, pieces);
        assert!(!error.to_string().contains("Parquet error"), "{error}");
    }
}
