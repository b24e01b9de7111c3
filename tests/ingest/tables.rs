//! Columns, cells and files that end a run, each named with its place.

use std::fmt::Write as _;
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray, TimestampNanosecondArray};
use trackweave::ingest::{Catalogue, Detections};

use super::{OPTIONS, assert_says, folder, geodetic, local, read, read_csv};

#[test]
fn a_wrong_table_is_refused_with_its_place() {
    let header = "time,sensor,x_m,y_m,range_m,azimuth_deg\n";
    let cases: &[(&str, &[&str])] = &[
        ("time,sensor,x_m,latitude_deg\n", &["detections.csv: column `latitude_deg` is unknown here", "`x_m`, `y_m`"]),
        ("time,sensor,x_m,x_m\n", &["detections.csv: column `x_m` is there twice"]),
        ("sensor,x_m\n", &["detections.csv: column `time` is missing"]),
        ("time,x_m\n", &["detections.csv: column `sensor` is missing"]),
        ("", &["detections.csv, line 1: found no line; wanted a header"]),
        ("time,sensor,x_m\n1,gps,2\n", &["column `y_m` is missing; line 2 is of sensor `gps`"]),
        ("H1,gps,1,2,,\n", &["detections.csv, line 2: column `time` is `H1`; wanted a number"]),
        ("1,gps,1,2,,\n2,gps,1,2 m,,\n", &["detections.csv, line 3: column `y_m` is `2 m`; wanted a number"]),
        ("1,ais,1,2,,\n", &["detections.csv, line 2: column `sensor` is `ais`; wanted one of `radar`, `gps`"]),
        ("1,gps,1,2,\n", &["detections.csv, line 2: found 5 cells; wanted 6, as in the header"]),
    ];
    for (text, pieces) in cases {
        let with_header = if text.starts_with("time") || text.starts_with("sensor") || text.is_empty() {
            (*text).to_owned()
        } else {
            format!("{header}{text}")
        };
        assert_says(&read_csv(&with_header, &local(), OPTIONS).unwrap_err(), pieces);
    }
    let bytes = folder("detections.csv", b"time,sensor,x_m,y_m\n1,gps,2,\xff\n");
    assert_says(&read(bytes.path(), &local(), OPTIONS).unwrap_err(), &["line 2: found cell 4, which is not UTF-8"]);
    let date = read_csv("time,sensor\n2018-08-01,gps\n", &geodetic(), OPTIONS).unwrap_err();
    assert_says(&date, &["line 2: column `time` is `2018-08-01`", "RFC 3339"]);
}

#[test]
fn a_folder_has_one_table_of_each() {
    let both = folder("detections.csv", "time,sensor\n");
    std::fs::write(both.path().join("detections.parquet"), "").unwrap();
    assert_says(&read(both.path(), &local(), OPTIONS).unwrap_err(), &["`detections.parquet` and `detections.csv`"]);
    let neither = tempfile::tempdir().unwrap();
    assert_says(&read(neither.path(), &local(), OPTIONS).unwrap_err(), &["neither `detections.parquet` nor"]);
    let not = folder("detections.parquet", "time,sensor\n");
    assert_says(&read(not.path(), &local(), OPTIONS).unwrap_err(), &["detections.parquet: cannot be read"]);
}

#[test]
fn a_quantity_without_a_standard_deviation_is_refused() {
    let cases: &[(&str, &[&str])] = &[
        (
            "time,sensor,x_m,y_m,z_m\n1,gps,1,2,3\n",
            &["`z_m`", "`noise.vertical_m` of sensor `gps`", "`sigma_vertical_m`"],
        ),
        ("time,sensor,range_m,azimuth_deg,elevation_deg\n1,radar,9,2,3\n", &["`noise.elevation_deg`"]),
        ("time,sensor,range_m,azimuth_deg,range_rate_m_s\n1,radar,9,2,3\n", &["`noise.range_rate_m_s`"]),
    ];
    for (text, pieces) in cases {
        assert_says(&read_csv(text, &local(), OPTIONS).unwrap_err(), pieces);
    }
    let own = "time,sensor,x_m,y_m,z_m,sigma_vertical_m\n1,gps,1,2,3,0.5\n2,gps,1,2,,\n";
    let (detections, _) = read_csv(own, &local(), OPTIONS).unwrap();
    assert_eq!(format!("{:?}", detections.measurement[0].sigma_m), "[2.0, 2.0, 0.5]");
    assert_eq!((detections.measurement[0].rows, detections.measurement[1].rows), (3, 2));
}

#[test]
fn columns_of_another_type_are_refused_by_name() {
    let one = |column: &str, array: ArrayRef| {
        let sensor: ArrayRef = Arc::new(StringArray::from(vec!["gps"]));
        let mut columns = vec![("sensor", sensor), (column, array)];
        if column != "time" {
            columns.push(("time", Arc::new(Float64Array::from(vec![1.0]))));
        }
        RecordBatch::try_from_iter(columns).unwrap()
    };
    let text: ArrayRef = Arc::new(StringArray::from(vec!["1"]));
    let instant: ArrayRef = Arc::new(TimestampNanosecondArray::from(vec![1_500_000_999]));
    let number: ArrayRef = Arc::new(Float64Array::from(vec![1.5]));
    let cases: &[(RecordBatch, Catalogue, &[&str])] = &[
        (one("x_m", Arc::clone(&text)), local(), &["column `x_m` is Utf8; wanted a float or an integer"]),
        (one("time", Arc::clone(&instant)), local(), &["column `time` is Timestamp", "time = \"seconds\""]),
        (one("time", Arc::clone(&number)), geodetic(), &["column `time` is Float64", "time = \"timestamp\""]),
        (one("label", number), local(), &["column `label` is Float64; wanted text or an integer"]),
        (one("time", text), geodetic(), &["record batch, row 0: column `time` is `1`", "RFC 3339"]),
    ];
    for (batch, catalogue, pieces) in cases {
        assert_says(&Detections::from_record_batch(batch, catalogue, OPTIONS).unwrap_err(), pieces);
    }
    let columns = vec![
        ("time", instant),
        ("sensor", Arc::new(StringArray::from(vec!["gps"])) as ArrayRef),
        ("latitude_deg", Arc::new(Float64Array::from(vec![1.0]))),
        ("longitude_deg", Arc::new(Float64Array::from(vec![2.0]))),
        ("altitude_m", Arc::new(Float64Array::from(vec![3.0]))),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let (detections, _) = Detections::from_record_batch(&batch, &geodetic(), OPTIONS).unwrap();
    assert_eq!((detections.time_us[0], detections.horizontal[0]), (1_500_000, [2.0, 1.0]));
}

#[test]
fn more_labels_than_markings_have_is_an_error() {
    let mut text = "time,sensor,x_m,y_m,label\n".to_owned();
    for i in 0..65_536 {
        writeln!(text, "1,gps,0,0,L{i}").unwrap();
    }
    let error = read_csv(&text, &local(), OPTIONS).unwrap_err();
    assert_says(&error, &["line 65537: column `label` has more than 65536 different values"]);
}
