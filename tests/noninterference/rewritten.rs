//! Recordings that change while they are read: an error, or the picture of the bytes that were there first. Never that
//! of rows of which the rules were asked something else.

use crate::runs::{Manner, scratch};
use crate::worlds::{Random, World};
use std::fs;
use std::path::Path;
use trackweave::fusion::executor::Executor;
use trackweave::run::Progress;

/// How a file is changed.
#[derive(Clone, Copy, Debug)]
enum How {
    InPlace,
    Renamed,
}

type Rewrite = fn(&mut World, &mut Random);

/// What it is changed into, from the world and random choices.
const REWRITES: [(&str, Rewrite); 6] = [
    ("the same rows in another order", |world, random| random.shuffle(&mut world.rows)),
    ("labels exchanged", |world, random| {
        for at in 0..world.rows.len() {
            let with = random.below(world.rows.len());
            let (one, other) = (world.rows[at].label.clone(), world.rows[with].label.clone());
            (world.rows[at].label, world.rows[with].label) = (other, one);
        }
    }),
    ("other places", |world, random| {
        world.rows.iter_mut().for_each(|row| row.place[0] = random.between(0.0, 1000.0));
    }),
    ("rows cut off", |world, random| world.rows.truncate(random.below(world.rows.len()))),
    ("more rows", |world, random| {
        for at in 0..world.rows.len() {
            if random.chance(0.5) {
                world.rows.push(world.rows[at].clone());
            }
        }
    }),
    ("nothing left", |world, _| world.rows.clear()),
];

#[test]
fn a_recording_that_changes_under_a_run_shows_nobody_more() {
    let (mut refused, mut first) = (0, 0);
    let cases = (crate::cases() / 10).min(1_000);
    for seed in 0..cases {
        let mut random = Random::from_seed(seed ^ 0xcafe);
        let mut world = World::from_seed(seed);
        if world.rows.len() < 2 {
            continue;
        }
        world.layout.group = world.layout.group.filter(|_| random.chance(0.5));
        let mut other = world.clone();
        let (what, rewrite) = *random.pick(&REWRITES);
        rewrite(&mut other, &mut random);
        let (how, at) = (*random.pick(&[How::InPlace, How::Renamed]), random.below(3));
        let manner = Manner::of(&world);
        let whole = Manner::of(&world).run(&world, &Executor::host()).expect("a run");
        let (folder, beside) = (scratch(), scratch());
        world.write(folder.path());
        other.write(beside.path());
        let mut calls = 0;
        let outcome = manner.run_in(folder.path(), &world, &Executor::host(), &mut |progress| {
            // After the first pass, or where the next ones begin.
            let due = match at {
                0 => matches!(progress, Progress::Classing(_)),
                1 => !matches!(progress, Progress::Classing(_)),
                _ => true,
            };
            if due && calls == 0 {
                calls += 1;
                exchange(beside.path(), folder.path(), how);
            }
        });
        match outcome {
            Err(_) => refused += 1,
            Ok(outcome) => {
                first += 1;
                let seen = format!("seed {seed}: {what}, {how:?}");
                outcome.same(&whole).unwrap_or_else(|differs| panic!("{seen}: {differs}"));
            }
        }
    }
    eprintln!("{refused} refused, {first} as it was first");
    assert!(cases < 50 || (refused > 0 && first > 0), "one of both never happens");
}

/// Gives the recording other rows.
fn exchange(from: &Path, to: &Path, how: How) {
    for name in ["detections.csv", "detections.parquet"] {
        let (from, to) = (from.join("recording").join(name), to.join("recording").join(name));
        if from.exists() {
            match how {
                How::InPlace => fs::write(&to, fs::read(&from).expect("a file")).expect("a file is written"),
                How::Renamed => fs::rename(&from, &to).expect("a file is renamed"),
            }
        }
    }
}
