//! Targets that turn at a known rate: the kernels of predict and update against their twins, and whole waves.

use crate::cases::wave;
use crate::compare::{Tolerance, written};
use crate::poison::{Poison, spoilt};
use crate::waves::{Covers, PLAIN, Sensor, World, agree, first_difference};
use crate::{SEEDS, SINGLE, SIZES, Twin, agrees, changed, config, denormal_trial, exact_trial, trial};
use libtest_mimic::Trial;
use trackweave::fusion::arrays::{Arrays, Host};
use trackweave::fusion::config::Mode;
use trackweave::fusion::device::Options;
use trackweave::fusion::motion::{CoordinatedTurn, Motion};
use trackweave::fusion::stage::Stage;

/// Of a world whose targets turn, in the place of a number of models.
pub(crate) const ALONE: usize = usize::MAX;

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for (stage, twin, eight) in SINGLE {
        trials.extend(agreement(stage, twin, eight));
    }
    for (stage, kernel, text, wrong) in [
        (Stage::Predict, "predict", "-a.z - xy, d.y", "a.z - xy, d.y"),
        (Stage::Predict, "predict", "mirrored(product33(product33(b, s.vv), transpose(b)))", "s.vv"),
        (Stage::Predict, "predict", "t.across_pv, u)", "0.0, u)"),
        (Stage::Update, "update", "then = straightened(prior, u, look, d.ahead_s);", ""),
        (Stage::Update, "update", "h = curved(h, u, look, d.ahead_s, min(-d.ahead_s, look.dt_s));", ""),
        (Stage::Update, "update", "pp * (1.0 - bent.x)", "pp"),
    ] {
        let name = format!("turns::a_wrong_kernel_is_seen::{kernel}::{}", text.replace(' ', ""));
        trials.push(trial(name, move || {
            let kernels = changed(&[(kernel, text.to_owned(), wrong.to_owned())]);
            let (_, twin, _) = SINGLE.into_iter().find(|(of, ..)| *of == stage).ok_or("a stage")?;
            match agrees(stage, twin, Some(Options { kernels, ..Options::USUAL }), &turning(wave(200, 8))) {
                Ok(()) => Err("a wrong kernel went unseen".into()),
                Err(_) => Ok(()),
            }
        }));
    }
    trials.extend(waves());
    trials
}

fn agreement(stage: Stage, twin: Twin, eight: Twin) -> Vec<Trial> {
    let name = format!("turns::{}", stage.name());
    let mut trials = Vec::new();
    for (size, seed) in SIZES.into_iter().flat_map(|size| SEEDS.map(|seed| (size, seed))) {
        trials.push(trial(format!("{name}::n{size}::seed{seed}"), move || {
            agrees(stage, twin, None, &turning(wave(size, seed)))
        }));
    }
    for poison in Poison::ALL {
        let exact = if poison.makes_denormals() { denormal_trial } else { exact_trial };
        trials.push(exact(format!("{name}::poisoned::{poison:?}").to_lowercase(), move || {
            SEEDS.into_iter().try_for_each(|seed| agrees(stage, twin, None, &turning(spoilt(300, seed, poison))))
        }));
    }
    for workgroup_size in [32, 128, 256] {
        trials.push(trial(format!("{name}::workgroup_size{workgroup_size}"), move || {
            agrees(stage, twin, Some(Options { workgroup_size, ..Options::USUAL }), &turning(wave(1000, 4)))
        }));
    }
    trials.push(Trial::test(format!("{name}::blocks_of_eight"), move || {
        let spoilt = Poison::ALL.map(|poison| spoilt(300, 1, poison));
        for one in SEEDS.into_iter().map(|seed| wave(300, seed)).chain(spoilt) {
            let mut one = turning(one);
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
    for (name, mode) in [("assign", Mode::Assign), ("soft", Mode::Soft)] {
        let world = World { mode, models: ALONE, ..PLAIN };
        let mut same = |what: &str, world: World| {
            let kind = if world.poison.is_some() { exact_trial } else { trial };
            trials.push(kind(format!("turns::waves::{name}::{what}"), move || agree(world, Options::USUAL)));
        };
        for objects in [0, 33, 400] {
            same(&format!("n{objects}"), World { objects, ..world });
        }
        same("radar", World { sensor: Sensor::Radar, ..world });
        same("components", World { components: true, ..world });
        same("narrowed", World { hypotheses_max: 2, sensor: Sensor::Radar, objects: 400, ..world });
        same("shaped", World { covers: Covers::Shaped, objects: 65, ..world });
        same("poisoned", World { poison: Some(1e30), ..world });
        trials.push(trial(format!("turns::waves::{name}::whatever_room_there_is_at_first"), move || {
            let little = Options { blocks: 1, edges: 1, table: 1, waves: 3, workgroup_size: 32, ..Options::USUAL };
            agree(World { objects: 400, ..world }, little)
        }));
        let name = format!("turns::waves::{name}::every_prefix_gives_the_tracks_of_the_host");
        trials.push(exact_trial(name, move || {
            first_difference(world, |_| Options::USUAL)?.map_or(Ok(()), |differs| Err(differs.1.into()))
        }));
    }
    trials
}

/// How targets move that turn to the right.
pub(crate) fn motion(otherwise: Motion) -> Motion {
    let turn = CoordinatedTurn { turn_deg_s: 4.5, horizontal: 3.0, vertical: 0.4 };
    Motion { model: turn.into(), ..otherwise }
}

/// The looks of a wave as those of targets that turn.
pub(crate) fn turning(mut wave: Arrays<Host>) -> Arrays<Host> {
    let motion = motion(config().motion);
    for look in &mut wave.looks {
        let mut turned = *look;
        motion.over(f64::from(look.dt_s), 0.0, &mut turned);
        (look.noise, look.turning) = (turned.noise, turned.turning);
    }
    wave
}
