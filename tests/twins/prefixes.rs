//! Whole waves with the first k stages on the device, for every k: the same tracks, or the name of the first stage
//! that differs.

use crate::{exact_trial, open, planted};
use libtest_mimic::{Failed, Trial};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use trackweave::fusion::arrays::{Detection, Observation};
use trackweave::fusion::batch::{Batch, Estimate, LaneSetup, Scan};
use trackweave::fusion::config::Config;
use trackweave::fusion::device::{KERNELS, Kernel, Options, Runner};
use trackweave::fusion::executor::{Executor, STAGES};
use trackweave::fusion::undetected::{Plane, Prior, Undetected};
use trackweave::space::Place;

const LANES: usize = 3;
const SCANS: usize = 8;
const OBJECTS: usize = 60;
const SIDE_M: f64 = 4000.0;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        exact_trial("prefixes::every_prefix_gives_the_tracks_of_the_host".into(), || {
            let host = run(Executor::host())?;
            if host.iter().any(|lane| lane.len() < OBJECTS / 2) {
                return Err("the waves hold too few tracks to say anything".into());
            }
            first_difference(KERNELS, &host)?.map_or(Ok(()), |differs| Err(differs.1.into()))
        }),
        exact_trial("prefixes::a_wrong_stage_is_named".into(), || {
            let host = run(Executor::host())?;
            for wrong in KERNELS {
                let plant = |kernel: &Kernel| if kernel.name == wrong.name { planted(kernel) } else { *kernel };
                let kernels: Vec<Kernel> = KERNELS.iter().map(plant).collect();
                let found = first_difference(kernels.leak(), &host)?;
                if found.as_ref().map(|(stage, _)| *stage) != Some(wrong.name) {
                    return Err(format!("`{}` is wrong; found {found:?}", wrong.name).into());
                }
            }
            Ok(())
        }),
    ]
}

/// The first stage whose kernel changes the tracks, and what it changes.
fn first_difference(
    kernels: &'static [Kernel],
    host: &[Vec<Estimate>],
) -> Result<Option<(&'static str, String)>, Failed> {
    for (stage, stages) in STAGES.iter().zip(1..) {
        let runner = Runner::new(open()?, kernels, Options::LARGEST)?;
        let found = run(Executor::device(Box::new(runner), stages))?;
        for (lane, (found, wanted)) in found.iter().zip(host).enumerate() {
            let (kernels, twins) = (found.len(), wanted.len());
            if kernels != twins {
                let text = format!("lane {lane}: {kernels} tracks, the host has {twins}");
                return Ok(Some((stage.name, format!("`{}` is the first stage that differs; {text}", stage.name))));
            }
            if let Some((found, wanted)) = found.iter().zip(wanted).find(|(found, wanted)| found != wanted) {
                let text = format!("lane {lane}: found {found:?}, the host has {wanted:?}");
                return Ok(Some((stage.name, format!("`{}` is the first stage that differs; {text}", stage.name))));
            }
        }
    }
    Ok(None)
}

/// A few waves over three lanes, one of which rests every other wave; the estimates of each lane at the end.
fn run(executor: Executor) -> Result<Vec<Vec<Estimate>>, Failed> {
    let config: Config = toml::from_str(include_str!("../../data/config/bench.toml"))?;
    let mut batch = Batch::new(config, executor, (0..LANES).map(lane).collect());
    let mut random = ChaCha8Rng::seed_from_u64(11);
    let starts: Vec<[f64; 2]> = (0..OBJECTS).map(|_| [(); 2].map(|()| random.random_range(0.0..SIDE_M))).collect();
    let speeds: Vec<[f64; 2]> = (0..OBJECTS).map(|_| [(); 2].map(|()| random.random_range(-15.0..15.0))).collect();
    for scan in 0..SCANS {
        let mut scans = Vec::new();
        for lane in 0..LANES {
            if lane == 1 && scan % 2 == 1 {
                continue;
            }
            let seconds = scan as f64;
            let measured =
                starts.iter().zip(&speeds).enumerate().filter(|_| random.random_bool(0.95)).collect::<Vec<_>>();
            let detections: Vec<Detection> = measured
                .into_iter()
                .map(|(object, (start, speed))| {
                    let noise = [(); 2].map(|()| random.random_range(-12.0..12.0));
                    let at = |axis: usize| start[axis] + speed[axis] * seconds + noise[axis];
                    let Place { tile, offset_m } = Place::from_metres([at(0), at(1), 0.0]);
                    let observation = u32::try_from((lane + object) % 2).expect("two");
                    Detection { tile, ahead_s: 0.0, offset_m, observation }
                })
                .collect();
            scans.push(Scan {
                lane,
                time_us: i64::try_from(scan)? * 1_000_000,
                detection_probability: 0.95,
                mask: None,
                slack_m: 0.0,
                source: vec![0; detections.len()],
                detections,
            });
        }
        batch.step(scans, vec![observation(10.0), observation(14.0)])?;
    }
    Ok((0..LANES).map(|lane| batch.estimates(lane)).collect())
}

fn observation(sigma_m: f32) -> Observation {
    Observation {
        axis_0: [0.6, 0.8, 0.0],
        sigma_0_m: sigma_m,
        axis_1: [-0.8, 0.6, 0.0],
        sigma_1_m: 10.0,
        axis_2: [0.0, 0.0, 1.0],
        sigma_2_m: 20.0,
        axes: 3,
        clutter: 1e-9,
        spread: 1e-3,
        ..Observation::default()
    }
}

fn lane(lane: usize) -> LaneSetup {
    let plane = Plane {
        origin: Place::from_metres([-1000.0, -1000.0, 0.0]),
        east: [1.0, 0.0, 0.0],
        north: [0.0, 1.0, 0.0],
        cell_m: 1000.0,
        cells: [6, 6],
    };
    let undetected = Undetected::Field {
        density: vec![4e-6; plane.len()],
        birth: 1e-9,
        plane,
        prior: Prior { speed_m_s: 10.0, climb_m_s: 1.0, height_m: 100.0 },
    };
    LaneSetup { radial: lane == 2, undetected }
}
