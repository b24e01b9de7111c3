//! Propagations a second of the crate `sgp4`: `cargo run --release --manifest-path benches/peers/Cargo.toml --bin sgp4 -- 100000`
//!
//! Low orbits, each to one time 60 s or 600 s after its epoch, on all cores; the best of eleven rounds. It gives a place and a
//! velocity by a closed formula (SGP4: J2 to J4, drag), and no covariance.

use std::process::ExitCode;
use std::time::Instant;

use rayon::prelude::*;
use sgp4::{Constants, MinutesSinceEpoch, Orbit, WGS72, iau_epoch_to_sidereal_time};

const ROUNDS: usize = 11;

/// The n-th of some low orbits, spread over planes and phases.
fn orbit(n: usize, of: usize) -> Orbit {
    let part = |factor: f64| (n as f64 * factor).fract() * core::f64::consts::TAU;
    // From 400 km to 800 km: rad a minute.
    let a_km: f64 = 6_778.0 + 400.0 * n as f64 / of as f64;
    let mean_motion = 60.0 * (398_600.8 / a_km.powi(3)).sqrt();
    Orbit {
        inclination: 0.5 + part(0.618_034) / 4.0,
        right_ascension: part(0.754_878),
        eccentricity: 0.001,
        argument_of_perigee: part(0.569_840),
        mean_anomaly: part(0.819_173),
        mean_motion,
    }
}

fn main() -> ExitCode {
    let Some(objects) = std::env::args().nth(1).and_then(|word| word.parse().ok()).filter(|objects| *objects > 0)
    else {
        eprintln!("wanted a number of objects, above 0");
        return ExitCode::from(2);
    };
    let satellite = |n| Constants::new(WGS72, iau_epoch_to_sidereal_time, 24.0, 1e-5, orbit(n, objects));
    let satellites: Result<Vec<_>, _> = (0..objects).map(satellite).collect();
    let Ok(satellites) = satellites else {
        eprintln!("an orbit is out of range");
        return ExitCode::FAILURE;
    };
    for minutes in [1.0, 10.0] {
        let mut best_s = f64::INFINITY;
        for _ in 0..ROUNDS {
            let began = Instant::now();
            let at = |constants: &Constants| {
                constants.propagate(MinutesSinceEpoch(minutes)).map_or([f64::NAN; 3], |at| at.position)
            };
            let places: Vec<[f64; 3]> = satellites.par_iter().map(at).collect();
            best_s = best_s.min(began.elapsed().as_secs_f64());
            if places.iter().flatten().any(|km| !km.is_finite()) {
                eprintln!("a place is no number");
                return ExitCode::FAILURE;
            }
        }
        println!(
            "crate sgp4, {objects} objects, {:.0} s: {:.2} million a second",
            60.0 * minutes,
            objects as f64 / best_s / 1e6
        );
    }
    ExitCode::SUCCESS
}
