//! The published scenarios of `docs/scenarios.md`: both modes of association beside figures of independent code.
//!
//! `cargo bench --bench scenarios -- [--runs 1000]`

mod births;
mod crossing;
mod lanes;

fn main() {
    let after = std::env::args().skip_while(|word| word != "--runs").nth(1);
    let runs = after.and_then(|number| number.parse().ok()).unwrap_or(1000);
    crossing::table(runs);
    crossing::table_of_views(runs);
    births::table(runs);
}
