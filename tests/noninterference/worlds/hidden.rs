//! Changes of rows that the subject does not see, and of sensors of which it sees nothing.

use super::change::Change;
use super::recording::{ADDRESSES, LABELS, OWNERS, SHARED};
use super::{Random, Row, Sensor, World};

pub(super) const CHANGES: &[Change] = &[
    ("delete hidden rows", delete),
    ("delete all hidden rows", |world, _| keep(world, |_| false)),
    ("move hidden rows", |world, random| {
        let [x, y, z] = [random.between(-300.0, 300.0), random.between(-300.0, 300.0), random.between(0.0, 90.0)];
        edit(world, random, |row, tall, _| {
            row.place = [row.place[0] + x, row.place[1] + y, if tall { row.place[2] + z } else { row.place[2] }];
        });
    }),
    ("retime hidden rows", |world, random| {
        let by_us = random.micros(-6.0, 6.0);
        edit(world, random, |row, _, _| row.time_us += by_us);
    }),
    ("retime hidden rows one by one", |world, random| {
        edit(world, random, |row, _, random| row.time_us += random.micros(-6.0, 6.0));
    }),
    ("relabel hidden rows", |world, random| {
        edit(world, random, |row, _, random| row.label = random.name(&["", "red", "blue", "west", "new", "subject"]));
    }),
    ("identify hidden rows", |world, random| edit(world, random, |row, _, _| row.identified ^= true)),
    ("give hidden rows other addresses", |world, random| {
        edit(world, random, |row, _, random| (row.identified, row.address) = (true, *random.pick(&ADDRESSES)));
    }),
    ("give hidden rows one new address", |world, random| edit(world, random, |row, _, _| row.address = "aaa")),
    ("measure hidden rows otherwise", |world, random| {
        edit(world, random, |row, _, random| {
            row.rate = random.between(-90.0, 90.0);
            row.sigma_m = random.chance(0.5).then(|| random.between(1.0, 90.0));
        });
    }),
    ("spoil hidden rows", |world, random| edit(world, random, |row, _, random| row.bad = random.chance(0.5))),
    ("add hidden rows", |world, random| {
        let count = random.count(1, 40);
        add(world, random, count, |_, _, _| {});
    }),
    ("add many hidden rows", |world, random| {
        let count = world.size.many;
        add(world, random, count, |_, _, _| {});
    }),
    ("add bad rows", |world, random| add(world, random, 20, |row, _, _| row.bad = true)),
    ("add hidden rows where rows are", |world, random| {
        add(world, random, 30, |row, other, random| {
            let by_us = *random.pick(&[0, 0, -1, 1]);
            (row.time_us, row.place[0], row.place[1]) = (other.time_us + by_us, other.place[0], other.place[1]);
        });
    }),
    ("add hidden rows far away in time", |world, random| {
        let far_us = random.micros(20.0, 3600.0);
        add(world, random, 6, |row, _, random| row.time_us += if random.chance(0.5) { far_us } else { -far_us });
    }),
    ("add hidden rows years away", |world, random| {
        add(world, random, 6, |row, _, random| row.time_us += random.years());
    }),
    ("add hidden rows far away", |world, random| {
        add(world, random, 6, |row, _, random| row.place[0] += random.between(2e3, 2e4));
    }),
    ("double hidden rows", |world, random| {
        let hidden: Vec<Row> = world.rows.iter().filter(|row| world.hides(row)).cloned().collect();
        for row in hidden {
            put(world, random, row);
        }
    }),
    ("shuffle hidden rows", |world, random| {
        let hidden: Vec<Row> = world.rows.iter().filter(|row| world.hides(row)).cloned().collect();
        keep(world, |_| false);
        for row in hidden {
            put(world, random, row);
        }
    }),
    ("hidden rows first, or last", |world, random| {
        let (hidden, seen): (Vec<_>, Vec<_>) = world.rows.iter().cloned().partition(|row| world.hides(row));
        world.rows = if random.chance(0.5) { [hidden, seen] } else { [seen, hidden] }.concat();
    }),
    ("add a sensor", add_sensor),
    ("drop hidden sensors", drop_sensors),
    ("rename hidden sensors", |world, random| {
        for at in blind(world) {
            let name = random.name(&SHARED);
            if world.sensors.iter().all(|sensor| sensor.name != name) {
                world.sensors[at].name = name;
            }
        }
    }),
    ("remake hidden sensors", |world, random| {
        for at in blind(world) {
            let other = Sensor::random(random, world.sensors[at].name.clone(), world.frame);
            let (height, site) = (world.sensors[at].height, world.sensors[at].site);
            // Rows remain where they are: what a height or a site gives them stays.
            world.sensors[at] = Sensor { height, site, rates: site.is_some() && other.rates, ..other };
        }
    }),
    ("give hidden sensors away", |world, random| {
        for at in blind(world) {
            world.sensors[at].owner = random.name(&OWNERS);
        }
    }),
    ("shuffle sensors", |world, random| {
        let mut order: Vec<usize> = (0..world.sensors.len()).collect();
        random.shuffle(&mut order);
        world.sensors = order.iter().map(|from| world.sensors[*from].clone()).collect();
        for row in &mut world.rows {
            row.sensor = order.iter().position(|from| *from == row.sensor).expect("every sensor is there");
        }
    }),
];

/// Keeps seen rows, and of others those that are wanted.
fn keep(world: &mut World, mut wanted: impl FnMut(&Row) -> bool) {
    let kept: Vec<bool> = world.rows.iter().map(|row| !world.hides(row) || wanted(row)).collect();
    let mut kept = kept.iter();
    world.rows.retain(|_| *kept.next().expect("one a row"));
}

fn delete(world: &mut World, random: &mut Random) {
    keep(world, |_| random.chance(0.4));
}

/// Edits hidden rows; an edit that would show a row to the subject is not made.
fn edit(world: &mut World, random: &mut Random, mut edit: impl FnMut(&mut Row, bool, &mut Random)) {
    let most = random.chance(0.5);
    for at in 0..world.rows.len() {
        if !world.hides(&world.rows[at]) || !(most || random.chance(0.3)) {
            continue;
        }
        let mut row = world.rows[at].clone();
        let tall = world.sensors[row.sensor].level(1.0) > 0.0;
        edit(&mut row, tall, random);
        if world.hides(&row) {
            world.rows[at] = row;
        }
    }
}

/// Puts a hidden row anywhere in the file.
fn put(world: &mut World, random: &mut Random, row: Row) {
    if world.hides(&row) {
        world.rows.insert(random.below(world.rows.len() + 1), row);
    }
}

/// Adds rows that are hidden, each made from one that is there.
fn add(world: &mut World, random: &mut Random, count: usize, make: impl Fn(&mut Row, &Row, &mut Random)) {
    let sorted = random.chance(0.3);
    for _ in 0..count {
        let sensor = random.below(world.sensors.len());
        let mut row = Row::random(random, world, sensor, [-4.0, 14.0], &[&LABELS[..], &["new"]].concat());
        let other = if world.rows.is_empty() { row.clone() } else { random.pick(&world.rows).clone() };
        make(&mut row, &other, random);
        put(world, random, row);
    }
    // In order of time, if all else was.
    if sorted && world.rows.is_sorted_by_key(|row| row.time_us) {
        world.rows.sort_by_key(|row| row.time_us);
    }
}

/// A sensor of which the subject sees nothing, with rows of its own.
fn add_sensor(world: &mut World, random: &mut Random) {
    let name = if random.chance(0.5) { random.name(&["0new", "s1zz", "zzz"]) } else { random.name(&SHARED) };
    if world.sensors.iter().any(|sensor| sensor.name == name) {
        return;
    }
    let mut sensor = Sensor::random(random, name, world.frame);
    sensor.owner = random.name(&OWNERS);
    sensor.period_us = *random.pick(&[50_000, 300_000, 1_000_000, 7_000_000]);
    (sensor.clutter, sensor.reach_m) = (9.0, *random.pick(&[100.0, 1000.0, 20_000.0]));
    let at = random.below(world.sensors.len() + 1);
    world.rows.iter_mut().filter(|row| row.sensor >= at).for_each(|row| row.sensor += 1);
    world.sensors.insert(at, sensor);
    for _ in 0..random.count(0, 30) {
        let row = Row::random(random, world, at, [-4.0, 14.0], &LABELS);
        put(world, random, row);
    }
}

/// Sensors of which the subject sees nothing.
fn blind(world: &World) -> Vec<usize> {
    let used: Vec<usize> = world.view().into_iter().map(|(_, row, _)| row.sensor).collect();
    (0..world.sensors.len()).filter(|sensor| !used.contains(sensor)).collect()
}

fn drop_sensors(world: &mut World, random: &mut Random) {
    let mut gone = blind(world);
    if random.chance(0.3) {
        gone.truncate(1);
    }
    // A recording without any sensor is none.
    if gone.len() == world.sensors.len() {
        gone.pop();
    }
    for at in gone.into_iter().rev() {
        world.sensors.remove(at);
        world.rows.retain(|row| row.sensor != at);
        world.rows.iter_mut().filter(|row| row.sensor > at).for_each(|row| row.sensor -= 1);
    }
}
