//! The same rows are the same detections, in whatever format and however they are cut.

use std::fmt::Write as _;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow_array::types::Int8Type;
use arrow_array::{
    ArrayRef, DictionaryArray, Float32Array, Float64Array, Int32Array, LargeStringArray, RecordBatch, StringArray,
    UInt16Array,
};
use ndarray::array;
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use trackweave::ingest::{At, Detections, Options};

use super::{OPTIONS, assert_says, folder, geodetic, local, read, read_csv};

/// Everything about detections that can be compared.
fn shown(detections: &Detections) -> String {
    format!("{detections:?}")
}

/// The same rows as CSV and as Arrow columns of the types that Parquet files come with.
pub(crate) fn two_forms(rows: i32) -> (String, RecordBatch) {
    let mut text = "time,sensor,x_m,y_m,range_m,azimuth_deg,identity,label,amplitude\n".to_owned();
    let gps = |i: i32| i % 3 != 0;
    let label = |i: i32| ["", "open", "restricted"][usize::try_from(i % 7 % 3).unwrap()];
    for i in 0..rows {
        let cells = if gps(i) { format!("{},{}.5,,", i, -i) } else { format!(",,{},{}.25", 100 + i, i % 300) };
        let (sensor, time) = (if gps(i) { "gps" } else { "radar" }, f64::from(i) * 0.25);
        let identity = if i % 2 == 0 { i.to_string() } else { String::new() };
        writeln!(text, "{time},{sensor},{cells},{identity},{},{i}", label(i)).unwrap();
    }
    let number = |f: &dyn Fn(i32) -> Option<f64>| -> ArrayRef { Arc::new((0..rows).map(f).collect::<Float64Array>()) };
    let sensors: DictionaryArray<Int8Type> = (0..rows).map(|i| if gps(i) { "gps" } else { "radar" }).collect();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("time", number(&|i| Some(f64::from(i) * 0.25))),
        ("amplitude", Arc::new((0..rows).map(Some).collect::<Int32Array>())),
        ("sensor", Arc::new(sensors)),
        ("x_m", Arc::new((0..rows).map(|i| gps(i).then_some(i)).collect::<Int32Array>())),
        ("y_m", number(&|i| gps(i).then(|| format!("{}.5", -i).parse().unwrap()))),
        (
            "range_m",
            Arc::new((0..rows).map(|i| (!gps(i)).then(|| u16::try_from(100 + i).unwrap())).collect::<UInt16Array>()),
        ),
        (
            "azimuth_deg",
            Arc::new((0..rows).map(|i| (!gps(i)).then_some((i % 300) as f32 + 0.25)).collect::<Float32Array>()),
        ),
        ("identity", Arc::new((0..rows).map(|i| (i % 2 == 0).then_some(i)).collect::<Int32Array>())),
        ("label", Arc::new((0..rows).map(|i| Some(label(i))).collect::<LargeStringArray>())),
    ];
    (text, RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, a, true))).unwrap())
}

pub(crate) fn write_parquet(folder: &Path, batch: &RecordBatch, rows_per_group: usize) {
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(rows_per_group)).build();
    let file = File::create(folder.join("detections.parquet")).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
}

#[test]
fn csv_parquet_and_batches_of_the_same_rows_are_the_same_detections() {
    let (text, batch) = two_forms(1000);
    let (csv, csv_report) = read_csv(&text, &local(), OPTIONS).unwrap();
    let parquet = tempfile::tempdir().unwrap();
    write_parquet(parquet.path(), &batch, 300);
    let (parquet, _) = read(parquet.path(), &local(), OPTIONS).unwrap();
    let (in_memory, _) = Detections::from_record_batch(&batch, &local(), OPTIONS).unwrap();
    assert_eq!(csv_report.rows_accepted, 1000, "{csv_report}");
    assert_eq!(csv.labels, ["", "open", "restricted"]);
    assert!(shown(&csv) == shown(&parquet), "CSV and Parquet differ");
    assert!(shown(&csv) == shown(&in_memory), "CSV and Arrow differ");
    let (other, _) = read_csv(&text.replacen("-7.5", "-7.25", 1), &local(), OPTIONS).unwrap();
    assert!(shown(&csv) != shown(&other), "a quarter of a metre went unseen");
}

#[test]
fn batches_of_any_size_give_the_same_detections_and_the_same_report() {
    let (text, batch) = two_forms(500);
    // Bad rows of two reasons, the last of them at the end.
    let text = text.replace(",-100.5,", ",nan,").replace(",-200.5,", ",,") + "1,gps,0,0,,,,,\n";
    let parquet = tempfile::tempdir().unwrap();
    write_parquet(parquet.path(), &batch, 64);
    let csv = folder("detections.csv", &text);
    for folder in [&parquet, &csv] {
        let whole = read(folder.path(), &local(), Options { rows_per_batch: 1000, ..OPTIONS }).unwrap();
        for rows_per_batch in [0, 1, 2, 63, 64, 65, 499] {
            let cut = read(folder.path(), &local(), Options { rows_per_batch, ..OPTIONS }).unwrap();
            assert!(shown(&whole.0) == shown(&cut.0), "{rows_per_batch}");
            assert_eq!(whole.1, cut.1, "{rows_per_batch}");
        }
    }
    let (_, report) = read(csv.path(), &local(), OPTIONS).unwrap();
    assert_eq!(report.rows_rejected(), 3, "{report}");
}

#[test]
fn rows_that_several_cores_decode_are_those_that_one_decodes() {
    let (text, _) = two_forms(20_000);
    let csv = folder("detections.csv", &text);
    let [together, alone] = [50_000, 1000].map(|rows_per_batch| {
        let options = Options { rows_per_batch, ..OPTIONS };
        read(csv.path(), &local(), options).unwrap()
    });
    assert_eq!(together.1, alone.1);
    assert!(shown(&together.0) == shown(&alone.0), "the shares of several cores differ");
}

#[test]
fn the_first_error_is_the_same_for_batches_of_any_size() {
    let mut text = "time,sensor,x_m,y_m\n".to_owned();
    for _ in 0..20 {
        text.push_str("1,gps,0,0\n");
    }
    text.push_str("1,gps,inf,0\n1,gps,zero,0\n1,nobody,0,0\n");
    for rows_per_batch in [1, 2, 7, 20, 21, 22, 100] {
        let options = Options { rows_per_batch, ..OPTIONS };
        assert_says(&read_csv(&text, &local(), options).unwrap_err(), &["line 23: column `x_m` is `zero`"]);
        let strict = read_csv(&text, &local(), Options { strict: true, ..options }).unwrap_err();
        assert_says(&strict, &["line 22: column `x_m` is inf"]);
    }
}

#[test]
fn a_row_of_a_parquet_file_is_named_by_its_row_group() {
    for (wrong, place) in
        [(0, "row group 0, row 0"), (63, "group 0, row 63"), (64, "group 1, row 0"), (130, "group 2, row 2")]
    {
        let (_, batch) = two_forms(200);
        let mut columns = batch.columns().to_vec();
        let name = |i: i32| if i % 3 == 0 { "radar" } else { "gps" };
        let names = (0..200).map(|i| Some(if i == wrong { "nobody" } else { name(i) }));
        columns[2] = Arc::new(names.collect::<StringArray>());
        let named: Vec<_> = batch.schema().fields().iter().map(|field| field.name().clone()).zip(columns).collect();
        let folder = tempfile::tempdir().unwrap();
        write_parquet(folder.path(), &RecordBatch::try_from_iter(named).unwrap(), 64);
        let error = read(folder.path(), &local(), Options { rows_per_batch: 50, ..OPTIONS }).unwrap_err();
        assert_says(&error, &["detections.parquet, ", &format!("{place}: column `sensor` is `nobody`")]);
    }
}

#[test]
fn arrays_of_positions_are_the_detections_that_a_file_of_them_would_be() {
    let positions = array![[1.0, 2.0], [3.0, f64::NAN], [5.0, 6.5]];
    let times = [1_000_000, 2_000_000, 3_000_000];
    let (arrays, report) = Detections::from_positions(&times, "gps", positions.view(), &local(), OPTIONS).unwrap();
    let (file, _) = read_csv("time,sensor,x_m,y_m\n1,gps,1,2\n3,gps,5,6.5\n", &local(), OPTIONS).unwrap();
    assert_eq!(shown(&arrays), shown(&file));
    assert_eq!(report.first_rejected[0].at, At::Row(1));
    let short = Detections::from_positions(&times[..2], "gps", positions.view(), &local(), OPTIONS).unwrap_err();
    assert_says(&short, &["`positions` has shape [3, 2]", "[2, 2 or 3]"]);
    let flat = Detections::from_positions(&times, "gps", positions.view(), &geodetic(), OPTIONS).unwrap_err();
    assert_says(&flat, &["`positions` has shape [3, 2]", "[3, 3]"]);
    let unknown = Detections::from_positions(&times, "ais", positions.view(), &local(), OPTIONS).unwrap_err();
    assert_says(&unknown, &["positions, row 0", "`ais`"]);
}
