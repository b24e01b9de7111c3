//! Random recordings: sensors of several owners, objects on straight lines, clutter.

use super::place::Frame;
use super::{Height, Layout, Random, Row, Sensor, Size, Tuning, World, micros};

pub(super) const OWNERS: [&str; 4] = ["ash", "beech", "cypress", "yew"];
pub(super) const LABELS: [&str; 4] = ["", "red", "blue", "west"];
/// What targets send, right or wrong.
pub(super) const ADDRESSES: [&str; 5] = ["abc", "abd", "0", "4b1814", "Zürich 1"];
/// Names that any kind of thing may have, so that kinds share them; some sort first, some last.
pub(super) const SHARED: [&str; 16] = [
    "west",
    "north",
    "0",
    "zz",
    "ash",
    "beech",
    "yew",
    "red",
    "s1",
    "early",
    "union",
    "fuse_full",
    "radar",
    "subject",
    "mine-0",
    "p1",
];
/// What an operator may call a run; one word is also an owner's name.
const OPERATORS: [&str; 3] = ["exercise 7, morning", "ash", "é"];
/// Origins of geodetic worlds: the Alps, the antimeridian, the south and west, the far north.
const ORIGINS: [[f64; 2]; 4] = [[8.0, 46.0], [179.995, 10.0], [-70.0, -33.0], [25.0, 78.0]];
const PERIODS_S: [f64; 6] = [1.0, 1.0, 2.0, 0.7, 1.5, 3.3];

impl Sensor {
    pub(super) fn random(random: &mut Random, name: String, frame: Frame) -> Self {
        let radar = random.chance(0.35);
        let geodetic = frame != Frame::Local;
        let height = match (radar, geodetic) {
            (false, true) => Height::Known,
            (true, true) => *random.pick(&[Height::Unknown, Height::Known, Height::Altitude]),
            (_, false) => *random.pick(&[Height::Unknown, Height::Known]),
        };
        let site = radar.then(|| [random.between(300.0, 700.0), random.between(300.0, 700.0), 0.0]);
        Self {
            name,
            owner: random.name(&OWNERS[..3]),
            site,
            period_us: micros(*random.pick(&PERIODS_S)),
            probability: *random.pick(&[0.9, 0.9, 0.99, 0.5, 1.0]),
            clutter: *random.pick(&[0.0, 0.5, 3.0]),
            noise_m: *random.pick(&[5.0, 5.0, 12.0]),
            height,
            rates: radar && random.chance(0.5),
            reach_m: *random.pick(&[900.0, 900.0, 1300.0]),
            layer: random.chance(0.4),
        }
    }

    /// Height of what it measures: where it knows none, all is at the height at which the documents put it.
    pub(super) fn level(&self, height: f64) -> f64 {
        if self.height == Height::Unknown { 0.0 } else { height }
    }
}

impl Row {
    /// Somewhere in the middle of things.
    pub(super) fn random(
        random: &mut Random,
        world: &World,
        sensor: usize,
        times_s: [f64; 2],
        labels: &[&str],
    ) -> Self {
        let height = world.sensors[sensor].level(random.between(0.0, 300.0));
        Self {
            time_us: random.micros(times_s[0], times_s[1]),
            sensor,
            place: [random.between(0.0, 1000.0), random.between(0.0, 1000.0), height],
            polar: None,
            rate: random.between(-20.0, 20.0),
            sigma_m: random.chance(0.1).then(|| random.between(3.0, 20.0)),
            label: random.name(labels),
            identified: random.chance(0.5),
            address: *random.pick(&ADDRESSES),
            bad: false,
        }
    }
}

impl World {
    /// A recording, and a policy that is still empty.
    pub(super) fn recording(random: &mut Random, size: Size) -> Self {
        let frame = if random.chance(0.3) { Frame::Geodetic(*random.pick(&ORIGINS)) } else { Frame::Local };
        let mut world = Self {
            subject: random.name(&["subject", "subject", "ash", "Zelkova", "0"]),
            size,
            frame,
            stamped: random.chance(0.3),
            sensors: Vec::new(),
            rows: Vec::new(),
            layout: Layout::random(random),
            zones: Vec::new(),
            periods: Vec::new(),
            groups: Vec::new(),
            partners: Vec::new(),
            fuse: Vec::new(),
            receive: Vec::new(),
            acts: Vec::new(),
            rules: Vec::new(),
            as_of_us: random.chance(0.6).then(|| random.micros(4.0, 10.0)),
            tuning: Tuning {
                soft: random.chance(0.5),
                exact_max: *random.pick(&[8, 8, 4, 1, 0]),
                reorder: *random.pick(&[32, 32, 5, 2, 1]),
                signed: random.chance(0.1),
                cached: random.chance(0.1),
                wide: random.chance(0.05),
                label: random.chance(0.2).then(|| *random.pick(&OPERATORS)),
                identities: random.chance(0.5),
                associations: random.chance(0.3),
                smoothing: random.chance(0.3).then(|| *random.pick(&["", "", "lag_s = 4.0\n"])),
                stitching: random.chance(0.4),
            },
            placed: random.chance(0.3),
        };
        // Plain worlds have positions without heights alone: the common case deserves its share.
        let plain = random.chance(0.3);
        for n in 0..random.count(2, size.sensors) {
            let name = if random.chance(0.2) { random.name(&SHARED) } else { format!("s{n}") };
            let name = if world.sensors.iter().any(|sensor| sensor.name == name) { format!("t{n}") } else { name };
            let mut sensor = Sensor::random(random, name, frame);
            if plain && frame == Frame::Local {
                (sensor.site, sensor.rates, sensor.height) = (None, false, Height::Unknown);
            }
            world.sensors.push(sensor);
        }
        world.observe(random);
        world
    }

    fn observe(&mut self, random: &mut Random) {
        let begin_s = *random.pick(&[0.0, 0.0, 0.5, 2.0, -3.0]);
        let [shortest_s, longest_s] = self.size.seconds;
        let length_s = random.between(shortest_s, longest_s);
        let targets: Vec<([f64; 3], [f64; 2])> = (0..random.count(1, self.size.targets))
            .map(|_| {
                let place = [random.between(150.0, 850.0), random.between(150.0, 850.0), random.between(50.0, 250.0)];
                (place, [random.between(-25.0, 25.0), random.between(-25.0, 25.0)])
            })
            .collect();
        for sensor in 0..self.sensors.len() {
            let period_s = self.sensors[sensor].period_us as f64 / 1e6;
            let mut start_s = begin_s;
            while start_s < begin_s + length_s {
                for (n, ([x, y, z], [vx, vy])) in targets.iter().enumerate() {
                    if random.chance(0.15) {
                        continue;
                    }
                    let time_s = start_s + period_s * random.between(0.0, 0.9);
                    let mut row = Row::random(random, self, sensor, [time_s, time_s], &LABELS);
                    let (noise, run_s) = (self.sensors[sensor].noise_m, time_s - begin_s);
                    let mut near = |at: f64| at + noise * (random.between(-1.0, 1.0) + random.between(-1.0, 1.0));
                    let place = [near(x + vx * run_s), near(y + vy * run_s), near(*z)];
                    row.place = [place[0], place[1], self.sensors[sensor].level(place[2])];
                    if random.chance(0.7) {
                        LABELS[(n + sensor) % LABELS.len()].clone_into(&mut row.label);
                    }
                    self.rows.push(row);
                }
                if random.chance(0.4) {
                    let row = Row::random(random, self, sensor, [start_s, start_s + period_s], &LABELS);
                    self.rows.push(row);
                }
                start_s += period_s;
            }
        }
        self.rows.sort_by_key(|row| row.time_us);
        match random.below(50) {
            0 => self.rows.clear(),
            1 => self.rows.truncate(1),
            2..12 => {
                for _ in 0..5 {
                    let (at, by) = (random.below(self.rows.len().max(1)), random.below(5));
                    if at + by < self.rows.len() {
                        self.rows.swap(at, at + by);
                    }
                }
            }
            // What one sensor says is years away from all else.
            12..14 => {
                let (sensor, years) = (random.below(self.sensors.len()), random.years());
                self.rows.iter_mut().filter(|row| row.sensor == sensor).for_each(|row| row.time_us += years);
                self.rows.sort_by_key(|row| row.time_us);
            }
            _ => {}
        }
    }
}

impl Layout {
    pub(super) fn random(random: &mut Random) -> Self {
        Self {
            group: random.chance(0.4).then(|| *random.pick(&[1, 7, 64, 100_000])),
            amplitude: random.chance(0.2),
            truth: random.chance(0.05),
            name: random.name(&["random", "west", "another"]),
            order: random.next(),
        }
    }
}
