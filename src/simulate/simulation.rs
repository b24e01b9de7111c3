//! Runs a scenario scan by scan, in memory that is bounded by the objects and the detections of one look.

use std::collections::VecDeque;

use rayon::prelude::*;

use super::error::SimulateError;
use super::motion::{Fate, Motion, Object};
use super::plan::{Instant, Plan, Sensor};
use super::random::{Key, Purpose, Stream};
use super::report::{SensorReport, SimulationReport};
use super::scenario::Scenario;
use super::sensing::{Passage, Sight, SimulatedDetection, Slice};

/// Objects that one task handles. The result does not depend on it.
const TASK: usize = 4096;

/// A true state at a scan.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrueState {
    /// Number of the object: given ones first, then in the order in which they appear.
    pub object: u64,
    /// x, y, z in metres.
    pub position_m: [f64; 3],
    /// The same, metres a second.
    pub velocity_m_s: [f64; 3],
}

/// A scenario being run: a library's way to its scans, without files.
///
/// ```
/// use trackweave::simulate::{Scenario, Simulation};
///
/// let scenario = Scenario::read("data/scenarios/crossing.toml".as_ref())?;
/// let mut simulation = Simulation::new(&scenario)?;
/// let mut seen = 0;
/// while simulation.next_scan() {
///     assert!(simulation.truth().count() > 0, "scan at {} µs", simulation.scan_us());
///     while let Some(detections) = simulation.next_detections() {
///         seen += detections.len() as u64;
///     }
/// }
/// assert_eq!(simulation.report().detections, seen);
/// # Ok::<(), trackweave::simulate::SimulateError>(())
/// ```
#[derive(Debug)]
pub struct Simulation {
    plan: Plan,
    /// Scans begun: the current one is the last of them.
    begun: u64,
    /// Parts of the current scan whose detections have been handed out.
    slices_done: i64,
    /// Alive at the current scan, by number.
    objects: Vec<Object>,
    /// Where each of them is at the next scan, and whether.
    next: Vec<(Motion, Fate)>,
    /// Given objects to come, by first scan.
    to_come: VecDeque<(u64, Object)>,
    next_id: u64,
    report: SimulationReport,
}

impl Simulation {
    /// Checks the scenario; the first scan comes with [`Simulation::next_scan`].
    ///
    /// # Errors
    /// [`SimulateError::Value`] if a value cannot be right.
    pub fn new(scenario: &Scenario) -> Result<Self, SimulateError> {
        let plan = Plan::new(scenario, &format!("scenario `{}`", scenario.name))?;
        let given = plan.given.iter().zip(0..).map(|(given, id)| (given.first_scan, Object::given(id, given)));
        let mut to_come = given.collect::<Vec<_>>();
        to_come.sort_by_key(|(first_scan, object)| (*first_scan, object.id));
        let sensor = |sensor: &Sensor| SensorReport {
            name: sensor.name.clone(),
            looks: 0,
            opportunities: 0,
            detections: 0,
            false_detections: 0,
        };
        let report = SimulationReport {
            name: plan.name.clone(),
            scans: 0,
            side_m: 2.0 * plan.half_side_m,
            objects: 0,
            born: 0,
            died: 0,
            left: 0,
            truth_rows: 0,
            detections: 0,
            sensors: plan.sensors.iter().map(sensor).collect(),
        };
        let next_id = to_come.len() as u64;
        Ok(Self {
            plan,
            begun: 0,
            slices_done: 0,
            objects: Vec::new(),
            next: Vec::new(),
            to_come: to_come.into(),
            next_id,
            report,
        })
    }

    /// Moves to the next scan; `false` if there is none.
    pub fn next_scan(&mut self) -> bool {
        // The detections that nobody asked for count all the same.
        while self.next_detections().is_some() {}
        if self.begun == self.plan.scans {
            return false;
        }
        if self.begun > 0 {
            self.end_scan();
        }
        let scan = self.begun;
        while let Some((_, object)) = self.to_come.pop_front_if(|(first_scan, _)| *first_scan <= scan) {
            let place = self.objects.partition_point(|other| other.id < object.id);
            self.objects.insert(place, object);
            self.count_arrival(scan, 1);
        }
        let arrivals = if scan == 0 {
            self.plan.objects
        } else {
            let key = Key { seed: self.plan.seed, purpose: Purpose::Births, sensor: 0, step: scan, index: 0 };
            Stream::new(key).poisson(self.plan.births_per_scan)
        };
        let plan = &self.plan;
        self.objects
            .par_extend((self.next_id..self.next_id + arrivals).into_par_iter().map(|id| Object::random(id, plan)));
        self.next_id += arrivals;
        self.count_arrival(scan, arrivals);
        let plan = &self.plan;
        self.next.clear();
        self.next.par_extend(self.objects.par_iter().map(|object| object.next(plan, scan)));
        self.begun += 1;
        self.slices_done = 0;
        self.report.scans = self.begun;
        self.report.truth_rows += self.objects.len() as u64;
        true
    }

    /// Time of the current scan in microseconds; its detections come from here to the next scan.
    #[must_use]
    pub fn scan_us(&self) -> i64 {
        self.plan.period_us * i64::try_from(self.begun.saturating_sub(1)).unwrap_or(i64::MAX)
    }

    /// The objects of the current scan, by number.
    #[must_use]
    pub fn truth(&self) -> impl ExactSizeIterator<Item = TrueState> {
        self.objects.iter().map(|object| TrueState {
            object: object.id,
            position_m: object.now.position_m,
            velocity_m_s: object.now.velocity_m_s,
        })
    }

    /// The next detections of the current scan, in the order of time and sensor; `None` after the last.
    ///
    /// A scan in which some sensor looks several times comes in as many parts.
    pub fn next_detections(&mut self) -> Option<Vec<SimulatedDetection>> {
        let plan = &self.plan;
        let parts = plan.sensors.iter().map(|sensor| plan.period_us / sensor.scan_period_us).max().unwrap_or(1).max(1);
        if self.begun == 0 || self.slices_done == parts {
            return None;
        }
        let scan_us = self.scan_us();
        let at = |part: i64| scan_us + plan.period_us / parts * part + plan.period_us % parts * part / parts;
        let slice = Slice { from_us: at(self.slices_done), to_us: at(self.slices_done + 1) };
        let tasks = self.objects.par_chunks(TASK).zip(self.next.par_chunks(TASK));
        let found = tasks.map(|(objects, next)| Found::over(plan, objects, next, scan_us, slice)).collect::<Vec<_>>();
        let mut detections = Vec::with_capacity(found.iter().map(|found| found.detections.len()).sum());
        for found in found {
            detections.extend(found.detections);
            for (report, count) in self.report.sensors.iter_mut().zip(found.opportunities) {
                report.opportunities += count;
            }
        }
        add_clutter(plan, slice, &mut detections);
        // Clutter has no number: among detections of one time and sensor, only equal 64-bit draws could tie.
        detections.par_sort_unstable_by_key(|d: &SimulatedDetection| (d.time_us, d.sensor, d.shuffle, d.object));
        self.slices_done += 1;
        self.count(&detections, slice);
        Some(detections)
    }

    /// What was simulated so far; complete when [`Simulation::next_scan`] has returned `false`.
    #[must_use]
    pub fn report(&self) -> &SimulationReport {
        &self.report
    }

    pub(super) fn plan(&self) -> &Plan {
        &self.plan
    }

    fn end_scan(&mut self) {
        let mut next = self.next.iter();
        let report = &mut self.report;
        self.objects.retain_mut(|object| {
            let (motion, fate) = next.next().copied().unwrap_or((object.now, Fate::Lives));
            object.now = motion;
            report.died += u64::from(fate == Fate::Dies);
            report.left += u64::from(fate == Fate::Leaves);
            fate == Fate::Lives
        });
    }

    fn count_arrival(&mut self, scan: u64, arrivals: u64) {
        let count = if scan == 0 { &mut self.report.objects } else { &mut self.report.born };
        *count += arrivals;
    }

    fn count(&mut self, detections: &[SimulatedDetection], slice: Slice) {
        self.report.detections += detections.len() as u64;
        for (report, sensor) in self.report.sensors.iter_mut().zip(&self.plan.sensors) {
            let begun_before = |time_us: i64| (time_us + sensor.scan_period_us - 1) / sensor.scan_period_us;
            report.looks += (begun_before(slice.to_us) - begun_before(slice.from_us)).unsigned_abs();
        }
        for detection in detections {
            if let Some(report) = self.report.sensors.get_mut(detection.sensor as usize) {
                report.detections += 1;
                report.false_detections += u64::from(detection.object.is_none());
            }
        }
    }
}

/// What one task found.
struct Found {
    detections: Vec<SimulatedDetection>,
    /// For every sensor: how often a look came to an object in the coverage.
    opportunities: Vec<u64>,
}

impl Found {
    fn over(plan: &Plan, objects: &[Object], next: &[(Motion, Fate)], scan_us: i64, slice: Slice) -> Self {
        let mut found = Self { detections: Vec::new(), opportunities: vec![0; plan.sensors.len()] };
        for ((sensor, index), opportunities) in plan.sensors.iter().zip(0..).zip(&mut found.opportunities) {
            let mut count = |sight| match sight {
                Sight::Outside => {}
                Sight::Missed => *opportunities += 1,
                Sight::Seen(detection) => {
                    *opportunities += 1;
                    found.detections.push(detection);
                }
            };
            let passages = || objects.iter().zip(next).map(|(object, (next, _))| Passage { object, next, scan_us });
            if let Instant::Reports { .. } = sensor.instant {
                passages().flat_map(|passage| sensor.reports(plan, index, passage, slice)).for_each(&mut count);
                continue;
            }
            if let Instant::Rotating { sense } = sensor.instant {
                let passes = |passage| sensor.passes(plan, (index, sense), passage, slice);
                passages().flat_map(passes).for_each(&mut count);
                continue;
            }
            for look in sensor.looks_in(slice) {
                passages().map(|passage| sensor.sight(plan, index, look, passage, slice)).for_each(&mut count);
            }
        }
        found
    }
}

fn add_clutter(plan: &Plan, slice: Slice, detections: &mut Vec<SimulatedDetection>) {
    for (sensor, index) in plan.sensors.iter().zip(0..) {
        for look in sensor.looks_in(slice) {
            let count = sensor.clutter_count(plan, index, look);
            let clutter = (0..count).into_par_iter().map(|number| sensor.clutter(plan, index, look, number));
            detections.par_extend(clutter.filter(|detection| slice.contains(detection.time_us)));
        }
    }
}
