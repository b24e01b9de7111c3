//! Random recordings and policies, and what one partner may see of them: said once more here, in plain Rust.

use proptest::prelude::*;
use std::collections::BTreeSet;

/// The partner whose folder must not change.
pub(crate) const SUBJECT: &str = "subject";
pub(crate) const OWNERS: [&str; 3] = ["ash", "beech", "cypress"];
pub(crate) const LABELS: [&str; 3] = ["", "blue", "red"];
/// Names, starts and ends, seconds.
pub(crate) const PERIODS: [(&str, i32, i32); 2] = [("early", 2, 7), ("late", 5, 10)];
/// What the levels of `fuse` demand.
pub(crate) const DELAY_S: f64 = 3.0;
pub(crate) const CELL_M: f64 = 60.0;

/// A rectangle with a name.
#[derive(Clone, Debug)]
pub(crate) struct Zone {
    pub(crate) name: String,
    pub(crate) low: [f64; 2],
    pub(crate) high: [f64; 2],
}

/// A sensor of positions.
#[derive(Clone, Debug)]
pub(crate) struct Sensor {
    pub(crate) name: String,
    pub(crate) owner: usize,
    pub(crate) period_s: f64,
    pub(crate) clutter: f64,
}

/// One row of a recording.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) time_s: f64,
    pub(crate) sensor: usize,
    pub(crate) place: [f64; 2],
    pub(crate) height: f64,
    pub(crate) label: usize,
    pub(crate) identified: bool,
}

/// A level of `fuse`, highest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Full,
    Late,
    Flat,
    Coarse,
}

/// What a partner may have fused.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    pub(crate) level: Level,
    pub(crate) owners: BTreeSet<usize>,
    pub(crate) labels: BTreeSet<usize>,
    /// Indices of the zone and the period that it is limited to.
    pub(crate) zone: Option<usize>,
    pub(crate) period: Option<usize>,
    pub(crate) identified_only: bool,
    /// Whether the rule names the partner's group instead of the partner.
    pub(crate) by_group: bool,
}

/// A recording and a policy.
#[expect(clippy::struct_excessive_bools, reason = "each is there or not, independently of the others")]
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) zones: Vec<Zone>,
    pub(crate) sensors: Vec<Sensor>,
    pub(crate) rows: Vec<Row>,
    /// The subject's grants, then those of others.
    pub(crate) grants: Vec<Vec<Grant>>,
    /// The owner and label that the subject is forbidden whatever permits it.
    pub(crate) forbidden: (usize, usize),
    /// Whether the subject receives coarse and late.
    pub(crate) coarse: bool,
    /// Whether the subject may see who may act on confirmed tracks.
    pub(crate) sees_holders: bool,
    /// Whether rows have heights.
    pub(crate) heights: bool,
    pub(crate) as_of_s: f64,
    /// Whether others share the subject's group.
    pub(crate) together: bool,
    /// A level of `receive`, a period and a group that are of no concern to the subject.
    pub(crate) more: bool,
    /// What the levels of the files demand of coarse and flat detections: less is a planted leak.
    pub(crate) cell_m: f64,
    pub(crate) omits_height: bool,
}

pub(crate) fn worlds() -> impl Strategy<Value = World> {
    let sensor = (0..OWNERS.len(), prop_oneof![Just(1.0), Just(2.0), Just(1.5)], 0.1..2.0f64);
    let target = ([100.0..900.0f64, 100.0..900.0f64], [-30.0..30.0f64, -30.0..30.0f64]);
    let forbidden = (0..OWNERS.len(), 0..LABELS.len());
    (
        proptest::collection::vec(proptest::collection::vec(grants(), 0..4), 2..4),
        proptest::collection::vec(sensor, 2..5),
        proptest::collection::vec(target, 1..6),
        (any::<u64>(), any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>()),
        (forbidden, 6.0..14.0f64),
    )
        .prop_map(
            |(grants, sensors, targets, (seed, coarse, sees_holders, heights, together), (forbidden, as_of_s))| {
                let sensors: Vec<Sensor> = sensors
                    .into_iter()
                    .enumerate()
                    .map(|(n, (owner, period_s, clutter))| Sensor { name: format!("s{n}"), owner, period_s, clutter })
                    .collect();
                let rows = rows(&sensors, &targets, seed);
                let zone = |name: &str, low, high| Zone { name: name.to_owned(), low, high };
                let zones =
                    vec![zone("west", [0.0, 0.0], [500.0, 1000.0]), zone("north", [0.0, 500.0], [1000.0, 1000.0])];
                let (more, cell_m, omits_height) = (false, CELL_M, true);
                World {
                    zones,
                    sensors,
                    rows,
                    grants,
                    forbidden,
                    coarse,
                    sees_holders,
                    heights,
                    as_of_s: (as_of_s * 10.0).round() / 10.0,
                    together,
                    more,
                    cell_m,
                    omits_height,
                }
            },
        )
}

fn grants() -> impl Strategy<Value = Grant> {
    let level = prop_oneof![Just(Level::Full), Just(Level::Late), Just(Level::Flat), Just(Level::Coarse)];
    (
        level,
        proptest::collection::btree_set(0..OWNERS.len(), 1..4),
        proptest::collection::btree_set(0..LABELS.len(), 1..4),
        (proptest::option::of(0usize..2), proptest::option::weighted(0.3, 0usize..2)),
        (proptest::bool::weighted(0.2), any::<bool>()),
    )
        .prop_map(|(level, owners, labels, (zone, period), (identified_only, by_group))| Grant {
            level,
            owners,
            labels,
            zone,
            period,
            identified_only,
            by_group,
        })
}

/// Targets in straight lines, seen by every sensor once a period, with a little noise and clutter.
fn rows(sensors: &[Sensor], targets: &[([f64; 2], [f64; 2])], seed: u64) -> Vec<Row> {
    let mut state = seed | 1;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / (1u64 << 31) as f64
    };
    let mut rows = Vec::new();
    for (index, sensor) in sensors.iter().enumerate() {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few looks")]
        let looks = (12.0 / sensor.period_s) as u32;
        for look in 0..looks {
            let start = f64::from(look) * sensor.period_s;
            for (n, (place, velocity)) in targets.iter().enumerate() {
                if random() < 0.15 {
                    continue;
                }
                let time_s = start + random() * 0.3 * sensor.period_s;
                let at = [0, 1].map(|k| place[k] + time_s * velocity[k] + 8.0 * (random() + random() - 1.0));
                let (height, identified) = (100.0 * random(), random() < 0.7);
                let label = (n + index) % LABELS.len();
                rows.push(Row { time_s, sensor: index, place: at, height, label, identified });
            }
            if random() < 0.5 {
                let place = [random() * 1000.0, random() * 1000.0];
                let time_s = start + 0.1;
                rows.push(Row { time_s, sensor: index, place, height: 50.0, label: 0, identified: false });
            }
        }
    }
    rows.sort_by(|a, b| a.time_s.total_cmp(&b.time_s));
    rows
}

impl World {
    /// The level at which the subject has a row fused; `None`: it may not see it, or not yet.
    pub(crate) fn sees(&self, row: &Row) -> Option<Level> {
        let owner = self.sensors[row.sensor].owner;
        let grants = self.grants.first().map_or(&[][..], Vec::as_slice);
        let level = grants.iter().filter(|grant| self.grants(grant, row, owner)).map(|grant| grant.level).min()?;
        let delay_s = if level == Level::Late { DELAY_S } else { 0.0 };
        let due = micros(row.time_s) <= micros(self.as_of_s) - micros(delay_s);
        (due && self.forbidden != (owner, row.label)).then_some(level)
    }

    fn grants(&self, grant: &Grant, row: &Row, owner: usize) -> bool {
        let place = grant.zone.is_none_or(|zone| self.zones[zone].holds(row.place));
        let time = grant.period.is_none_or(|period| {
            let (_, start, end) = PERIODS[period];
            (i64::from(start) * 1_000_000..i64::from(end) * 1_000_000).contains(&micros(row.time_s))
        });
        let known = row.identified || !grant.identified_only;
        grant.owners.contains(&owner) && grant.labels.contains(&row.label) && place && time && known
    }

    /// How many rows the subject sees at each level, and how many not at all.
    pub(crate) fn seen(&self) -> ([usize; 4], usize) {
        let mut seen = [0; 4];
        for level in self.rows.iter().filter_map(|row| self.sees(row)) {
            seen[level as usize] += 1;
        }
        (seen, self.rows.len() - seen.iter().sum::<usize>())
    }
}

/// As the engine counts time.
pub(crate) fn micros(seconds: f64) -> i64 {
    trackweave::time::micros(seconds).expect("a time")
}

impl Zone {
    pub(crate) fn holds(&self, place: [f64; 2]) -> bool {
        (0..2).all(|k| (self.low[k]..self.high[k]).contains(&place[k]))
    }
}
