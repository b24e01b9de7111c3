//! Ends, confirmation, contributors, counts and births against a list of tracks that is gone through one by one.

use super::tracks;
use crate::fusion::address::Belief;
use crate::fusion::arrays::{
    AT_REST, Arrays, BLOCK, BORN_DETECTION, BORN_SCAN, COUNTED, COVARIANCE, FLAGS, Host, Hypothesis, IDENTITY,
    LAST_HIGH, LAST_LOW, LaneStep, MEAN, SOURCE_WORDS, TrackField, TrackHypotheses, Widths, at, tri,
};
use crate::fusion::cluster::Claims;
use crate::fusion::config::{Config, Existence};
use crate::fusion::credit::{Ended, Times, time_us, words};
use crate::fusion::manage::{
    CONFIRMED, Fate, Inputs, Newborn, Places, Plan, WAS_CONFIRMED, compact, fate, settle_in_place,
};
use crate::fusion::state::State;
use crate::fusion::undetected::Birth;
use crate::fusion::views::VIEW_WORDS;
use crate::scan::Detection;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeMap, BTreeSet};

/// Places of the two lanes.
const LANES: [usize; 2] = [70, 45];
const DETECTIONS: [u32; 2] = [40, 25];
const SCAN_US: i64 = 90_000_000;

/// A track as one would write it down.
#[derive(Clone, Debug, PartialEq)]
struct Track {
    odds: f64,
    flags: u32,
    sources: BTreeSet<u8>,
    detections: u32,
    last_us: i64,
    /// What nothing here changes, as bits.
    rest: Vec<u32>,
}

fn existence() -> Existence {
    let mut config: Config = toml::from_str(include_str!("../../../data/config/bench.toml")).expect("a configuration");
    config.existence.recycle = 0.07f32.try_into().expect("a probability");
    config.existence
}

struct Scene {
    arrays: Arrays<Host>,
    source: Vec<u8>,
    births: [Vec<Newborn>; 2],
}

/// Two lanes with free places, hypotheses of each lane's own detections, and births.
fn scene(seed: u64, births: usize) -> Scene {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let firsts = [0, LANES[0].next_multiple_of(BLOCK)];
    let places = firsts[1] + LANES[1].next_multiple_of(BLOCK);
    let mut arrays = tracks(&mut random, places);
    arrays.widths = Widths::of(2);
    arrays.resize_blocks(places / BLOCK);
    arrays.rows = vec![TrackHypotheses { start: AT_REST, ..TrackHypotheses::default() }; places];
    arrays.detections = (0..DETECTIONS[0] + DETECTIONS[1])
        .map(|_| Detection { ahead_s: random.random_range(-3.0..0.0), ..Detection::default() })
        .collect();
    let source: Vec<u8> = arrays.detections.iter().map(|_| random.random_range(0..128)).collect();
    let mut left = vec![1.0f32; source.len()];
    for (lane, (first, count)) in firsts.into_iter().zip(LANES).enumerate() {
        arrays.lane[first / BLOCK..].fill(u32::try_from(lane).expect("two"));
        let own = DETECTIONS[0] * u32::try_from(lane).expect("two");
        for track in first..places {
            if track >= first + count || random.random_bool(0.2) {
                arrays.odds[track] = 0.0;
                continue;
            }
            arrays.odds[track] = 10f32.powf(random.random_range(-2.0..2.0));
            if random.random_bool(0.1) {
                arrays.covariance[at(track, tri(0, 0), COVARIANCE)] = 3e6;
            }
            let flags = [0, WAS_CONFIRMED, CONFIRMED | WAS_CONFIRMED][random.random_range(0..3)];
            let [low, high] = words(random.random_range(80_000_000..SCAN_US));
            let number = u32::try_from(track).expect("few");
            for (k, word) in [number % 7, number, flags, number % 5, low, high, 3 * number, 0].into_iter().enumerate() {
                arrays.identity[at(track, k, IDENTITY)] = word;
            }
            for k in 0..SOURCE_WORDS {
                arrays.sources[at(track, k, SOURCE_WORDS)] =
                    if random.random_bool(0.3) { 1 << (number % 32) } else { 0 };
            }
            for k in 0..VIEW_WORDS {
                arrays.views[at(track, k, VIEW_WORDS)] = random.random();
            }
            let start = u32::try_from(arrays.edges.len()).expect("few");
            let mut others: BTreeSet<u32> = BTreeSet::new();
            while others.len() < random.random_range(0..4) {
                others.insert(own + random.random_range(0..DETECTIONS[lane]));
            }
            for detection in others {
                let weight = left[detection as usize] * random.random_range(0.0..0.9f32);
                left[detection as usize] -= weight;
                arrays.edges.push(Hypothesis { detection, weight });
            }
            let count = u32::try_from(arrays.edges.len()).expect("few") - start;
            arrays.rows[track] = TrackHypotheses { start, count, missed: 0.1, gone: 0.1 };
        }
    }
    let count = u32::try_from(births).expect("few");
    let births = [0, 1].map(|lane| (0..count).map(|n| birth(&mut random, lane, n)).collect());
    Scene { arrays, source, births }
}

/// A birth of a lane.
fn birth(random: &mut ChaCha8Rng, lane: u32, n: u32) -> Newborn {
    Newborn {
        birth: Birth {
            density: 0.0,
            tile: [5, -3, 0],
            state: State {
                mean: core::array::from_fn(|_| random.random_range(-3000.0..3000.0)),
                covariance: core::array::from_fn(|k| k as f32 + random.random_range(0.0..1.0)),
            },
        },
        existence: random.random_range(0.05..0.97),
        born: [1000 + lane, n],
        source: random.random_range(0..128),
        detections: n % 2,
        detected_us: SCAN_US - i64::from(n),
        belief: Belief { address: n, probability: 0.25 },
        views: [(); VIEW_WORDS].map(|()| random.random()),
    }
}

/// The tracks of one lane, by their births.
fn listed(arrays: &Arrays<Host>, lane: u32) -> BTreeMap<[u32; 2], Track> {
    let of_lane = |track: &usize| arrays.lane[track / BLOCK] == lane && arrays.odds[*track] > 0.0;
    let mut all = BTreeMap::new();
    for track in (0..arrays.odds.len()).filter(of_lane) {
        let identity = |k: usize| arrays.identity[at(track, k, IDENTITY)];
        let is_source = |source: &u8| {
            let (word, bit) = (usize::from(*source) / 32, source % 32);
            arrays.sources[at(track, word, SOURCE_WORDS)] >> bit & 1 == 1
        };
        let mut rest = Vec::new();
        for of in [TrackField::Tile, TrackField::Mean, TrackField::Covariance, TrackField::Views] {
            let words: &[u32] = bytemuck::cast_slice(arrays.bytes(of));
            let count = of.words(arrays.widths);
            rest.extend((0..count).map(|k| words[at(track, k, count)]));
        }
        rest.extend([identity(6), identity(7)]);
        let known = all.insert(
            [identity(BORN_SCAN), identity(BORN_DETECTION)],
            Track {
                odds: f64::from(arrays.odds[track]),
                flags: identity(FLAGS),
                sources: (0..128).filter(is_source).collect(),
                detections: identity(COUNTED),
                last_us: time_us([identity(LAST_LOW), identity(LAST_HIGH)]),
                rest,
            },
        );
        assert!(known.is_none(), "a track is there twice");
    }
    all
}

/// Where each edge is whose track its detection is counted to: it weighs most of all of them, more than what no track
/// claims, and at least what makes a contributor.
fn owned(arrays: &Arrays<Host>, contributor: f32) -> BTreeSet<usize> {
    let owner = |detection: u32| {
        let edges = || arrays.edges.iter().enumerate().filter(move |(_, edge)| edge.detection == detection);
        let claimed: f64 = edges().map(|(_, edge)| f64::from(edge.weight)).sum();
        let most = edges().map(|(_, edge)| edge.weight).fold(0.0, f32::max);
        let (number, _) = edges().find(|(_, edge)| edge.weight >= most)?;
        (f64::from(most) > 1.0 - claimed && most >= contributor).then_some(number)
    };
    (0..DETECTIONS[0] + DETECTIONS[1]).filter_map(owner).collect()
}

/// What becomes of a lane's tracks, one after another; those of a newborn that nothing here changes are compared apart.
fn settled(scene: &Scene, lane: u32, existence: &Existence) -> BTreeMap<[u32; 2], Track> {
    let Scene { arrays, source, births } = scene;
    let owned = owned(arrays, existence.contributor.get());
    let mut all = listed(arrays, lane);
    let confirms = |r: f64, flags: u32| {
        let bound = f64::from(existence.confirm.get()) * if flags & CONFIRMED != 0 { 0.5 } else { 1.0 };
        (flags & WAS_CONFIRMED) | if r >= bound { CONFIRMED | WAS_CONFIRMED } else { 0 }
    };
    for track in 0..arrays.odds.len() {
        let born = [BORN_SCAN, BORN_DETECTION].map(|k| arrays.identity[at(track, k, IDENTITY)]);
        if arrays.lane[track / BLOCK] != lane || arrays.odds[track] <= 0.0 {
            continue;
        }
        let known = all.get_mut(&born).expect("it is listed");
        let r = known.odds / (1.0 + known.odds);
        let variance = |a: usize| f64::from(arrays.covariance[at(track, tri(a, a), COVARIANCE)]);
        let limit = f64::from(existence.position_sigma_max_m.get());
        if r < f64::from(existence.recycle.get()) || variance(0) + variance(1) > 2.0 * limit * limit {
            all.remove(&born);
            continue;
        }
        known.flags = confirms(r, known.flags);
        let row = arrays.rows[track];
        for number in row.start as usize..(row.start + row.count) as usize {
            let edge = arrays.edges[number];
            if edge.weight >= existence.contributor.get() {
                known.sources.insert(source[edge.detection as usize]);
            }
            if owned.contains(&number) {
                known.detections += 1;
                known.last_us = known.last_us.max(arrays.detections[edge.detection as usize].time_us(SCAN_US));
            }
        }
    }
    for newborn in &births[lane as usize] {
        let r = f64::from(newborn.existence);
        all.insert(
            newborn.born,
            Track {
                odds: r / (1.0 - r),
                flags: confirms(r, 0),
                sources: [newborn.source].into(),
                detections: newborn.detections,
                last_us: newborn.detected_us,
                rest: Vec::new(),
            },
        );
    }
    all
}

/// Settles a scene; `in_place`: lanes whose tracks stay where they are.
fn manage(scene: &mut Scene, in_place: [bool; 2]) -> [usize; 2] {
    let existence = existence();
    let look = LaneStep::default();
    let mut claims = Claims::default();
    claims.reset(scene.arrays.detections.len(), scene.arrays.edges.len());
    (0..).zip(&scene.arrays.edges).for_each(|(number, edge)| _ = claims.add(*edge, number));
    claims.settle(0, &scene.arrays.edges, &existence);
    let births: Vec<Newborn> = scene.births.iter().flatten().copied().collect();
    let times = [Times::new(SCAN_US, [-3.0, 0.0]); 2];
    let inputs = Inputs {
        births: &births,
        source: &scene.source,
        existence: &existence,
        claims: &claims,
        times: &times,
        model_prior: [0.0; 4],
    };
    let (mut plan, mut live, mut first) = (Plan::default(), [0; 2], 0);
    for lane in 0..2 {
        let tracks = first..first + LANES[lane];
        first = tracks.end.next_multiple_of(BLOCK);
        let fates: Vec<Fate> = tracks.clone().map(|track| fate(&scene.arrays, &look, &existence, track)).collect();
        let own = scene.births[lane].len();
        let places = if in_place[lane] {
            Places::in_place(tracks.start, &fates, own).expect("there is room")
        } else {
            Places::compacted(tracks.start, &fates, own, |kept| kept.reverse())
        };
        live[lane] = places.live;
        assert_eq!(plan.lane(lane, places, lane * scene.births[0].len()) % BLOCK, 0, "a block is of one lane");
    }
    if in_place == [true; 2] {
        settle_in_place(&mut scene.arrays, &plan, &inputs, &[Ended::default(), Ended::default()]);
    } else {
        let mut to = Arrays { widths: scene.arrays.widths, ..Arrays::default() };
        compact(&scene.arrays, &mut to, &plan, &inputs);
        scene.arrays = to;
    }
    live
}

#[test]
fn managing_is_going_through_a_list() {
    let existence = existence();
    let (mut ended, mut confirmed) = (0, 0);
    for seed in 1..6 {
        for (births, in_place) in
            [(4, [true; 2]), (0, [true; 2]), (4, [false, true]), (60, [false; 2]), (0, [false; 2])]
        {
            let mut scene = scene(seed, births);
            let before = [0, 1].map(|lane| listed(&scene.arrays, lane).len());
            let wanted = [0, 1].map(|lane| settled(&scene, lane, &existence));
            let live = manage(&mut scene, in_place);
            for (lane, wanted) in wanted.iter().enumerate() {
                let found = listed(&scene.arrays, u32::try_from(lane).expect("two"));
                assert!(found.keys().eq(wanted.keys()), "seed {seed}, lane {lane}: other tracks");
                assert_eq!(live[lane], found.len());
                ended += before[lane] + births - found.len();
                for (born, found) in found {
                    let mut wanted = wanted[&born].clone();
                    assert!((found.odds / wanted.odds - 1.0).abs() < 1e-6, "{born:?}: {} {}", found.odds, wanted.odds);
                    wanted.odds = found.odds;
                    if born[0] >= 1000 {
                        newborn(&scene.births[lane][born[1] as usize], &found.rest);
                        wanted.rest.clone_from(&found.rest);
                    }
                    assert_eq!(found, wanted, "seed {seed}, lane {lane}, {born:?}");
                    confirmed += found.flags & CONFIRMED;
                }
            }
        }
    }
    assert!(ended > 50 && confirmed > 50, "{ended} ended, {confirmed} confirmed");
}

/// A newborn is where it was, counted from the tile in whose middle half it is.
fn newborn(newborn: &Newborn, rest: &[u32]) {
    let (tile, behind) = rest.split_at(3);
    let (mean, behind) = behind.split_at(MEAN);
    let (covariance, behind) = behind.split_at(COVARIANCE);
    let Birth { tile: from, state, .. } = newborn.birth;
    for a in 0..3 {
        let moved = f64::from(tile[a].cast_signed() - from[a]) * 1024.0;
        let offset = f32::from_bits(mean[a]);
        assert!(offset.abs() <= 512.0, "{offset} m from the middle");
        assert!((moved + f64::from(offset) - f64::from(state.mean[a])).abs() < 1e-3, "axis {a}");
        assert_eq!(mean[3 + a], state.mean[3 + a].to_bits());
    }
    assert!(covariance.iter().zip(state.covariance).all(|(found, wanted)| *found == wanted.to_bits()));
    assert_eq!(behind[..VIEW_WORDS], newborn.views);
    assert_eq!(behind[VIEW_WORDS..], newborn.belief.words());
}
