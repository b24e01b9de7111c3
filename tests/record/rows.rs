//! Rows of pictures, read back.

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, TimestampMicrosecondType, UInt64Type};
use std::path::Path;
use trackweave::product::read_batches;

/// A row of a picture.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) time_us: i64,
    pub(crate) track: u64,
    pub(crate) position_m: [f64; 3],
    pub(crate) smoothed: Option<bool>,
    pub(crate) known_us: Option<i64>,
    pub(crate) filtered_m: Option<[f64; 3]>,
    pub(crate) last_us: i64,
    pub(crate) contributors: Vec<String>,
}

/// Those of a partner's folder.
pub(crate) fn rows(folder: &Path) -> Vec<Row> {
    let mut rows = Vec::new();
    for batch in read_batches(folder).expect("a picture") {
        let batch = batch.expect("rows");
        let times = |name: &str| batch.column_by_name(name).map(AsArray::as_primitive::<TimestampMicrosecondType>);
        let number = |name: &str| batch.column_by_name(name).expect("a column").as_primitive::<Float64Type>();
        let (time, last) = (times("time").expect("times"), times("last_detection").expect("times"));
        let track = batch.column_by_name("track").expect("a column").as_primitive::<UInt64Type>();
        let contributors = batch.column_by_name("contributors").expect("a column").as_list::<i32>();
        let smoothed = batch.column_by_name("smoothed").map(AsArray::as_boolean);
        let filtered = ["x_m", "y_m", "z_m"]
            .map(|name| batch.column_by_name(&format!("filtered_{name}")).map(AsArray::as_primitive::<Float64Type>));
        let place = |row: usize| filtered.map(|column| column.filter(|of| of.is_valid(row)).map(|of| of.value(row)));
        for row in 0..batch.num_rows() {
            let names = contributors.value(row);
            rows.push(Row {
                time_us: time.value(row),
                track: track.value(row),
                position_m: ["x_m", "y_m", "z_m"].map(|name| number(name).value(row)),
                smoothed: smoothed.map(|column| column.value(row)),
                known_us: times("as_known_at").filter(|known| known.is_valid(row)).map(|known| known.value(row)),
                filtered_m: match place(row) {
                    [Some(x), Some(y), Some(z)] => Some([x, y, z]),
                    place => {
                        assert_eq!(place, [None; 3], "all of it or nothing");
                        None
                    }
                },
                last_us: last.value(row),
                contributors: names.as_string::<i32>().iter().flatten().map(str::to_owned).collect(),
            });
        }
    }
    rows
}
