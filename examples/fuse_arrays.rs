//! Arrays in, arrays out: what a radar measured, one array a turn, becomes scans and is fused as it comes. No files, no
//! policy, and the end of the recording need not be known.
//!
//! ```sh
//! cargo run --release --example fuse_arrays
//! ```

use ndarray::{Array2, ArrayView2, array};
use std::error::Error;
use std::path::Path;
use trackweave::config::RunConfig;
use trackweave::fusion::batch::{Batch, Estimate, LaneSetup};
use trackweave::fusion::executor::Executor;
use trackweave::ingest::Catalogue;
use trackweave::scan::{Lane, Row, Scans};
use trackweave::sensor::{Polar, Reading};

/// What a `recording.toml` would say.
const CATALOGUE: &str = r#"
name = "one radar"
frame = "local"
time = "seconds"

[[sensor]]
name = "radar"
owner = "aspen"
kind = "radar"
site = { x_m = 0.0, y_m = 0.0, z_m = 0.0 }
noise = { range_m = 20.0, azimuth_deg = 0.1 }
detection_probability = 0.9
clutter_per_scan = 0.1
scan_period_s = 5.0
coverage = { range_m = [500.0, 20000.0] }
"#;

fn main() -> Result<(), Box<dyn Error>> {
    let catalogue = Catalogue::parse(CATALOGUE, Path::new("catalogue"))?;
    let config = RunConfig::air()?.fusion;
    // The lane: all that the radar sees, in cells of a kilometre.
    let lane = Lane::open(&catalogue, [0], 1000.0)?;
    let setup = LaneSetup::new(&lane, catalogue.frame, &config);
    let mut scans = Scans::new(&catalogue, &lane, 0, config.undetected.speed_m_s);
    let mut batch = Batch::new(config, Executor::host(), vec![setup])?;
    // One object flies east, one north; every five seconds the radar has turned once.
    for turn in 0..24_i32 {
        let t = f64::from(turn) * 5.0;
        let noise = 15.0 * f64::from(turn * 7 % 5 - 2);
        let places = [[-12e3_f64 + 200.0 * t, 500.0 + noise], [3e3 + noise, -9e3 + 150.0 * t]];
        let polar = Array2::from_shape_fn((2, 2), |(object, quantity)| {
            let [x, y] = places[object];
            if quantity == 0 { x.hypot(y) } else { x.atan2(y) }
        });
        let time_us = i64::from(turn) * 5_000_000;
        for row in rows(&catalogue, time_us, &polar.view())? {
            scans.push(row)?;
        }
        // The turn is over, whatever comes.
        scans.advance(time_us + 5_000_000);
        let mut observations = Vec::new();
        while let Some(scan) = scans.next_scan(0, &mut observations)? {
            batch.step(vec![scan], std::mem::take(&mut observations))?;
        }
    }
    let tracks = states(&batch.estimates(0)?);
    println!("{} tracks; existence, x, y (m), vx, vy (m/s):\n{tracks:.1}", tracks.nrows());
    if tracks.nrows() == 2 { Ok(()) } else { Err(format!("found {} tracks, wanted 2", tracks.nrows()).into()) }
}

/// Ranges in metres and azimuths in radians, \[n, 2\], as rows of the radar.
fn rows(catalogue: &Catalogue, time_us: i64, polar: &ArrayView2<'_, f64>) -> Result<Vec<Row>, Box<dyn Error>> {
    let row = |measured: ndarray::ArrayView1<'_, f64>| {
        let reading = Reading::Radar(Polar {
            range_m: [measured[0], 20.0],
            azimuth_rad: [measured[1], 0.1_f64.to_radians()],
            elevation_rad: None,
            altitude_m: None,
            range_rate_m_s: None,
        });
        Ok(Row::new(catalogue, 0, time_us, &reading, 0)?)
    };
    polar.rows().into_iter().map(row).collect()
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
