//! The conversions against geometry worked by hand and against many noisy draws.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::*;
use crate::sensor::HEIGHT_M;

const IDENTITY: [[f64; 3]; 3] = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];

fn plain() -> Site {
    Site::new(Frame::Local, [100.0, 200.0, 50.0], IDENTITY)
}

fn alps() -> (Geodetic, Site) {
    let site = Geodetic { latitude_deg: 46.5, longitude_deg: 7.0, altitude_m: 1600.0 };
    (site, Site::new(Frame::Geodetic, site.ecef(), site.enu_axes()))
}

fn polar(range_m: [f64; 2], azimuth_deg: [f64; 2], elevation_deg: Option<[f64; 2]>) -> Polar {
    Polar {
        range_m,
        azimuth_rad: azimuth_deg.map(f64::to_radians),
        elevation_rad: elevation_deg.map(|e| e.map(f64::to_radians)),
        altitude_m: None,
        range_rate_m_s: None,
    }
}

fn near(found: &[f64], wanted: &[f64], tolerance: f64) {
    assert_eq!(found.len(), wanted.len());
    for (a, b) in found.iter().zip(wanted) {
        assert!((a - b).abs() <= tolerance, "{found:?} is not {wanted:?} to {tolerance}");
    }
}

/// Range, azimuth and elevation of a point from a site.
fn seen_from(site: &Site, point: [f64; 3]) -> [f64; 3] {
    let away = sum(1.0, point, -1.0, site.metres);
    let [e, n, u] = site.enu.map(|axis| dot(axis, away));
    [dot(away, away).sqrt(), e.atan2(n), u.atan2(e.hypot(n))]
}

#[test]
fn a_radar_measurement_is_a_point_with_three_axes() {
    // 30° from north, 60° up: cos ε = 1/2, sin θ = 1/2.
    let converted = polar([1000.0, 10.0], [30.0, 0.1], Some([60.0, 0.2])).convert(&plain()).unwrap();
    let (half, root) = (0.5, 0.75_f64.sqrt());
    near(&converted.metres, &[350.0, 200.0 + 500.0 * root, 50.0 + 1000.0 * root], 1e-9);
    near(&converted.horizontal, &converted.metres[..2], 0.0);
    let measurement = converted.measurement;
    let wanted = [[half * half, half * root, root], [root, -half, 0.0], [-root * half, -root * root, half]];
    for (axis, wanted) in measurement.axes.iter().zip(&wanted) {
        near(&axis.map(f64::from), wanted, 1e-7);
    }
    let sigma = [10.0, 500.0 * 0.1_f64.to_radians(), 1000.0 * 0.2_f64.to_radians()];
    near(&measurement.sigma_m.map(f64::from), &sigma, 1e-6);
    assert_eq!((measurement.rows, measurement.slant), (3, false));
    near(&[f64::from(measurement.range_m)], &[1000.0], 0.0);
}

#[test]
fn the_axes_of_every_conversion_are_orthonormal() {
    let (_, site) = alps();
    for azimuth in [0.0, 45.0, 133.0, 270.0, -20.0] {
        for elevation in [None, Some([-3.0, 1.0]), Some([20.0, 5.0]), Some([90.0, 1.0])] {
            for site in [plain(), site] {
                let converted = polar([5e4, 50.0], [azimuth, 2.0], elevation).convert(&site).unwrap();
                let axes = converted.measurement.axes.map(|axis| axis.map(f64::from));
                for (i, a) in axes.iter().enumerate() {
                    for (j, b) in axes.iter().enumerate() {
                        near(&[dot(*a, *b)], &[f64::from(u8::from(i == j))], 1e-6);
                    }
                }
                let rows = usize::try_from(converted.measurement.rows).unwrap();
                assert!(converted.measurement.sigma_m[..rows].iter().all(|sigma| *sigma > 0.0), "{converted:?}");
                let beyond = &converted.measurement.sigma_m[rows..];
                assert!(beyond.iter().all(|sigma| (sigma.to_bits() == 0) != converted.measurement.slant));
            }
        }
    }
}

#[test]
fn east_of_a_site_on_the_equator_is_the_ecef_y_axis() {
    let site = Geodetic { latitude_deg: 0.0, longitude_deg: 0.0, altitude_m: 0.0 };
    let site = Site::new(Frame::Geodetic, site.ecef(), site.enu_axes());
    let east = polar([1000.0, 10.0], [90.0, 0.1], Some([0.0, 0.1])).convert(&site).unwrap();
    near(&east.metres, &[6_378_137.0, 1000.0, 0.0], 1e-6);
    near(&east.measurement.axes[1].map(f64::from), &[0.0, 0.0, -1.0], 1e-7);
    near(&east.horizontal, &[(1000.0_f64 / 6_378_137.0).atan().to_degrees(), 0.0], 1e-9);
}

#[test]
fn a_local_radar_without_elevation_is_planar() {
    let converted = polar([1000.0, 10.0], [90.0, 0.1], None).convert(&plain()).unwrap();
    near(&converted.metres, &[1100.0, 200.0, 0.0], 1e-9);
    near(&converted.measurement.sigma_m.map(f64::from), &[10.0, 1000.0 * 0.1_f64.to_radians(), 0.0], 1e-6);
    assert_eq!((converted.measurement.rows, converted.measurement.slant), (2, false));
}

#[test]
fn range_and_altitude_find_the_target() {
    let (_, site) = alps();
    for (latitude_deg, longitude_deg, altitude_m) in
        [(46.9, 7.3, 11_000.0), (45.0, 3.0, 300.0), (46.501, 7.001, 9000.0), (50.0, 7.0, -20.0)]
    {
        let target = Geodetic { latitude_deg, longitude_deg, altitude_m }.ecef();
        let [r, azimuth, elevation] = seen_from(&site, target);
        let mut measured = polar([r, 30.0], [azimuth.to_degrees(), 0.05], None);
        measured.altitude_m = Some([altitude_m, 30.0]);
        let converted = measured.convert(&site).unwrap();
        near(&converted.metres, &target, 1e-3);
        near(&converted.horizontal, &[longitude_deg, latitude_deg], 1e-8);
        assert_eq!((converted.measurement.rows, converted.measurement.slant), (3, false));
        let sight = sum(1.0 / r, target, -1.0 / r, site.metres);
        near(&converted.measurement.axes[0].map(f64::from), &sight, 1e-6);
        // The sharper of the two heights is used.
        measured.elevation_rad = Some([elevation + 1e-3, 1e-7]);
        let by_angle = measured.convert(&site).unwrap();
        assert!(seen_from(&site, by_angle.metres)[2] > elevation + 0.9e-3);
        measured.elevation_rad = Some([elevation + 1e-3, 0.1]);
        near(&measured.convert(&site).unwrap().metres, &target, 1e-3);
    }
}

#[test]
fn an_altitude_out_of_reach_is_none_and_one_just_above_is_overhead() {
    let (_, site) = alps();
    let mut measured = polar([8000.0, 30.0], [10.0, 0.05], None);
    measured.altitude_m = Some([9650.0, 30.0]);
    let overhead = measured.convert(&site).unwrap();
    near(&[Geodetic::from_ecef(overhead.metres).altitude_m], &[9600.0], 1e-3);
    near(&overhead.horizontal, &[7.0, 46.5], 1e-9);
    assert!(f64::from(overhead.measurement.sigma_m[2]) > 100.0, "the horizontal distance is all but unknown");
    measured.altitude_m = Some([12_000.0, 30.0]);
    assert!(measured.convert(&site).is_none());
    measured.altitude_m = Some([-9000.0, 30.0]);
    assert!(measured.convert(&site).is_none());
}

#[test]
fn without_height_the_point_is_in_the_middle_of_the_heights_and_the_range_slant() {
    let (_, site) = alps();
    for (heights_m, middle_m) in [([0.0, HEIGHT_M], 7500.0), ([3000.0, 9000.0], 6000.0)] {
        let converted = polar([80_000.0, 30.0], [200.0, 0.05], None).convert(&site.seeing(heights_m)).unwrap();
        let there = Geodetic::from_ecef(converted.metres);
        near(&[there.altitude_m], &[middle_m], 1e-5);
        let [r, azimuth, elevation] = seen_from(&site, converted.metres);
        near(&[r, azimuth.to_degrees() + 360.0], &[80_000.0, 200.0], 1e-6);
        let Measurement { axes, sigma_m, rows, slant, .. } = converted.measurement;
        assert_eq!((rows, slant), (2, true));
        // The first axis is the line of sight; across it upwards the place is as sure as heights are.
        near(&[dot(axes[0].map(f64::from), site.enu[2])], &[elevation.sin()], 1e-6);
        let [_, _, vertical] = there.enu_axes();
        let upwards = f64::from(sigma_m[2]) * dot(axes[2].map(f64::from), vertical);
        near(&[upwards], &[(heights_m[1] - heights_m[0]) / 12f64.sqrt()], 1e-2);
    }
    // A range of 500 m reaches from 1100 m to 2100 m; one of 40 m none of what is seen.
    let close = polar([500.0, 30.0], [200.0, 0.05], None).convert(&site).unwrap();
    near(&[Geodetic::from_ecef(close.metres).altitude_m], &[1600.0], 1e-1);
    near(&[f64::from(close.measurement.sigma_m[2])], &[1000.0 / 12f64.sqrt()], 1e-1);
    let under = polar([40.0, 30.0], [200.0, 0.05], None).convert(&site.seeing([9000.0, 12_000.0])).unwrap();
    near(&[Geodetic::from_ecef(under.metres).altitude_m], &[1640.0], 1e-1);
    assert!(under.measurement.sigma_m.iter().all(|sigma| *sigma > 0.0 && *sigma <= 50.0));
}

/// What many draws of one true measurement give: mean error along the true axes with its standard error, and the mean
/// of the squared error over the stated variance.
struct Draws {
    mean: Vec<f64>,
    standard_error: Vec<f64>,
    nees: f64,
}

fn draw(site: &Site, truth: [f64; 3], sigma: [f64; 3], convert: impl Fn([f64; 3]) -> Converted) -> Draws {
    const COUNT: u32 = 40_000;
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let [r, azimuth, elevation] = truth;
    let ray = Ray::new(site, azimuth);
    let (sin, cos) = elevation.sin_cos();
    let target = ray.point(r * cos, r * sin);
    let axes = [ray.sight(sin, cos), ray.across, ray.upwards(sin, cos)];
    let (mut total, mut squares, mut nees) = ([0.0; 3], [0.0; 3], 0.0);
    for _ in 0..COUNT {
        let noise: [f64; 3] = std::array::from_fn(|_| StandardNormal.sample(&mut rng));
        let converted = convert(std::array::from_fn(|i| truth[i] + sigma[i] * noise[i]));
        let error = sum(1.0, converted.metres, -1.0, target);
        for i in 0..3 {
            let along = dot(error, axes[i]);
            total[i] += along;
            squares[i] += along * along;
        }
        let rows = usize::try_from(converted.measurement.rows).unwrap();
        for (axis, sigma) in converted.measurement.axes.iter().zip(converted.measurement.sigma_m).take(rows) {
            nees += (dot(error, axis.map(f64::from)) / f64::from(sigma)).powi(2);
        }
    }
    let n = f64::from(COUNT);
    let mean = total.map(|t| t / n).to_vec();
    let standard_error = squares.iter().zip(&mean).map(|(s, m)| ((s / n - m * m) / n).sqrt()).collect();
    Draws { mean, standard_error, nees: nees / n }
}

fn assert_unbiased(draws: &Draws, rows: usize) {
    for (mean, error) in draws.mean.iter().zip(&draws.standard_error).take(rows) {
        assert!(mean.abs() < 4.0 * error, "mean error {mean} with standard error {error}");
    }
}

#[test]
fn the_plain_conversion_would_have_been_biased_and_overconfident() {
    let (_, site) = alps();
    let sigma = [20.0, 4.0_f64.to_radians(), 3.0_f64.to_radians()];
    let convert = |[r, t, e]: [f64; 3]| {
        let ray = Ray::new(&site, t);
        let (sin, cos) = e.sin_cos();
        let axes = [ray.sight(sin, cos), ray.across, ray.upwards(sin, cos)];
        let metres = ray.point(r * cos, r * sin);
        let measurement = measured(axes, [20.0, r * cos * sigma[1], r * sigma[2]], 3);
        Converted { metres, horizontal: [0.0; 2], measurement }
    };
    let draws = draw(&site, [20_000.0, 2.0, 0.6], sigma, convert);
    assert!(draws.mean[0].abs() > 20.0 * draws.standard_error[0], "{:?}", draws.mean);
    assert!(draws.nees > 6.0, "{}", draws.nees);
}

#[test]
fn a_narrow_arc_is_converted_plainly_and_is_consistent() {
    let (_, site) = alps();
    let sigma = [50.0, 0.1_f64.to_radians(), 0.1_f64.to_radians()];
    let convert = |[r, t, e]: [f64; 3]| {
        polar([r, 50.0], [t.to_degrees(), 0.1], Some([e.to_degrees(), 0.1])).convert(&site).unwrap()
    };
    let draws = draw(&site, [60_000.0, 2.0, 0.3], sigma, convert);
    assert_unbiased(&draws, 3);
    assert!((draws.nees - 3.0).abs() < 0.1, "{}", draws.nees);
}

#[test]
fn altitude_noise_is_projected_across_the_line_of_sight() {
    let (_, site) = alps();
    for (azimuth_sigma_deg, elevation, tolerance) in [(0.1, 0.4, 0.1), (0.1, 1.2, 0.15)] {
        let ray = Ray::new(&site, 1.0);
        let (sin, cos) = f64::sin_cos(elevation);
        let altitude = Geodetic::from_ecef(ray.point(20_000.0 * cos, 20_000.0 * sin)).altitude_m;
        let sigma = [30.0, f64::to_radians(azimuth_sigma_deg), 1.0];
        // The third draw is a standard normal on the elevation, used as the altitude's noise instead.
        let convert = |[r, t, e]: [f64; 3]| {
            let mut measured = polar([r, 30.0], [t.to_degrees(), azimuth_sigma_deg], None);
            measured.altitude_m = Some([altitude + 25.0 * (e - elevation), 25.0]);
            measured.convert(&site).unwrap()
        };
        let draws = draw(&site, [20_000.0, 1.0, elevation], sigma, convert);
        assert!((draws.nees - 3.0).abs() < tolerance, "{azimuth_sigma_deg} {elevation}: {}", draws.nees);
    }
}

#[test]
fn an_arc_thicker_than_the_noise_of_the_range_is_curved() {
    let (_, site) = alps();
    let sigma_deg = |factor: f64| (BIAS_BOUND * factor * 50.0 / 40_000.0_f64).sqrt().to_degrees();
    for (factor, curved) in [(0.999, false), (1.001, true)] {
        let wide = |site: &Site, azimuth: f64, elevation: Option<[f64; 2]>| {
            polar([40_000.0, 50.0], [20.0, azimuth], elevation).convert(site).unwrap().measurement
        };
        let azimuth = wide(&site, sigma_deg(factor), Some([5.0, 0.01]));
        let elevation = wide(&site, 0.01, Some([5.0, sigma_deg(factor)]));
        let planar = wide(&plain(), sigma_deg(factor), None);
        assert_eq!([azimuth, elevation, planar].map(|m| m.curved), [curved; 3]);
        // Its place is on the measured line all the same, its range as sure as it was measured.
        near(&[azimuth, elevation, planar].map(|m| f64::from(m.sigma_m[0])), &[50.0; 3], 0.0);
    }
}
