//! What a wave of scans has to be: checked before anything is computed from it, in one pass over its detections.

use super::setup::LaneSetup;
use super::undetected::UndetectedIntensity;
use crate::scan::{
    Axis, Detection, KIND_BITS, Observation, RANGE, ROWS_MAX, SOURCES_MAX, Scan, Sight, Wrong, require, wrong,
};
use rayon::prelude::*;

/// Detections that one task checks.
const CHUNK: usize = 1 << 14;

/// Fails unless `scans` are a wave of lanes with these fields of undetected targets and times of their last scans.
pub(super) fn check<'a>(
    scans: &[Scan<'_>],
    observations: &[Observation],
    lane: impl Fn(usize) -> Option<(&'a LaneSetup, Option<i64>)>,
) -> Result<(), Wrong> {
    let mut next = 0;
    for scan in scans {
        let at = || format!("scan of lane {}", scan.lane);
        require(at, ("lane", scan.lane), |lane| *lane >= next, "scans in the order of lanes, at most one of each")?;
        next = scan.lane + 1;
        let Some((setup, last_us)) = lane(scan.lane) else {
            return Err(wrong(at(), "lane", scan.lane, "a lane of the batch"));
        };
        scan.check(setup, last_us)?;
        scan.check_detections(observations.len())?;
    }
    match observations.par_iter().position_first(|observation| !is_sound(observation)) {
        None => Ok(()),
        Some(number) => Err(wrong(
            format!("observation {number} of a wave"),
            "observation",
            observations.get(number),
            "2 or 3 rows of position, at most 3 of velocity, of kinds that there are, standard deviations above 0, the rest finite, \
             densities and ranges at least 0",
        )),
    }
}

impl Scan<'_> {
    fn check(&self, setup: &LaneSetup, last_us: Option<i64>) -> Result<(), Wrong> {
        let at = || format!("scan of lane {} at {} µs", self.lane, self.time_us);
        let (p, slack_m) = (self.detection_probability, self.slack_m);
        let in_order = |last: &Option<i64>| last.is_none_or(|last| self.time_us >= last);
        require(at, ("time of the lane's last scan", last_us), in_order, "an earlier one, or the same")?;
        require(at, ("detection probability", p), |p| *p > 0.0 && *p <= 1.0, "a probability above 0")?;
        require(at, ("slack", slack_m), |m| *m >= 0.0 && m.is_finite(), "metres, at least 0")?;
        let (several, views) = (setup.views.len() > 1, &self.views);
        let count = if several { setup.views.len() } else { 0 };
        require(
            at,
            ("sights of views", views.sights.len()),
            |found| *found == count,
            "one of each view, if there are more",
        )?;
        let is_one = |looking: &usize| *looking < count.max(1);
        require(at, ("view that looked", views.looking), is_one, "a view of the lane")?;
        let UndetectedIntensity::Field { planes, .. } = &setup.undetected else { return Ok(()) };
        for sight in views.sights.iter().chain([&self.sight]) {
            if let Sight::Mask(mask) = sight {
                let wanted = "those of the lane's field";
                require(at, ("cells of the mask", mask.planes()), |found| *found == planes, wanted)?;
            }
        }
        Ok(())
    }

    fn check_detections(&self, observations: usize) -> Result<(), Wrong> {
        let (detections, sources) = (self.detections.detections(), self.detections.sources());
        let at = |number: usize| format!("detection {number} of lane {} at {} µs", self.lane, self.time_us);
        let is_whole = |d: &Detection| {
            let [x, y, z] = d.offset_m;
            // A sum is finite only if all terms are; what overflows lies beyond any world.
            (d.observation as usize) < observations && (x.abs() + y.abs() + z.abs() + d.ahead_s.abs()).is_finite()
        };
        let is_wrong = |(_, part): &(usize, &[Detection])| !part.iter().fold(true, |all, d| all & is_whole(d));
        if let Some((chunk, part)) = detections.par_chunks(CHUNK).enumerate().find_first(is_wrong) {
            let number = part.iter().position(|d| !is_whole(d)).unwrap_or(0);
            let wanted = "finite offset and time, and an observation of the wave";
            return Err(wrong(at(chunk * CHUNK + number), "detection", part.get(number), wanted));
        }
        let addresses = self.detections.addresses().len();
        let is_one_each = |found: &usize| [0, detections.len()].contains(found);
        let of_scan = || format!("scan of lane {} at {} µs", self.lane, self.time_us);
        require(of_scan, ("addresses", addresses), is_one_each, "one of each detection, or none")?;
        let is_known = |source: &u8| usize::from(*source) < SOURCES_MAX;
        let wrong_source = |(_, part): &(usize, &[u8])| !part.iter().fold(true, |all, source| all & is_known(source));
        match sources.par_chunks(CHUNK).enumerate().find_first(wrong_source) {
            None => Ok(()),
            Some((chunk, part)) => {
                let number = part.iter().position(|source| !is_known(source)).unwrap_or(0);
                Err(wrong(at(chunk * CHUNK + number), "source", part.get(number), "a source below 128"))
            }
        }
    }
}

fn is_sound(o: &Observation) -> bool {
    let at_least_zero = |x: f32| x >= 0.0 && x.is_finite();
    let measured = |row: &Axis| row.sigma > 0.0 && row.sigma.is_finite();
    let (axes, rates) = (o.axes as usize, o.rates as usize);
    (2..=ROWS_MAX).contains(&axes)
        && rates <= ROWS_MAX
        && o.position.iter().take(axes).chain(o.velocity.iter().take(rates)).all(measured)
        && (0..3).all(|row| o.kind(row) <= RANGE)
        && o.kinds >> (3 * KIND_BITS) == 0
        && o.position
            .iter()
            .map(|row| row.sigma)
            .chain(o.ranges_m)
            .chain([o.clutter, o.spread, o.sight_m])
            .all(at_least_zero)
        && o.rates_m_s.iter().all(|rate| rate.is_finite())
        && o.position.iter().chain(&o.velocity).all(|row| row.direction.iter().all(|x| x.is_finite()))
}
