//! Where platforms are, and what their radars measure, against circles, great circles and matrices worked out apart.

use super::*;
use crate::sensor::{Altitudes, Converted, Coverage, Kind, Looks, Noise, Polar, Reading, Sensor};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::sync::Arc;

const SECOND_US: i64 = 1_000_000;

/// In a circle of radius R about a point, once round in `turn_s`: place, velocity, time in seconds.
fn on_a_circle(radius_m: f64, turn_s: f64, at_s: f64) -> ([f64; 3], [f64; 3]) {
    let (angle, rate) = (TAU * at_s / turn_s, TAU / turn_s);
    let (s, c) = (angle.sin(), angle.cos());
    ([100.0 + radius_m * s, radius_m * c, 30.0], [radius_m * rate * c, -radius_m * rate * s, 0.0])
}

/// With rows of place and velocity, or of place alone.
fn circle(knows: impl Fn([f64; 3]) -> Option<[f64; 3]>) -> Platform {
    // 100 m/s, 3° a second, a row a second.
    let radius_m = 100.0 / 3.0_f64.to_radians();
    let pose = |second: i64| {
        let (metres, velocity) = on_a_circle(radius_m, 120.0, second as f64);
        let velocity_m_s = knows(velocity);
        Pose { time_us: second * SECOND_US, metres, velocity_m_s, attitude_rad: None }
    };
    Platform::new("a.csv", Frame::Local, (0..=240).map(pose).collect()).expect("a platform")
}

#[test]
fn a_place_between_rows_is_as_near_to_the_way_as_the_head_says() {
    let radius_m = 100.0 / 3.0_f64.to_radians();
    for (with_velocity, most_m, most_m_s) in [(true, 3.8e-5, 3e-4), (false, 0.66, 2.7)] {
        let platform = circle(|velocity| Some(velocity).filter(|_| with_velocity));
        let (mut off_m, mut off_m_s) = (0.0f64, 0.0f64);
        for k in 0..2400 {
            let time_us = k * 100_000;
            let (place, velocity) = on_a_circle(radius_m, 120.0, k as f64 * 0.1);
            let found = platform.at(time_us).expect("within the table");
            off_m = off_m.max(apart_m(found.metres, place));
            off_m_s = off_m_s.max(apart_m(found.velocity_m_s, velocity));
        }
        assert!(off_m <= most_m && off_m >= 0.5 * most_m, "{with_velocity}: {off_m}");
        assert!(off_m_s <= most_m_s, "{with_velocity}: {off_m_s}");
    }
}

#[test]
fn nothing_is_known_before_the_first_row_and_after_the_last() {
    let platform = circle(Some);
    let known =
        [-1, 0, 1, 240 * SECOND_US - 1, 240 * SECOND_US, 240 * SECOND_US + 1].map(|us| platform.at(us).is_some());
    assert_eq!(known, [false, true, true, true, true, false]);
    assert_eq!((platform.at(i64::MIN), platform.at(i64::MAX)), (None, None));
}

#[test]
fn a_table_in_any_order_is_the_same_and_one_that_is_none_is_refused() {
    let mut poses = circle(|_| None).poses().to_vec();
    poses.reverse();
    let platform = |poses: Vec<Pose>| Platform::new("a.csv", Frame::Local, poses);
    assert_eq!(platform(poses.clone()), Ok(circle(|_| None)));
    assert_eq!(platform(poses[..1].to_vec()), Err("fewer than two rows"));
    assert_eq!(platform([&poses[..], &poses[3..4]].concat()), Err("two rows of one time"));
    let mut mixed = poses.clone();
    mixed[7].velocity_m_s = Some([0.0; 3]);
    assert_eq!(platform(mixed), Err("velocities or attitudes in some rows alone"));
    poses[9].metres[1] = f64::NAN;
    assert_eq!(platform(poses), Err("a number that is not finite"));
}

#[test]
fn a_line_on_earth_keeps_its_altitude_and_goes_along_the_great_circle() {
    let at = |longitude_deg: f64| Geodetic { latitude_deg: 0.0, longitude_deg, altitude_m: 50.0 };
    let pose = |k: i64| Pose {
        time_us: k * 600 * SECOND_US,
        metres: at(k as f64 * 0.1).ecef(),
        velocity_m_s: None,
        attitude_rad: None,
    };
    let platform = Platform::new("a.csv", Frame::Geodetic, vec![pose(0), pose(1)]).expect("a platform");
    // 11 km of chord sag by 2.4 m.
    for k in 0..=10 {
        let found = Geodetic::from_ecef(platform.at(k * 60 * SECOND_US).expect("known").metres);
        assert!((found.altitude_m - 50.0).abs() < 1e-6, "{found:?}");
        assert!((found.longitude_deg - k as f64 * 0.01).abs() < 1e-7 && found.latitude_deg.abs() < 1e-9, "{found:?}");
    }
}

#[test]
fn waypoints_leave_no_place_farther_than_a_step_from_the_last_one() {
    let platform = circle(Some);
    for (step_m, span_us) in [(7.0, [0, 240]), (130.0, [-50, 100]), (5_000.0, [10, 20]), (300.0, [239, 900])] {
        let span_us = span_us.map(|s: i64| s * SECOND_US);
        let times = platform.waypoints(span_us, step_m);
        assert!(times.is_sorted() && !times.is_empty());
        let (from_us, to_us) = (span_us[0].max(0), span_us[1].min(240 * SECOND_US));
        assert_eq!(times[0], from_us);
        for time_us in (from_us..=to_us).step_by(10_000) {
            let last = times[times.partition_point(|us| *us <= time_us) - 1];
            let [a, b] = [last, time_us].map(|us| platform.at(us).expect("known").metres);
            assert!(apart_m(a, b) <= step_m, "{step_m}: {last} {time_us}");
        }
        let way_m = 100.0 * (to_us - from_us) as f64 * 1e-6;
        assert!(times.len() as f64 <= 2.0 + 1.6 * way_m / step_m, "{}", times.len());
    }
    // From rest to 60 m/s between two rows.
    let pose = |k: i64| {
        let (at, speed) = (k as f64 * 3_000.0, k as f64 * 60.0);
        Pose {
            time_us: k * 100 * SECOND_US,
            metres: [at, 0.0, 0.0],
            velocity_m_s: Some([speed, 0.0, 0.0]),
            attitude_rad: None,
        }
    };
    let faster = Platform::new("a.csv", Frame::Local, vec![pose(0), pose(1)]).expect("a platform");
    let times = faster.waypoints([0, 100 * SECOND_US], 10.0);
    for pair in times.windows(2) {
        let [a, b] = [pair[0], pair[1] - 1].map(|us| faster.at(us).expect("known").metres);
        assert!(apart_m(a, b) <= 10.0, "{pair:?}");
    }
    assert!(platform.waypoints([300 * SECOND_US, 400 * SECOND_US], 10.0).is_empty());
    assert!(platform.waypoints([0, 240 * SECOND_US], 1e-9).len() < 40_000, "a bound");
    let far = |k: i64| Pose { time_us: k, metres: [k as f64 * 1e15, 0.0, 0.0], velocity_m_s: None, attitude_rad: None };
    let far = Platform::new("a.csv", Frame::Local, (0..100).map(far).collect()).expect("a platform");
    assert!(far.waypoints([i64::MIN, i64::MAX], 1.0).len() <= 100);
}

type Matrix = [[f64; 3]; 3];

fn product(a: Matrix, b: Matrix) -> Matrix {
    std::array::from_fn(|i| std::array::from_fn(|j| (0..3).map(|k| a[i][k] * b[k][j]).sum()))
}

fn applied(a: Matrix, v: [f64; 3]) -> [f64; 3] {
    std::array::from_fn(|i| (0..3).map(|k| a[i][k] * v[k]).sum())
}

/// From east, north, up to right, ahead, up of a mount, as three rotations about one axis each.
fn body_from_level([heading, pitch, roll]: [f64; 3]) -> Matrix {
    let (s, c) = heading.sin_cos();
    let by_heading = [[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]];
    let (s, c) = pitch.sin_cos();
    let by_pitch = [[1.0, 0.0, 0.0], [0.0, c, s], [0.0, -s, c]];
    let (s, c) = roll.sin_cos();
    let by_roll = [[c, 0.0, -s], [0.0, 1.0, 0.0], [s, 0.0, c]];
    product(by_roll, product(by_pitch, by_heading))
}

fn carried(frame: Frame, pose: Pose) -> Sensor {
    let later = Pose { time_us: pose.time_us + SECOND_US, ..pose };
    let later =
        Pose { metres: std::array::from_fn(|k| pose.metres[k] + pose.velocity_m_s.unwrap_or_default()[k]), ..later };
    Sensor {
        name: "s".to_owned(),
        owner: "o".to_owned(),
        kind: Kind::radar_on(Arc::new(Platform::new("a.csv", frame, vec![pose, later]).expect("a platform"))),
        noise: Noise::default(),
        detection_probability: 0.9,
        clutter_per_scan: 1.0,
        looks: Looks::Periodic { period_us: SECOND_US },
        coverage: Coverage::Ring { range_m: [0.0, 1e5], height_m: Some([0.0, 1e4]) },
        offsets: crate::sensor::Offsets::default(),
        altitudes: Altitudes::default(),
        view: None,
    }
}

/// What a radar of a mount measures of a target, without noise.
fn measured(pose: &Pose, level: Matrix, target: [f64; 3], velocity: [f64; 3]) -> Polar {
    let away: [f64; 3] = std::array::from_fn(|k| target[k] - pose.metres[k]);
    let closing: [f64; 3] = std::array::from_fn(|k| velocity[k] - pose.velocity_m_s.unwrap_or_default()[k]);
    let [right, ahead, up] = applied(body_from_level(pose.attitude_rad.unwrap_or_default()), applied(level, away));
    let range = length(away);
    let rate = (0..3).map(|k| away[k] * closing[k]).sum::<f64>() / range;
    Polar {
        range_m: [range, 10.0],
        azimuth_rad: [right.atan2(ahead), 1e-3],
        elevation_rad: Some([(up / range).asin(), 2e-3]),
        altitude_m: None,
        range_rate_m_s: Some([rate, 0.5]),
    }
}

#[test]
fn a_radar_on_a_mount_that_heels_and_turns_measures_where_its_target_is_and_how_fast() {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    for k in 0..600 {
        let mut some = |most: f64| random.random_range(-most..most);
        let frame = if k % 2 == 0 { Frame::Local } else { Frame::Geodetic };
        let place = Geodetic { latitude_deg: some(80.0), longitude_deg: some(180.0), altitude_m: 20.0 };
        let (metres, level) = match frame {
            Frame::Local => ([some(1e4), some(1e4), 20.0], [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
            Frame::Geodetic => (place.ecef(), place.enu_axes()),
        };
        let up = level[2];
        let own = [some(50.0), some(50.0), some(50.0)];
        let attitude_rad = Some([some(3.0), some(0.3), some(0.3)]);
        let pose = Pose { time_us: 0, metres, velocity_m_s: Some(own), attitude_rad };
        let sensor = carried(frame, pose);
        let (e, n, u) = (some(1e4), some(1e4), 3_000.0 + some(2_000.0));
        let target: [f64; 3] = std::array::from_fn(|k| metres[k] + e * level[0][k] + n * level[1][k] + u * level[2][k]);
        let velocity = [some(200.0), some(200.0), some(20.0)];
        let polar = measured(&pose, level, target, velocity);
        let site = sensor.site(frame, 0).expect("a site");
        let Converted { metres: found, measurement, .. } = Reading::Radar(polar).convert(&site).expect("a place");
        assert!(apart_m(found, target) < 1e-6 * length(target).max(1.0), "{found:?} {target:?}");
        let sight: [f64; 3] = std::array::from_fn(|k| (target[k] - metres[k]) / polar.range_m[0]);
        let along: f64 = (0..3).map(|k| sight[k] * velocity[k]).sum();
        let [rate, sigma] = measurement.range_rate_m_s.expect("a rate").map(f64::from);
        assert!((rate - along).abs() < 1e-3, "{rate} {along}");
        // The velocity of the mount along a line that is known to the angles alone.
        let turned: [f64; 2] = [1, 2].map(|axis| {
            let axis: [f32; 3] = measurement.axes[axis];
            (0..3).map(|k| f64::from(axis[k]) * own[k]).sum()
        });
        let cos_e = polar.elevation_rad.map_or(1.0, |[elevation, _]| elevation.cos().max(2e-3));
        let wanted = (0.25 + (turned[0] * cos_e * 1e-3).powi(2) + (turned[1] * 2e-3).powi(2)).sqrt();
        assert!((sigma - wanted).abs() < 1e-3, "{sigma} {wanted}");
        // Back again, and with an altitude in place of the elevation.
        let back = Reading::Radar(polar).at(target, &sensor, (frame, 0)).expect("a place");
        let Reading::Radar(back) = back else { unreachable!() };
        let turn = (back.azimuth_rad[0] - polar.azimuth_rad[0]).sin();
        assert!(turn.abs() < 1e-6, "{turn}");
        assert!((back.elevation_rad.expect("one")[0] - polar.elevation_rad.expect("one")[0]).abs() < 1e-6);
        if frame == Frame::Geodetic {
            let altitude_m = Some([Geodetic::from_ecef(target).altitude_m, 5.0]);
            let by_altitude = Polar { elevation_rad: None, altitude_m, ..polar };
            let found = Reading::Radar(by_altitude).convert(&site).expect("a place").metres;
            assert!(apart_m(found, target) < 0.01, "{} m at {e} {n} {u}, up {up:?}", apart_m(found, target));
        }
    }
}

#[test]
fn in_a_plane_the_heading_alone_counts() {
    let attitude_rad = Some([0.5, 0.2, -0.3]);
    let pose = Pose { time_us: 0, metres: [100.0, 50.0, 12.0], velocity_m_s: Some([3.0, 4.0, 0.0]), attitude_rad };
    let sensor = carried(Frame::Local, pose);
    let (azimuth, range) = (0.7_f64, 2_000.0);
    let polar = Polar {
        range_m: [range, 5.0],
        azimuth_rad: [azimuth, 1e-3],
        elevation_rad: None,
        altitude_m: None,
        range_rate_m_s: Some([1.0, 0.1]),
    };
    let site = sensor.site(Frame::Local, 0).expect("a site");
    let found = Reading::Radar(polar).convert(&site).expect("a place");
    let (s, c) = (azimuth + 0.5).sin_cos();
    let wanted = [100.0 + range * s, 50.0 + range * c, 0.0];
    assert!(apart_m(found.metres, wanted) < 1e-9, "{:?}", found.metres);
    let rate = found.measurement.range_rate_m_s.expect("a rate")[0];
    assert!((f64::from(rate) - (1.0 + 3.0 * s + 4.0 * c)).abs() < 1e-5);
    let Some(Reading::Radar(back)) = Reading::Radar(polar).at(wanted, &sensor, (Frame::Local, 0)) else {
        unreachable!()
    };
    assert!((back.azimuth_rad[0] - azimuth).abs() < 1e-12 && (back.range_m[0] - range).abs() < 1e-9);
}

#[test]
fn angles_go_the_short_way() {
    let pose = |time_us, heading: f64| Pose {
        time_us,
        metres: [0.0; 3],
        velocity_m_s: None,
        attitude_rad: Some([heading.to_radians(), 0.0, 0.0]),
    };
    for (from, to, wanted) in [(350.0, 10.0, 0.0_f64), (10.0, 350.0, 0.0), (80.0, 100.0, 90.0), (-170.0, 170.0, 180.0)]
    {
        let platform = Platform::new("a.csv", Frame::Local, vec![pose(0, from), pose(10, to)]).expect("a platform");
        let [_, ahead, _] = platform.at(5).expect("known").axes;
        let (s, c) = wanted.to_radians().sin_cos();
        assert!((ahead[0] - s).abs() < 1e-9 && (ahead[1] - c).abs() < 1e-9, "{from} {to}: {ahead:?}");
    }
}
