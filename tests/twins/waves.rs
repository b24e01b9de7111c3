//! Whole waves on the device and on the host: the same tracks, or the name of the first stage that differs.

use crate::compare::Tolerance;
use crate::{addresses, changed, config, denormal_trial, exact_trial, logs, models, open, planted, tolerance, trial};
use libtest_mimic::{Failed, Trial};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;
use trackweave::fusion::batch::{Batch, Estimate, LaneSetup, Patience, WaveLog, WaveReport};
use trackweave::fusion::config::{Config, Identity, Mode};
use trackweave::fusion::credit::Accounts;
use trackweave::fusion::device::Options;
use trackweave::fusion::error::FusionError;
use trackweave::fusion::executor::Executor;
use trackweave::fusion::stage::Stage;
use trackweave::fusion::state::State;
use trackweave::fusion::undetected::{Component, Prior, UndetectedIntensity};
use trackweave::fusion::views::View;
use trackweave::scan::{
    Detection, Mask, OFFSET, Observation, Part, Plane, Planes, RANGE, Scan, Shape, Sight, Sourced, Views,
};
use trackweave::sensor::{self, Altitudes, Coverage, Kind, Looks, Noise, Offsets};
use trackweave::space::{Frame, Place};

const LANES: usize = 3;
const SCANS: usize = 8;

/// What measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sensor {
    Position,
    /// Slant ranges without a height, and range rates.
    Radar,
}

/// What looks see.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Covers {
    All,
    /// Cells.
    Masked,
    /// On Earth, within ranges, sectors, latitudes and longitudes.
    Shaped,
}

/// What is fused.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a thing of its own")]
pub(crate) struct World {
    pub(crate) objects: usize,
    pub(crate) mode: Mode,
    pub(crate) exact_max: u32,
    /// Undetected targets as Gaussian components instead of a field.
    pub(crate) components: bool,
    pub(crate) covers: Covers,
    /// Views of the first lane; the second has two of them at most, the last one. Several do not see every third object each,
    /// and see the others elsewhere.
    pub(crate) views: usize,
    /// What measures.
    pub(crate) sensor: Sensor,
    /// Detections that no sensor makes.
    pub(crate) poison: Option<f32>,
    pub(crate) iterations_max: u32,
    /// Detections that a track may choose among.
    pub(crate) hypotheses_max: u32,
    /// Whether objects of the first two lanes send addresses, in most scans, some of them wrong.
    pub(crate) addresses: bool,
    /// Whether every wave is logged.
    pub(crate) logs: bool,
    /// Motion models of a track, or `turns::ALONE`.
    pub(crate) models: usize,
}

/// What came out: the tracks of every lane at the end, what each wave did, what became of the detections of every lane, and
/// the logs.
pub(crate) type Outcome = (Vec<Vec<Estimate>>, Vec<WaveReport>, Vec<Accounts>, Vec<WaveLog>);

pub(crate) const PLAIN: World = World {
    objects: 60,
    mode: Mode::Assign,
    exact_max: 8,
    components: false,
    covers: Covers::All,
    views: 1,
    sensor: Sensor::Position,
    poison: None,
    iterations_max: 30,
    hypotheses_max: 64,
    addresses: false,
    logs: false,
    models: 1,
};

pub(crate) fn trials() -> Vec<Trial> {
    let soft = World { mode: Mode::Soft, ..PLAIN };
    let mut trials = Vec::new();
    let mut same = |name: &str, world: World| {
        let kind = match world.poison {
            Some(1e-40) => denormal_trial,
            Some(_) => exact_trial,
            None => trial,
        };
        trials.push(kind(format!("waves::{name}"), move || agree(world, Options::USUAL)));
    };
    for objects in [0, 1, 31, 32, 33, 63, 64, 65, 400] {
        same(&format!("assign::n{objects}"), World { objects, ..PLAIN });
        same(&format!("soft::n{objects}"), World { objects, ..soft });
    }
    for (mode, world) in [("assign", PLAIN), ("soft", soft)] {
        same(&format!("{mode}::components"), World { components: true, ..world });
        same(&format!("{mode}::masked"), World { covers: Covers::Masked, ..world });
        let shaped = World { covers: Covers::Shaped, ..world };
        for objects in [65, 400] {
            same(&format!("{mode}::shaped::n{objects}"), World { objects, ..shaped });
            same(&format!("{mode}::views::shaped::n{objects}"), World { objects, views: 3, ..shaped });
        }
        same(&format!("{mode}::shaped_components"), World { components: true, ..shaped });
        same(&format!("{mode}::masked_components"), World { covers: Covers::Masked, components: true, ..world });
        let views = World { views: 3, objects: 400, ..world };
        same(&format!("{mode}::views"), views);
        same(&format!("{mode}::views::masked"), World { covers: Covers::Masked, ..views });
        let few = World { components: true, objects: 60, ..views };
        same(&format!("{mode}::views::components"), few);
        same(&format!("{mode}::views::masked_components"), World { covers: Covers::Masked, ..few });
        same(&format!("{mode}::views::poisoned"), World { poison: Some(1e30), ..views });
        same(&format!("{mode}::radar"), World { sensor: Sensor::Radar, ..world });
        for hypotheses_max in [1, 3] {
            same(&format!("{mode}::narrowed::to{hypotheses_max}"), World { hypotheses_max, objects: 400, ..world });
        }
        same(&format!("{mode}::narrowed::radar"), World { hypotheses_max: 2, sensor: Sensor::Radar, ..world });
        same(&format!("{mode}::poisoned::huge"), World { poison: Some(1e30), ..world });
        same(&format!("{mode}::poisoned::tiny"), World { poison: Some(1e-40), ..world });
    }
    same("soft::belief_alone", World { exact_max: 0, ..soft });
    same("soft::exact_up_to_ten", World { exact_max: 10, ..soft });
    trials.extend(bounds(soft));
    let views = |world| World { views: 3, objects: 400, ..world };
    for (name, world) in
        [("assign", PLAIN), ("soft", soft), ("assign::views", views(PLAIN)), ("soft::views", views(soft))]
    {
        trials.push(exact_trial(format!("waves::{name}::every_prefix_gives_the_tracks_of_the_host"), move || {
            first_difference(world, |_| Options::USUAL)?.map_or(Ok(()), |differs| Err(differs.1.into()))
        }));
        trials.push(trial(format!("waves::{name}::whatever_room_there_is_at_first"), move || {
            let little = Options { blocks: 1, edges: 1, table: 1, waves: 3, ..Options::USUAL };
            let much = Options { blocks: 999, edges: 99_999, table: 1 << 20, waves: 5, ..Options::USUAL };
            agree(world, little)?;
            agree(world, much)
        }));
        for workgroup_size in [32, 128, 256] {
            trials.push(trial(format!("waves::{name}::workgroup_size{workgroup_size}"), move || {
                agree(world, Options { workgroup_size, ..Options::USUAL })
            }));
        }
        trials.push(trial(format!("waves::{name}::ten_runs_give_the_same_bytes"), move || {
            let first = fuse(world, Executor::device(open()?, Options::USUAL))?;
            for _ in 1..10 {
                // The same adapter: the same bytes, hardware or not.
                identical(&fuse(world, Executor::device(open()?, Options::USUAL))?, &first)?;
            }
            Ok(())
        }));
    }
    trials.into_iter().chain(addresses::trials()).chain(logs::trials()).chain(others()).collect()
}

/// What is tried once.
fn others() -> Vec<Trial> {
    let mut trials = Vec::new();
    trials.push(Trial::test("waves::what_hardware_is_allowed_is_little", || {
        let (right, other) =
            (fuse(PLAIN, Executor::host())?, fuse(World { covers: Covers::Masked, ..PLAIN }, Executor::host())?);
        near(&right, &right)?;
        if near(&other, &right).is_ok() { Err("other tracks went unseen".into()) } else { Ok(()) }
    }));
    trials.push(trial("waves::what_is_no_scan_is_an_error_and_changes_nothing".into(), || {
        let mut batch = Batch::new(config(), Executor::device(open()?, Options::USUAL), vec![setup(PLAIN, 0, 80.0)])?;
        let mut step = |value: f32| {
            let place = Detection { offset_m: [value, 0.0, 0.0], ..Detection::default() };
            let (sight, slack_m, detections) = (Sight::Everywhere, 0.0, Sourced::of(0, vec![place]));
            let scan = Scan {
                lane: 0,
                time_us: 0,
                detection_probability: 0.9,
                sight,
                slack_m,
                detections,
                views: Views::default(),
            };
            batch.step(vec![scan], vec![observation(10.0, Sensor::Position)])
        };
        for wrong in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            match step(wrong) {
                Err(FusionError::Input(_)) => {}
                other => return Err(format!("{wrong}: {other:?}").into()),
            }
        }
        step(1.0)?;
        if batch.tracks(0)? == 1 { Ok(()) } else { Err("the next scan was not taken".into()) }
    }));
    for spread in [0.0, 300.0] {
        trials.push(trial(format!("waves::a_dense_spot_of_{spread}_m"), move || {
            let (found, wanted) =
                (spot(Executor::device(open()?, Options::USUAL), spread)?, spot(Executor::host(), spread)?);
            if wanted.1.iter().all(|wave| wave.narrowed < 900) {
                return Err("nothing was narrowed".into());
            }
            same_tracks(&found, &wanted)
        }));
    }
    trials.push(exact_trial("waves::a_wrong_stage_is_named".into(), || {
        for wrong in Stage::ALL {
            let options = Options { kernels: planted(wrong), ..Options::USUAL };
            let found = first_difference(PLAIN, |_| options)?;
            if found.as_ref().map(|(stage, _)| *stage) != Some(wrong) {
                return Err(format!("`{}` is wrong; found {found:?}", wrong.name()).into());
            }
        }
        Ok(())
    }));
    trials
}

/// What there is little room for, many of, or much to do.
fn bounds(soft: World) -> Vec<Trial> {
    let mut trials = Vec::new();
    let unconverged = World { objects: 400, covers: Covers::Masked, exact_max: 0, iterations_max: 1, ..soft };
    trials.push(trial("waves::soft::what_has_not_converged_is_counted_however_little_room".into(), move || {
        agree(unconverged, Options { blocks: 1, edges: 1, ..Options::USUAL })
    }));
    trials.push(trial("waves::soft::more_numbers_than_can_be_counted_are_an_error".into(), move || {
        let many = [("classify_clusters", "(outer + 3u) << bits".to_owned(), "0xc0000000u".to_owned())];
        let options = Options { kernels: changed(&many), ..Options::USUAL };
        match fuse(World { objects: 400, ..soft }, Executor::device(open()?, options)) {
            Err(error) if format!("{error:?}").contains("array `table` needs 17179869180 bytes") => Ok(()),
            other => Err(format!("not the error: {:?}", other.map(|outcome| outcome.1)).into()),
        }
    }));
    trials.push(trial("waves::tracks_that_crowd_in_one_cell".into(), || {
        same_tracks(&crowd(Executor::device(open()?, Options::USUAL))?, &crowd(Executor::host())?)
    }));
    for (name, world) in [("assign", PLAIN), ("soft", soft)] {
        trials.push(trial(format!("waves::{name}::however_short_a_search_is"), move || {
            // A root is known by a second step.
            let bounds = [("unite", "STEPS_MAX", 2), ("flatten", "STEPS_MAX", 2)];
            let short = bounds.map(|(kernel, bound, steps)| {
                (kernel, format!("override {bound}: u32;"), format!("const {bound} = {steps}u;"))
            });
            agree(world, Options { kernels: changed(&short), ..Options::USUAL })
        }));
    }
    trials
}

/// The device gives the tracks of the host, and does as much in every wave.
pub(crate) fn agree(world: World, options: Options) -> Result<(), Failed> {
    let host = fuse(world, Executor::host())?;
    if world.objects > 30
        && world.poison.is_none()
        && host.0.iter().take(LANES).any(|lane| lane.len() < world.objects / 4)
    {
        return Err("the waves hold too few tracks to say anything".into());
    }
    let whole = !world.components && world.poison.is_none();
    let fed_apart = whole && world.views > 1 && world.mode == Mode::Assign && world.covers == Covers::All;
    if fed_apart && host.1.iter().all(|wave| wave.merged == 0) {
        return Err("no twins were merged".into());
    }
    same_tracks(&fuse(world, Executor::device(open()?, options))?, &host)
}

pub(crate) fn same_tracks(found: &Outcome, wanted: &Outcome) -> Result<(), Failed> {
    if let Tolerance::Relative(_) = tolerance()? {
        return near(found, wanted);
    }
    identical(found, wanted)
}

fn identical(found: &Outcome, wanted: &Outcome) -> Result<(), Failed> {
    if found.0.len() != wanted.0.len() {
        return Err(format!("{} answers, the host has {}", found.0.len(), wanted.0.len()).into());
    }
    for (wave, (found, wanted)) in found.1.iter().zip(&wanted.1).enumerate() {
        if found != wanted {
            return Err(format!("wave {wave}: the device did {found:?}, the host {wanted:?}").into());
        }
    }
    for (lane, (found, wanted)) in found.0.iter().zip(&wanted.0).enumerate() {
        if let Some(text) = difference(lane, found, wanted) {
            return Err(text.into());
        }
    }
    if found.2 != wanted.2 {
        return Err(format!("accounts {:?}, the host has {:?}", found.2, wanted.2).into());
    }
    logs::identical(&found.3, &wanted.3)
}

/// On hardware, which may contract `a * b + c`: decisions may differ where their margins are as small as rounding, so at
/// least 98 in 100 tracks have a partner of the same birth within a hundredth of its own uncertainty.
fn near(found: &Outcome, wanted: &Outcome) -> Result<(), Failed> {
    let (mut all, mut close) = (0, 0);
    for (found, wanted) in found.0.iter().zip(&wanted.0) {
        all += wanted.len().max(found.len());
        let by_birth: BTreeMap<[u32; 2], &Estimate> = found.iter().map(|track| (track.born, track)).collect();
        close += wanted.iter().filter(|track| by_birth.get(&track.born).is_some_and(|own| beside(own, track))).count();
    }
    if close * 100 >= all * 98 {
        Ok(())
    } else {
        Err(format!("{close} of {all} tracks are where the host has them").into())
    }
}

pub(crate) fn beside(found: &Estimate, wanted: &Estimate) -> bool {
    let apart = found.position_m().into_iter().zip(wanted.position_m());
    let mut axes = apart.zip([0, 6, 11].map(|k| f64::from(wanted.state.covariance[k]).max(0.0).sqrt()));
    axes.all(|((a, b), sigma)| (a - b).abs() <= 0.01 * sigma + 1e-3)
        && (found.existence - wanted.existence).abs() < 0.01
}

/// What two sets of tracks differ in; NaN equals itself.
pub(crate) fn difference(lane: usize, found: &[Estimate], wanted: &[Estimate]) -> Option<String> {
    if found.len() != wanted.len() {
        return Some(format!("lane {lane}: {} tracks, the host has {}", found.len(), wanted.len()));
    }
    let text = |estimate: &Estimate| format!("{estimate:?}");
    let differing = found.iter().zip(wanted).filter(|(found, wanted)| found != wanted && text(found) != text(wanted));
    let count = differing.clone().count();
    let (found, wanted) = differing.into_iter().next()?;
    Some(format!("lane {lane}: {count} tracks differ; the first is {found:?}, the host has {wanted:?}"))
}

/// The first stage whose kernels change the tracks, and what they change.
pub(crate) fn first_difference(
    world: World,
    options: impl Fn(Stage) -> Options,
) -> Result<Option<(Stage, String)>, Failed> {
    let host = fuse(world, Executor::host())?;
    for stage in Stage::ALL {
        let found = fuse(world, Executor::split(open()?, options(stage), stage))?;
        let mut lanes = found.0.iter().zip(&host.0).enumerate();
        if let Some(text) = lanes.find_map(|(lane, (found, wanted))| difference(lane, found, wanted)) {
            return Ok(Some((stage, format!("`{}` is the first stage that differs; {text}", stage.name()))));
        }
    }
    Ok(None)
}

fn configured(world: World) -> Result<Config, Failed> {
    let mut config: Config = config();
    config.association.mode = world.mode;
    (config.association.exact_max, config.association.iterations_max) = (world.exact_max, world.iterations_max);
    config.motion = models::motion(world.models, config.motion);
    config.association.hypotheses_max = world.hypotheses_max.try_into()?;
    config.existence.recycle = 0.06f32.try_into()?;
    config.identity =
        world.addresses.then(|| Identity { error_probability: 0.05f32.try_into().expect("a probability") });
    Ok(config)
}

/// Where looks could have seen, one after the other.
fn masks(world: World, side: f64) -> Result<[Mask; 2], Failed> {
    let shares = |shift: u8| (0..36u8).map(|cell| f32::from((cell + shift) % 3) * 0.5).collect::<Vec<f32>>();
    Ok(if world.covers == Covers::Shaped {
        [shaped(side, &shares(0), 0)?, shaped(side, &shares(1), 1)?]
    } else {
        [Mask::new(planes(side, Covers::Masked), shares(0))?, Mask::new(planes(side, Covers::Masked), shares(1))?]
    })
}

/// A few waves over three lanes, one of which rests every other wave.
pub(crate) fn fuse(world: World, executor: Executor) -> Result<Outcome, Failed> {
    let config = configured(world)?;
    let side = 80.0 * (world.objects as f64).sqrt().max(1.0);
    let masks = masks(world, side)?;
    let (mut answers, mut logs, mut given) = (Vec::new(), Vec::new(), [0; LANES]);
    let mut batch = Batch::new(config, executor, (0..LANES).map(|lane| setup(world, lane, side)).collect())?;
    if world.logs {
        batch.log(logs::logging()?)?;
    }
    let mut random = ChaCha8Rng::seed_from_u64(11);
    let starts: Vec<[f64; 2]> = (0..world.objects).map(|_| [(); 2].map(|()| random.random_range(0.0..side))).collect();
    let speeds: Vec<[f64; 2]> =
        (0..world.objects).map(|_| [(); 2].map(|()| random.random_range(-15.0..15.0))).collect();
    for scan in 0..if world.views > 1 { 2 * SCANS } else { SCANS } {
        let mut scans = Vec::new();
        for lane in (0..LANES).filter(|lane| *lane != 1 || scan % 2 == 0) {
            let (mut detections, mut sent) = (Vec::new(), Vec::new());
            let looking = scan % views_of(world, lane);
            for (object, (start, speed)) in starts.iter().zip(&speeds).enumerate() {
                if random.random_bool(0.1) || (world.views > 1 && (object + looking).is_multiple_of(3)) {
                    continue;
                }
                let at = [0, 1]
                    .map(|axis: usize| start[axis] + speed[axis] * scan as f64 + random.random_range(-12.0..12.0));
                let at = [at[0] + 36.0 * looking as f64, at[1]];
                detections.push(detection(at, (lane + object) % 2, &mut random));
                sent.push(addresses::sent(object, scan, lane)?);
            }
            for _ in 0..world.objects / 5 {
                let at = [(); 2].map(|()| random.random_range(0.0..side));
                detections.push(detection(at, 0, &mut random));
            }
            if let Some(value) = world.poison {
                for detection in detections.iter_mut().step_by(7) {
                    detection.offset_m[scan % 3] = value;
                }
            }
            let sight = |view: usize| {
                let mask = &masks[(scan / 3 + view) % 2];
                if world.covers == Covers::All { Sight::Everywhere } else { Sight::Mask(mask) }
            };
            let views = if views_of(world, lane) > 1 { views_of(world, lane) } else { 0 };
            sent.resize(detections.len(), 0);
            if !world.addresses || lane == 2 || scan % 5 == 3 {
                sent.clear();
            }
            given[lane] += detections.len() as u64;
            scans.push(Scan {
                lane,
                time_us: i64::try_from(scan)? * 1_000_000,
                detection_probability: 0.95,
                sight: sight(looking),
                slack_m: if world.sensor == Sensor::Radar { 50.0 } else { 0.0 },
                detections: detections.into_iter().zip((0..70).cycle()).collect::<Sourced>().with_addresses(sent),
                views: Views { looking, reports: false, sights: (0..views).map(sight).collect() },
            });
        }
        batch.step(scans, vec![observation(10.0, world.sensor), observation(14.0, world.sensor)])?;
        // Between requests several waves go to the device at once.
        for lane in (0..LANES).filter(|lane| scan % 4 == 1 && *lane != scan % 3) {
            batch.request(lane, i64::try_from(scan)? * 1_000_000 + 400_000)?;
        }
        answers.extend(batch.answers(Patience::None)?);
        logs.extend(batch.logs(Patience::None)?);
    }
    answers.extend(batch.answers(Patience::Wait)?);
    logs.extend(batch.logs(Patience::Wait)?);
    let tracks: Result<Vec<_>, _> = (0..LANES).map(|lane| batch.estimates(lane)).collect();
    let mut tracks = tracks?;
    // What was asked for on the way, in its order.
    tracks.extend(answers.into_iter().map(|answer| answer.estimates));
    Ok((tracks, batch.take_reports()?, accounts(&mut batch, LANES, &given)?, logs))
}

/// What became of the detections of every lane: all that it was given, each once.
pub(crate) fn accounts(batch: &mut Batch, lanes: usize, given: &[u64]) -> Result<Vec<Accounts>, Failed> {
    let accounts = (0..lanes).map(|lane| batch.accounts(lane)).collect::<Result<Vec<_>, _>>()?;
    let sums: Vec<u64> = accounts.iter().map(Accounts::sum).collect();
    if sums == given { Ok(accounts) } else { Err(format!("{given:?} detections, {sums:?} in accounts").into()) }
}

/// More tracks than kernels put in order by ranks, all in the one cell of scans with few detections, or none.
fn crowd(executor: Executor) -> Result<Outcome, Failed> {
    let mut config: Config = config();
    config.reorder_scans = 2;
    config.existence.report = 0.01f32.try_into()?;
    // Marginals are sums in the order of tracks.
    config.association.mode = Mode::Soft;
    let mut batch = Batch::new(config, executor, vec![setup(PLAIN, 0, 8000.0)])?;
    let mut random = ChaCha8Rng::seed_from_u64(12);
    for (scan, side) in [(0, 182), (1, 0), (2, 20), (3, 1), (4, 182)] {
        let at = |i: i32| [f64::from(i % side) * 30.0, f64::from(i / side) * 30.0 + f64::from(scan)];
        let detections: Vec<_> = (0..side * side).map(|i| detection(at(i), 0, &mut random)).collect();
        let (time_us, detections) = (i64::from(scan) * 1_000_000, Sourced::of(0, detections));
        let (sight, slack_m) = (Sight::Everywhere, 0.0);
        let scan =
            Scan { lane: 0, time_us, detection_probability: 0.5, sight, slack_m, detections, views: Views::default() };
        batch.step(vec![scan], vec![observation(10.0, Sensor::Position)])?;
    }
    let tracks = batch.estimates(0)?;
    if tracks.len() < 33_000 {
        return Err(format!("{} tracks do not crowd", tracks.len()).into());
    }
    Ok((vec![tracks], batch.take_reports()?, vec![batch.accounts(0)?], Vec::new()))
}

/// Many detections in one spot, or on one point, in every scan.
fn spot(executor: Executor, spread: f64) -> Result<Outcome, Failed> {
    let mut batch = Batch::new(config(), executor, vec![setup(PLAIN, 0, 800.0)])?;
    let mut random = ChaCha8Rng::seed_from_u64(13);
    for time_us in [0, 1_000_000, 2_000_000] {
        let mut near = || 200.0 + spread * random.random::<f64>();
        let places: Vec<[f64; 2]> = (0..1000).map(|_| [near(), near()]).collect();
        let detections =
            places.into_iter().map(|at| Detection { ahead_s: 0.0, ..detection(at, 0, &mut random) }).collect();
        let (sight, slack_m, detections) = (Sight::Everywhere, 0.0, Sourced::of(0, detections));
        let scan =
            Scan { lane: 0, time_us, detection_probability: 0.95, sight, slack_m, detections, views: Views::default() };
        batch.step(vec![scan], vec![observation(10.0, Sensor::Position)])?;
    }
    Ok((vec![batch.estimates(0)?], batch.take_reports()?, vec![batch.accounts(0)?], Vec::new()))
}

fn detection([x, y]: [f64; 2], observation: usize, random: &mut ChaCha8Rng) -> Detection {
    let Place { tile, offset_m } = Place::from_metres([x, y, 0.0]);
    let observation = u32::try_from(observation).expect("two");
    Detection { tile, ahead_s: random.random_range(-0.2..0.0), offset_m, observation }
}

fn observation(sigma_m: f32, sensor: Sensor) -> Observation {
    let radar = sensor == Sensor::Radar;
    let directions = [[0.6, 0.8, 0.0], [-0.8, 0.6, 0.0], [0.0, 0.0, 1.0]];
    let mut to = Observation::offsets(directions, [sigma_m, 10.0, 20.0], if radar { 2 } else { 3 });
    if radar {
        to = to.with_rate([0.6, 0.8, 0.0], 3.0, 20.0);
    }
    let kinds = if radar && sigma_m > 12.0 { RANGE } else { OFFSET };
    let sight_m = if radar { 5000.0 } else { 0.0 };
    Observation { ranges_m: [5000.0, 0.0, 0.0], kinds, clutter: 1e-9, spread: 1e-3, sight_m, ..to }
}

/// Masks of several parts, with every kind of limit: a ring and a sector of it; boxes in the plane and, far away, on Earth.
fn shaped(side: f64, shares: &[f32], which: usize) -> Result<Mask, Failed> {
    let sensor = |kind: Kind, coverage: Coverage| sensor::Sensor {
        name: "s".to_owned(),
        owner: "o".to_owned(),
        kind,
        noise: Noise::default(),
        detection_probability: 0.9,
        clutter_per_scan: 1.0,
        looks: Looks::Periodic { period_us: 1 },
        coverage,
        offsets: Offsets::default(),
        altitudes: Altitudes::default(),
        view: None,
    };
    let boxed = |min: [f64; 2], max: [f64; 2]| sensor(Kind::Position, Coverage::Box { min, max, height_m: None });
    let site = || Kind::radar_at_m([0.3 * side, 0.4 * side, -20.0]);
    let ring = |height_m| sensor(site(), Coverage::Ring { range_m: [0.1 * side, 0.5 * side], height_m });
    // The engine's origin is the middle of the Earth: the axis goes through the world, and so do meridians and these parallels.
    let shapes = [
        [
            Shape::of(&ring(None), (Frame::Local, 0), Some([300.0, 200.0])),
            Shape::of(&boxed([-200.0, 1e-4], [75.0, 2e-3]), (Frame::Geodetic, 0), None),
        ],
        [
            Shape::of(&ring(Some([0.0, 1.0])), (Frame::Local, 0), None),
            Shape::of(&boxed([0.1 * side, -1e6], [0.9 * side, 0.6 * side]), (Frame::Local, 0), None),
        ],
    ];
    let share: std::sync::Arc<[f32]> = shares.into();
    let [first, second] = shapes.into_iter().nth(which).expect("two");
    let parts = [Part { shape: first, permission: Some(share.clone()) }, Part { shape: second, permission: None }];
    Ok(Mask::of(planes(side, Covers::Shaped), share, parts.into())?)
}

/// One flat plane; or two that are seen from the origin, as if a small globe lay there.
#[expect(clippy::cast_possible_truncation, reason = "a length")]
fn planes(side: f64, covers: Covers) -> Planes {
    let (cell_m, half) = ((side / 4.0) as f32, (side / 2.0) as f32);
    let on_globe = |at: [f64; 3], east, centre, cells| {
        let origin = Place::from_metres(at.map(|share| share * side / 2.0));
        Plane { origin, east, north: [0.0, 0.0, 1.0], centre, cell_m, cells }
    };
    if covers == Covers::Shaped {
        let first = on_globe([1.0, -0.2, -1.0], [0.0, 1.0, 0.0], [half, 0.0, 0.0], [3, 4]);
        let second = on_globe([-0.2, 1.0, -1.0], [1.0, 0.0, 0.0], [0.0, half, 0.0], [6, 4]);
        return [first, second].into_iter().collect();
    }
    let origin = Place::from_metres([-side / 4.0, -side / 4.0, 0.0]);
    Plane { origin, east: [1.0, 0.0, 0.0], north: [0.0, 1.0, 0.0], centre: [0.0; 3], cell_m, cells: [6, 6] }.into()
}

/// How many views a lane has.
fn views_of(world: World, lane: usize) -> usize {
    [world.views, world.views.min(2), 1][lane]
}

fn setup(world: World, lane: usize, side: f64) -> LaneSetup {
    let planes = planes(side, world.covers);
    let undetected = if world.components {
        let mut state = State::zero();
        for (k, variance) in [(0, 4e4), (6, 4e4), (11, 4e2), (15, 1e2), (18, 1e2), (20, 1.0)] {
            state.covariance[k] = variance;
        }
        let Place { tile, offset_m } = Place::from_metres([side / 2.0, side / 2.0, 0.0]);
        state.mean[..3].copy_from_slice(&offset_m);
        let component = |weight| Component { weight, tile, state };
        UndetectedIntensity::Components {
            components: vec![component(60.0), component(3.0)],
            births: vec![component(0.5)],
            // Each lane's own: what one of them drops, another one keeps.
            weight_min: [0.03, 1e-4, 0.2].get(lane).copied().unwrap_or(0.0),
        }
    } else {
        // One lane hears nothing but reports.
        let reports_per_s = if lane == 1 { 0.02 } else { 0.0 };
        let prior = Prior { speed_m_s: 10.0, climb_m_s: 1.0, height_m: 100.0, height_most_m: 100.0, reports_per_s };
        UndetectedIntensity::Field { density: vec![4e-6; planes.len()], birth: 1e-9, planes, prior }
    };
    // The last one is a reporter's: it says nothing by its silence.
    let view = |n: usize| View {
        visible_share: [0.7, 0.5, 0.0][n],
        persistence_s: [3600.0, 8.0, 20.0][n],
        variance_m2: 100.0,
    };
    LaneSetup { radial: lane == 2, undetected, views: (0..views_of(world, lane)).map(view).collect() }
}
