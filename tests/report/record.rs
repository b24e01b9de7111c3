//! A folder with what the record brings beside a picture, made from one of the demo, by numbers that tell what is where.

use super::{column, data, numbers, out, text, trackweave};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, TimestampMicrosecondType, UInt64Type};
use arrow_array::{
    Array, ArrayRef, Float32Array, Float64Array, RecordBatch, TimestampMicrosecondArray, UInt32Array, UInt64Array,
};
use arrow_schema::{Field, Schema};
use parquet::arrow::ArrowWriter;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// How far east and north the line of the filter is of the one that shows, degrees.
const OFF_DEG: [f64; 2] = [0.002, -0.001];

fn write(path: &Path, batch: &RecordBatch) {
    let file = fs::File::create(path).expect("a file");
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).expect("a writer");
    writer.write(batch).expect("rows");
    writer.close().expect("a table");
}

fn table(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, column)| (name, column, true)))
        .expect("a table")
}

/// The picture with a place of the filter in all rows but each track's first.
fn filtered(batch: &RecordBatch) -> RecordBatch {
    let track = batch["track"].as_primitive::<UInt64Type>();
    let mut seen = std::collections::BTreeSet::new();
    let known: Vec<bool> = track.values().iter().map(|track| !seen.insert(*track)).collect();
    let (mut fields, mut columns) = (Vec::new(), Vec::new());
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        if !field.name().starts_with("filtered_") {
            fields.push(Arc::clone(field));
            columns.push(Arc::clone(column));
        }
    }
    for (name, off) in ["longitude_deg", "latitude_deg"].into_iter().zip(OFF_DEG) {
        let places = batch[name].as_primitive::<Float64Type>().values().iter();
        let column: Float64Array = places.zip(&known).map(|(place, known)| known.then_some(place + off)).collect();
        fields.push(Arc::new(Field::new(format!("filtered_{name}"), column.data_type().clone(), true)));
        columns.push(Arc::new(column));
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).expect("a picture")
}

/// What each of the first tracks took: a detection a row, of one or two numbers, and one more that is doubtful.
fn associations(batch: &RecordBatch, tracks: &[u64]) -> RecordBatch {
    let (time, track) =
        (batch["time"].as_primitive::<TimestampMicrosecondType>(), batch["track"].as_primitive::<UInt64Type>());
    let rows = (0..batch.num_rows()).filter(|row| tracks.contains(&track.value(*row)));
    let rows: Vec<usize> = rows.flat_map(|row| if row % 7 == 0 { vec![row, row] } else { vec![row] }).collect();
    let odd = |place: usize| place > 0 && rows[place] == rows[place - 1];
    let (mut numbers, mut likely) = (Vec::new(), Vec::new());
    for (place, row) in rows.iter().enumerate() {
        numbers.push(3 * *row as u64 + u64::from(odd(place)));
        likely.push(if odd(place) { 0.125_f32 } else { 0.875 });
    }
    let innovations = rows.iter().map(|row| (row % 11 != 0).then_some((row % 40) as f32 / 8.0));
    table(vec![
        ("time", Arc::new(TimestampMicrosecondArray::from_iter_values(rows.iter().map(|row| time.value(*row))))),
        ("track", Arc::new(UInt64Array::from_iter_values(rows.iter().map(|row| track.value(*row))))),
        ("detection", Arc::new(UInt64Array::from(numbers))),
        ("probability", Arc::new(Float32Array::from(likely))),
        ("innovation", Arc::new(innovations.collect::<Float32Array>())),
        ("measured", Arc::new(UInt32Array::from(vec![2; rows.len()]))),
    ])
}

/// Lists a file in a manifest as it is, again or anew.
fn listed(manifest: &mut Value, folder: &Path, name: &str) {
    let bytes = fs::read(folder.join(name)).expect("a file");
    let digest = Sha256::digest(&bytes).iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    let files = manifest["files"].as_array_mut().expect("files");
    if !files.iter().any(|file| file["name"] == name) {
        files.push(json!({ "name": name }));
    }
    let file = files.iter_mut().find(|file| file["name"] == name).expect("the file");
    file["bytes"] = json!(bytes.len());
    file["sha256"] = json!(digest);
    if name == "tracks.parquet" {
        let columns = file["columns"].as_array_mut().expect("columns");
        columns.retain(|column| !column.as_str().is_some_and(|name| name.starts_with("filtered_")));
        columns.extend(["filtered_longitude_deg", "filtered_latitude_deg"].map(Value::from));
    }
}

/// The folder of birch with all that the record brings; the tracks that took detections.
fn made(folder: &Path) -> Vec<u64> {
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder).expect("a folder");
    fs::copy(out().join("birch/audit.jsonl"), folder.join("audit.jsonl")).expect("an audit");
    let batches = super::rows("birch");
    let batch = arrow_select::concat::concat_batches(&batches[0].schema(), &batches).expect("one batch");
    let track = batch["track"].as_primitive::<UInt64Type>();
    let mut tracks: Vec<u64> = Vec::new();
    for id in track.values().iter().filter(|id| track.values().iter().filter(|other| other == id).count() > 20) {
        if !tracks.contains(id) && tracks.len() < 4 {
            tracks.push(*id);
        }
    }
    write(&folder.join("tracks.parquet"), &filtered(&batch));
    write(&folder.join("associations.parquet"), &associations(&batch, &tracks));
    let links = table(vec![
        ("from", Arc::new(UInt64Array::from(vec![tracks[0], tracks[1]]))),
        ("to", Arc::new(UInt64Array::from(vec![tracks[2], 1 << 60]))),
        ("probability", Arc::new(Float32Array::from(vec![Some(0.75), None]))),
    ]);
    write(&folder.join("links.parquet"), &links);
    let manifest = fs::read_to_string(out().join("birch/manifest.json")).expect("a manifest");
    let mut manifest: Value = serde_json::from_str(&manifest).expect("JSON");
    manifest["files"].as_array_mut().expect("files").retain(|file| file["name"] != "report.html");
    for name in ["tracks.parquet", "associations.parquet", "links.parquet"] {
        listed(&mut manifest, folder, name);
    }
    let text = serde_json::to_string_pretty(&manifest).expect("JSON") + "\n";
    fs::write(folder.join("manifest.json"), text).expect("a manifest");
    tracks
}

/// Place of the track among `ids`, time in milliseconds and number of every detection in the table of a folder, sorted.
fn associated(folder: &Path, ids: &[&str]) -> Vec<(usize, i64, u64)> {
    let mut wanted = Vec::new();
    for batch in trackweave::product::read_table(&folder.join("associations.parquet")).expect("a table") {
        let batch = batch.expect("rows");
        let (time, track) =
            (batch["time"].as_primitive::<TimestampMicrosecondType>(), batch["track"].as_primitive::<UInt64Type>());
        let detection = batch["detection"].as_primitive::<UInt64Type>();
        wanted.extend((0..batch.num_rows()).map(|row| {
            let place = ids.iter().position(|id| *id == track.value(row).to_string()).expect("a track");
            (place, time.value(row) / 1000, detection.value(row))
        }));
    }
    wanted.sort_unstable();
    wanted
}

/// Kept where tests of the browser find it.
#[test]
fn a_page_shows_what_the_record_brings() {
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("record");
    let (folder, pages) = (kept.join("birch"), kept.join("pages"));
    let tracks = made(&folder);
    let _ = fs::remove_dir_all(&pages);
    let done = trackweave(&["report", &text(&folder), "--out", &text(&pages)]);
    assert!(done.status.success(), "{done:?}");
    let page = fs::read_to_string(pages.join("report.html")).expect("a page");
    let document = data(&page);
    let picture = &document["pictures"][0];
    let ids: Vec<&str> =
        picture["tracks"]["ids"].as_array().expect("ids").iter().map(|id| id.as_str().expect("an id")).collect();
    let counts = |coded: &Value| -> Vec<usize> {
        column(coded, &[ids.len()]).into_iter().map(|n| usize::try_from(n.expect("a count")).unwrap()).collect()
    };
    // The filter's line is where it was put, and nowhere where there was none.
    let rows = counts(&picture["tracks"]["counts"]);
    let of = |name: &str| column(&picture["columns"][name], &rows);
    for (name, off) in ["longitude", "latitude"].into_iter().zip([200, -100]) {
        let pairs: Vec<(Option<i64>, Option<i64>)> =
            of(name).into_iter().zip(of(&format!("filtered_{name}"))).collect();
        let known = pairs.iter().filter_map(|(place, filtered)| Some((*filtered)? - (*place)?));
        assert_eq!(known.clone().count(), pairs.len() - ids.len());
        for found in known {
            assert!((found - off).abs() <= 1, "{name}: {found}");
        }
    }
    // Detections stand by track, in the order of time, as the table has them.
    let told = &picture["associations"];
    let taken = counts(&told["counts"]);
    let wanted = associated(&folder, &ids);
    let [time, detection] = ["time", "detection"].map(|name| column(&told["columns"][name], &taken));
    let place = taken.iter().enumerate().flat_map(|(place, count)| vec![place; *count]);
    let found: Vec<(usize, i64, u64)> = place
        .zip(time.iter().zip(&detection))
        .map(|(place, (time, detection))| (place, time.unwrap(), u64::try_from(detection.unwrap()).unwrap()))
        .collect();
    assert_eq!(found, wanted);
    assert!(taken.iter().filter(|count| **count > 0).count() == tracks.len() && found.len() > 80, "{taken:?}");
    let probability = column(&told["columns"]["probability"], &taken);
    assert!(probability.iter().all(|p| [Some(125), Some(875)].contains(p)) && probability.contains(&Some(125)));
    assert!(column(&told["columns"]["innovation"], &taken).iter().any(Option::is_none), "gaps stay gaps");
    assert_eq!(numbers(&told["columns"]["measured"]["z"]), vec![2; found.len()]);
    let [first, second, third] = [0, 1, 2].map(|n: usize| tracks[n].to_string());
    let links = json!([
        { "from": first, "to": third, "probability": 0.75 },
        { "from": second, "to": (1_u64 << 60).to_string(), "probability": null },
    ]);
    assert_eq!(picture["links"], links);
    // Who reads the page can check what it was made from.
    for name in ["tracks.parquet", "audit.jsonl", "associations.parquet", "links.parquet"] {
        let bytes = fs::read(folder.join(name)).expect("a file");
        let digest = Sha256::digest(bytes).iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
        assert_eq!(document["digests"]["birch"][name], digest, "{name}");
    }
    // A table that lacks what it needs is an error that says so.
    let lacking = table(vec![("track", Arc::new(UInt64Array::from(vec![1])))]);
    write(&folder.join("links.parquet"), &lacking);
    let mut manifest: Value =
        serde_json::from_str(&fs::read_to_string(folder.join("manifest.json")).unwrap()).expect("JSON");
    listed(&mut manifest, &folder, "links.parquet");
    fs::write(folder.join("manifest.json"), serde_json::to_string_pretty(&manifest).unwrap()).expect("a manifest");
    let done = trackweave(&["report", &text(&folder), "--out", &text(&kept.join("never"))]);
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(done.status.code(), Some(3), "{said}");
    assert!(said.contains("links.parquet") && said.contains("from"), "{said}");
}
