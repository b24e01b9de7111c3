//! The command line.
use std::path::Path;
use trackweave::{fusion::executor::Executor, run::{Request, RunConfig, run}};
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let config = RunConfig::air().unwrap();
    let request = Request { recording: Path::new(&a[1]), policy: Path::new(&a[2]), out: Path::new(&a[3]), config: &config, strict: false, as_of_us: None };
    match run(&request, Executor::host(), &mut |_| {}) {
        Ok(r) => for p in &r.partners { println!("{} det {} rows {} tracks {} withheld {:?} rowsw {:?} levels {:?} auth {:?}\n   gospa {:?} cov {:?} rmse {:?} switches {:?} truth {:?} missed {:?} false {:?}", p.partner, p.detections, p.rows, p.tracks, p.detections_withheld, p.rows_withheld, p.levels, p.authorities, p.score.as_ref().and_then(|s| s.gospa_rms_m), p.score.as_ref().and_then(|s| s.coverage), p.score.as_ref().and_then(|s| s.position_rmse_m), p.score.as_ref().map(|s| s.identity.clone()), p.score.as_ref().map(|s| s.truth_points), p.score.as_ref().map(|s| s.missed), p.score.as_ref().map(|s| s.false_tracks)); },
        Err(e) => { println!("error: {e}"); }
    }
}
