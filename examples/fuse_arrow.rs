//! Arrow in, Arrow out: the detections of a radar and of position reports as one batch, their tracks as another.
//!
//! ```sh
//! cargo run --release --example fuse_arrow
//! ```

use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray};
use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use trackweave::fusion::executor::Executor;
use trackweave::ingest::{Catalogue, Detections, Options, Order};
use trackweave::policy::{Field, Obligations};
use trackweave::product::picture_batch;
use trackweave::run::{RunConfig, track};

/// What a `recording.toml` would say.
const CATALOGUE: &str = r#"
name = "two sensors"
frame = "local"
time = "seconds"

[[sensor]]
name = "reports"
owner = "aspen"
kind = "position"
noise = { horizontal_m = 30.0 }
detection_probability = 0.9
clutter_per_scan = 0.1
scan_period_s = 5.0
coverage = { x_m = [-30000.0, 30000.0], y_m = [-30000.0, 30000.0] }

[[sensor]]
name = "radar"
owner = "birch"
kind = "radar"
site = { x_m = 0.0, y_m = 0.0, z_m = 0.0 }
noise = { range_m = 50.0, azimuth_deg = 0.1 }
detection_probability = 0.9
clutter_per_scan = 0.1
scan_period_s = 5.0
coverage = { range_m = [500.0, 30000.0] }
"#;

fn main() -> Result<(), Box<dyn Error>> {
    let catalogue = Catalogue::parse(CATALOGUE, Path::new("catalogue"))?;
    let options = Options { strict: true, rows_per_batch: 0, order: Order::Any };
    let (detections, report) = Detections::from_record_batch(&recorded()?, &catalogue, options)?;
    println!("{report}");

    let tracks = track(&catalogue, &detections, &RunConfig::air()?, Executor::host())?;

    // A picture in which nothing is held back.
    let (fields, obligations) = (Field::ALL.into(), Obligations::default());
    let picture = picture_batch(catalogue.frame, &fields, tracks.iter().map(|track| (track.row(), &obligations)))?;
    let names: Vec<&str> = picture.schema_ref().fields().iter().map(|field| field.name().as_str()).collect();
    println!("{} rows of {}", picture.num_rows(), names.join(", "));
    if picture.num_rows() > 0 { Ok(()) } else { Err("found no track, wanted one".into()) }
}

/// One object flies north; reports and radar take turns, two and a half seconds apart.
fn recorded() -> Result<RecordBatch, Box<dyn Error>> {
    let times: Vec<f64> = (0..40).map(|k| f64::from(k) * 2.5).collect();
    let place = |t: &f64| [8e3_f64, -9e3 + 180.0 * t];
    let of = |parity: usize, value: fn([f64; 2]) -> f64| -> ArrayRef {
        let cell = |(k, t): (usize, &f64)| (k % 2 == parity).then(|| value(place(t)));
        Arc::new(times.iter().enumerate().map(cell).collect::<Float64Array>())
    };
    let sensors: StringArray = (0..times.len()).map(|k| Some(["reports", "radar"][k % 2])).collect();
    Ok(RecordBatch::try_from_iter([
        ("time", Arc::new(Float64Array::from(times.clone())) as ArrayRef),
        ("sensor", Arc::new(sensors)),
        ("x_m", of(0, |[x, _]| x)),
        ("y_m", of(0, |[_, y]| y)),
        ("range_m", of(1, |[x, y]| x.hypot(y))),
        ("azimuth_deg", of(1, |[x, y]| x.atan2(y).to_degrees())),
    ])?)
}
