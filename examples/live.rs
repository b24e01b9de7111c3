//! A thousand simulated objects, tracked as a radar's plots come, turn by turn.
//!
//! ```sh
//! cargo run --release --example live
//! ```

use trackweave::prelude::*;

fn main() -> Result<(), Error> {
    let radar = Sensor::radar("radar").at_m([0.0; 3]).noise_range_m(20.0).noise_azimuth_deg(0.05);
    let radar = radar.sees_range_m([1e3, 100e3]).scan_period_s(4.0).detection_probability(0.95);
    let mut tracker = Tracker::local().preset("air").sensor(radar).build()?;
    for turn in 0..30 {
        let t = f64::from(turn) * 4.0;
        let plots = (0..1000_i32).filter(|k| (7 * k + 13 * turn) % 20 > 0).map(|k| {
            // Each starts at a place of its own and flies its own way at 100 m/s or more; one plot in twenty is missed.
            let [k, noise] = [f64::from(k), f64::from((k * 37 + turn * 101) % 41 - 20) / 10.0];
            let [start, way] = [2.4 * k, 1.7 * k].map(f64::sin_cos);
            let [x, y] =
                [(start.0, way.0), (start.1, way.1)].map(|(s, w)| (20e3 + 70.0 * k) * s + (100.0 + 0.1 * k) * w * t);
            Detection::plot(t, x.hypot(y) + 15.0 * noise, x.atan2(y).to_degrees() + 0.03 * noise)
        });
        tracker.push("radar", plots)?;
        tracker.advance(t + 4.0)?;
    }
    println!("{} of 1000 objects tracked", tracker.tracks()?.iter().filter(|track| track.confirmed).count());
    Ok(())
}
