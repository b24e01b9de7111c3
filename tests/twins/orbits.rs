//! Tracks in orbits: the kernel of prediction against its twin, and whole waves of satellites.

use crate::cases::wave;
use crate::compare::{Tolerance, written};
use crate::poison::{Poison, spoil};
use crate::waves::{Outcome, Sensor, accounts, same_tracks};
use crate::{SEEDS, SIZES, Twin, changed, config, denormal_trial, exact_trial, open, trial};
use libtest_mimic::{Failed, Trial};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use trackweave::fusion::arrays::{Arrays, BLOCK, COVARIANCE, Host, LaneStep, MEAN, MODEL, REST, Widths, at};
use trackweave::fusion::batch::{Batch, HYPOTHESES_MAX, LaneSetup, Patience};
use trackweave::fusion::config::{Config, Mode};
use trackweave::fusion::device::Options;
use trackweave::fusion::executor::Executor;
use trackweave::fusion::motion::{Member, Models, Motion, Orbit};
use trackweave::fusion::predict::{predict, predict_one};
use trackweave::fusion::stage::Stage;
use trackweave::fusion::state::State;
use trackweave::fusion::undetected::{Prior, UndetectedIntensity};
use trackweave::fusion::update::update;
use trackweave::scan::{Detection, Observation, Plane, Planes, RANGE, Scan, Sight, Sourced, Views};
use trackweave::space::Place;
use wide::f32x8;

const MU: f64 = 3.986e14;
const EARTH_M: f64 = 6_378_137.0;
/// Between the scans of a scene, microseconds.
const STEPS_US: [i64; 9] = [0, 10_000_000, 10_000_000, 0, 12_345_678, 10_000_000, 600_300_000, 10_000_000, 10_000_000];

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for (size, seed) in SIZES.into_iter().flat_map(|size| SEEDS.map(|seed| (size, seed))) {
        trials.push(trial(format!("orbits::n{size}::seed{seed}"), move || agrees(None, &flights(size, seed))));
    }
    for poison in Poison::ALL {
        let exact = if poison.makes_denormals() { denormal_trial } else { exact_trial };
        trials.push(exact(format!("orbits::poisoned::{poison:?}").to_lowercase(), move || {
            SEEDS.into_iter().try_for_each(|seed| agrees(None, &spoilt(seed, poison)))
        }));
    }
    for workgroup_size in [32, 128, 256] {
        trials.push(trial(format!("orbits::workgroup_size{workgroup_size}"), move || {
            agrees(Some(Options { workgroup_size, ..Options::USUAL }), &flights(1000, 4))
        }));
    }
    trials.push(Trial::test("orbits::blocks_of_eight", || {
        let spoilt = Poison::ALL.map(|poison| spoilt(1, poison));
        for mut one in SEEDS.into_iter().map(|seed| flights(300, seed)).chain(spoilt) {
            let mut block = one.clone();
            predict::<f32>(&mut one);
            predict::<f32x8>(&mut block);
            written(&block, &one, Tolerance::Bits)?;
        }
        Ok(())
    }));
    for (text, wrong) in [
        ("fourth - middle + first", "fourth + first"),
        ("rest - carry * GRAIN", "rest"),
        ("TURN * (v.y + v.y)", "TURN * v.y"),
        ("spread * third", "spread"),
    ] {
        trials.push(trial(format!("orbits::a_wrong_kernel_is_seen::{}", text.replace(' ', "")), move || {
            let kernels = changed(&[("predict_orbits", text.to_owned(), wrong.to_owned())]);
            match agrees(Some(Options { kernels, ..Options::USUAL }), &flights(100, 8)) {
                Ok(()) => Err("a wrong kernel went unseen".into()),
                Err(_) => Ok(()),
            }
        }));
    }
    trials.extend(of_several());
    for (levels, of) in [("waves", 1), ("forced::waves", 2), ("forced::waves_of_three", 3)] {
        for (name, mode) in [("assign", Mode::Assign), ("soft", Mode::Soft)] {
            for (seen, sensor) in [("positions", Sensor::Position), ("radar", Sensor::Radar)] {
                trials.push(trial(format!("orbits::{levels}::{name}::{seen}"), move || {
                    let of = (of, mode, sensor);
                    let host = fuse(of, Executor::host())?;
                    if host.0.first().is_none_or(|tracks| tracks.len() < 40) {
                        return Err(format!("{} tracks of 60 objects", host.0.first().map_or(0, Vec::len)).into());
                    }
                    same_tracks(&fuse(of, Executor::device(open()?, Options::USUAL))?, &host)?;
                    let options = Options { blocks: 1, edges: 1, workgroup_size: 32, waves: 3, ..Options::USUAL };
                    same_tracks(&fuse(of, Executor::device(open()?, options))?, &host)
                }));
            }
        }
    }
    trials
}

/// Both stages of tracks of two orbits.
fn of_several() -> Vec<Trial> {
    let mut trials = Vec::new();
    for (stage, (twin, eight)) in FORCED {
        let name = format!("orbits::forced::{}", stage.name());
        for (size, seed) in SIZES.into_iter().flat_map(|size| SEEDS.map(|seed| (size, seed))) {
            trials.push(trial(format!("{name}::n{size}::seed{seed}"), move || {
                agrees_forced((stage, twin), Options::USUAL, &forced(size, seed, None))
            }));
        }
        for poison in Poison::ALL {
            let exact = if poison.makes_denormals() { denormal_trial } else { exact_trial };
            trials.push(exact(format!("{name}::poisoned::{poison:?}").to_lowercase(), move || {
                let of = |seed| agrees_forced((stage, twin), Options::USUAL, &forced(100, seed, Some(poison)));
                SEEDS.into_iter().try_for_each(of)
            }));
        }
        for workgroup_size in [32, 128, 256] {
            trials.push(trial(format!("{name}::workgroup_size{workgroup_size}"), move || {
                let options = Options { workgroup_size, ..Options::USUAL };
                agrees_forced((stage, twin), options, &forced(1000, 4, None))
            }));
        }
        trials.push(Trial::test(format!("{name}::blocks_of_eight"), move || {
            let spoilt = Poison::ALL.map(|poison| forced(100, 1, Some(poison)));
            for mut one in SEEDS.into_iter().map(|seed| forced(300, seed, None)).chain(spoilt) {
                let mut block = one.clone();
                twin(&mut one);
                eight(&mut block);
                written(&block, &one, Tolerance::Bits)?;
            }
            Ok(())
        }));
    }
    for (number, kernel, text, wrong) in [
        (0, "predict_orbit_models", "(flight.gone - carry) * TILE_M", "flight.gone"),
        (0, "predict_orbit_models", "after.v + flight.rest", "after.v"),
        (0, "predict_orbit_models", "of_model.noise = own.noise;", ""),
        (0, "predict_orbit_models", "mixed = merged(mixed, total, s, weight);", ""),
        (1, "update_models", "now = rounded(prior, now);", ""),
        (1, "update_models", "then = tangent(s, place, ahead_s, 1.0);", ""),
    ] {
        let name = format!("orbits::forced::a_wrong_kernel_is_seen::{kernel}::{}", text.replace(' ', ""));
        trials.push(trial(name, move || {
            let kernels = changed(&[(kernel, text.to_owned(), wrong.to_owned())]);
            let (stage, (twin, _)) = FORCED[number];
            match agrees_forced((stage, twin), Options { kernels, ..Options::USUAL }, &forced(100, 8, None)) {
                Ok(()) => Err("a wrong kernel went unseen".into()),
                Err(_) => Ok(()),
            }
        }));
    }
    trials
}

/// The stages that know of several models, with their twins.
pub(crate) const FORCED: [(Stage, (Twin, Twin)); 2] =
    [(Stage::Predict, (predict::<f32>, predict::<f32x8>)), (Stage::Update, (update::<f32>, update::<f32x8>))];

/// One orbit, or some that differ by what pushes.
fn motion(levels: usize) -> Motion {
    let member = |(q, sojourn_s)| Member { model: Orbit { q }.into(), sojourn_s };
    let of = [(1e-6, 3600.0), (1e-2, 300.0), (1.0, 60.0)].map(member);
    let several = of.get(..levels).and_then(Models::new);
    Motion { model: several.map_or(Orbit { q: 1e-6 }.into(), Into::into), survival_per_s: 0.999_999 }
}

fn in_orbits(levels: usize) -> Config {
    let mut config = config();
    config.motion = motion(levels);
    config.gate = 25.0f32.try_into().expect("a gate");
    config.existence.position_sigma_max_m = 3e6f32.try_into().expect("a length");
    config
}

/// Places and velocities of satellites at any height, in the Earth's frame as it stands.
fn satellite(random: &mut impl Rng, heights_m: [f64; 2]) -> ([f64; 3], [f64; 3]) {
    let unit = |random: &mut dyn FnMut() -> f64| {
        let v = [random(), random(), random()];
        let norm = dot(v, v).sqrt();
        v.map(|v| v / norm)
    };
    let mut draw = || random.random_range(-1.0..1.0);
    let (up, other) = (unit(&mut draw), unit(&mut draw));
    let across = cross(up, other);
    let across = across.map(|a| a / dot(across, across).sqrt());
    let r = EARTH_M + random.random_range(heights_m[0]..heights_m[1]);
    let speed = (MU / r).sqrt() * random.random_range(0.97..1.03);
    (up.map(|u| u * r), across.map(|a| a * speed))
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

/// Tracks in orbits, and some that are none, in lanes of which the last one rests.
#[expect(clippy::cast_possible_truncation, reason = "rounded to what a track holds")]
pub(crate) fn flights(tracks: usize, seed: u64) -> Arrays<Host> {
    let mut random = ChaCha8Rng::seed_from_u64(seed + 70);
    let mut arrays = wave(tracks, seed);
    arrays.widths = Widths::default().moved_by(&motion(1));
    arrays.resize_blocks(tracks.div_ceil(BLOCK));
    for look in &mut arrays.looks {
        let seconds = [0.0, 0.3, 10.0, 61.123_457, 700.5][random.random_range(0..5)];
        motion(1).over(seconds, 0.001, look);
    }
    for track in 0..tracks {
        let (place, velocity) = match random.random_range(0..20) {
            0 => ([3e5, -2e4, 10.0], [-9000.0, 400.0, 3.0]),
            1 => ([0.0, 7e6, 0.0], [0.0, -25_000.0, 12.0]),
            _ => satellite(&mut random, [160e3, 4e7]),
        };
        let Place { tile, offset_m } = Place::from_metres(place);
        for a in 0..3 {
            arrays.tile[at(track, a, 3)] = tile[a];
            arrays.mean[at(track, a, MEAN)] = offset_m[a];
            arrays.mean[at(track, 3 + a, MEAN)] = velocity[a] as f32;
            arrays.rest[at(track, a, REST)] = random.random_range(-4e-4..4e-4f32);
        }
    }
    arrays
}

/// The same of two orbits each, with their hypotheses about them.
pub(crate) fn forced(tracks: usize, seed: u64, poison: Option<Poison>) -> Arrays<Host> {
    let mut random = ChaCha8Rng::seed_from_u64(seed + 170);
    let (mut arrays, motion) = (flights(tracks, seed), motion(2));
    if let Some(poison) = poison {
        spoil(&mut random, &mut arrays, poison);
        arrays.rows.iter_mut().for_each(|row| row.count = row.count.min(HYPOTHESES_MAX));
    }
    arrays.rest.clear();
    arrays.widths = Widths::default().moved_by(&motion);
    arrays.resize_blocks(tracks.div_ceil(BLOCK));
    let models = motion.several().expect("two");
    arrays.model_looks = arrays.looks.iter().flat_map(|look| models.looks_of(look)).collect();
    for track in 0..tracks {
        for m in 0..2 {
            let place = |k: usize| at(track, m * MODEL + k, 2 * MODEL);
            arrays.models[place(0)] = [0.0, 1e-30, 0.2, 0.5, 0.9][random.random_range(0..5)];
            for k in 0..MEAN {
                let apart = if k < 3 { 400.0 } else { 2.0 };
                arrays.models[place(1 + k)] = arrays.mean[at(track, k, MEAN)] + random.random_range(-apart..apart);
            }
            let share = random.random_range(0.5..2.0);
            for k in 0..COVARIANCE {
                arrays.models[place(1 + MEAN + k)] = share * arrays.covariance[at(track, k, COVARIANCE)];
            }
        }
        let row = arrays.rows.get(track).copied().unwrap_or_default();
        for edge in (0..row.count).filter_map(|n| arrays.edges.get(row.start.wrapping_add(n) as usize)) {
            if let Some(detection) = arrays.detections.get_mut(edge.detection as usize) {
                detection.tile = core::array::from_fn(|a| arrays.tile[at(track, a, 3)]);
                detection.offset_m = core::array::from_fn(|a| arrays.mean[at(track, a, MEAN)]);
            }
        }
    }
    arrays
}

pub(crate) fn agrees_forced((stage, twin): (Stage, Twin), options: Options, wave: &Arrays<Host>) -> Result<(), Failed> {
    crate::agrees_as(in_orbits(2), (stage, twin), Some(options), wave)
}

fn spoilt(seed: u64, poison: Poison) -> Arrays<Host> {
    let mut arrays = flights(100, seed);
    spoil(&mut ChaCha8Rng::seed_from_u64(seed + 1000), &mut arrays, poison);
    arrays
}

pub(crate) fn agrees(options: Option<Options>, wave: &Arrays<Host>) -> Result<(), Failed> {
    crate::agrees_as(in_orbits(1), (Stage::Predict, predict::<f32>), options, wave)
}

/// Objects in low orbits, seen at irregular times: in one lane by all of them, in the other now and then.
pub(crate) fn fuse((levels, mode, sensor): (usize, Mode, Sensor), executor: Executor) -> Result<Outcome, Failed> {
    let mut config = in_orbits(levels);
    config.association.mode = mode;
    let mut batch = Batch::new(config, executor, vec![lane(), lane()])?;
    let mut random = ChaCha8Rng::seed_from_u64(21);
    let mut objects: Vec<([i32; 3], State<f32>)> = (0..60)
        .map(|_| {
            let (place, velocity) = satellite(&mut random, [3e5, 1.2e6]);
            state(place, velocity)
        })
        .collect();
    let (mut time_us, mut given, mut answers) = (0i64, [0u64; 2], Vec::new());
    for (number, step_us) in STEPS_US.into_iter().enumerate() {
        time_us += step_us;
        let look = over(step_us as f64 * 1e-6);
        for (tile, state) in &mut objects {
            predict_one(&look, tile, state);
        }
        let (mut scans, mut observations) = (Vec::new(), Vec::new());
        for lane in (0..2).filter(|lane| *lane == 0 || number % 3 != 1) {
            let mut detections = Vec::new();
            for (tile, state) in &objects {
                if random.random_bool(0.05) {
                    continue;
                }
                let ahead_s = if number % 2 == 0 { 0.0 } else { random.random_range(-2.0..0.0f32) };
                let (mut tile, mut then) = (*tile, *state);
                let mut before = over(f64::from(-ahead_s));
                before.dt_s = -before.dt_s;
                predict_one(&before, &mut tile, &mut then);
                let observation = u32::try_from(observations.len())?;
                observations.push(observed(&tile, &then, sensor, &mut random));
                let offset_m = core::array::from_fn(|a| then.mean[a] + random.random_range(-80.0..80.0));
                detections.push(Detection { tile, ahead_s, offset_m, observation });
            }
            given[lane] += detections.len() as u64;
            scans.push(Scan {
                lane,
                time_us,
                detection_probability: 0.95,
                sight: Sight::Everywhere,
                slack_m: 0.0,
                detections: detections.into_iter().zip((0..70).cycle()).collect::<Sourced>(),
                views: Views::default(),
            });
        }
        batch.step(scans, observations)?;
        if number % 3 == 2 {
            batch.request(0, time_us + 90_000_000)?;
        }
        answers.extend(batch.answers(Patience::None)?);
    }
    answers.extend(batch.answers(Patience::Wait)?);
    let tracks: Result<Vec<_>, _> = (0..2).map(|lane| batch.estimates_at(lane, time_us + 5_400_000_000)).collect();
    let mut tracks = tracks?;
    tracks.extend(answers.into_iter().map(|answer| answer.estimates));
    Ok((tracks, batch.take_reports()?, accounts(&mut batch, 2, &given)?, Vec::new()))
}

fn over(seconds: f64) -> LaneStep {
    let mut look = LaneStep { radial: 1, ..LaneStep::default() };
    motion(1).over(seconds, 0.0, &mut look);
    look
}

#[expect(clippy::cast_possible_truncation, reason = "rounded to what a track holds")]
fn state(place: [f64; 3], velocity: [f64; 3]) -> ([i32; 3], State<f32>) {
    let Place { tile, offset_m } = Place::from_metres(place);
    let mut state = State::<f32>::zero();
    for a in 0..3 {
        (state.mean[a], state.mean[3 + a]) = (offset_m[a], velocity[a] as f32);
    }
    (tile, state)
}

/// A report of position; or of a radar below the x axis: a range, two angles and a range rate.
#[expect(clippy::cast_possible_truncation, reason = "rounded to what an observation holds")]
fn observed(tile: &[i32; 3], state: &State<f32>, sensor: Sensor, random: &mut impl Rng) -> Observation {
    if sensor == Sensor::Position {
        let axes = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        return Observation { clutter: 1e-22, spread: 1e-6, ..Observation::offsets(axes, [50.0; 3], 3) };
    }
    let place = Place { tile: *tile, offset_m: [state.mean[0], state.mean[1], state.mean[2]] }.metres();
    let sight = [place[0] - EARTH_M, place[1], place[2]];
    let range = dot(sight, sight).sqrt();
    let u = sight.map(|x| x / range);
    let across = cross(u, [0.0, 0.0, 1.0]);
    let across = across.map(|a| a / dot(across, across).sqrt());
    let axes = [u, across, cross(u, across)].map(|axis| axis.map(|a| a as f32));
    let v = [3, 4, 5].map(|k| f64::from(state.mean[k]));
    let rate = dot(u, v) as f32 + random.random_range(-1.0..1.0);
    let to = Observation::offsets(axes, [50.0, 60.0, 60.0], 3).with_rate(axes[0], rate, 1.0);
    let range_m = range as f32 + random.random_range(-80.0..80.0);
    Observation {
        ranges_m: [range_m, 0.0, 0.0],
        kinds: RANGE,
        clutter: 1e-22,
        spread: 1e-6,
        sight_m: range as f32,
        ..to
    }
}

/// A lane over all of the globe.
#[expect(clippy::cast_possible_truncation, reason = "a length")]
fn lane() -> LaneSetup {
    let side = |axis: usize, sign: f64| {
        let unit = |k: usize, by: f64| core::array::from_fn(|a| if a == k % 3 { by } else { 0.0 });
        let (middle, east, north) = (unit(axis, sign * EARTH_M), unit(axis + 1, 1.0), unit(axis + 2, 1.0));
        let corner = core::array::from_fn(|a| middle[a] - EARTH_M * (east[a] + north[a]));
        let [east, north, centre] = [east, north, middle].map(|v: [f64; 3]| v.map(|v| v as f32));
        let cell_m = (EARTH_M / 8.0) as f32;
        Plane { origin: Place::from_metres(corner), east, north, centre, cell_m, cells: [16; 2] }
    };
    let planes: Planes = (0..3).flat_map(|axis| [1.0, -1.0].map(|sign| side(axis, sign))).collect();
    let prior = Prior {
        speed_m_s: 5300.0,
        climb_m_s: 1000.0,
        height_m: 7500.0,
        height_most_m: f32::INFINITY,
        reports_per_s: 0.0,
    };
    let undetected = UndetectedIntensity::Field { density: vec![1e-11; planes.len()], birth: 1e-13, planes, prior };
    LaneSetup { radial: true, undetected, views: Vec::new() }
}
