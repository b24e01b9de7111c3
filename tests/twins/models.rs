//! Tracks of several motion models: the kernels of predict and update against their twins, and whole waves.

use crate::cases::wave;
use crate::compare::{Tolerance, written};
use crate::poison::{Poison, spoil};
use crate::waves::{Covers, PLAIN, Sensor, World, agree, first_difference};
use crate::{SEEDS, SIZES, Twin, changed, config, denormal_trial, exact_trial, trial, turns};
use libtest_mimic::{Failed, Trial};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use trackweave::fusion::arrays::{Arrays, BLOCK, COVARIANCE, Host, MEAN, MODEL, Widths, at};
use trackweave::fusion::batch::HYPOTHESES_MAX;
use trackweave::fusion::config::{Config, Mode};
use trackweave::fusion::device::Options;
use trackweave::fusion::motion::{ConstantVelocity, CoordinatedTurn, Member, Models, Motion, Noise};
use trackweave::fusion::predict::predict;
use trackweave::fusion::stage::Stage;
use trackweave::fusion::update::update;
use wide::f32x8;

/// The stages that know of models, with their twins.
const STAGES: [(Stage, Twin, Twin); 2] =
    [(Stage::Predict, predict::<f32>, predict::<f32x8>), (Stage::Update, update::<f32>, update::<f32x8>)];

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for (stage, twin, eight) in STAGES {
        for count in [2, 4] {
            trials.extend(agreement(stage, (twin, eight), count));
        }
    }
    for (stage, kernel, text, wrong) in [
        (Stage::Predict, "predict_models", "mixed = merged(mixed, total, s, weight);", ""),
        (Stage::Predict, "predict_models", "transition[i] * model_weight(track, i)", "model_weight(track, i)"),
        (Stage::Predict, "predict_models", "of_model.noise = own.noise;", ""),
        (Stage::Predict, "predict_models", "of_model.turning = own.turning;", ""),
        (Stage::Update, "update_models", "edge.weight * share(track, l, m, d, place)", "edge.weight * 0.5"),
        (Stage::Update, "update_models", "look.noise = model_looks[model_look_at(l, m)].noise;", ""),
        (Stage::Update, "update_models", "look.turning = model_looks[model_look_at(l, m)].turning;", ""),
        (Stage::Update, "update_models", "return curved(s, u, look, ahead_s, min(-ahead_s, look.dt_s));", "return s;"),
        (Stage::Update, "merge_models", "model_weight(track, m) / sum", "model_weight(track, m)"),
    ] {
        let name = format!("models::a_wrong_kernel_is_seen::{kernel}::{}", text.replace(' ', ""));
        trials.push(trial(name, move || {
            let options =
                Options { kernels: changed(&[(kernel, text.to_owned(), wrong.to_owned())]), ..Options::USUAL };
            let (_, twin, _) = STAGES.into_iter().find(|(of, ..)| *of == stage).ok_or("a stage")?;
            match agrees((stage, twin), Some(options), &tracks(200, 8, 4)) {
                Ok(()) => Err("a wrong kernel went unseen".into()),
                Err(_) => Ok(()),
            }
        }));
    }
    trials.extend(waves());
    trials
}

fn agreement(stage: Stage, (twin, eight): (Twin, Twin), count: usize) -> Vec<Trial> {
    let name = format!("models::{}::of{count}", stage.name());
    let mut trials = Vec::new();
    for (size, seed) in SIZES.into_iter().flat_map(|size| SEEDS.map(|seed| (size, seed))) {
        trials.push(trial(format!("{name}::n{size}::seed{seed}"), move || {
            agrees((stage, twin), None, &tracks(size, seed, count))
        }));
    }
    for poison in Poison::ALL {
        let exact = if poison.makes_denormals() { denormal_trial } else { exact_trial };
        trials.push(exact(format!("{name}::poisoned::{poison:?}").to_lowercase(), move || {
            SEEDS.into_iter().try_for_each(|seed| agrees((stage, twin), None, &spoilt(seed, poison, count)))
        }));
    }
    for workgroup_size in [32, 128, 256] {
        trials.push(trial(format!("{name}::workgroup_size{workgroup_size}"), move || {
            let options = Options { workgroup_size, ..Options::USUAL };
            agrees((stage, twin), Some(options), &tracks(1000, 4, count))
        }));
    }
    trials.push(Trial::test(format!("{name}::blocks_of_eight"), move || {
        let spoilt = Poison::ALL.map(|poison| spoilt(1, poison, count));
        for mut one in SEEDS.into_iter().map(|seed| tracks(300, seed, count)).chain(spoilt) {
            let mut block = one.clone();
            twin(&mut one);
            eight(&mut block);
            written(&block, &one, Tolerance::Bits)?;
        }
        Ok(())
    }));
    trials
}

/// Whole waves, by the host and by the device.
fn waves() -> Vec<Trial> {
    let mut trials = Vec::new();
    for (models, (name, mode)) in
        [2, 4].into_iter().flat_map(|n| [(n, ("assign", Mode::Assign)), (n, ("soft", Mode::Soft))])
    {
        let world = World { mode, models, ..PLAIN };
        let mut same = |what: &str, world: World| {
            let name = format!("models::waves::of{models}::{name}::{what}");
            let kind = if world.poison.is_some() { exact_trial } else { trial };
            trials.push(kind(name, move || agree(world, Options::USUAL)));
        };
        for objects in [0, 33, 400] {
            same(&format!("n{objects}"), World { objects, ..world });
        }
        same("radar", World { sensor: Sensor::Radar, ..world });
        same("components", World { components: true, ..world });
        same("views", World { views: 3, objects: 400, ..world });
        same("shaped", World { covers: Covers::Shaped, objects: 65, ..world });
        same("logs", World { logs: true, ..world });
        same("poisoned", World { poison: Some(1e30), ..world });
        trials.push(trial(format!("models::waves::of{models}::{name}::whatever_room_there_is_at_first"), move || {
            let little = Options { blocks: 1, edges: 1, table: 1, waves: 3, workgroup_size: 32, ..Options::USUAL };
            agree(World { objects: 400, ..world }, little)
        }));
        let name = format!("models::waves::of{models}::{name}::every_prefix_gives_the_tracks_of_the_host");
        trials.push(exact_trial(name, move || {
            first_difference(world, |_| Options::USUAL)?.map_or(Ok(()), |differs| Err(differs.1.into()))
        }));
    }
    trials
}

/// How targets move: as they do by `otherwise`, or by so many models, or as `turns::ALONE` says.
pub(crate) fn motion(models: usize, otherwise: Motion) -> Motion {
    if models == turns::ALONE {
        return turns::motion(otherwise);
    }
    let straight = |horizontal, vertical, sojourn_s| {
        let model = ConstantVelocity { noise: Noise::WhiteAcceleration, horizontal, vertical };
        Member { model: model.into(), sojourn_s }
    };
    let turn = |turn_deg_s| Member {
        model: CoordinatedTurn { turn_deg_s, horizontal: 2.0, vertical: 0.3 }.into(),
        sojourn_s: 9.0,
    };
    let two = [straight(0.5, 0.01, 30.0), straight(40.0, 1.0, 6.0)];
    let more = match models {
        3 => vec![straight(3.0, 5.0, 12.0)],
        4 => vec![turn(3.0), turn(-7.0)],
        _ => Vec::new(),
    };
    let models = (models > 1).then(|| Models::new(&[&two[..], &more].concat())).flatten();
    models.map_or(otherwise, |models| Motion { model: models.into(), ..otherwise })
}

fn of_models(count: usize) -> Config {
    let config = config();
    Config { motion: motion(count, config.motion), ..config }
}

/// The tracks of a wave with models about their states.
pub(crate) fn tracks(tracks: usize, seed: u64, count: usize) -> Arrays<Host> {
    let mut arrays = wave(tracks, seed);
    of_each(&mut arrays, tracks, seed, count);
    arrays
}

fn of_each(arrays: &mut Arrays<Host>, tracks: usize, seed: u64, count: usize) {
    let mut random = ChaCha8Rng::seed_from_u64(seed + 90);
    let (motion, words) = (of_models(count).motion, count * MODEL);
    arrays.widths = Widths::default().moved_by(&motion);
    arrays.resize_blocks(tracks.div_ceil(BLOCK));
    let models = motion.several().expect("several");
    arrays.model_looks = arrays.looks.iter().flat_map(|look| models.looks_of(look)).collect();
    for (track, m) in (0..tracks).flat_map(|track| (0..count).map(move |m| (track, m))) {
        // Some have nothing of a model.
        let weight = [0.0, 1e-30, 0.2, 0.5, 0.9][random.random_range(0..5)];
        arrays.models[at(track, m * MODEL, words)] = weight;
        for k in 0..MEAN {
            let mean = arrays.mean[at(track, k, MEAN)] + random.random_range(-90.0..90.0);
            arrays.models[at(track, m * MODEL + 1 + k, words)] = mean;
        }
        let share = random.random_range(0.5..2.0);
        for k in 0..COVARIANCE {
            let covariance = share * arrays.covariance[at(track, k, COVARIANCE)];
            arrays.models[at(track, m * MODEL + 1 + MEAN + k, words)] = covariance;
        }
    }
}

fn spoilt(seed: u64, poison: Poison, count: usize) -> Arrays<Host> {
    let mut arrays = wave(100, seed);
    let looks = arrays.looks.clone();
    spoil(&mut ChaCha8Rng::seed_from_u64(seed + 1000), &mut arrays, poison);
    let spoilt = core::mem::replace(&mut arrays.looks, looks);
    arrays.rows.iter_mut().for_each(|row| row.count = row.count.min(HYPOTHESES_MAX));
    of_each(&mut arrays, 100, seed, count);
    arrays.looks = spoilt;
    // And what only models have.
    let mut random = ChaCha8Rng::seed_from_u64(seed + 2000);
    for model in &mut arrays.models {
        if random.random_bool(0.002) {
            *model = [f32::NAN, f32::INFINITY, -1.0, 0.0, 1e38][random.random_range(0..5)];
        }
    }
    arrays
}

pub(crate) fn agrees(
    (stage, twin): (Stage, Twin),
    options: Option<Options>,
    wave: &Arrays<Host>,
) -> Result<(), Failed> {
    crate::agrees_as(of_models(wave.widths.models), (stage, twin), options, wave)
}
