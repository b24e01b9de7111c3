//! Non-interference: what a partner may not see, changed, added or deleted, leaves its folder byte-identical; so does
//! what a level of `fuse` hides of what the partner may see.
//!
//! `NONINTERFERENCE_CASES` sets the number of cases (default 500) for a long run, `NONINTERFERENCE_FIRST` the seed of
//! the first one: a case is its seed, so a run can be cut into parts and a failure run again by itself.

mod leaks; // planted, one at a time
mod runs; // a world to the subject's folder
mod rewritten; // recordings that change while they are read
mod worlds; // random recordings and policies, and what a partner sees of them

use runs::{Outcome, agree, device};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use trackweave::fusion::executor::Executor;
use worlds::Random;
use worlds::change::{Case, Pair, changes};

/// In how many cases something of interest was there.
#[derive(Clone, Debug, Default)]
struct Counts {
    cases: u64,
    /// The subject has tracks.
    tracks: u64,
    /// Some of them are linked.
    links: u64,
    /// It sees some rows and others not.
    mixed: u64,
    /// It has tracks, and sees who may act on them.
    holders: u64,
    /// It sees rows at a level that demands something.
    demanding: u64,
    /// A rule that forbids takes back what another permits.
    overridden: u64,
    /// Rows that it sees were changed where its level hides it, and its picture has rows.
    beneath: u64,
    /// Nothing was changed, or there is nothing to be seen.
    idle: u64,
    /// How often every change was made, of cases with tracks.
    done: BTreeMap<&'static str, u64>,
}

impl Counts {
    fn add(&mut self, other: &Self) {
        let Self { cases, tracks, links, mixed, holders, demanding, overridden, beneath, idle, done } = other;
        self.cases += cases;
        self.tracks += tracks;
        self.links += links;
        self.mixed += mixed;
        self.holders += holders;
        self.demanding += demanding;
        self.overridden += overridden;
        self.beneath += beneath;
        self.idle += idle;
        for (name, count) in done {
            *self.done.entry(name).or_default() += count;
        }
    }

    fn of(pair: &Pair, outcome: &Outcome) -> Self {
        let Pair { before, done, beneath, .. } = pair;
        let (seen, tracks) = (before.view().len(), outcome.rows > 0);
        let demands = |level: &worlds::Level| level.delay_us > 0 || level.cell_m.is_some() || !level.omit.is_empty();
        let count = u64::from;
        Self {
            cases: 1,
            tracks: count(tracks),
            links: count(outcome.links > 0),
            mixed: count(seen > 0 && seen < before.rows.len()),
            holders: count(tracks && before.sees_holders()),
            demanding: count(before.rows.iter().filter_map(|row| before.sees(row)).any(demands)),
            overridden: count(before.rows.iter().any(|row| before.overridden(row))),
            beneath: count(tracks && *beneath),
            idle: count(!tracks || (done.is_empty() && !beneath)),
            done: done.iter().filter(|_| tracks).map(|name| (*name, 1)).collect(),
        }
    }

    /// Enough of everything, in a number of cases that says something.
    fn enough(&self) {
        let Self { cases, tracks, links, mixed, holders, demanding, overridden, beneath, idle, done } = self;
        if *cases < 500 {
            return;
        }
        for (what, count, percent) in [
            ("have tracks", tracks, 60),
            ("have links", links, 2),
            ("show some rows and hide others", mixed, 75),
            ("show who may act", holders, 12),
            ("have levels that demand something", demanding, 30),
            ("have rules that forbid what others permit", overridden, 20),
            ("change what a level hides", beneath, 10),
        ] {
            assert!(count * 100 > cases * percent, "too few cases {what}: {count} of {cases}");
        }
        assert!(idle * 100 < cases * 45, "too many cases say nothing: {idle} of {cases}");
        for (name, _) in changes() {
            let count = done.get(name).copied().unwrap_or_default();
            assert!(count * 1000 > *cases, "too few cases `{name}`: {count} of {cases}");
        }
    }
}

/// Runs one case; `Err` says what differs.
fn hold(case: Case, executor: &Executor) -> Result<Counts, String> {
    let pair = case.pair();
    agree(&pair, executor).map(|outcome| Counts::of(&pair, &outcome))
}

/// As [`hold`], and says which changes alone suffice where it fails.
fn explain(case: &Case, executor: &Executor, seed: u64) -> Result<Counts, String> {
    hold(case.clone(), executor).map_err(|what| {
        let names = case.names();
        let fails = |name: &&&str| hold(case.clone().with(name), executor).is_err();
        let alone: Vec<&&str> = names.iter().filter(fails).collect();
        format!("seed {seed}: {what}; changes {names:?}, of which alone {alone:?}")
    })
}

fn variable(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(usual)
}

fn cases() -> u64 {
    variable("NONINTERFERENCE_CASES", 500)
}

/// Every case from the first seed on, on so many threads; counts, and what failed.
fn all(cases: u64, threads: usize, executor: &Executor) -> (Counts, Vec<String>) {
    const SHARD: u64 = 250;
    let (first, next) = (variable("NONINTERFERENCE_FIRST", 0), AtomicU64::new(0));
    let work = || {
        let (mut counts, mut failures) = (Counts::default(), Vec::new());
        loop {
            let from = SHARD * next.fetch_add(1, Ordering::Relaxed);
            if from >= cases {
                return (counts, failures);
            }
            let to = cases.min(from + SHARD);
            for seed in first + from..first + to {
                match explain(&Case::from_seed(seed), executor, seed) {
                    Ok(count) => counts.add(&count),
                    Err(failure) => {
                        eprintln!("{failure}");
                        failures.push(failure);
                    }
                }
            }
            if cases > 4 * SHARD {
                eprintln!("{to} of {cases}");
            }
        }
    };
    let mut total = (Counts::default(), Vec::new());
    // Each in a pool of its own: so small a run costs less than handing its parts to other threads.
    let pool = || rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a pool");
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(|| pool().install(work))).collect();
        for thread in running {
            let (counts, failures) = thread.join().expect("cases");
            total.0.add(&counts);
            total.1.extend(failures);
        }
    });
    total
}

#[test]
fn what_a_partner_may_not_see_moves_no_byte_of_its_folder() {
    let threads = std::thread::available_parallelism().map_or(2, usize::from).clamp(2, 16);
    let (counts, failures) = all(cases(), threads, &Executor::host());
    eprintln!("{counts:?}");
    assert!(failures.is_empty(), "{} cases fail:\n{}", failures.len(), failures.join("\n"));
    counts.enough();
}

#[test]
fn nor_does_it_on_the_device() {
    let Some(executor) = device() else { return };
    let (counts, failures) = all((cases() / 100).max(10), 1, &executor);
    assert!(failures.is_empty(), "{} cases fail:\n{}", failures.len(), failures.join("\n"));
    counts.enough();
}

/// A fuzzer gives bytes instead of a seed.
#[test]
fn nor_in_small_worlds_that_are_made_from_bytes() {
    let mut random = Random::from_seed(1);
    for length in [0, 1, 7, 64, 300, 2000] {
        let bytes: Vec<u8> = (0..length).map(|_| random.next().to_le_bytes()[7]).collect();
        hold(Case::from_bytes(&bytes), &Executor::host()).unwrap_or_else(|failure| panic!("{bytes:?}: {failure}"));
    }
}
