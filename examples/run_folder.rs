//! Folders in, folders out: a recording and a policy become one picture per partner, and one of them is read back.
//!
//! ```sh
//! cargo run --release --example run_folder
//! ```

use std::env::args_os;
use std::error::Error;
use std::path::{Path, PathBuf};
use trackweave::fusion::executor::Executor;
use trackweave::product::read_picture;
use trackweave::run::{Progress, Request, RunConfig, run};

fn main() -> Result<(), Box<dyn Error>> {
    // Folders of a recording and a policy, and the folder to write; without them, the demo's.
    let mut given = args_os().skip(1).map(PathBuf::from);
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/demo");
    let recording = given.next().unwrap_or_else(|| data.join("recording"));
    let policy = given.next().unwrap_or_else(|| data.join("policy"));
    let out = given.next().unwrap_or_else(|| PathBuf::from("out/run_folder"));

    let config = RunConfig::air()?;
    let request = Request::new(&recording, &policy, &out, &config);
    let mut fused = 0;
    let report = run(&request, Executor::host(), &mut |progress| {
        if let Progress::Fusing(rows, _) = progress {
            fused = rows;
        }
    })?;
    println!("{}: {fused} detections fused for {} partners", report.recording, report.partners.len());

    for partner in &report.partners {
        let picture = read_picture(&out.join(&partner.partner))?;
        let last = picture.iter().map(|point| point.time_us).max();
        let now = picture.iter().filter(|point| Some(point.time_us) == last).count();
        println!("{}: {} rows of {} tracks, {now} at the end", partner.partner, picture.len(), partner.tracks);
    }
    Ok(())
}
