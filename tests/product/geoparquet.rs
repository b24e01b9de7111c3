//! Pictures of the Earth are GeoParquet, and every picture says what its columns mean.

use super::{Outcome, publish};
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use parquet::file::reader::{FileReader, SerializedFileReader};
use serde_json::{Value, json};
use std::fs;
use tempfile::TempDir;
use trackweave::product::{Of, columns, read_batches};
use trackweave::space::Frame;

#[test]
fn a_geodetic_picture_is_geoparquet_and_says_what_its_columns_mean() -> Outcome {
    let folder = TempDir::new()?;
    let out = folder.path().join("out");
    publish(&out, Frame::Geodetic, &[("alpha", 90)])?;
    let batch = read_batches(&out.join("alpha"))?.next().ok_or("no rows")??;
    let file = SerializedFileReader::new(fs::File::open(out.join("alpha/tracks.parquet"))?)?;
    let said = file.metadata().file_metadata().key_value_metadata().cloned().unwrap_or_default();
    let geo = said.into_iter().find(|said| said.key == "geo").and_then(|said| said.value);
    let geo: Value = serde_json::from_str(&geo.ok_or("no `geo`")?)?;
    assert_eq!((&geo["version"], &geo["primary_column"]), (&json!("1.1.0"), &json!("geometry")));
    assert_eq!(geo["columns"]["geometry"], json!({ "encoding": "WKB", "geometry_types": ["Point Z"] }));
    let points = batch["geometry"].as_binary::<i32>();
    let place = ["longitude_deg", "latitude_deg", "altitude_m"].map(|name| batch[name].as_primitive::<Float64Type>());
    for row in 0..batch.num_rows() {
        // The byte order, 1001 for a point with height, three numbers.
        let (head, numbers) = points.value(row).split_at(5);
        assert_eq!((head, numbers.len()), (&[1, 0xe9, 3, 0, 0][..], 24));
        for (bytes, column) in numbers.chunks(8).zip(place) {
            assert_eq!(f64::from_le_bytes(bytes.try_into()?).to_bits(), column.value(row).to_bits());
        }
    }
    for column in columns(Frame::Geodetic).iter().filter(|column| column.of == Of::Every) {
        let said = batch.schema().field_with_name(column.name)?.metadata().clone();
        assert_eq!(said.get("meaning"), Some(&column.meaning()), "{}", column.name);
        assert_eq!(said.get("unit").map_or("", String::as_str), column.unit, "{}", column.name);
    }
    Ok(())
}
