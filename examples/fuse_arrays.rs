//! Arrays in, arrays out: positions in the plane, one array a scan, fused by the batch itself. No files, no policy.
//!
//! ```sh
//! cargo run --release --example fuse_arrays
//! ```

use ndarray::{Array2, ArrayView2, array};
use std::error::Error;
use trackweave::fusion::batch::{Batch, Estimate, LaneSetup};
use trackweave::fusion::executor::Executor;
use trackweave::fusion::undetected::{Prior, Undetected};
use trackweave::run::RunConfig;
use trackweave::scan::{Detection, Observation, Plane, Scan, Sight, Sourced};
use trackweave::space::Place;

/// Standard deviation of a measured position, metres.
const SIGMA_M: f32 = 20.0;

fn main() -> Result<(), Box<dyn Error>> {
    let config = RunConfig::air()?.fusion;
    // The lane: 40 km × 40 km in which an object may turn up anywhere, one in 1,000 km².
    let plane = Plane {
        origin: Place::from_metres([-20e3, -20e3, 0.0]),
        east: [1.0, 0.0, 0.0],
        north: [0.0, 1.0, 0.0],
        cell_m: 1000.0,
        cells: [40, 40],
    };
    let undetected = Undetected::Field {
        density: vec![1e-9; plane.len()],
        plane,
        birth: 1e-12,
        prior: Prior { speed_m_s: 150.0, climb_m_s: 0.0, height_m: 0.0 },
    };
    let mut batch = Batch::new(config, Executor::host(), vec![LaneSetup { radial: false, undetected }])?;
    // One object flies east, one north; every five seconds both are measured.
    for scan in 0..24_i32 {
        let t = f64::from(scan) * 5.0;
        let noise = 15.0 * f64::from(scan * 7 % 5 - 2);
        let positions = array![[-12e3 + 200.0 * t, 500.0 + noise], [3e3 + noise, -9e3 + 150.0 * t]];
        let (scan, observation) = measured(i64::from(scan) * 5_000_000, &positions.view());
        batch.step(vec![scan], vec![observation])?;
    }
    let tracks = states(&batch.estimates(0)?);
    println!("{} tracks; existence, x, y (m), vx, vy (m/s):\n{tracks:.1}", tracks.nrows());
    if tracks.nrows() == 2 { Ok(()) } else { Err(format!("found {} tracks, wanted 2", tracks.nrows()).into()) }
}

/// Positions, \[n, 2\] in metres, as a scan of lane 0 with one kind of noise.
fn measured(time_us: i64, positions: &ArrayView2<'_, f64>) -> (Scan<'static>, Observation) {
    let detection = |row: ndarray::ArrayView1<'_, f64>| {
        let Place { tile, offset_m } = Place::from_metres([row[0], row[1], 0.0]);
        Detection { tile, offset_m, ahead_s: 0.0, observation: 0 }
    };
    let detections: Vec<Detection> = positions.rows().into_iter().map(detection).collect();
    let (sight, detections) = (Sight::Everywhere, Sourced::of(0, detections));
    let scan = Scan { lane: 0, time_us, detection_probability: 0.9, sight, slack_m: 0.0, detections };
    let [axis_0, axis_1, axis_2] = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    let (sigma_0_m, sigma_1_m) = (SIGMA_M, SIGMA_M);
    // One false detection in 10,000 km² and scan; a position says nothing of what it does not measure.
    let (clutter, spread) = (1e-10, 1.0);
    let axes = Observation { axis_0, sigma_0_m, axis_1, sigma_1_m, axis_2, axes: 2, ..Observation::default() };
    (scan, Observation { clutter, spread, ..axes })
}

/// Tracks, a row each: existence, x, y, vx, vy.
fn states(estimates: &[Estimate]) -> Array2<f64> {
    let mut states = Array2::zeros((estimates.len(), 5));
    for (mut row, estimate) in states.rows_mut().into_iter().zip(estimates) {
        let ([x, y, _], [_, _, _, vx, vy, _]) = (estimate.position_m(), estimate.state.mean);
        row.assign(&array![f64::from(estimate.existence), x, y, f64::from(vx), f64::from(vy)]);
    }
    states
}
