//! Waves smoothed backwards: the kernels against their twin, over three waves of tracks that begin, last and end.

use crate::cases::wave;
use crate::poison::{Poison, spoil};
use crate::waves::{beside, difference};
use crate::{SEEDS, SIZES, changed, compare::Tolerance, config, denormal_trial, exact_trial, open, tolerance, trial};
use libtest_mimic::{Failed, Trial};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use trackweave::fusion::address::Belief;
use trackweave::fusion::arrays::{COVARIANCE, MEAN, SOURCE_WORDS, at};
use trackweave::fusion::batch::Estimate;
use trackweave::fusion::device::Options;
use trackweave::fusion::executor::{Backward, Executor};
use trackweave::fusion::motion::{ConstantVelocity, CoordinatedTurn, MODELS_MAX, Member, Mode, Models, Motion, Orbit};
use trackweave::fusion::predict::predict_one;
use trackweave::fusion::state::State;
use trackweave::refine::{History, Interval, Known, Room, Smoother};
use trackweave::space::Place;

/// Times of the waves, microseconds.
const TIMES_US: [i64; 4] = [0, 10_000_000, 10_000_000, 71_123_457];

/// What tracks move by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moves {
    /// Over a plane.
    Flat,
    /// About the Earth, their heights known to some hundred metres at most.
    Round,
    /// In free fall about it.
    Orbits,
    /// About the Earth, in turns of a known rate.
    Turn,
    /// By one of two noise levels.
    Levels,
    /// Straight on calmly or not, or in a turn to either side.
    Turns,
    /// In free fall, with one of two noise levels.
    Forced,
}

impl Moves {
    /// All of them.
    pub(crate) const ALL: [Self; 7] =
        [Self::Flat, Self::Round, Self::Orbits, Self::Turn, Self::Levels, Self::Turns, Self::Forced];
}

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for moves in Moves::ALL {
        let name = format!("smooth::{moves:?}").to_lowercase();
        for (size, seed) in SIZES.into_iter().flat_map(|size| SEEDS.map(|seed| (size, seed))) {
            trials.push(trial(format!("{name}::n{size}::seed{seed}"), move || {
                agrees((moves, Interval::Fixed), Options::USUAL, &waves(moves, size, seed, None))
            }));
        }
        for poison in Poison::ALL.into_iter().filter(|poison| spoils_tracks(*poison)) {
            let exact = if poison.makes_denormals() { denormal_trial } else { exact_trial };
            trials.push(exact(format!("{name}::poisoned::{poison:?}").to_lowercase(), move || {
                SEEDS.into_iter().try_for_each(|seed| {
                    agrees((moves, Interval::Fixed), Options::USUAL, &waves(moves, 200, seed, Some(poison)))
                })
            }));
        }
        for workgroup_size in [32, 128, 256] {
            trials.push(trial(format!("{name}::workgroup_size{workgroup_size}"), move || {
                let options = Options { workgroup_size, ..Options::USUAL };
                agrees((moves, Interval::Fixed), options, &waves(moves, 1000, 4, None))
            }));
        }
        trials.push(trial(format!("{name}::lag"), move || {
            agrees((moves, Interval::Lag(10_000_000)), Options::USUAL, &waves(moves, 300, 5, None))
        }));
    }
    trials.push(trial("smooth::in_two_dimensions".to_owned(), || {
        // More workgroups than one dimension has.
        let options = Options { workgroup_size: 1, ..Options::USUAL };
        agrees((Moves::Flat, Interval::Fixed), options, &waves(Moves::Flat, 66_000, 6, None))
    }));
    trials.push(trial("smooth::grows_and_shrinks".to_owned(), || {
        let sizes = [3, 4000, 40, 9000];
        let waves: Vec<Vec<Known>> = (0..4).map(|k| waves(Moves::Round, sizes[k], 7, None).swap_remove(k)).collect();
        agrees((Moves::Round, Interval::Fixed), Options::USUAL, &waves)
    }));
    for (moves, kernel, text, wrong) in [
        (Moves::Flat, "smooth_tracks", "before.pp + dt * before.pv", "before.pp"),
        (Moves::Flat, "smooth_tracks", "plus(gain.e, gain.b, dt)", "gain.e"),
        (Moves::Round, "smooth_tracks", "noise(q.pv, q.extra_pv, u)", "noise(q.pv, q.pv, u)"),
        (Moves::Round, "smooth_tracks", "y_b, b.v.y), y_c, c.v.y)", "y_b, b.v.y), y_c, c.v.x)"),
        (Moves::Flat, "smooth_tracks", "(1.0 - later) * select", "later * select"),
        (Moves::Orbits, "smooth_orbits", "predicted.pp), flight.s.pv", "flight.s.pp), flight.s.pv"),
        (Moves::Orbits, "smooth_orbits", "six_times(p, rows.e)", "six_times(p, rows.d)"),
        (Moves::Forced, "smooth_orbits", "drive = drive + w * own.noise.drive_vv", "drive = own.noise.drive_vv"),
        (
            Moves::Turn,
            "smooth_models",
            "about(u, look.dt_s, t.short_s, t.aside_s)",
            "about(u, look.dt_s, t.short_s, 0.0)",
        ),
        (Moves::Turn, "smooth_models", "look.turning.across_pv,", "0.0,"),
        (Moves::Levels, "smooth_models", "extra = extra + w *", "extra = w *"),
        (Moves::Turns, "smooth_models", "noise = widened_by(noise, more);", ""),
        (Moves::Turns, "smooth_models", "across.y * aside", "across.x * aside"),
        (Moves::Turns, "smooth_models", "turning_numbers(own.turning)", "vec4(own.turning.short_s)"),
        (Moves::Orbits, "smooth_orbits", "ahead - step.tiles", "ahead"),
    ] {
        let name = text.replace(' ', "");
        trials.push(trial(format!("smooth::a_wrong_kernel_is_seen::{kernel}::{name}"), move || {
            let kernels = changed(&[(kernel, text.to_owned(), wrong.to_owned())]);
            let options = Options { kernels, ..Options::USUAL };
            match agrees((moves, Interval::Fixed), options, &waves(moves, 100, 8, None)) {
                Ok(()) => Err("a wrong kernel went unseen".into()),
                Err(_) => Ok(()),
            }
        }));
    }
    trials
}

/// Whether it is in the fields that are smoothed.
fn spoils_tracks(poison: Poison) -> bool {
    !matches!(poison, Poison::NoWeight | Poison::AtRest | Poison::Empty | Poison::FullGate)
}

fn motion(moves: Moves) -> Motion {
    match moves {
        Moves::Orbits => Motion { model: Orbit { q: 1e-6 }.into(), survival_per_s: 0.999_999 },
        Moves::Turn => Motion { model: turn(-3.0).into(), ..config().motion },
        Moves::Levels => several(&[level(0.3), level(300.0)]),
        Moves::Turns => several(&[level(0.3), level(300.0), turn(3.0).into(), turn(-3.0).into()]),
        Moves::Forced => several(&[Orbit { q: 1e-6 }.into(), Orbit { q: 1e-2 }.into()]),
        Moves::Flat | Moves::Round => config().motion,
    }
}

fn turn(turn_deg_s: f64) -> CoordinatedTurn {
    CoordinatedTurn { turn_deg_s, horizontal: 1.0, vertical: 0.1 }
}

fn level(horizontal: f64) -> Mode {
    let model = config().motion.constant_velocity().expect("constant velocity");
    ConstantVelocity { horizontal, ..model }.into()
}

fn several(of: &[Mode]) -> Motion {
    let of: Vec<Member> =
        of.iter().zip([60.0, 20.0, 30.0, 40.0]).map(|(model, sojourn_s)| Member { model: *model, sojourn_s }).collect();
    Motion { model: Models::new(&of).expect("two to four").into(), ..config().motion }
}

/// Tracks after each wave: most of them lie where those of the wave before went on to, and know more.
pub(crate) fn waves(moves: Moves, tracks: usize, seed: u64, poison: Option<Poison>) -> Vec<Vec<Known>> {
    let mut random = ChaCha8Rng::seed_from_u64(seed + 90);
    let motion = motion(moves);
    let smoother = smoother(&motion, moves);
    let mut arrays = wave(tracks, seed);
    if let Some(poison) = poison {
        spoil(&mut random, &mut arrays, poison);
    }
    let mut all: Vec<Vec<Known>> = Vec::new();
    for (number, time_us) in TIMES_US.into_iter().enumerate() {
        let fresh = (0..tracks).map(|track| {
            let mean: [f32; MEAN] = core::array::from_fn(|k| arrays.mean[at(track, k, MEAN)]);
            let covariance: [f32; COVARIANCE] = core::array::from_fn(|k| arrays.covariance[at(track, k, COVARIANCE)]);
            let tile: [i32; 3] = core::array::from_fn(|k| arrays.tile[at(track, k, 3)]);
            let born = u32::try_from(track).unwrap_or(0) * 3;
            let existence = arrays.odds[track] / (1.0 + arrays.odds[track]);
            let place = (tile, State { mean, covariance });
            let place = if poison.is_some() { place } else { placed(moves, place, &mut random) };
            let mut to = known([born, 0], existence, place, time_us);
            to.estimate.models = weights(motion.weighed(), &mut random);
            to
        });
        let fresh: Vec<Known> = fresh.collect();
        let Some((before, last_us)) = all.last().zip(number.checked_sub(1).and_then(|n| TIMES_US.get(n))) else {
            all.push(fresh);
            continue;
        };
        let look = smoother.between(*last_us, time_us);
        let on = |known: &Known| {
            let Estimate { mut tile, mut state, existence, born, .. } = known.estimate;
            predict_one(look.look(), &mut tile, &mut state);
            state.mean.iter_mut().for_each(|x| *x += random.random_range(-3.0..3.0f32));
            state.covariance.iter_mut().for_each(|p| *p *= 0.6);
            let models = weights(motion.weighed(), &mut random);
            let mut to = self::known(born, existence, (tile, state), time_us);
            to.estimate.models = models;
            to
        };
        let mut next: Vec<Known> = before.iter().map(on).collect();
        next.retain(|_| random.random_bool(0.8));
        // Some begin.
        next.extend(fresh.iter().step_by(5).map(|new| {
            let born = [new.estimate.born[0] + 1, u32::try_from(number).unwrap_or(0)];
            Known { estimate: Estimate { born, ..new.estimate }, ..*new }
        }));
        next.sort_by_key(|known| known.estimate.born);
        all.push(next);
    }
    all
}

/// How likely each of some models is; none of a model that there is not, and now and then none of one that there is.
fn weights(count: usize, random: &mut ChaCha8Rng) -> [f32; MODELS_MAX] {
    let likely: [f32; MODELS_MAX] =
        core::array::from_fn(
            |m| if m < count && random.random_bool(0.9) { random.random_range(0.01..1.0) } else { 0.0 },
        );
    let all: f32 = likely.iter().sum();
    if all > 0.0 { likely.map(|p| p / all) } else { likely }
}

/// A place that fits how the track moves.
#[expect(clippy::cast_possible_truncation, reason = "rounded to what a track holds")]
fn placed(moves: Moves, (tile, state): ([i32; 3], State<f32>), random: &mut ChaCha8Rng) -> ([i32; 3], State<f32>) {
    let radius_m = match moves {
        Moves::Flat => return (tile, state),
        Moves::Round | Moves::Turn | Moves::Levels | Moves::Turns => 6.371e6 + random.random_range(0.0..9e3),
        Moves::Orbits | Moves::Forced => 6.371e6 + random.random_range(2e5..3e7),
    };
    let v: [f64; 3] = core::array::from_fn(|_| random.random_range(-1.0..1.0));
    let norm = v.iter().map(|v| v * v).sum::<f64>().sqrt();
    let up = v.map(|v| v / norm);
    let Place { tile, offset_m } = Place::from_metres(up.map(|u| u * radius_m));
    let speed = if matches!(moves, Moves::Orbits | Moves::Forced) { (3.986e14 / radius_m).sqrt() } else { 200.0 };
    let across = [-up[1] * speed, up[0] * speed, random.random_range(-0.1..0.1) * speed];
    let [x, y, z] = offset_m;
    let [u, v, w] = across.map(|v| v as f32);
    (tile, State { mean: [x, y, z, u, v, w], covariance: state.covariance })
}

fn known(born: [u32; 2], existence: f32, (tile, state): ([i32; 3], State<f32>), known_us: i64) -> Known {
    let estimate = Estimate {
        born,
        confirmed: false,
        existence,
        tile,
        state,
        sources: [1; SOURCE_WORDS],
        detections: 1,
        last_detection_us: known_us,
        belief: Belief::default(),
        models: [0.0; 4],
    };
    Known { estimate, known_us }
}

fn smoother(motion: &Motion, moves: Moves) -> Smoother<'_> {
    let height_information = if matches!(moves, Moves::Flat | Moves::Orbits | Moves::Forced) { 0.0 } else { 1e-4 };
    Smoother { motion, radial: moves != Moves::Flat, height_information, reports_per_s: 0.0 }
}

pub(crate) fn agrees(
    (moves, interval): (Moves, Interval),
    options: Options,
    waves: &[Vec<Known>],
) -> Result<(), Failed> {
    let motion = motion(moves);
    let smoother = smoother(&motion, moves);
    let wanted = pass(&smoother, interval, waves, None)?;
    let mut device = Executor::device(open()?, options).backward()?.ok_or("no device")?;
    let found = pass(&smoother, interval, waves, Some(&mut device))?;
    if found.len() != waves.len() || wanted.len() != waves.len() {
        return Err(format!("{} waves, the host has {}, wanted {}", found.len(), wanted.len(), waves.len()).into());
    }
    if interval == Interval::Fixed && waves.iter().any(|tracks| tracks.len() > 20) && wanted == waves {
        return Err("nothing was smoothed".into());
    }
    for (wave, (found, wanted)) in found.iter().zip(&wanted).enumerate() {
        let [found, wanted] = [found, wanted].map(|known| known.iter().map(|known| known.estimate).collect::<Vec<_>>());
        match tolerance()? {
            Tolerance::Bits => difference(wave, &found, &wanted).map_or(Ok(()), Err)?,
            Tolerance::Relative(_) => {
                let near = found.iter().zip(&wanted).filter(|(found, wanted)| beside(found, wanted)).count();
                if near * 100 < wanted.len() * 98 {
                    return Err(
                        format!("wave {wave}: {near} of {} tracks are where the host has them", wanted.len()).into()
                    );
                }
            }
        }
    }
    Ok(())
}

fn pass(
    smoother: &Smoother<'_>,
    interval: Interval,
    waves: &[Vec<Known>],
    device: Option<&mut Backward>,
) -> Result<Vec<Vec<Known>>, Failed> {
    let folder = tempfile::tempdir()?;
    let [mut history, mut spill] = [History::new(folder.path(), Room::NONE), History::new(folder.path(), Room::NONE)];
    for (time_us, tracks) in TIMES_US.into_iter().zip(waves) {
        history.push(time_us, tracks)?;
    }
    let (mut found, all) = (Vec::new(), vec![true; waves.len()]);
    smoother.pass((&mut history, waves.len()), (interval, &all), (&mut spill, device), |_, tracks, _| {
        found.push(tracks);
        Ok::<(), Failed>(())
    })?;
    Ok(found)
}
