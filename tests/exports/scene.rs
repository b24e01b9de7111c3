//! A picture with everything that a format has to say: rows that are exact, withheld and coarse, tracks that are long, short and
//! beyond the antimeridian, texts that have to be escaped.

use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use trackweave::export::{Format, export, write};
use trackweave::policy::{Field, Obligations, Status};
use trackweave::product::{Fields, Made, Row, Staging};
use trackweave::space::{Frame, Geodetic};

/// 2018-08-01T05:27:30.5Z.
pub(crate) const TIME_US: i64 = 1_533_101_250_500_000;
/// Where track 7 begins.
pub(crate) const PLACE: Geodetic = Geodetic { latitude_deg: 47.5, longitude_deg: 8.25, altitude_m: 1000.0 };
pub(crate) const LOCAL_PLACE: [f64; 3] = [100.0, -200.5, 30.25];
/// In their order.
pub(crate) const OWNERS: [&str; 2] = ["al<pha & \"co\"", "bravo, 1"];

pub(crate) struct Scene {
    around: TempDir,
    out: PathBuf,
    rows: usize,
}

/// Velocity of every row, 30 m/s east, 40 north, 2.54 up of [`PLACE`], along the axes of the Earth.
pub(crate) fn velocity() -> [f64; 3] {
    let [east, north, up] = PLACE.enu_axes();
    std::array::from_fn(|k| 30.0 * east[k] + 40.0 * north[k] + 2.54 * up[k])
}

/// A row of a track at [`PLACE`]; errors of 3 m and 2 m/s.
pub(crate) fn plain(track: u64, time_us: i64) -> Row<'static> {
    let mut covariance = [[0.0; 6]; 6];
    for (i, line) in covariance.iter_mut().enumerate() {
        line[i] = if i < 3 { 9.0 } else { 4.0 };
    }
    Row {
        time_us,
        track,
        status: Status::Confirmed,
        existence: 0.75,
        position_m: PLACE.ecef(),
        velocity_m_s: velocity(),
        covariance,
        detections: 5,
        last_detection_us: time_us - 1_000_000,
        smoothed: false,
        as_known_at_us: time_us - 1_000_000,
        filtered_m: None,
        identity: None,
        contributors: &[],
        authorities: &[],
        holders: None,
    }
}

/// Publishes a picture of `alpha` with formats beside it.
pub(crate) fn publish(out: &Path, frame: Frame, formats: &[Format], rows: impl FnOnce(&mut dyn FnMut(&Row<'_>))) {
    publish_cut(out, frame, formats, |write| rows(&mut |row| write(row, &Obligations::default())));
}

fn publish_cut(
    out: &Path,
    frame: Frame,
    formats: &[Format],
    rows: impl FnOnce(&mut dyn FnMut(&Row<'_>, &Obligations)),
) {
    let staging = Staging::create(out).expect("an output");
    let mut picture = staging.picture("alpha", frame, &Fields::from(Field::ALL)).expect("a picture");
    rows(&mut |row, cut| picture.write(row, cut).expect("a row"));
    let configuration = serde_json::json!({});
    let made = Made { configuration: &configuration, as_of_us: None, label: None, decisions: &[], computed_from: None };
    picture.finish_with(&made, |beside| write(beside, formats)).expect("a finished picture");
    assert!(staging.publish().expect("an output").is_empty());
}

/// Exports everything of a finished output; the names of the files.
pub(crate) fn export_again(out: &Path) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let files = export(&out.join("alpha"), &Format::ALL, &folder.path().join("exports")).expect("exports");
    files.into_iter().map(|file| file.name).collect()
}

impl Scene {
    pub(crate) fn geodetic() -> Self {
        Self::of(Frame::Geodetic, &Format::ALL)
    }

    pub(crate) fn of(frame: Frame, formats: &[Format]) -> Self {
        let around = tempfile::tempdir().expect("a folder");
        let owners = OWNERS.map(str::to_owned);
        let coarse = Obligations { coarsen_m: Some(10_000.0), ..Obligations::default() };
        let withheld = [Field::Existence, Field::Velocity, Field::Covariance, Field::Contributors, Field::Holders];
        let withheld = withheld.into_iter().chain([Field::Identity]).collect();
        let withheld = Obligations { omit: withheld, ..Obligations::default() };
        let full = Obligations::default();
        let (out, mut rows) = (around.path().join("out"), 0);
        publish_cut(&out, frame, formats, |write| {
            let place = |longitude_deg: f64| match frame {
                Frame::Geodetic => Geodetic { longitude_deg, ..PLACE }.ecef(),
                Frame::Local => LOCAL_PLACE,
            };
            let mut put = |track, turn: i64, longitude_deg: f64, cut: &Obligations| {
                let named = track == 7;
                write(
                    &Row {
                        position_m: place(longitude_deg),
                        status: if track == 9 { Status::Tentative } else { Status::Confirmed },
                        identity: named.then_some(("4b1814", 0.9)),
                        contributors: &owners,
                        authorities: &owners[..1],
                        holders: Some(if named { &owners } else { &[] }),
                        ..plain(track, TIME_US + turn * 10_000_000)
                    },
                    cut,
                );
                rows += 1;
            };
            put(7, 0, 8.25, &full);
            put(9, 0, 8.5, &full);
            put(7, 1, 8.25, &withheld);
            put(10, 1, 179.97, &full);
            put(7, 2, 8.25, &coarse);
            for (turn, longitude_deg) in [(2, 179.98), (3, 179.99), (4, -179.99), (5, -179.98), (6, -179.97)] {
                put(10, turn, longitude_deg, &full);
            }
        });
        Self { around, out, rows }
    }

    pub(crate) fn out(&self) -> &Path {
        &self.out
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.out().join("alpha")
    }

    /// A path beside the output.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.around.path().join(name)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        fs::read_to_string(self.folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }
}

/// Cells of a CSV file (RFC 4180), line by line.
pub(crate) fn csv(text: &str) -> Vec<Vec<String>> {
    let (mut lines, mut line, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match (letter, quoted) {
            ('"', true) if letters.next_if_eq(&'"').is_some() => cell.push('"'),
            ('"', _) => quoted = !quoted,
            (',', false) => line.push(std::mem::take(&mut cell)),
            ('\n', false) => {
                line.push(std::mem::take(&mut cell));
                lines.push(std::mem::take(&mut line));
            }
            _ => cell.push(letter),
        }
    }
    assert!(line.is_empty() && cell.is_empty() && !quoted, "the file ends with a line");
    lines
}
