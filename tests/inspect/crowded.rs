//! Where tracks have many detections to choose among it is said, with the key to change.

use super::world::{PLAIN, True, World, inspected, near};
use trackweave::inspect::Inspection;

/// People in a square, seen every second by who knows them.
fn square(edge_m: f64, sigma_m: f64) -> Inspection {
    let world = World { objects: 150, edge_m, speed_m_s: [0.5, 1.5], turning_m2_s3: 0.05, seconds: 60.0, seed: 3 };
    inspected(&world, &[True { sigma_m, period_s: 1.0, detects: 0.95, false_rows: 0.5, addresses: true, ..PLAIN }])
}

#[test]
fn a_crowd_in_the_gate_is_said_and_what_to_change() {
    let (loose, dense) = (square(400.0, 0.3), square(30.0, 0.6));
    let of = |found: &Inspection| found.sensors[0].crowd.expect("a crowd");
    let told = |found: &Inspection| {
        found.remarks.iter().find(|remark| remark.found.contains("gate of a track")).map(|remark| remark.wanted.clone())
    };
    // Of n others evenly spread over A, n π r² / A are within r.
    for (found, edge_m) in [(&loose, 400.0_f64), (&dense, 30.0)] {
        let crowd = of(found);
        let wanted = 0.95 * 149.0 * std::f64::consts::PI * (crowd.reach_m / edge_m).powi(2);
        near("detections in the gate", crowd.others, wanted, 0.3 * wanted + 0.3);
    }
    assert!(told(&loose).is_none(), "{:?}", loose.remarks);
    let wanted = told(&dense).unwrap_or_else(|| panic!("{:?} {:?}", of(&dense), dense.remarks));
    assert!(wanted.contains("`fusion."), "{wanted}");
}
