//! The rows of a world, in CSV or in Parquet.

use super::place::Frame;
use super::{Height, Random, Row, World};
use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

/// A column, with nothing in some cells.
enum Column {
    Times(Vec<i64>),
    Numbers(Vec<Option<f64>>),
    Texts(Vec<Option<String>>),
}

impl World {
    pub(super) fn write_rows(&self, folder: &Path) {
        let columns = self.columns();
        match self.layout.group {
            None => std::fs::write(folder.join("detections.csv"), self.csv(&columns)).expect("a file is written"),
            Some(rows) => self.parquet(&folder.join("detections.parquet"), columns, rows),
        }
    }

    fn columns(&self) -> Vec<(&'static str, Column)> {
        let local = self.frame == Frame::Local;
        let numbers = |of: &dyn Fn(&Row) -> Option<f64>| Column::Numbers(self.rows.iter().map(of).collect());
        let radar = |row: &Row| self.sensors[row.sensor].site;
        let height = |row: &Row| self.sensors[row.sensor].height;
        let plane = |row: &Row, k: usize| {
            let at = self.frame.plane([row.place[0], row.place[1]])[k];
            (radar(row).is_none() && !(row.bad && k == 1)).then_some(at)
        };
        let polar = |row: &Row, k: usize| {
            let polar =
                row.polar.unwrap_or_else(|| self.frame.polar(radar(row).unwrap_or_default(), row.place, height(row)));
            radar(row).is_some().then_some(polar[k])
        };
        let up = |row: &Row| match (radar(row), height(row)) {
            (None, Height::Unknown) | (Some(_), Height::Unknown | Height::Known) => None,
            _ => Some(row.place[2]),
        };
        let sigma = |row: &Row, of_radar: bool| row.sigma_m.filter(|_| radar(row).is_some() == of_radar);
        let texts = |of: &dyn Fn(&Row) -> Option<String>| Column::Texts(self.rows.iter().map(of).collect());
        let [x, y, z] = if local { ["x_m", "y_m", "z_m"] } else { ["longitude_deg", "latitude_deg", "altitude_m"] };
        let mut columns = vec![
            (x, numbers(&|row| plane(row, 0))),
            (y, numbers(&|row| plane(row, 1))),
            (z, numbers(&up)),
            ("range_m", numbers(&|row| polar(row, 0))),
            ("azimuth_deg", numbers(&|row| polar(row, 1).filter(|_| !row.bad))),
            ("elevation_deg", numbers(&|row| polar(row, 2).filter(|_| height(row) == Height::Known))),
            ("range_rate_m_s", numbers(&|row| Some(row.rate).filter(|_| self.sensors[row.sensor].rates))),
            ("sigma_horizontal_m", numbers(&|row| sigma(row, false))),
            ("sigma_range_m", numbers(&|row| sigma(row, true))),
            ("label", texts(&|row| Some(row.label.clone()).filter(|label| !label.is_empty()))),
            ("identity", texts(&|row| row.identified.then(|| row.address.to_owned()))),
        ];
        // A column that nothing is in may be left out, unless a kind of sensor needs it.
        let kinds = [false, true].map(|of_radar| self.sensors.iter().any(|sensor| sensor.site.is_some() == of_radar));
        columns.retain(|(name, column)| match column {
            Column::Numbers(_) if *name == x || *name == y => kinds[0],
            Column::Numbers(_) if ["range_m", "azimuth_deg"].contains(name) => kinds[1],
            Column::Numbers(cells) => cells.iter().any(Option::is_some),
            Column::Texts(cells) => cells.iter().any(Option::is_some),
            Column::Times(_) => true,
        });
        if self.layout.amplitude {
            let mut random = Random::from_seed(self.layout.order);
            let amplitudes = self.rows.iter().map(|_| Some(random.between(0.0, 9.0))).collect();
            columns.push(("amplitude", Column::Numbers(amplitudes)));
        }
        columns.insert(0, ("time", Column::Times(self.rows.iter().map(|row| row.time_us).collect())));
        columns.insert(1, ("sensor", texts(&|row| Some(self.sensors[row.sensor].name.clone()))));
        if self.layout.order.is_multiple_of(4) {
            columns.reverse();
        }
        columns
    }

    fn csv(&self, columns: &[(&str, Column)]) -> String {
        let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
        let mut text = names.join(",") + "\n";
        for row in 0..self.rows.len() {
            let cell = |(_, column): &(&str, Column)| match column {
                Column::Times(times) => self.time(times[row]),
                Column::Numbers(cells) => cells[row].map(|number| number.to_string()).unwrap_or_default(),
                Column::Texts(cells) => cells[row].clone().unwrap_or_default(),
            };
            text += &columns.iter().map(cell).collect::<Vec<_>>().join(",");
            text.push('\n');
        }
        text
    }

    fn parquet(&self, path: &Path, columns: Vec<(&'static str, Column)>, group: usize) {
        let array = |column: Column| -> ArrayRef {
            match column {
                Column::Times(times) if self.stamped => {
                    let times = times.into_iter().map(|us| us + self.epoch_us());
                    Arc::new(TimestampMicrosecondArray::from_iter_values(times).with_timezone("UTC"))
                }
                Column::Times(times) => {
                    Arc::new(Float64Array::from_iter_values(times.into_iter().map(|us| us as f64 / 1e6)))
                }
                Column::Numbers(cells) => Arc::new(Float64Array::from(cells)),
                Column::Texts(cells) => Arc::new(StringArray::from(cells)),
            }
        };
        let columns = columns.into_iter().map(|(name, column)| (name, array(column), true));
        let batch = RecordBatch::try_from_iter_with_nullable(columns).expect("columns of one length");
        let properties = WriterProperties::builder().set_max_row_group_row_count(Some(group)).build();
        let file = File::create(path).expect("a file is made");
        let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).expect("a writer");
        writer.write(&batch).expect("rows are written");
        writer.close().expect("a table is whole");
    }
}
