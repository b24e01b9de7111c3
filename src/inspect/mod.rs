//! What is in a recording, before anything is fused: for the operator, who reads everything.
//!
//! Figures come from the rows: whoever asks doubts the catalogue, so its noise, its P_D and its clutter are used for nothing, and
//! its period only where the rows agree with it or say nothing. What is proposed is proposed to a person: no run takes a value
//! that was measured over the whole recording, since every partner's picture would then hang on rows that it may not see.
//!
//! Two passes: counts of all rows, then, in the order of time, an [excerpt](Sampling) of at most 200,000 rows for all that needs
//! neighbours. Memory is bounded by a batch, the excerpt and the sort ([`Recording::sort`]).

mod geometry; // vectors
mod near; // the nearest of many points
mod words; // numbers in sentences
mod survey; // what rows tell by themselves
mod excerpt; // rows that are kept for a closer look
mod period; // how often an object is seen
mod turning; // how an antenna turns
mod chains; // rows of one object
mod figures; // what chains say
mod extent; // where rows are
mod solve; // least squares
mod pairs; // two sensors that see the same objects
mod choice; // the configuration that fits
mod crowd; // detections in the gate of a track
mod glance; // the first rows, at a bounded cost
mod report; // what an inspection gives
mod remarks; // what contradicts the catalogue
mod entry; // catalogue entries that would not
mod missing; // entries of sensors that have none

pub use choice::{FITS, Fits, GATE, Proposal, Seen};
pub use crowd::Crowd;
pub use excerpt::Sampling;
pub use extent::Extent;
pub use figures::{Estimated, Figures, NoiseFound, Speeds};
pub(crate) use geometry::median;
pub(crate) use glance::Glance;
pub(crate) use near::Near;
pub use pairs::{COMPARED, PairFound, Unpaired};
pub use period::Interval;
pub use remarks::Remark;
pub use report::{Inspection, SensorFound};
pub use survey::{RowOrder, Silence};
pub use turning::Turning;
pub(crate) use words::{quoted, rounded, short, time};

use crate::ingest::{Catalogue, IngestError, IngestReport, Named, Options, Order, Recording, TimeScale, Told};
use crate::sensor::{Kind, Looks, Sensor};
use crate::space::Frame;
use excerpt::{Excerpt, Mark, Places, Stretch};
use figures::figures;
use pairs::{Side, pairs};
use rayon::prelude::*;
use std::path::Path;
use survey::{Counts, First, Second};

/// Rows of a batch.
const BATCH_ROWS: usize = 1 << 16;

/// Looks at a recording; `heard` hears how many rows have been read, in either pass, and may end it.
///
/// # Errors
/// What is wrong with the recording, a file that changed while it was read, or what `heard` gives.
pub fn inspect<E: From<IngestError>>(
    folder: &Path,
    heard: &mut dyn FnMut(u64) -> Result<(), E>,
) -> Result<Inspection, E> {
    let (recording, missing, counted) = opened(folder, heard)?;
    looked_at((&recording, &missing, counted), heard)
}

/// The same of a recording whose catalogue has no sensor yet: entries for all of them, with what is told of each.
///
/// # Errors
/// As [`inspect`].
pub(crate) fn draft<E: From<IngestError>>(
    folder: &Path,
    told: impl Fn(&str) -> Told,
    heard: &mut dyn FnMut(u64) -> Result<(), E>,
) -> Result<Inspection, E> {
    let (recording, missing) = Recording::supplemented(folder, told, missing::provisional)?;
    let counted = counted(&recording, heard)??;
    looked_at((&recording, &missing, counted), heard)
}

/// The same of a recording that has been opened.
///
/// # Errors
/// As [`inspect`].
pub fn inspect_opened<E: From<IngestError>>(
    recording: &Recording,
    heard: &mut dyn FnMut(u64) -> Result<(), E>,
) -> Result<Inspection, E> {
    let counted = counted(recording, heard)??;
    looked_at((recording, &[], counted), heard)
}

fn looked_at<E: From<IngestError>>(
    (recording, missing, (first, places, report)): (&Recording, &[Named], Counted),
    heard: &mut dyn FnMut(u64) -> Result<(), E>,
) -> Result<Inspection, E> {
    let catalogue = recording.catalogue();
    if first.order.late_rows > 0 {
        recording.sort(options(), &std::env::temp_dir(), heard)?;
    }
    let look_rows = catalogue.sensors.iter().zip(&first.counts).map(|(sensor, counts)| look_rows(sensor, counts));
    let look_rows = look_rows.fold(0.0, f64::max);
    let mut excerpt = Excerpt::new(catalogue.sensors.len(), report.rows_accepted, (look_rows, &places));
    let mut second = Second::new(first.counts);
    let mut reader = recording.reader(options())?.with_readings();
    let mut rows = report.rows_accepted;
    while let Some(batch) = reader.next_batch()? {
        second.take(&batch);
        excerpt.take(&batch, catalogue);
        rows += batch.len() as u64;
        heard(rows)?;
    }
    recording.check()?;
    let missing = Missing { sensors: missing, has_catalogue: recording.has_catalogue() };
    Ok(assembled((catalogue, &missing), (report, first.order), (&second.finish(), &excerpt)))
}

/// What the catalogue lacks.
struct Missing<'a> {
    sensors: &'a [Named],
    has_catalogue: bool,
}

impl Missing<'_> {
    fn of(&self, sensor: &Sensor) -> Option<&Named> {
        self.sensors.iter().find(|named| named.name == sensor.name)
    }
}

/// Opens a recording and takes its first pass; where its catalogue is missing or lacks sensors, by entries made up for them.
fn opened<E: From<IngestError>>(
    folder: &Path,
    heard: &mut dyn FnMut(u64) -> Result<(), E>,
) -> Result<(Recording, Vec<Named>, Counted), E> {
    let is_lacking = match Recording::open(folder) {
        Ok(recording) => match counted(&recording, heard)? {
            Ok(counted) => return Ok((recording, Vec::new(), counted)),
            Err(error) => error,
        },
        Err(error) => error,
    };
    // What is wrong otherwise is wrong with these entries, too.
    let (recording, missing) = Recording::supplemented(folder, |_| Told::default(), missing::provisional)?;
    if missing.is_empty() {
        return Err(is_lacking.into());
    }
    let counted = counted(&recording, heard)??;
    Ok((recording, missing, counted))
}

fn options() -> Options {
    Options { strict: false, rows_per_batch: BATCH_ROWS, order: Order::Any }
}

/// What the first pass gives.
type Counted = (First, Places, IngestReport);

/// The first pass; or a row of a sensor that the catalogue lacks.
fn counted<E: From<IngestError>>(
    recording: &Recording,
    heard: &mut dyn FnMut(u64) -> Result<(), E>,
) -> Result<Result<Counted, IngestError>, E> {
    let catalogue = recording.catalogue();
    let (mut first, mut places) = (First::new(catalogue.sensors.len()), Places::new());
    let mut reader = recording.reader(options())?;
    let mut rows = 0;
    loop {
        let batch = match reader.next_batch() {
            Err(error @ IngestError::UnknownSensor { .. }) => return Ok(Err(error)),
            batch => batch?,
        };
        let Some(batch) = batch else { break };
        first.take(&batch, catalogue);
        places.take(&batch);
        rows += batch.len() as u64;
        heard(rows)?;
    }
    Ok(Ok((first, places, reader.report().clone())))
}

/// The mean number of rows in a look of the length that the catalogue says.
fn look_rows(sensor: &Sensor, counts: &Counts) -> f64 {
    let span_s = counts.span_us.map_or(0.0, |[from_us, to_us]| (to_us - from_us) as f64 * 1e-6);
    let looks = span_s * sensor.looks.per_s();
    counts.rows as f64 / looks.max(1.0)
}

fn assembled(
    (catalogue, missing): (&Catalogue, &Missing<'_>),
    (ingest, order): (IngestReport, RowOrder),
    (counts, excerpt): (&[Counts], &Excerpt),
) -> Inspection {
    let frame = catalogue.frame;
    let of = (&catalogue.sensors).into_par_iter().zip(counts).zip(excerpt.sensors.par_iter().zip(&excerpt.spread));
    let found: Vec<(SensorFound, Side<'_>)> = of
        .map(|((sensor, counts), rows)| found((sensor, frame, missing.of(sensor)), counts, (rows, excerpt)))
        .collect();
    let (mut sensors, sides): (Vec<SensorFound>, Vec<Side<'_>>) = found.into_iter().unzip();
    let (pairs, unpaired) = pairs(&sides, frame);
    let spans = counts.iter().filter_map(|counts| counts.span_us);
    let span_us = spans.reduce(|[a, b], [c, d]| [a.min(c), b.max(d)]);
    let (mut remarks, mut entries) = (remarks::of_ingest(&ingest), Vec::new());
    if !missing.has_catalogue {
        remarks.push(remarks::of_no_catalogue());
        entries.push(missing::head(catalogue));
    }
    for (found, sensor) in sensors.iter().zip(&catalogue.sensors) {
        if let Some(named) = missing.of(sensor) {
            entries.push(missing::entry(named, (found, sensor, frame)));
            remarks.extend(remarks::of_missing(found, missing::told(named, sensor)));
            continue;
        }
        let of_sensor = remarks::of_sensor(found, sensor);
        if of_sensor.iter().any(|remark| remark.key.is_some()) {
            entries.push(entry::entry(found, sensor, (frame, catalogue.time, &of_sensor)));
        }
        remarks.extend(of_sensor);
    }
    remarks.extend(pairs.iter().flat_map(|pair| remarks::of_pair(pair, &sensors, catalogue)));
    let configuration = choice::propose(seen(&sensors, catalogue), frame);
    let fits = configuration.as_ref().and_then(|proposal| FITS.iter().find(|fits| fits.name == proposal.name));
    for ((found, side), fits) in sensors.iter_mut().zip(&sides).zip(fits.into_iter().cycle()) {
        found.crowd = crowd::crowd(side, &found.figures, fits);
        let told = found.crowd.and_then(|crowd| crowd::told(crowd, (side, &found.figures), fits));
        remarks.extend(told.map(|told| remarks::of_crowd(found, told)));
    }
    let stands_nowhere = |found: &&mut SensorFound| !found.is_listed && found.kind != Kind::Position.name();
    sensors.iter_mut().filter(stands_nowhere).for_each(|found| found.extent = None);
    Inspection {
        schema: 1,
        recording: catalogue.name.clone(),
        frame: if frame == Frame::Local { "local" } else { "geodetic" },
        time: if catalogue.time == TimeScale::Seconds { "seconds" } else { "timestamp" },
        ingest,
        order,
        span_us,
        excerpt: excerpt.sampling,
        configuration,
        catalogue: (!entries.is_empty()).then(|| entries.join("\n")),
        sensors,
        pairs,
        unpaired,
        remarks,
    }
}

/// What is there of one sensor, and its chains.
fn found<'a>(
    (sensor, frame, named): (&'a Sensor, Frame, Option<&Named>),
    counts: &Counts,
    ((stretches, spread), excerpt): ((&'a Vec<Stretch>, &Vec<Mark>), &Excerpt),
) -> (SensorFound, Side<'a>) {
    let interval = period::interval(stretches);
    let said_s = sensor.looks.interval_s();
    // What is made up says nothing.
    let said_s = said_s.filter(|_| named.is_none_or(|named| named.has_looks || named.told.turn_s.is_some()));
    let is_placed = named.is_none_or(|named| named.told.site.is_some());
    let stands_nowhere = !is_placed && matches!(sensor.kind, Kind::Radar { .. });
    let period_s = agreed(interval, said_s);
    let chains: Vec<Vec<chains::Chain>> = match period_s {
        Some(period_s) => {
            stretches.par_iter().map(|stretch| chains::chains(&stretch.rows, sensor, (frame, period_s))).collect()
        }
        None => vec![Vec::new(); stretches.len()],
    };
    let longest = stretches.iter().max_by_key(|stretch| stretch.rows.len());
    let turning =
        longest.zip(interval).and_then(|(stretch, interval)| turning::turning(sensor, &stretch.rows, interval));
    // Whoever reports when it likes has no looks.
    let reports = matches!(sensor.looks, Looks::Reports { .. })
        || interval.is_some_and(|interval| interval.from_addresses && !interval.steady);
    let looks = period_s.filter(|_| !reports).map_or(0.0, |period_s| looks(stretches, &excerpt.spans_us, period_s));
    let span_s = counts.span_us.map(|[from_us, to_us]| (to_us - from_us) as f64 * 1e-6).filter(|s| *s > 0.0);
    let found = SensorFound {
        name: sensor.name.clone(),
        owner: sensor.owner.clone(),
        is_listed: named.is_none(),
        kind: sensor.kind.name(),
        rows: counts.rows,
        identified: counts.identified,
        rows_per_s: span_s.map(|span_s| counts.rows as f64 / span_s),
        span_us: counts.span_us,
        silences: counts.silences.clone(),
        duplicates: counts.duplicates,
        repeats: counts.repeats,
        outside_coverage: counts.outside,
        swapped: counts.swapped,
        interval,
        said_period_s: said_s,
        rotation: turning.filter(|_| !stands_nowhere),
        swept: longest.and_then(|stretch| turning::swept_share(sensor, &stretch.rows)),
        extent: Extent::of(spread, (sensor, frame)),
        crowd: None,
        figures: figures(
            (stretches, chains.as_slice()),
            (sensor, frame),
            (period_s.unwrap_or_default(), looks, excerpt.sampling.disc_share),
        ),
    };
    // Where it stands is made up: it is nowhere near anything.
    let chains = if stands_nowhere { vec![Vec::new(); stretches.len()] } else { chains };
    (found, Side { sensor, stretches, chains, period_s: period_s.unwrap_or_default() })
}

/// How many looks stretches hold: times without any row that are long for the sensor are taken for none.
fn looks(stretches: &[Stretch], spans_us: &[[i64; 2]], period_s: f64) -> f64 {
    let mut apart_s = Vec::new();
    for (stretch, [from_us, to_us]) in stretches.iter().zip(spans_us) {
        let times = stretch.rows.iter().map(|row| row.time_us).chain([*to_us]);
        apart_s
            .extend(times.scan(*from_us, |before_us, us| Some((us - std::mem::replace(before_us, us)) as f64 * 1e-6)));
    }
    let longest_s = (3.0 * period_s).max(10.0 * median(&mut apart_s));
    apart_s.iter().map(|s| s.min(longest_s)).sum::<f64>() / period_s
}

/// The period: as it is said, if the rows do not say otherwise.
fn agreed(interval: Option<Interval>, said_s: Option<f64>) -> Option<f64> {
    let Some(interval) = interval else { return said_s };
    let factor = if interval.steady { 1.1 } else { 1.5 };
    let near = |said_s: &f64| said_s / interval.median_s < factor && interval.median_s / said_s < factor;
    Some(said_s.filter(near).unwrap_or(interval.median_s))
}

/// Whatever is slower stands still, metres a second.
const AT_REST_M_S: f64 = 0.3;

/// What the sensors saw of objects: speeds from the one that followed most of them.
fn seen(sensors: &[SensorFound], catalogue: &Catalogue) -> Seen {
    let moves = |found: &&SensorFound| found.figures.speed_m_s.is_some_and(|speeds| speeds.p95 > AT_REST_M_S);
    let best = sensors.iter().filter(moves).max_by_key(|found| found.figures.chains);
    let frame = catalogue.frame;
    let density = sensors.iter().zip(&catalogue.sensors).filter_map(|(found, sensor)| {
        let is_within = found.is_listed && 100 * found.outside_coverage <= found.rows;
        let area_km2 = if is_within { sensor.area_m2(frame) * 1e-6 } else { found.extent?.area_km2(frame) };
        Some(found.figures.objects_per_scan? / area_km2).filter(|_| area_km2 > 0.0)
    });
    let heights = sensors.iter().filter_map(|found| found.extent?.height_m);
    Seen {
        speed_m_s: best.and_then(|found| found.figures.speed_m_s).map(|speeds| speeds.p95),
        per_km2: density.reduce(f64::max),
        heights_m: heights.reduce(|[a, b], [c, d]| [a.min(c), b.max(d)]),
    }
}
