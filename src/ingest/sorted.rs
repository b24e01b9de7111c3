//! Detections in the order of time, whatever their order in the file.
//!
//! Rows are sorted in runs of at most [`RUN_ROWS`]. One run stays in memory; more are written to a file and merged from
//! there in every pass. The file has no name, so nothing is left of it however the program ends. Rows of one time stay in
//! the order of the file: what a lane makes of that is the lane's own.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;

use rayon::prelude::*;

use super::catalogue::Catalogue;
use super::detections::Detections;
use super::error::IngestError;
use super::identities::Identities;
use super::pass::{Pass, Passing};
use super::report::IngestReport;
use super::rows::{Keeps, Kept, Row};
use crate::files::{array, read_at};
use crate::sensor::{Reading, Sites};

/// Rows of a run: some 140 bytes each in memory, twice while they are sorted.
pub(super) const RUN_ROWS: usize = 1 << 19;
/// Bytes that are read ahead, of one run and of all together.
const AHEAD_BYTES: [usize; 2] = [1 << 18, 1 << 26];

/// The accepted rows of a table.
#[derive(Debug)]
pub(super) struct Sorted {
    report: IngestReport,
    labels: Vec<String>,
    identities: Identities,
    runs: Runs,
}

#[derive(Debug)]
enum Runs {
    Held(Vec<Kept>),
    /// Where each run ends in the file.
    Written(File, Vec<u64>),
}

/// Rows that are being sorted; its file lies in a folder.
#[derive(Debug)]
pub(super) struct Sorter<'a> {
    folder: &'a Path,
    rows_max: usize,
    held: Vec<Kept>,
    identities: Identities,
    written: Option<(BufWriter<File>, Vec<u64>)>,
}

impl<'a> Sorter<'a> {
    pub(super) fn new(folder: &'a Path, rows_max: usize) -> Self {
        Self { folder, rows_max, held: Vec::new(), identities: Identities::default(), written: None }
    }

    /// Takes detections with their readings.
    pub(super) fn take(&mut self, batch: &Detections) -> Result<(), IngestError> {
        let columns = batch.time_us.iter().zip(&batch.sensor).zip(&batch.label).zip(&batch.address);
        let numbers: Vec<u32> = batch.identities.iter().map(|text| self.identities.number(text)).collect();
        let identity = |row: usize| numbers.get(*batch.identity.get(row)? as usize).copied();
        for (row, ((((&time_us, &sensor), &label), &address), &reading)) in columns.zip(&batch.reading).enumerate() {
            let identity = identity(row).unwrap_or(0);
            self.push(Kept { time_us, sensor, label, address, identity, reading })?;
        }
        Ok(())
    }

    fn push(&mut self, row: Kept) -> Result<(), IngestError> {
        if self.held.len() >= self.rows_max {
            self.write()?;
        }
        self.held.push(row);
        Ok(())
    }

    /// All rows, their labels, and what became of those of the file.
    pub(super) fn finish(mut self, labels: Vec<String>, report: IngestReport) -> Result<Sorted, IngestError> {
        if self.written.is_some() {
            self.write()?;
        }
        let runs = match self.written {
            None => {
                sort(&mut self.held);
                Runs::Held(self.held)
            }
            Some((file, ends)) => {
                let file = file.into_inner().map_err(|error| unsorted(self.folder, error.error()))?;
                Runs::Written(file, ends)
            }
        };
        Ok(Sorted { report, labels, identities: self.identities, runs })
    }

    /// Writes the rows that are held as one more run.
    fn write(&mut self) -> Result<(), IngestError> {
        sort(&mut self.held);
        let mut write = || {
            let (file, ends) = match &mut self.written {
                Some(written) => written,
                none => none.insert((BufWriter::new(tempfile::tempfile_in(self.folder)?), Vec::new())),
            };
            let mut end = ends.last().copied().unwrap_or_default();
            let mut bytes = Vec::new();
            for row in self.held.drain(..) {
                bytes.clear();
                row.put(&mut bytes);
                file.write_all(&bytes)?;
                end += bytes.len() as u64;
            }
            ends.push(end);
            Ok(())
        };
        write().map_err(|error| unsorted(self.folder, &error))
    }
}

/// Sorts a run, rows of one time in their order.
fn sort(rows: &mut [Kept]) {
    rows.par_sort_by_key(|row| row.time_us);
}

fn unsorted(folder: &Path, error: &io::Error) -> IngestError {
    IngestError::Unsorted { folder: folder.to_owned(), what: error.to_string() }
}

impl Kept {
    fn put(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.time_us.to_le_bytes());
        bytes.extend(self.sensor.to_le_bytes());
        bytes.extend(self.label.to_le_bytes());
        bytes.extend(self.address.to_le_bytes());
        bytes.extend(self.identity.to_le_bytes());
        self.reading.put(bytes);
    }

    fn get(from: &mut impl Read) -> io::Result<Self> {
        let time_us = i64::from_le_bytes(array(from)?);
        let [sensor, label] = [array(from)?, array(from)?].map(u32::from_le_bytes);
        let address = u64::from_le_bytes(array(from)?);
        let identity = u32::from_le_bytes(array(from)?);
        Ok(Self { time_us, sensor, label, address, identity, reading: Reading::get(from)? })
    }
}

/// A part of a file; several are read by turns, and by several readers at once.
#[derive(Debug)]
struct Section<'a> {
    file: &'a File,
    at: u64,
    end: u64,
}

impl Read for Section<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end - self.at).unwrap_or(usize::MAX).min(bytes.len());
        let read = read_at(self.file, bytes.get_mut(..left).unwrap_or_default(), self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

/// One run of a file, with its next row.
#[derive(Debug)]
struct Run<'a> {
    next: Kept,
    rest: BufReader<Section<'a>>,
}

impl<'a> Run<'a> {
    fn of(section: Section<'a>, ahead: usize) -> io::Result<Option<Self>> {
        let mut rest = BufReader::with_capacity(ahead, section);
        Ok(next(&mut rest)?.map(|next| Self { next, rest }))
    }
}

fn next(rest: &mut BufReader<Section<'_>>) -> io::Result<Option<Kept>> {
    let at_end = io::BufRead::fill_buf(rest)?.is_empty();
    if at_end { Ok(None) } else { Kept::get(rest).map(Some) }
}

/// The rows of a table in the order of time, from the first on.
#[derive(Debug)]
enum Rows<'a> {
    Held(std::slice::Iter<'a, Kept>),
    /// Runs by number, and when the next row of each is: of one time, that of the earlier run comes first.
    Merged(Vec<Option<Run<'a>>>, BinaryHeap<Reverse<(i64, usize)>>),
}

impl<'a> Rows<'a> {
    fn of(runs: &'a Runs) -> io::Result<Self> {
        let (file, ends) = match runs {
            Runs::Held(rows) => return Ok(Self::Held(rows.iter())),
            Runs::Written(file, ends) => (file, ends),
        };
        let [of_run, of_all] = AHEAD_BYTES;
        let ahead = (of_all / ends.len().max(1)).min(of_run);
        let starts = std::iter::once(&0).chain(ends);
        let sections = starts.zip(ends).map(|(&at, &end)| Section { file, at, end });
        let runs = sections.map(|section| Run::of(section, ahead)).collect::<io::Result<Vec<_>>>()?;
        let firsts = runs.iter().enumerate();
        let heap = firsts.filter_map(|(number, run)| Some(Reverse((run.as_ref()?.next.time_us, number)))).collect();
        Ok(Self::Merged(runs, heap))
    }

    fn next(&mut self) -> io::Result<Option<Kept>> {
        let (runs, heap) = match self {
            Self::Held(rows) => return Ok(rows.next().copied()),
            Self::Merged(runs, heap) => (runs, heap),
        };
        let Some(Reverse((_, number))) = heap.pop() else { return Ok(None) };
        let Some(run) = runs.get_mut(number).and_then(Option::as_mut) else { return Ok(None) };
        let row = run.next;
        if let Some(next) = next(&mut run.rest)? {
            run.next = next;
            heap.push(Reverse((next.time_us, number)));
        }
        Ok(Some(row))
    }
}

/// Reads sorted rows, batch by batch.
#[derive(Debug)]
pub(super) struct SortedRows<'a> {
    sorted: &'a Sorted,
    rows: Rows<'a>,
    passing: Passing,
}

impl<'a> SortedRows<'a> {
    pub(super) fn of(sorted: &'a Sorted, file: &Path) -> Result<Self, IngestError> {
        let rows = Rows::of(&sorted.runs).map_err(|error| unsorted(file, &error))?;
        Ok(Self { sorted, rows, passing: Passing::default() })
    }

    /// At most so many detections; none at the end.
    pub(super) fn next_batch(
        &mut self,
        (most, keeps): (usize, Keeps),
        catalogue: &Catalogue,
    ) -> Result<Option<Detections>, IngestError> {
        let unsorted = |error| unsorted(&self.sorted.report.file, &error);
        let mut kept = Vec::new();
        while kept.len() < most.max(1)
            && let Some(row) = self.rows.next().map_err(unsorted)?
        {
            kept.push(row);
        }
        if kept.is_empty() {
            return Ok(None);
        }
        let labels = &self.sorted.labels;
        let identities = keeps.identities.then(|| self.sorted.identities.names());
        self.passing.take_kept(&kept, labels, identities);
        let sites = Sites::of(&catalogue.sensors, catalogue.frame);
        let converted = |row: &Kept| Row::again(row, &sites);
        let rows: Vec<Option<Row>> = kept.par_iter().map(converted).collect();
        let mut batch = Detections::with_capacity(kept.len());
        for (row, kept) in rows.iter().zip(&kept) {
            let other = || unsorted(io::Error::other("found another row than was written"));
            row.as_ref().ok_or_else(other)?.put((kept.label, kept.address), &mut batch);
        }
        if keeps.readings {
            batch.reading.extend(kept.iter().map(|row| row.reading));
        }
        if let Some(names) = identities {
            // Those of the batch alone: a recording may have very many.
            let mut places = BTreeMap::from([(0, 0)]);
            for row in &kept {
                let next = u32::try_from(places.len()).unwrap_or(u32::MAX);
                let place = *places.entry(row.identity).or_insert(next);
                if place == next {
                    batch.identities.extend(names.get(row.identity as usize).cloned());
                }
                batch.identity.push(place);
            }
        }
        batch.labels.clone_from(labels);
        Ok(Some(batch))
    }

    pub(super) fn pass(&self) -> Pass {
        self.passing.pass()
    }

    pub(super) const fn report(&self) -> &'a IngestReport {
        &self.sorted.report
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::{Options, Order, Reader, Recording};
    use std::collections::BTreeSet;
    use std::fmt::Write as _;

    /// Geodetic reports, and a radar that measures now this, now that.
    fn recording(folder: &Path, rows: u64) -> Recording {
        let catalogue = "name = \"s\"\nframe = \"geodetic\"\ntime = \"seconds\"\n[[sensor]]\nname = \"p\"\nowner = \"o\"\n\
            kind = \"position\"\nnoise = { horizontal_m = 1.0, vertical_m = 1.0 }\ndetection_probability = 0.9\n\
            clutter_per_scan = 1.0\nscan_period_s = 1.0\ncoverage = { latitude_deg = [-1.0, 1.0], longitude_deg = \
            [-1.0, 1.0], height_m = [0.0, 1e4] }\n[[sensor]]\nname = \"r\"\nowner = \"o\"\nkind = \"radar\"\nsite = \
            { latitude_deg = 0.0, longitude_deg = 0.0, altitude_m = 0.0 }\nnoise = { range_m = 1.0, azimuth_deg = 0.1, \
            elevation_deg = 0.1, range_rate_m_s = 1.0, vertical_m = 9.0 }\ndetection_probability = 0.9\n\
            clutter_per_scan = 1.0\nscan_period_s = 1.0\ncoverage = { range_m = [10.0, 1e5] }\n";
        std::fs::write(folder.join("recording.toml"), catalogue).expect("a file");
        let mut text =
            "time,sensor,latitude_deg,longitude_deg,altitude_m,range_m,azimuth_deg,elevation_deg,range_rate_m_s,\
            sigma_vertical_m,label,identity\n"
                .to_owned();
        for k in 0..rows {
            let time = k * 7919 % 97;
            let label = ["", "a", "b"][(k % 3) as usize];
            let cells = match k % 4 {
                0 => format!("p,0.{k},0.1,{k},,,,,"),
                1 => format!("r,,,,{},10,,,", 100 + k),
                2 => format!("r,,,,{},10,5,-3,", 100 + k),
                _ => format!("r,,,90,{},10,5,,4", 1000 + k),
            };
            writeln!(text, "{time},{cells},{label},{}", if k % 5 == 0 { "x" } else { "" }).expect("text");
        }
        std::fs::write(folder.join("detections.csv"), text).expect("a file");
        Recording::open(folder).expect("a recording")
    }

    fn all(reader: &mut Reader<'_>) -> Vec<(i64, String)> {
        let mut found = Vec::new();
        while let Some(batch) = reader.next_batch().expect("a batch") {
            for row in 0..batch.len() {
                let label = &batch.labels[batch.label[row] as usize];
                let (sensor, place, address) = (batch.sensor[row], batch.place[row], batch.address[row]);
                let measured = (batch.horizontal[row], batch.measurement[row], batch.reading[row]);
                found.push((batch.time_us[row], format!("{sensor} {place:?} {measured:?} {label} {address}")));
            }
        }
        found
    }

    #[test]
    fn rows_on_disk_come_back_as_they_were_in_the_order_of_time_and_then_of_the_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let recording = recording(folder.path(), 1000);
        let options = Options { strict: true, rows_per_batch: 64, order: Order::Any };
        let read = || recording.reader(options).expect("a reader").with_readings();
        let mut wanted = all(&mut read());
        wanted.sort_by_key(|(time_us, _)| *time_us);
        let kinds: BTreeSet<usize> = wanted.iter().map(|(_, row)| row.len()).collect();
        assert!(kinds.len() > 3);
        let (mut passes, path) = (Vec::new(), recording.detections().to_owned());
        for rows_max in [1, 7, 250, 999, 1000, 5000] {
            let scratch = (folder.path(), rows_max);
            let sorted = read().sort::<IngestError>(scratch, &mut |_| Ok(())).expect("room");
            assert_eq!(matches!(sorted.runs, Runs::Held(_)), rows_max >= 1000);
            for _ in 0..2 {
                let mut reader =
                    Reader::sorted((&sorted, &path), recording.catalogue(), options).expect("a reader").with_readings();
                assert!(all(&mut reader) == wanted, "{rows_max}");
                assert_eq!((reader.report().rows_accepted, reader.is_in_order()), (1000, true));
                passes.push(reader.pass());
            }
        }
        assert!(passes.iter().all(|pass| *pass == passes[0] && pass.rows == 1000), "{passes:?}");
        let names = std::fs::read_dir(folder.path()).expect("a folder").count();
        assert_eq!(names, 2, "the file with the runs has no name");
    }

    #[test]
    fn several_readers_of_one_file_of_runs_do_not_disturb_each_other() {
        let folder = tempfile::tempdir().expect("a folder");
        let recording = recording(folder.path(), 1000);
        let options = Options { strict: true, rows_per_batch: 64, order: Order::Any };
        let reader = recording.reader(options).expect("a reader");
        let sorted = reader.sort::<IngestError>((folder.path(), 7), &mut |_| Ok(())).expect("room");
        let (path, catalogue) = (recording.detections(), recording.catalogue());
        let read = || all(&mut Reader::sorted((&sorted, path), catalogue, options).expect("a reader").with_readings());
        let wanted = read();
        let same = || (0..20).all(|_| read() == wanted);
        std::thread::scope(|scope| {
            let readers: Vec<_> = (0..8).map(|_| scope.spawn(same)).collect();
            assert!(readers.into_iter().all(|reader| reader.join().expect("rows")), "rows of another reader");
        });
    }

    #[test]
    fn no_more_rows_are_held_than_a_run_has() {
        let folder = tempfile::tempdir().expect("a folder");
        let recording = recording(folder.path(), 500);
        let options = Options { strict: true, rows_per_batch: 30, order: Order::Any };
        let mut reader = recording.reader(options).expect("a reader").with_readings();
        let mut sorter = Sorter::new(folder.path(), 40);
        while let Some(batch) = reader.next_batch().expect("a batch") {
            sorter.take(&batch).expect("room");
            assert!(sorter.held.len() <= 40 && sorter.held.capacity() <= 64, "{}", sorter.held.capacity());
        }
        let sorted = sorter.finish(Vec::new(), reader.report().clone()).expect("room");
        assert!(matches!(sorted.runs, Runs::Written(_, ends) if ends.len() == 13));
    }

    #[test]
    fn a_disk_that_refuses_is_an_error_that_names_its_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let recording = recording(folder.path(), 10);
        let nowhere = folder.path().join("nowhere");
        let options = Options { strict: true, rows_per_batch: 4, order: Order::Any };
        let sorted = recording.reader(options).expect("a reader").sort::<IngestError>((&nowhere, 4), &mut |_| Ok(()));
        let error = sorted.expect_err("no folder").to_string();
        assert!(
            error.contains("nowhere: rows cannot be sorted on this disk") && error.contains("wanted room"),
            "{error}"
        );
    }
}
