//! Logs of whole waves: a device writes those of the host, wherever the tracks of either lie.

use crate::compare::Tolerance;
use crate::waves::{PLAIN, World, beside, difference, fuse, same_tracks};
use crate::{exact_trial, open, tolerance, trial};
use libtest_mimic::{Failed, Trial};
use std::collections::BTreeMap;
use trackweave::fusion::batch::{Estimate, Logging, WaveLog};
use trackweave::fusion::config::Mode;
use trackweave::fusion::device::Options;
use trackweave::fusion::executor::Executor;
use trackweave::fusion::stage::Stage;

/// Tracks of little existence are not logged, though they go on.
pub(crate) fn logging() -> Result<Logging, Failed> {
    Ok(Logging { existence_min: 0.08f32.try_into()? })
}

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = vec![Trial::test("logs::another_log_is_seen", another)];
    for (mode, world) in [("assign", PLAIN), ("soft", World { mode: Mode::Soft, ..PLAIN })] {
        let world = World { objects: 400, logs: true, ..world };
        let views = World { views: 3, ..world };
        trials.push(Trial::test(format!("logs::{mode}::say_what_became_of_tracks"), move || {
            tells(&fuse(world, Executor::host())?.3)
        }));
        for (name, world) in [
            ("n400", world),
            ("n33", World { objects: 33, ..world }),
            ("views", views),
            ("views::addresses", World { addresses: true, ..views }),
            ("components", World { components: true, ..world }),
        ] {
            trials.push(trial(format!("logs::{mode}::{name}"), move || agree(world, Options::USUAL)));
        }
        trials.push(trial(format!("logs::{mode}::whatever_room_there_is_at_first"), move || {
            agree(views, Options { blocks: 1, edges: 1, table: 1, waves: 3, ..Options::USUAL })
        }));
        trials.push(exact_trial(format!("logs::{mode}::every_prefix_gives_those_of_the_host"), move || {
            let host = fuse(views, Executor::host())?;
            Stage::ALL.into_iter().try_for_each(|stage| {
                identical(&fuse(views, Executor::split(open()?, Options::USUAL, stage))?.3, &host.3)
            })
        }));
    }
    trials
}

/// The device logs what the host does, and gives the tracks that it gives without a log.
fn agree(world: World, options: Options) -> Result<(), Failed> {
    let on_device = |world| fuse(world, Executor::device(open()?, options));
    let (host, mut device) = (fuse(world, Executor::host())?, on_device(world)?);
    if let Tolerance::Relative(_) = tolerance()? {
        near(&device.3, &host.3)?;
    }
    same_tracks(&device, &host)?;
    device.3.clear();
    same_tracks(&device, &on_device(World { logs: false, ..world })?)
}

/// The same in every bit; NaN equals itself.
pub(crate) fn identical(found: &[WaveLog], wanted: &[WaveLog]) -> Result<(), Failed> {
    if found.len() != wanted.len() {
        return Err(format!("{} logs, the host has {}", found.len(), wanted.len()).into());
    }
    for (found, wanted) in found.iter().zip(wanted) {
        let WaveLog { lane, time_us, .. } = *wanted;
        let text = |log: &WaveLog| format!("{:?}", (log.lane, log.time_us, &log.taken));
        if text(found) != text(wanted) {
            return Err(format!("found {}, the host has {}", text(found), text(wanted)).into());
        }
        if let Some(text) = difference(lane, &found.tracks, &wanted.tracks) {
            return Err(format!("log of {time_us}: {text}").into());
        }
    }
    Ok(())
}

/// On hardware: 98 of 100 tracks, and of 100 detections that were taken, are where the host has them.
fn near(found: &[WaveLog], wanted: &[WaveLog]) -> Result<(), Failed> {
    let scans = |logs: &[WaveLog]| logs.iter().map(|log| (log.lane, log.time_us)).collect::<Vec<_>>();
    if scans(found) != scans(wanted) {
        return Err("logs of other scans".into());
    }
    let (mut all, mut close) = (0, 0);
    for (found, wanted) in found.iter().zip(wanted) {
        let tracks: BTreeMap<[u32; 2], &Estimate> = found.tracks.iter().map(|track| (track.born, track)).collect();
        let taken: BTreeMap<_, f32> = found.taken.iter().map(|of| ((of.born, of.detection), of.weight)).collect();
        all += wanted.tracks.len() + wanted.taken.len();
        close += wanted.tracks.iter().filter(|of| tracks.get(&of.born).is_some_and(|own| beside(own, of))).count();
        let weight = |of: &(_, u32)| taken.get(of).copied();
        let likely = |of: &(_, f32)| weight(&of.0).is_some_and(|own| (own - of.1).abs() < 0.01);
        close += wanted.taken.iter().map(|of| ((of.born, of.detection), of.weight)).filter(likely).count();
    }
    if close * 100 >= all * 98 { Ok(()) } else { Err(format!("{close} of {all} entries are the host's").into()) }
}

/// What counts detections and what names them are kept apart: a track is counted no more detections than it took, and as
/// many as it took for sure; what begins has taken what it began with; tracks go on, begin and end.
fn tells(logs: &[WaveLog]) -> Result<(), Failed> {
    let mut before: BTreeMap<usize, BTreeMap<[u32; 2], Estimate>> = BTreeMap::new();
    let (mut scans, mut sure) = (BTreeMap::<usize, u32>::new(), 0);
    let [mut begun, mut ended] = [0; 2];
    for log in logs {
        let scan = scans.entry(log.lane).or_default();
        let lane = before.entry(log.lane).or_default();
        for track in &log.tracks {
            let own = log.taken.iter().filter(|taken| taken.born == track.born);
            // Belief propagation may share a detection out by more than one in all, but not among two nearly sure of it.
            let [took, surely] = [0.0, 0.9].map(|least| own.clone().filter(|taken| taken.weight > least).count());
            let new = track.born[0] == *scan;
            if new != own.clone().any(|taken| new && taken.detection == track.born[1]) {
                return Err(format!("lane {}: {:?} began with none of {own:?}", log.lane, track.born).into());
            }
            begun += usize::from(new);
            let Some(before) = lane.get(&track.born) else { continue };
            let counted = usize::try_from(track.detections - before.detections)?;
            sure += surely;
            if counted > took || counted < surely {
                return Err(format!("{:?}: {counted} counted, {took} taken, {surely} surely", track.born).into());
            }
        }
        *scan += 1;
        let now: BTreeMap<_, _> = log.tracks.iter().map(|track| (track.born, *track)).collect();
        ended += lane.keys().filter(|born| !now.contains_key(*born)).count();
        *lane = now;
    }
    if sure > 1000 && begun > 400 && ended > 100 {
        Ok(())
    } else {
        Err(format!("{sure} detections taken, {begun} tracks begun, {ended} ended: too few to say anything").into())
    }
}

/// The comparison sees a bit of a track, a weight, a detection and a birth.
fn another() -> Result<(), Failed> {
    let world = World { logs: true, ..PLAIN };
    let right = fuse(world, Executor::host())?.3;
    identical(&right, &right)?;
    near(&right, &right)?;
    let faults: [fn(&mut WaveLog); 4] = [
        |log| log.tracks[3].existence = f32::from_bits(log.tracks[3].existence.to_bits() ^ 1),
        |log| log.taken[3].weight = f32::from_bits(log.taken[3].weight.to_bits() ^ 1),
        |log| log.taken[3].detection ^= 1,
        |log| log.taken[3].born[1] ^= 1,
    ];
    for fault in faults {
        let mut wrong = right.clone();
        fault(&mut wrong[5]);
        if identical(&wrong, &right).is_ok() {
            return Err("another log went unseen".into());
        }
    }
    if near(&fuse(World { mode: Mode::Soft, ..world }, Executor::host())?.3, &right).is_ok() {
        return Err("other weights went unseen".into());
    }
    Ok(())
}
