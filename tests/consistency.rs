//! Covariances are honest: a short sample of `docs/consistency.md`.

#[path = "../benches/scenarios/consistency.rs"]
#[expect(dead_code, reason = "the bench prints a table")]
mod consistency;

/// A sample in which a covariance that does not turn with the line of sight has 2.6 for a wide beam with a range rate.
const SEED: u64 = 5;
/// How far a short sample may be off what the long one has to keep to.
const SLACK: f64 = 0.12;

#[test]
fn errors_are_as_large_as_covariances_say() {
    let mut wrong = Vec::new();
    for case in consistency::cases() {
        for (part, (name, nees, rows)) in case.measure(60, 40, SEED).into_iter().enumerate() {
            assert!(rows > 100, "{name}: {rows} rows");
            let allowed = consistency::allowed(&case, part);
            for (what, (found, [low, high])) in ["place", "velocity"].iter().zip(nees.into_iter().zip(allowed)) {
                if found < low - SLACK || found > high + SLACK {
                    wrong.push(format!("{name}, {what}: {found:.2}, wanted {low} to {high}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
