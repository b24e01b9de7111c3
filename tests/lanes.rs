//! A lane is the same alone and beside others: bit for bit, whatever the others do, and however often it rests.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use trackweave::fusion::batch::{Batch, Estimate, LaneSetup, WaveReport};
use trackweave::fusion::config::{Config, Mode};
use trackweave::fusion::executor::Executor;
use trackweave::fusion::undetected::{Prior, UndetectedIntensity};
use trackweave::scan::{Detection, Mask, Observation, Plane, Scan, Sight, Sourced, Views};
use trackweave::space::Place;

const SIDE_M: f64 = 400.0;
const WAVES: usize = 40;

/// The detections of each wave; `None` where the lane rests.
type Scans = Vec<Option<Vec<[f64; 2]>>>;

/// Targets that wander close together, so that clusters have loops, and clutter.
fn scans(seed: u64, targets: usize, rests: f64) -> Scans {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut places: Vec<[f64; 2]> = (0..targets).map(|_| [(); 2].map(|()| SIDE_M * random.random::<f64>())).collect();
    (0..WAVES)
        .map(|_| {
            for place in &mut places {
                *place = place.map(|m| m + 6.0 * (random.random::<f64>() - 0.5));
            }
            let mut scan = Vec::new();
            for place in &places {
                if random.random::<f64>() < 0.9 {
                    scan.push(place.map(|m| m + 10.0 * (random.random::<f64>() - 0.5)));
                }
            }
            scan.extend((0..targets / 4).map(|_| [(); 2].map(|()| SIDE_M * random.random::<f64>())));
            (random.random::<f64>() >= rests).then_some(scan)
        })
        .collect()
}

fn config(mode: Mode, exact_max: u32) -> Config {
    let text = include_str!("../data/config/bench.toml").replace("reorder_scans = 8", "reorder_scans = 3");
    let mut config: Config = toml::from_str(&text).expect("a configuration");
    config.association.mode = mode;
    config.association.exact_max = exact_max;
    config
}

fn plane() -> Plane {
    let origin = Place::from_metres([0.0; 3]);
    Plane { origin, east: [1.0, 0.0, 0.0], north: [0.0, 1.0, 0.0], centre: [0.0; 3], cell_m: 100.0, cells: [4, 4] }
}

fn setup() -> LaneSetup {
    let plane = plane();
    let prior = Prior { speed_m_s: 5.0, climb_m_s: 0.0, height_m: 0.0, height_most_m: 7500.0, reports_per_s: 0.0 };
    LaneSetup {
        radial: false,
        undetected: UndetectedIntensity::Field {
            density: vec![1e-4; plane.len()],
            planes: plane.into(),
            birth: 1e-6,
            prior,
        },
        views: Vec::new(),
    }
}

fn detection([x, y]: [f64; 2]) -> Detection {
    let Place { tile, offset_m } = Place::from_metres([x, y, 0.0]);
    Detection { tile, offset_m, ..Detection::default() }
}

/// Runs lanes together; the estimates of lane `of` after each wave in which it has a scan.
fn run(lanes: &[&Scans], of: usize, config: &Config) -> Vec<Vec<Estimate>> {
    let observation = measured();
    let mut batch = Batch::new(config.clone(), Executor::host(), vec![setup(); lanes.len()]).expect("lanes");
    let mut found = Vec::new();
    for wave in 0..WAVES {
        let scan = |(lane, scans): (usize, &&Scans)| {
            let places = scans[wave].as_ref()?;
            Some(Scan {
                lane,
                time_us: i64::try_from(wave).expect("a wave") * 1_000_000,
                detection_probability: 0.9,
                sight: Sight::Everywhere,
                slack_m: 0.0,
                detections: Sourced::of(0, places.iter().copied().map(detection).collect()),
                views: Views::default(),
            })
        };
        let scans: Vec<Scan<'_>> = lanes.iter().enumerate().filter_map(scan).collect();
        batch.step(scans, vec![observation]).expect("the host does not fail");
        if lanes[of][wave].is_some() {
            found.push(batch.estimates(of).expect("the host does not fail"));
        }
    }
    found
}

#[test]
fn no_detection_of_one_lane_moves_a_track_of_another() {
    for (mode, exact_max) in [(Mode::Assign, 0), (Mode::Soft, 0), (Mode::Soft, 8)] {
        let config = config(mode, exact_max);
        let mut tracks = 0;
        for seed in 0..6 {
            let own = scans(seed, 12, 0.3);
            let others = [scans(100 + seed, 40, 0.0), scans(200 + seed, 1, 0.7), scans(300 + seed, 70, 0.5)];
            let alone = run(&[&own], 0, &config);
            tracks += alone.iter().map(Vec::len).sum::<usize>();
            let [a, b, c] = &others;
            assert_eq!(alone, run(&[&own, a, b], 0, &config), "first of three, {mode:?}, seed {seed}");
            assert_eq!(alone, run(&[c, b, &own], 2, &config), "last of three, {mode:?}, seed {seed}");
            assert_eq!(alone, run(&[a, &own, c], 1, &config), "between two, {mode:?}, seed {seed}");
        }
        assert!(tracks > 500, "{tracks} tracks say little");
    }
}

/// A second observation with the same numbers tells the gate that detections were measured each in its way.
#[test]
fn detections_measured_alike_are_gated_as_one_by_one() {
    let estimates = |alike: bool, axes: u32| {
        let directions = [[0.6, 0.8, 0.0], [-0.8, 0.6, 0.0], [0.0, 0.0, 1.0]];
        let offsets = Observation::offsets(directions, [4.0, 6.0, 9.0], axes);
        let observation = Observation { clutter: 1e-6, spread: 1e-2, ..offsets };
        let config = config(Mode::Soft, 8);
        let mut batch = Batch::new(config, Executor::host(), vec![setup()]).expect("a lane");
        let mut found = Vec::new();
        for (wave, places) in scans(7, 60, 0.0).iter().flatten().enumerate() {
            let measured = |(n, place): (usize, &[f64; 2])| Detection {
                ahead_s: -0.25,
                observation: u32::from(!alike && n.is_multiple_of(2)),
                ..detection(*place)
            };
            let scan = Scan {
                lane: 0,
                time_us: i64::try_from(wave).expect("a wave") * 1_000_000,
                detection_probability: 0.9,
                sight: Sight::Everywhere,
                slack_m: 0.0,
                detections: Sourced::of(0, places.iter().enumerate().map(measured).collect()),
                views: Views::default(),
            };
            batch.step(vec![scan], vec![observation; 2]).expect("the host does not fail");
            found.push(batch.estimates(0).expect("the host does not fail"));
        }
        found
    };
    for axes in [2, 3] {
        let found = estimates(true, axes);
        assert!(found.iter().map(Vec::len).sum::<usize>() > 500, "few tracks say little");
        assert_eq!(found, estimates(false, axes), "{axes} axes");
    }
}

/// The bound on iterations as one convergence test over all lanes would set it: by how much there is to do in all.
#[test]
fn a_convergence_test_over_all_lanes_would_be_seen() {
    let leaky = |lanes: &[&Scans]| {
        let mut config = config(Mode::Soft, 0);
        config.association.iterations_max = u32::try_from(lanes.len()).expect("a few") * 2;
        config
    };
    let own = scans(1, 12, 0.3);
    let other = scans(2, 40, 0.0);
    let (alone, beside) = ([&own], [&own, &other]);
    assert_ne!(run(&alone, 0, &leaky(&alone)), run(&beside, 0, &leaky(&beside)), "the planted leak went unseen");
}

/// One thing wrong with a scan, an observation or the lane that both are for.
type Fault = (&'static str, fn(&mut Scan<'_>, &mut Vec<Observation>));

fn measured() -> Observation {
    let directions = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    Observation { clutter: 5e-5, spread: 1.0, ..Observation::offsets(directions, [5.0, 5.0, 0.0], 2) }
}

/// The first detection with something else in it.
fn spoilt(scan: &mut Scan<'_>, change: impl Fn(&mut Detection)) {
    let (mut detections, sources, _) = scan.detections.clone().into_parts();
    change(&mut detections[0]);
    scan.detections = detections.into_iter().zip(sources).collect();
}

#[test]
fn what_is_no_scan_is_an_error_that_says_what_and_changes_nothing() {
    let faults: [Fault; 30] = [
        ("lane = 3", |scan, _| scan.lane = 3),
        ("time of the lane's last scan", |scan, _| scan.time_us = 4_999_999),
        ("detection probability = NaN", |scan, _| scan.detection_probability = f32::NAN),
        ("detection probability = 1.5", |scan, _| scan.detection_probability = 1.5),
        ("detection probability = 0.0", |scan, _| scan.detection_probability = 0.0),
        ("detection probability = -0.1", |scan, _| scan.detection_probability = -0.1),
        ("slack = inf", |scan, _| scan.slack_m = f32::INFINITY),
        ("slack = -1.0", |scan, _| scan.slack_m = -1.0),
        ("detection 0 of lane 0", |scan, _| spoilt(scan, |d| d.offset_m[0] = f32::NAN)),
        ("detection 0 of lane 0", |scan, _| spoilt(scan, |d| d.offset_m[2] = f32::NEG_INFINITY)),
        ("detection 0 of lane 0", |scan, _| spoilt(scan, |d| d.ahead_s = f32::NAN)),
        ("detection 0 of lane 0", |scan, _| spoilt(scan, |d| d.observation = 1)),
        ("source = Some(128)", |scan, _| {
            scan.detections = scan.detections.detections().iter().map(|d| (*d, 128)).collect();
        }),
        ("source = Some(200)", |scan, _| scan.detections.push(Detection::default(), 200)),
        ("detection 0 of lane 0", |_, observations| observations.clear()),
        ("observation 0", |_, observations| observations[0].position[0].sigma = 0.0),
        ("observation 0", |_, observations| observations[0].position[1].sigma = -1.0),
        ("observation 0", |_, observations| observations[0].position[0].sigma = f32::NAN),
        ("observation 0", |_, observations| observations[0].axes = 3),
        ("observation 0", |_, observations| observations[0].axes = 0),
        ("observation 0", |_, observations| observations[0].clutter = -1.0),
        ("observation 0", |_, observations| observations[0].position[1].direction[0] = f32::NAN),
        ("observation 0", |_, observations| observations[0].rates_m_s[2] = f32::INFINITY),
        ("observation 0", |_, observations| observations[0].kinds = 2),
        ("observation 0", |_, observations| observations[0].spread = f32::NAN),
        ("observation 0", |_, observations| observations[0].kinds = 1 << 12),
        ("observation 0", |_, observations| observations[0].rates = 1),
        ("observation 0", |_, observations| observations[0].rates = 4),
        ("observation 0", |_, observations| observations[0].ranges_m[1] = -1.0),
        ("observation 0", |_, observations| observations[0].velocity[2].direction[0] = f32::NAN),
    ];
    let elsewhere = Plane { cell_m: 50.0, ..plane() };
    let mask = Mask::new(elsewhere.clone(), vec![1.0; elsewhere.len()]).expect("a mask");
    let here = Mask::new(plane(), vec![1.0; plane().len()]).expect("a mask");
    let places: Vec<Detection> = (0..9).map(|n| detection([f64::from(n) * 40.0 + 20.0, 200.0])).collect();
    let scan = |time_us: i64| Scan {
        lane: 0,
        time_us,
        detection_probability: 0.9,
        sight: Sight::Mask(&here),
        slack_m: 0.0,
        detections: Sourced::of(127, places.clone()),
        views: Views::default(),
    };
    let begun = || {
        let mut batch = Batch::new(config(Mode::Soft, 8), Executor::host(), vec![setup(); 2]).expect("lanes");
        batch.step(vec![scan(5_000_000)], vec![measured()]).expect("a scan");
        batch
    };
    let (mut right, mut wrong) = (begun(), begun());
    for (wanted, fault) in faults {
        let (mut scan, mut observations) = (scan(6_000_000), vec![measured()]);
        fault(&mut scan, &mut observations);
        let error = wrong.step(vec![scan], observations).expect_err(wanted).to_string();
        assert!(error.contains(wanted) && error.contains(", wanted "), "`{wanted}`: {error}");
    }
    for scans in [vec![scan(6_000_000), scan(6_000_000)], vec![Scan { sight: Sight::Mask(&mask), ..scan(6_000_000) }]] {
        wrong.step(scans, vec![measured()]).expect_err("two of one lane, or the mask of another plane");
    }
    for batch in [&mut right, &mut wrong] {
        batch.step(vec![scan(6_000_000)], vec![measured()]).expect("a scan");
    }
    let tracks = right.estimates(0).expect("a lane");
    assert!(tracks.len() == 9 && tracks == wrong.estimates(0).expect("a lane"), "{} tracks", tracks.len());
    assert!(tracks.iter().all(|track| track.sources == [0, 0, 0, 1 << 31]), "of the last source that there is");
    assert!(right.estimates(2).is_err() && right.tracks(2).is_err() && right.request(2, 0).is_err());
}

#[test]
fn a_mask_or_a_field_that_does_not_fit_its_plane_is_an_error() {
    for share in [vec![1.0; 15], vec![1.5; 16], vec![f32::NAN; 16], vec![-0.5; 16]] {
        Mask::new(plane(), share).expect_err("no share for every cell");
    }
    Mask::new(Plane { cell_m: 0.0, ..plane() }, vec![1.0; 16]).expect_err("a plane without cells");
    let field = |density: Vec<f32>, birth: f32| {
        let prior = Prior { speed_m_s: 5.0, climb_m_s: 0.0, height_m: 0.0, height_most_m: 7500.0, reports_per_s: 0.0 };
        let undetected = UndetectedIntensity::Field { planes: plane().into(), density, birth, prior };
        Batch::new(
            config(Mode::Soft, 8),
            Executor::host(),
            vec![LaneSetup { radial: false, undetected, views: Vec::new() }],
        )
    };
    assert!(field(vec![1e-4; 16], 1e-6).is_ok());
    for (density, birth) in [(vec![1e-4; 10], 1e-6), (vec![f32::NAN; 16], 1e-6), (vec![1e-4; 16], -1.0)] {
        let error = field(density, birth).expect_err("no field of its plane").to_string();
        assert!(error.starts_with("lane 0: found "), "{error}");
    }
}

/// Detections of one spot, about its middle; the reports of the waves and what is left of the tracks.
fn dense(
    detections: usize,
    spread_m: f64,
    config: &Config,
    beside: Option<&Scans>,
) -> (Vec<WaveReport>, Vec<Estimate>) {
    let lanes = 1 + usize::from(beside.is_some());
    let mut batch = Batch::new(config.clone(), Executor::host(), vec![setup(); lanes]).expect("lanes");
    let mut random = ChaCha8Rng::seed_from_u64(5);
    for wave in 0..3 {
        let mut near = || 200.0 + spread_m * (random.random::<f64>() - 0.5);
        let places: Vec<[f64; 2]> = (0..detections).map(|_| [near(), near()]).collect();
        let scan = |lane: usize, places: &[[f64; 2]]| Scan {
            lane,
            time_us: i64::try_from(wave).expect("a wave") * 1_000_000,
            detection_probability: 0.9,
            sight: Sight::Everywhere,
            slack_m: 0.0,
            detections: Sourced::of(0, places.iter().copied().map(detection).collect()),
            views: Views::default(),
        };
        let other = beside.and_then(|scans| scans[wave].as_deref());
        let scans = core::iter::once(scan(0, &places)).chain(other.map(|places| scan(1, places))).collect();
        batch.step(scans, vec![measured()]).expect("a wave");
    }
    (batch.take_reports().expect("reports"), batch.estimates(0).expect("a lane"))
}

#[test]
fn a_dense_spot_has_as_many_hypotheses_as_its_tracks_may_choose_among() {
    for (mode, spread_m) in [(Mode::Assign, 20.0), (Mode::Assign, 0.0), (Mode::Soft, 20.0)] {
        let config = config(mode, 8);
        let most = u64::from(config.association.hypotheses_max.get());
        let (reports, alone) = dense(3000, spread_m, &config, None);
        for report in &reports[1..] {
            let WaveReport { tracks, edges, narrowed, .. } = *report;
            assert!(tracks >= 1000 && narrowed * 2 > tracks && edges <= tracks * most, "{spread_m} m: {report:?}");
            assert!(edges >= narrowed, "who is narrowed keeps a detection at least: {report:?}");
        }
        let others = scans(9, 40, 0.0);
        assert_eq!(alone, dense(3000, spread_m, &config, Some(&others)).1, "a lane beside it");
        // And the lane beside it does not notice.
        assert_eq!(run(&[&others], 0, &config), run(&[&others, &vec![Some(vec![[200.0; 2]; 500]); WAVES]], 0, &config));
    }
}

#[test]
fn a_bound_on_hypotheses_that_is_not_reached_changes_nothing_and_one_that_is_keeps_near_ones() {
    let own = scans(3, 60, 0.0);
    let with = |most: u32| {
        let mut config = config(Mode::Soft, 8);
        config.association.hypotheses_max = most.try_into().expect("above 0");
        run(&[&own], 0, &config)
    };
    let (bound, free, tight) = (with(64), with(u32::MAX), with(4));
    assert_eq!(bound, free);
    let count = |found: &[Vec<Estimate>]| found.iter().map(Vec::len).sum::<usize>();
    assert!(tight != free && count(&tight) * 10 > count(&free) * 8, "{} of {} tracks", count(&tight), count(&free));
}

#[test]
fn a_place_without_a_track_is_in_no_picture_however_little_is_asked_for() {
    for (prune, report) in [(0.0, 0.0), (0.04, 0.0), (0.04, 0.5)] {
        let mut config = config(Mode::Assign, 8);
        config.existence.prune = f32::try_into(prune).expect("a probability");
        config.existence.report = f32::try_into(report).expect("a probability");
        for tracks in run(&[&scans(5, 12, 0.3)], 0, &config) {
            assert!(tracks.iter().all(|track| track.existence > 0.0 && track.existence >= report), "{prune} {report}");
            assert!(
                tracks.is_sorted_by_key(|track| track.born) && tracks.windows(2).all(|two| two[0].born != two[1].born)
            );
        }
    }
}
