//! Tracks of several motion models follow turns as those of independent code do: a short sample of scenario F beside numbers
//! of `tests/oracle/manoeuvres.py 20`.

#[path = "../benches/scenarios/manoeuvres.rs"]
#[expect(dead_code, reason = "the bench prints a table")]
mod manoeuvres;

use manoeuvres::{Errors, ROWS, measure};

const TARGETS: u64 = 20;
/// Of the rows that are compared, every 4 s: places (m), velocities (m/s), NEES per dimension of both; filtered, smoothed.
const REFERENCE: [(&str, [[f64; 4]; 2]); 3] = [
    ("one, 200", [[113.14, 27.84, 0.968, 0.521], [63.04, 11.32, 0.804, 0.261]]),
    ("two, 0.3 and 1000", [[98.91, 23.8, 0.942, 0.723], [53.24, 9.2, 0.785, 0.312]]),
    ("three, 0.3, 30 and 1000", [[98.35, 23.89, 0.941, 0.827], [52.23, 8.91, 0.785, 0.33]]),
];

#[test]
fn errors_of_one_two_and_three_models_are_those_of_independent_code() {
    for (name, wanted) in REFERENCE {
        let (_, levels) = ROWS.into_iter().find(|(row, _)| *row == name).expect("a row of the table");
        let (errors, lost) = measure(TARGETS, 4.0, levels);
        assert_eq!(lost, 0, "{name}");
        for (errors, wanted) in errors.into_iter().zip(wanted) {
            let Errors { position_m, velocity_m_s, nees: [place, speed] } = errors;
            for (found, wanted) in [position_m, velocity_m_s, place, speed].into_iter().zip(wanted) {
                assert!((found / wanted - 1.0).abs() < 0.01, "{name}: {errors:?}, wanted {wanted}");
            }
        }
    }
}
