//! What a recording may not be, and what reading one promises.
#![expect(clippy::unwrap_used, reason = "a test may fail")]

mod agreement; // formats and batches that give the same
mod bad_rows; // rejected, counted, shown
mod catalogue; // recording.toml, line by line
mod damage; // no panic, whatever the bytes
mod dialects; // files as other programs write them
mod extremes; // numbers and nesting beyond all measure
mod layouts; // any layout, by what recording.toml says of it
mod lines; // CSV as text
mod pages; // Parquet, damaged and oversized
mod program; // the same through the command line
mod tables; // columns and cells that end a run
mod truth; // nothing is put up with

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;
use trackweave::ingest::{Catalogue, Detections, IngestError, IngestReport, Options, Order, Reader};

pub(crate) const LOCAL: &str = r#"
name = "bay"
frame = "local"
time = "seconds"
[[sensor]]
name = "radar"
owner = "north"
kind = "radar"
site = { x_m = 0.0, y_m = 0.0, z_m = 0.0 }
noise = { range_m = 5.0, azimuth_deg = 0.5 }
detection_probability = 0.9
clutter_per_scan = 3
scan_period_s = 2.0
coverage = { range_m = [0, 5e4] }
[[sensor]]
name = "gps"
owner = "south"
kind = "position"
noise = { horizontal_m = 2.0 }
detection_probability = 1
clutter_per_scan = 0.0
scan_period_s = 1.0
coverage = { x_m = [-1e4, 1e4], y_m = [-1e4, 1e4] }
"#;

pub(crate) const OPTIONS: Options = Options { strict: false, rows_per_batch: 1000, order: Order::Required };

pub(crate) fn local() -> Catalogue {
    Catalogue::parse(LOCAL, Path::new("recording.toml")).unwrap()
}

pub(crate) fn geodetic() -> Catalogue {
    let text = LOCAL
        .replace("local", "geodetic")
        .replace("\"seconds\"", "\"timestamp\"")
        .replace("x_m = 0.0, y_m = 0.0, z_m = 0.0", "latitude_deg = 10, longitude_deg = 20, altitude_m = 30")
        .replace("x_m = [-1e4, 1e4], y_m = [-1e4, 1e4]", "longitude_deg = [19, 21], latitude_deg = [9, 11]")
        .replace("horizontal_m = 2.0", "horizontal_m = 2.0, vertical_m = 3.0");
    Catalogue::parse(&text, Path::new("recording.toml")).unwrap()
}

pub(crate) fn folder(name: &str, text: impl AsRef<[u8]>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(name), text).unwrap();
    folder
}

/// Appends the addresses of a batch, which numbers its own.
fn merge(identity: &[u32], names: &[Arc<str>], all: &mut Detections, numbers: &mut BTreeMap<Arc<str>, u32>) {
    for &at in identity {
        let name = &names[usize::try_from(at).expect("an index")];
        let next = u32::try_from(numbers.len()).expect("few");
        let number = *numbers.entry(Arc::clone(name)).or_insert(next);
        if number == next {
            all.identities.push(Arc::clone(name));
        }
        all.identity.push(number);
    }
}

/// All detections of a folder, one after the other.
pub(crate) fn read(
    folder: &Path,
    catalogue: &Catalogue,
    options: Options,
) -> Result<(Detections, IngestReport), IngestError> {
    let mut reader = Reader::open(folder, catalogue, options)?.with_identities();
    let mut all = Detections { identities: vec![Arc::default()], ..Detections::default() };
    let mut numbers = BTreeMap::from([(Arc::default(), 0)]);
    while let Some(batch) = reader.next_batch()? {
        assert!(!batch.is_empty() && batch.len() <= options.rows_per_batch.max(1));
        all.time_us.extend(batch.time_us);
        all.sensor.extend(batch.sensor);
        all.place.extend(batch.place);
        all.horizontal.extend(batch.horizontal);
        all.measurement.extend(batch.measurement);
        all.label.extend(batch.label);
        all.identified.extend(batch.identified);
        all.address.extend(batch.address);
        merge(&batch.identity, &batch.identities, &mut all, &mut numbers);
        all.labels = batch.labels;
    }
    Ok((all, reader.report().clone()))
}

pub(crate) fn read_csv(
    text: &str,
    catalogue: &Catalogue,
    options: Options,
) -> Result<(Detections, IngestReport), IngestError> {
    read(folder("detections.csv", text).path(), catalogue, options)
}

pub(crate) fn assert_says(error: &IngestError, pieces: &[&str]) {
    let text = error.to_string();
    for piece in pieces {
        assert!(text.contains(piece), "`{text}` lacks `{piece}`");
    }
    assert!(!text.contains('\n'), "more than a line: {text}");
}
