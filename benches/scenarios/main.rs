//! The published scenarios of `docs/scenarios.md`, all Monte Carlo runs as lanes of one batch.
mod crossing;
mod lanes;

fn main() {
    let runs: usize = std::env::args().skip_while(|a| a != "--runs").nth(1).and_then(|n| n.parse().ok()).unwrap_or(1000);
    crossing::table(runs);
}
