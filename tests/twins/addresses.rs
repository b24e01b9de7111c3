//! Whole waves whose objects send addresses, some of them wrong.

use crate::waves::{PLAIN, World, agree, first_difference};
use crate::{exact_trial, trial};
use libtest_mimic::{Failed, Trial};
use trackweave::fusion::config::Mode;
use trackweave::fusion::device::Options;

/// In all that they meet.
pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for (mode, world) in [("assign", PLAIN), ("soft", World { mode: Mode::Soft, ..PLAIN })] {
        let world = World { addresses: true, ..world };
        let views = World { views: 3, objects: 400, ..world };
        for (name, world) in [
            ("n65", World { objects: 65, ..world }),
            ("n400", World { objects: 400, ..world }),
            ("views", views),
            ("components", World { components: true, ..world }),
        ] {
            trials.push(trial(format!("waves::{mode}::addresses::{name}"), move || agree(world, Options::USUAL)));
        }
        let poisoned = World { poison: Some(1e30), ..world };
        let name = format!("waves::{mode}::addresses::poisoned");
        trials.push(exact_trial(name, move || agree(poisoned, Options::USUAL)));
        let name = format!("waves::{mode}::addresses::every_prefix_gives_the_tracks_of_the_host");
        trials.push(exact_trial(name, move || {
            first_difference(views, |_| Options::USUAL)?.map_or(Ok(()), |differs| Err(differs.1.into()))
        }));
    }
    trials
}

/// What an object sends: a fifth of the time nothing, now and then the address of another one.
pub(crate) fn sent(object: usize, scan: usize, lane: usize) -> Result<u32, Failed> {
    let own = u32::try_from(object)? + 1;
    Ok(match (7 * object + 13 * scan + lane) % 20 {
        0..4 => 0,
        4 => 1 + own % 9,
        _ => own,
    })
}
