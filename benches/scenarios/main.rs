//! The published scenarios of `docs/scenarios.md`: both modes of association, and process noise of one model or several,
//! beside figures of independent code; and whether covariances are honest, the table of `docs/consistency.md`.
//!
//! `cargo bench --bench scenarios -- [--runs 1000] [--manoeuvres] [--consistency]`: with one of the last, that table alone.

mod births;
mod consistency;
mod crossing;
mod lanes;
mod manoeuvres;

fn main() {
    let asks = |wanted: &str| std::env::args().any(|word| word == wanted);
    if asks("--manoeuvres") {
        return manoeuvres::table(200);
    }
    if !asks("--consistency") {
        let after = std::env::args().skip_while(|word| word != "--runs").nth(1);
        let runs = after.and_then(|number| number.parse().ok()).unwrap_or(1000);
        crossing::table(runs);
        crossing::table_of_views(runs);
        births::table(runs);
        manoeuvres::table(200);
    }
    consistency::table();
}
