//! What codes of quality say, as standard deviations.
//!
//! A radius that holds 95 % of the errors of a circular Gaussian is σ √(−2 ln 0.05) = 2.448 σ; one that all but a share p
//! of them keep to, σ √(−2 ln p). Of one axis 95 % are within 1.960 σ.

/// Standard deviations in a radius that holds 95 % of horizontal errors.
const CIRCLE_95: f64 = 2.447_746_830_680_816_6;

/// Standard deviations within which 95 % of the errors along one axis are.
const AXIS_95: f64 = 1.959_963_984_540_054;

/// Metres in a nautical mile.
const NM: f64 = 1852.0;

fn of_table(table: &[f64], code: u64, in_radius: f64) -> Option<f64> {
    let radius = *usize::try_from(code).ok().and_then(|code| table.get(code))?;
    (radius > 0.0).then(|| radius / in_radius)
}

/// The standard deviation of a circular Gaussian of which a radius holds 95 %.
pub(super) fn circle(radius: f64) -> f64 {
    radius / CIRCLE_95
}

/// Navigation accuracy category of position: the estimated position uncertainty, 95 % (RTCA DO-260B, EUROCAE ED-102A).
pub(super) fn nac_p(code: u64) -> Option<f64> {
    let radii = [0.0, 10.0 * NM, 4.0 * NM, 2.0 * NM, NM, 0.5 * NM, 0.3 * NM, 0.1 * NM, 0.05 * NM, 30.0, 10.0, 3.0];
    of_table(&radii, code, CIRCLE_95)
}

/// Navigation uncertainty category of position: horizontal errors, 95 % (RTCA DO-260, EUROCAE ED-102).
pub(super) fn nuc_p(code: u64) -> Option<f64> {
    let radii = [0.0, 10.0 * NM, 5.0 * NM, NM, 0.5 * NM, 0.25 * NM, 0.1 * NM, 0.05 * NM, 10.0, 3.0];
    of_table(&radii, code, CIRCLE_95)
}

/// Navigation integrity category: a radius that errors leave with the probability of the source integrity level
/// (RTCA DO-260B). Only where no accuracy is said: it bounds, and so errs to the safe side.
pub(super) fn nic(code: u64, sil: u64) -> Option<f64> {
    let radii = [0.0, 20.0 * NM, 8.0 * NM, 4.0 * NM, 2.0 * NM, NM, 0.6 * NM, 0.2 * NM, 0.1 * NM, 75.0, 25.0, 7.5];
    // √(−2 ln p) for p = 10⁻³, 10⁻⁵ and 10⁻⁷.
    let in_radius = match sil {
        1 => 3.716_922_188_849_838,
        2 => 4.798_525_912_188_081,
        3 => 5.677_692_427_555_11,
        _ => return None,
    };
    of_table(&radii, code, in_radius)
}

/// Navigation accuracy, or uncertainty, category of velocity: horizontal errors, 95 %, metres a second
/// (RTCA DO-260B; DO-260 has the same radii for the older one).
pub(super) fn nac_v(code: u64) -> Option<f64> {
    of_table(&[0.0, 10.0, 3.0, 1.0, 0.3], code, CIRCLE_95)
}

/// Geometric vertical accuracy: 95 % (RTCA DO-260B).
pub(super) fn gva(code: u64) -> Option<f64> {
    of_table(&[0.0, 150.0, 45.0], code, AXIS_95)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn radii_hold_the_share_that_they_are_said_to_hold() {
        // Independent of the constants: the share of a circular Gaussian within a radius is 1 − exp(−r²/2σ²).
        let within = |radius: f64, sigma: f64| 1.0 - (-(radius / sigma).powi(2) / 2.0).exp();
        assert!((within(3.0, nac_p(11).expect("a sigma")) - 0.95).abs() < 1e-12);
        assert!((within(0.05 * 1852.0, nuc_p(7).expect("a sigma")) - 0.95).abs() < 1e-12);
        assert!((within(0.3, nac_v(4).expect("a sigma")) - 0.95).abs() < 1e-12);
        for (sil, beyond) in [(1, 1e-3), (2, 1e-5), (3, 1e-7)] {
            let share = 1.0 - within(75.0, nic(9, sil).expect("a sigma"));
            assert!((share / beyond - 1.0).abs() < 1e-6, "{share} {beyond}");
        }
        assert!((gva(2).expect("a sigma") - 22.96).abs() < 0.01);
        assert_eq!((nac_p(0), nac_p(12), nuc_p(10), nic(9, 0), nac_v(5), gva(3)), (None, None, None, None, None, None));
    }
}
