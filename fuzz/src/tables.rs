//! Tables of detections: read in small and large batches they say the same, and every row is accounted for.

use super::folder::with_scratch;
use std::fs;
use std::path::Path;
use trackweave::ingest::{Catalogue, IngestReport, Options, Order, Reader};
use trackweave::scan::Lane;
use trackweave::sensor::{ListedLook, Looks};

const CATALOGUE: &str = r#"
name = "fuzz"
frame = "local"
time = "seconds"
[[sensor]]
name = "mast"
owner = "ash"
kind = "position"
noise = { horizontal_m = 5.0, vertical_m = 9.0 }
detection_probability = 0.9
clutter_per_scan = 0.2
scan_period_s = 2.0
coverage = { x_m = [-200.0, 1300.0], y_m = [-200.0, 1300.0] }
[[sensor]]
name = "dish"
owner = "beech"
kind = "radar"
site = { x_m = 0.0, y_m = 0.0, z_m = 5.0 }
noise = { range_m = 5.0, azimuth_deg = 0.3, elevation_deg = 0.5, range_rate_m_s = 1.0 }
detection_probability = 0.9
clutter_per_scan = 0.2
scan_period_s = 2.0
coverage = { range_m = [1.0, 3000.0], height_m = [0.0, 900.0] }
"#;

/// Every row as text, what was counted, and how it ended.
fn read(folder: &Path, catalogue: &Catalogue, rows_per_batch: usize) -> (Vec<String>, Option<IngestReport>, String) {
    let options = Options { strict: false, rows_per_batch, order: Order::Any };
    let mut rows = Vec::new();
    let mut reader = match Reader::open(folder, catalogue, options) {
        Ok(reader) => reader.with_readings(),
        Err(error) => return (rows, None, error.to_string()),
    };
    let ended = loop {
        match reader.next_batch() {
            Ok(Some(batch)) => {
                for row in 0..batch.len() {
                    let label = &batch.labels[batch.label[row] as usize];
                    rows.push(format!(
                        "{} {} {:?} {:?} {label:?} {}",
                        batch.time_us[row],
                        batch.sensor[row],
                        batch.place[row],
                        batch.measurement[row],
                        batch.identified[row]
                    ));
                }
            }
            Ok(None) => break String::new(),
            Err(error) => break error.to_string(),
        }
    };
    (rows, Some(reader.report().clone()), ended)
}

fn table(name: &str, data: &[u8]) {
    let catalogue = Catalogue::parse(CATALOGUE, Path::new("recording.toml")).expect("a catalogue");
    with_scratch(|folder| {
        fs::write(folder.join(name), data).expect("a file");
        let (rows, report, ended) = read(folder, &catalogue, 1 << 12);
        let (few, few_report, few_ended) = read(folder, &catalogue, 3);
        // Of a Parquet file with several damages another one may be met first.
        let of = |ended: &str| if name == "detections.csv" { ended.to_owned() } else { ended.is_empty().to_string() };
        assert_eq!(of(&ended), of(&few_ended), "how it ends hangs on the batch");
        // An error takes the rows of its batch along.
        if let (Some(report), "") = (report, ended.as_str()) {
            assert_eq!(rows, few, "what is read hangs on the batch");
            assert_eq!(report.rows_accepted, rows.len() as u64);
            assert_eq!(report.rows_read, report.rows_accepted + report.rows_rejected(), "a row is lost");
            assert_eq!(few_report.map(|report| report.rows_read), Some(report.rows_read));
        }
        fs::remove_file(folder.join(name)).expect("the file");
    });
}

/// A table that a catalogue asks for: what holds for the catalogue, if both are sound.
fn beside(toml: &str, (name, data): (&str, &[u8]), holds: impl Fn(&Catalogue)) {
    with_scratch(|folder| {
        fs::write(folder.join("recording.toml"), toml).expect("a file");
        fs::write(folder.join(name), data).expect("a file");
        if let Ok(catalogue) = Catalogue::read(folder) {
            holds(&catalogue);
        }
        for name in ["recording.toml", name] {
            fs::remove_file(folder.join(name)).expect("the file");
        }
    });
}

/// `detections.csv`.
pub fn csv(data: &[u8]) {
    table("detections.csv", data);
}

/// `looks.csv`: what is read gives looks that are in order and do not overlap, and all times one look at most.
pub fn looks(data: &[u8]) {
    let listed = CATALOGUE.replace("scan_period_s = 2.0", "looks = \"listed\"");
    beside(&listed, ("looks.csv", data), |catalogue| {
        for sensor in &catalogue.sensors {
            let Looks::Listed(looks) = &sensor.looks else { panic!("{:?}", sensor.looks) };
            assert!(looks.iter().all(|look| look.start_us <= look.end_us), "a look ends before it begins");
            let follow =
                |pair: &[ListedLook]| pair[0].start_us < pair[1].start_us && pair[0].end_us <= pair[1].start_us;
            assert!(looks.windows(2).all(follow), "looks overlap");
            for (place, look) in looks.iter().enumerate() {
                assert_eq!(sensor.looks.listed_at(look.start_us), Some(place), "a look without its beginning");
            }
        }
    });
}

/// A platform's table: what is read gives places in the order of time, each where its row says, and a lane over all of them.
pub fn platforms(data: &[u8]) {
    let carried = CATALOGUE.replace("site = { x_m = 0.0, y_m = 0.0, z_m = 5.0 }", "platform = \"dish.csv\"");
    beside(&carried, ("dish.csv", data), |catalogue| {
        let sensor = &catalogue.sensors[1];
        let platform = sensor.kind.platform().expect("the dish's");
        let poses = platform.poses();
        assert!(poses.len() > 1 && poses.windows(2).all(|pair| pair[0].time_us < pair[1].time_us), "times");
        for pose in poses {
            let metres = sensor.site_m(pose.time_us).expect("a place at the time of a row");
            let near = |(a, b): (&f64, f64)| (a - b).abs() <= 1e-6 * b.abs().max(1.0);
            assert!(metres.iter().zip(pose.metres).all(near), "{metres:?} {pose:?}");
        }
        let [first_us, last_us] = platform.span_us().expect("rows");
        assert_eq!([first_us - 1, last_us + 1].map(|us| sensor.site_m(us)), [None, None], "extrapolated");
        let lane = Lane::open(catalogue, [1], 1e7);
        assert!(lane.is_ok(), "{:?}", lane.err());
    });
}

/// `detections.parquet`.
pub fn parquet(data: &[u8]) {
    table("detections.parquet", data);
}
