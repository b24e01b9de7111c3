//! The command line.
use trackweave::{bench::Bench, fusion::executor::Executor};
fn main() {
    let mut a = std::env::args().skip(1);
    let n: usize = a.next().unwrap().parse().unwrap();
    let mode = a.next().unwrap();
    let mut config: trackweave::fusion::config::Config =
        toml::from_str(include_str!("../data/config/bench.toml")).unwrap();
    if mode == "soft" {
        config.association.mode = trackweave::fusion::config::Mode::Soft;
    }
    let f = Bench { objects: n, scans: 12, seed: 1, config }.run(Executor::host(), |_| {}).unwrap();
    println!("{f:#?}");
}
