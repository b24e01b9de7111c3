//! Orbits against the same forces in f64, written from the textbook in the frame that does not turn: Vallado, Fundamentals
//! of Astrodynamics, 2013, eqs. 8-31; Runge and Kutta's method, a second a step; then turned into the Earth's frame.
//!
//! `ORBITS=all` takes all 32 orbits of a class (`make orbits`); the test run takes some.

use super::super::motion::{ConstantVelocity, Model, Motion, Moved, Orbit, Precise};
use super::super::predict::predict_one;
use super::super::state::joseph;
use super::{COVARIANCE, Known, LaneStep, Matrix, Noise, Place, State, full, tri};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use wide::f32x8;

const MU: f64 = 3.986_004_418e14;
const J2: f64 = 1.082_626_68e-3;
const RADIUS: f64 = 6_378_137.0;
const TURN: f64 = 7.292_115e-5;

/// Place and velocity.
pub(super) type Six = [f64; 6];

/// A kind of orbits: name, heights of perigee and apogee, inclination in degrees, whether it begins at perigee; then the
/// largest error after 60 s, 10 min, a revolution and 24 h, metres.
type Class = (&'static str, [f64; 2], f64, bool, [f64; 4]);

const CLASSES: [Class; 5] = [
    ("LEO", [398e3, 402e3], 51.6, false, [0.01, 0.3, 10.0, 400.0]),
    ("SSO", [795e3, 805e3], 98.6, false, [0.01, 0.3, 10.0, 400.0]),
    ("MEO", [20_150e3, 20_220e3], 55.0, false, [0.005, 0.1, 80.0, 250.0]),
    ("GEO", [35_780e3, 35_792e3], 0.1, false, [0.005, 0.2, 200.0, 200.0]),
    ("HEO", [600e3, 39_750e3], 63.4, true, [0.01, 0.3, 400.0, 800.0]),
];

fn orbits_of_each() -> usize {
    if std::env::var("ORBITS").is_ok_and(|of| of == "all") { 32 } else { 2 }
}

fn norm(a: [f64; 3]) -> f64 {
    a.iter().map(|a| a * a).sum::<f64>().sqrt()
}

fn parts(s: &Six) -> ([f64; 3], [f64; 3]) {
    ([s[0], s[1], s[2]], [s[3], s[4], s[5]])
}

/// Acceleration in the frame that does not turn.
fn acceleration(s: &Six) -> [f64; 3] {
    let ([x, y, z], _) = parts(s);
    let r = norm([x, y, z]);
    let oblate = -1.5 * J2 * MU * RADIUS.powi(2) / r.powi(5);
    let s = 5.0 * z * z / (r * r);
    [
        -MU * x / r.powi(3) + oblate * x * (1.0 - s),
        -MU * y / r.powi(3) + oblate * y * (1.0 - s),
        -MU * z / r.powi(3) + oblate * z * (3.0 - s),
    ]
}

/// One step of Runge and Kutta's method.
fn step(s: &Six, h: f64) -> Six {
    let rate = |s: &Six| -> Six {
        let a = acceleration(s);
        [s[3], s[4], s[5], a[0], a[1], a[2]]
    };
    let from = |k: &Six, h: f64| -> Six { core::array::from_fn(|i| s[i] + h * k[i]) };
    let k1 = rate(s);
    let k2 = rate(&from(&k1, 0.5 * h));
    let k3 = rate(&from(&k2, 0.5 * h));
    let k4 = rate(&from(&k3, h));
    core::array::from_fn(|i| s[i] + h / 6.0 * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i]))
}

/// In the frame that does not turn, some seconds later.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of steps")]
pub(super) fn flown(mut s: Six, seconds: f64) -> Six {
    let steps = seconds.abs().ceil().max(1.0);
    for _ in 0..steps as u64 {
        s = step(&s, seconds / steps);
    }
    s
}

/// In the frame of the Earth, `seconds` after both were one.
pub(super) fn turned(s: &Six, seconds: f64) -> Six {
    let (sin, cos) = (TURN * seconds).sin_cos();
    let about = |a: f64, b: f64| [cos * a + sin * b, cos * b - sin * a];
    let ([x, y], [vx, vy]) = (about(s[0], s[1]), about(s[3], s[4]));
    [x, y, s[2], vx + TURN * y, vy - TURN * x, s[5]]
}

/// From the frame of the Earth when both are one.
pub(super) fn unturned(s: &Six) -> Six {
    [s[0], s[1], s[2], s[3] - TURN * s[1], s[4] + TURN * s[0], s[5]]
}

/// In the frame of the Earth, some seconds later.
pub(super) fn truth(from: &Six, seconds: f64) -> Six {
    turned(&flown(unturned(from), seconds), seconds)
}

/// An orbit of a class, in the frame of the Earth.
pub(super) fn orbit(random: &mut impl Rng, class: usize) -> Six {
    let (_, [low, high], inclination, at_perigee, _) = CLASSES[class];
    let (perigee, apogee) = (RADIUS + low, RADIUS + high);
    let (a, e) = (0.5 * (perigee + apogee), (apogee - perigee) / (apogee + perigee));
    let mut angle = || random.random_range(0.0..core::f64::consts::TAU);
    let (node, argument) = (angle(), angle());
    let anomaly = if at_perigee { 0.0 } else { angle() };
    let p = a * (1.0 - e * e);
    let (r, speed) = (p / (1.0 + e * anomaly.cos()), (MU / p).sqrt());
    let place = [r * anomaly.cos(), r * anomaly.sin()];
    let velocity = [-speed * anomaly.sin(), speed * (e + anomaly.cos())];
    let (i, along) = (f64::to_radians(inclination), argument);
    let turn = |[x, y]: [f64; 2]| {
        let (x, y) = (x * along.cos() - y * along.sin(), x * along.sin() + y * along.cos());
        let (y, z) = (y * i.cos(), y * i.sin());
        [x * node.cos() - y * node.sin(), x * node.sin() + y * node.cos(), z]
    };
    let ([x, y, z], [vx, vy, vz]) = (turn(place), turn(velocity));
    turned(&[x, y, z, vx, vy, vz], 0.0)
}

fn period(from: &Six) -> f64 {
    let (x, v) = parts(&unturned(from));
    let a = 1.0 / (2.0 / norm(x) - norm(v).powi(2) / MU);
    core::f64::consts::TAU * (a.powi(3) / MU).sqrt()
}

/// A track in flight.
struct Track {
    tile: [i32; 3],
    at: Precise<f32>,
}

#[expect(clippy::cast_possible_truncation, reason = "rounded to what a track holds")]
impl Track {
    /// Of standard deviations of place and velocity.
    fn new(from: &Six, [sigma_m, sigma_m_s]: [f64; 2]) -> Self {
        let (x, v) = parts(from);
        let place = Place::from_metres(x);
        let mut state = State::<f32>::zero();
        state.mean[..3].copy_from_slice(&place.offset_m);
        state.mean[3..].copy_from_slice(&v.map(|v| v as f32));
        for a in 0..3 {
            state.covariance[tri(a, a)] = (sigma_m * sigma_m) as f32;
            state.covariance[tri(3 + a, 3 + a)] = (sigma_m_s * sigma_m_s) as f32;
        }
        Self { tile: place.tile, at: Precise { state, rest: v.map(|v| (v - f64::from(v as f32)) as f32) } }
    }

    fn six(&self) -> Six {
        let known = Known::of(self.tile, &self.at.state);
        core::array::from_fn(|k| known.x[k] + if k < 3 { 0.0 } else { f64::from(self.at.rest[k - 3]) })
    }

    fn go(&mut self, look: &LaneStep) {
        let Moved { tiles, at } = Orbit::moved(look, &self.tile.map(|t| t as f32), &self.at);
        self.at = at;
        for (tile, tiles) in self.tile.iter_mut().zip(tiles) {
            *tile += tiles as i32;
        }
    }
}

fn motion() -> Motion {
    Motion { model: Orbit { q: 1e-6 }.into(), survival_per_s: 1.0 }
}

fn look(seconds: f64) -> LaneStep {
    let mut look = LaneStep { radial: 1, ..LaneStep::default() };
    motion().over(seconds, 0.0, &mut look);
    look
}

fn apart(a: &Six, b: &Six) -> f64 {
    norm([a[0] - b[0], a[1] - b[1], a[2] - b[2]])
}

/// The largest error of some orbits of a class after each time, by predictions of `dt` seconds.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of predictions")]
fn errors(class: usize, dt: f64) -> [f64; 4] {
    let mut random = ChaCha8Rng::seed_from_u64(41 + class as u64);
    let mut worst = [0f64; 4];
    for _ in 0..orbits_of_each() {
        let mut track = Track::new(&orbit(&mut random, class), [5.0, 0.1]);
        let (from, look) = (track.six(), look(dt));
        let revolution = (period(&from) / dt).round() * dt;
        let mut times = [(60.0, 0), (600.0, 1), (revolution, 2), (86_400.0, 3)];
        times.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (mut gone, mut there) = (0.0, unturned(&from));
        for (time, which) in times {
            for _ in 0..((time - gone) / dt).round() as u64 {
                track.go(&look);
            }
            there = flown(there, time - gone);
            gone = time;
            worst[which] = worst[which].max(apart(&track.six(), &turned(&there, time)));
        }
    }
    worst
}

#[test]
#[expect(clippy::print_stdout, reason = "the figures of `make orbits`")]
fn orbits_are_where_the_same_forces_in_f64_have_them_after_a_minute_and_after_a_day() {
    for (class, (name, .., wanted)) in CLASSES.into_iter().enumerate() {
        for dt in [10.0, 60.0] {
            let found = errors(class, dt);
            println!("{name}, predictions of {dt} s: {found:.4?} m, at most {wanted:?}");
            assert!(found.iter().zip(wanted).all(|(found, wanted)| *found <= wanted), "{name}: {found:?} {wanted:?}");
        }
    }
}

#[test]
fn predictions_of_odd_lengths_are_as_exact_and_one_is_as_good_as_many() {
    let mut random = ChaCha8Rng::seed_from_u64(47);
    for class in [0, 1, 2, 4] {
        let from = orbit(&mut random, class);
        for (dt, times) in [(0.137, 400), (7.391_234, 80), (59.123_457, 10), (599.999_9, 1)] {
            let mut track = Track::new(&from, [5.0, 0.1]);
            let (from, look) = (track.six(), look(dt));
            for _ in 0..times {
                track.go(&look);
            }
            let error = apart(&track.six(), &truth(&from, dt * f64::from(times)));
            assert!(error < 0.3, "{}: {error} m after {times} predictions of {dt} s", CLASSES[class].0);
        }
    }
}

#[test]
fn what_physics_keeps_is_kept_for_a_day() {
    // Jacobi's integral, and the angular momentum about the axis: both hold of these forces alone.
    let kept = |s: &Six, scale: f64| {
        let ([x, y, z], v) = parts(s);
        let r = norm([x, y, z]);
        let oblate = 0.5 * MU * J2 * RADIUS.powi(2) / r.powi(3) * (3.0 * z * z / (r * r) - 1.0);
        let energy = 0.5 * norm(v).powi(2) - 0.5 * TURN * TURN * (x * x + y * y) - MU / r + oblate;
        [energy * scale / MU, (x * (v[1] + TURN * x) - y * (v[0] - TURN * y)) / (MU * scale).sqrt()]
    };
    let mut random = ChaCha8Rng::seed_from_u64(42);
    for class in [0, 1, 2, 4] {
        let mut track = Track::new(&orbit(&mut random, class), [5.0, 0.1]);
        let (scale, look) = (norm(parts(&track.six()).0), look(30.0));
        let before = kept(&track.six(), scale);
        for _ in 0..2880 {
            track.go(&look);
        }
        let after = kept(&track.six(), scale);
        for k in 0..2 {
            let drift = (after[k] - before[k]).abs();
            assert!(drift < 2e-7, "{}: {before:?} became {after:?}", CLASSES[class].0);
        }
    }
}

#[test]
fn transitions_are_those_of_differences() {
    let mut random = ChaCha8Rng::seed_from_u64(43);
    for (seconds, wanted) in [(60.0, 1e-4), (600.0, 1e-3)] {
        for class in [0, 1, 2, 3, 4] {
            for _ in 0..orbits_of_each() {
                let track = Track::new(&orbit(&mut random, class), [5.0, 0.1]);
                let from = track.six();
                let r = norm(parts(&from).0);
                let n = (MU / r.powi(3)).sqrt();
                let tile = track.tile.map(|t| t as f32);
                let (_, found) = Orbit::transition(&look(seconds), &tile, &track.at);
                let unit = |k: usize| if k < 3 { r } else { r * n };
                let (mut worst, mut largest) = (0f64, 0f64);
                for j in 0..6 {
                    let shifted = |by: f64| {
                        let mut from = from;
                        from[j] += by * unit(j);
                        truth(&from, seconds)
                    };
                    let (more, less) = (shifted(1e-6), shifted(-1e-6));
                    for i in 0..6 {
                        let wanted = (more[i] - less[i]) / 2e-6 / unit(i);
                        let found = f64::from(found[i][j]) * unit(j) / unit(i);
                        (worst, largest) = (worst.max((found - wanted).abs()), largest.max(wanted.abs()));
                    }
                }
                assert!(worst / largest <= wanted, "{} over {seconds} s: {}", CLASSES[class].0, worst / largest);
            }
        }
    }
}

/// Whether a covariance is positive, by the Cholesky factor of its correlations.
fn is_positive(p: &[f32; COVARIANCE]) -> bool {
    let p = full(p);
    let c: Matrix = core::array::from_fn(|i| core::array::from_fn(|j| p[i][j] / (p[i][i] * p[j][j]).sqrt()));
    let mut l = [[0.0; 6]; 6];
    for i in 0..6 {
        for j in 0..=i {
            let left = c[i][j] - (0..j).map(|k| l[i][k] * l[j][k]).sum::<f64>();
            l[i][j] = if i == j { left.sqrt() } else { left / l[j][j] };
        }
        if l[i][i].is_nan() || l[i][i] <= 0.0 {
            return false;
        }
    }
    true
}

#[test]
fn covariances_stay_positive_of_good_priors_and_of_none_and_after_the_second_hit() {
    let mut random = ChaCha8Rng::seed_from_u64(44);
    let (mut all, mut positive) = (0, 0);
    for class in 0..5 {
        for _ in 0..orbits_of_each() {
            let from = orbit(&mut random, class);
            for (prior, longest) in [([5.0, 0.1], 86_400.0), ([5.0, 5.0], 86_400.0), ([50.0, 7000.0], 6000.0)] {
                for seconds in [10.0, 60.0, 600.0, 6000.0, longest] {
                    let mut track = Track::new(&from, prior);
                    track.go(&look(seconds));
                    (all, positive) = (all + 1, positive + u32::from(is_positive(&track.at.state.covariance)));
                }
            }
            for seconds in [1.0, 5.0, 10.0, 60.0, 300.0, 600.0] {
                let mut track = Track::new(&from, [50.0, 7000.0]);
                track.go(&look(seconds));
                for a in 0..3 {
                    let h = core::array::from_fn(|k| if k == a { 1.0 } else { 0.0 });
                    joseph(&mut track.at.state.covariance, &h, 2500.0);
                }
                (all, positive) = (all + 1, positive + u32::from(is_positive(&track.at.state.covariance)));
            }
        }
    }
    assert_eq!(positive, all, "covariances that are positive");
}

#[test]
fn noise_grows_along_the_way_as_f64_has_it() {
    let mut random = ChaCha8Rng::seed_from_u64(45);
    let mut soon = Track::new(&orbit(&mut random, 2), [0.0, 0.0]);
    soon.go(&look(45.0));
    for (k, wanted) in [(0, 1e-6 * 45f64.powi(3) / 3.0), (3, 1e-6 * 45f64.powi(2) / 2.0), (15, 1e-6 * 45.0)] {
        let found = f64::from(soon.at.state.covariance[k]);
        assert!((found / wanted - 1.0).abs() < 1e-3, "{found} of element {k}, wanted {wanted}");
    }
    for class in [0, 1] {
        let mut track = Track::new(&orbit(&mut random, class), [0.0, 0.0]);
        let from = track.six();
        let seconds = period(&from).round();
        track.go(&look(seconds));
        // Kicks of white noise, each carried to the end by differences of the truth.
        let (kicks, mut wanted) = (60, [0.0; 3]);
        for kick in 0..kicks {
            let at = seconds * (f64::from(kick) + 0.5) / f64::from(kicks);
            let there = truth(&from, at);
            for axis in 3..6 {
                let shifted = |by: f64| {
                    let mut there = there;
                    there[axis] += by;
                    truth(&there, seconds - at)
                };
                let (more, less) = (shifted(0.1), shifted(-0.1));
                for a in 0..3 {
                    wanted[a] += 1e-6 * seconds / f64::from(kicks) * ((more[a] - less[a]) / 0.2).powi(2);
                }
            }
        }
        let found: f64 = [0, 6, 11].map(|k| f64::from(track.at.state.covariance[k])).iter().sum();
        let wanted: f64 = wanted.iter().sum();
        assert!((found / wanted - 1.0).abs() < 0.02, "{found} m² where f64 has {wanted}");
        assert!((800.0..1100.0).contains(&found.sqrt()), "{} m after a revolution", found.sqrt());
    }
}

#[test]
fn time_runs_backwards_too() {
    let mut random = ChaCha8Rng::seed_from_u64(46);
    let track = Track::new(&orbit(&mut random, 0), [5.0, 0.1]);
    let (mut tile, mut state) = (track.tile, track.at.state);
    let mut look = look(433.7);
    predict_one(&look, &mut tile, &mut state);
    look.dt_s = -look.dt_s;
    predict_one(&look, &mut tile, &mut state);
    let error = apart(&Known::of(tile, &state).x, &Known::of(track.tile, &track.at.state).x);
    assert!(error < 0.5, "{error} m from where it began");
}

#[test]
fn what_is_no_orbit_goes_on_without_end_and_without_nan() {
    let fine = |state: &State<f32>| state.mean.iter().chain(&state.covariance).all(|x| x.is_finite());
    for (place, velocity) in [
        ([6_400_000.0, 0.0, 0.0], [0.0, 100.0, 0.0]),
        ([0.0, 0.0, 0.0], [0.0, 0.0, 0.0]),
        ([300_000.0, -20_000.0, 10.0], [-9000.0, 400.0, 3.0]),
        ([6_978_000.0, 0.0, 0.0], [0.0, 25_000.0, 0.0]),
        ([0.0, 7_000_000.0, 0.0], [0.0, -16_500.0, 12.0]),
        ([1e9, -1e9, 1e9], [500.0, 0.0, 0.0]),
        ([2e11, 0.0, 0.0], [1e6, 0.0, 0.0]),
    ] {
        for seconds in [0.3, 10.0, 6000.0, 1e5] {
            let [x, y, z] = place;
            let [vx, vy, vz] = velocity;
            let mut track = Track::new(&[x, y, z, vx, vy, vz], [50.0, 7000.0]);
            track.go(&look(seconds));
            assert!(fine(&track.at.state), "{place:?}, {velocity:?} after {seconds} s: {:?}", track.at.state);
        }
    }
    let mut broken = Track::new(&[f64::NAN, 0.0, 0.0, 0.0, 0.0, 0.0], [50.0, 7000.0]);
    broken.at.state.mean = [f32::NAN; 6];
    broken.go(&look(1e5));
    // A month without a look: anywhere, as it says.
    let mut lost = Track::new(&[6_778_000.0, 0.0, 0.0, 0.0, 7600.0, 0.0], [5.0, 0.1]);
    lost.go(&look(30.0 * 86_400.0));
    assert!(fine(&lost.at.state) && lost.at.state.covariance[0] > 2e15, "{:?}", lost.at.state);
    let mut kept = Track::new(&[6_778_000.0, 0.0, 0.0, 0.0, 7600.0, 0.0], [5.0, 0.1]);
    kept.go(&look(40.0 * 3600.0));
    assert!(kept.at.state.covariance[0] < 1e14, "{:?}", kept.at.state);
}

#[test]
fn eight_at_once_are_eight_one_by_one() {
    let mut random = ChaCha8Rng::seed_from_u64(48);
    for seconds in [0.0, 3.7, 60.0, 700.3] {
        let tracks: Vec<Track> = (0..8).map(|n| Track::new(&orbit(&mut random, n % 5), [5.0, 0.1])).collect();
        let of = |value: &dyn Fn(&Track) -> f32| f32x8::new(core::array::from_fn(|n| value(&tracks[n])));
        let before = Precise {
            state: State {
                mean: core::array::from_fn(|k| of(&|track: &Track| track.at.state.mean[k])),
                covariance: core::array::from_fn(|k| of(&|track: &Track| track.at.state.covariance[k])),
            },
            rest: core::array::from_fn(|k| of(&|track: &Track| track.at.rest[k])),
        };
        let tile = core::array::from_fn(|a| of(&|track: &Track| track.tile[a] as f32));
        let found = Orbit::moved(&look(seconds), &tile, &before);
        for (n, track) in tracks.into_iter().enumerate() {
            let mut one = track;
            let began = one.tile;
            one.go(&look(seconds));
            let one_of = |all: &[f32x8]| all.iter().map(|all| all.to_array()[n].to_bits()).collect::<Vec<_>>();
            let bits = |all: &[f32]| all.iter().map(|one| one.to_bits()).collect::<Vec<_>>();
            assert_eq!(one_of(&found.at.state.mean), bits(&one.at.state.mean), "mean of {n} after {seconds} s");
            assert_eq!(one_of(&found.at.state.covariance), bits(&one.at.state.covariance), "covariance of {n}");
            assert_eq!(one_of(&found.at.rest), bits(&one.at.rest), "rest of {n}");
            let tiles: [f32; 3] = core::array::from_fn(|a| (one.tile[a] - began[a]) as f32);
            assert_eq!(one_of(&found.tiles), bits(&tiles), "tiles of {n}");
        }
    }
}

#[test]
fn a_detection_of_the_past_is_compared_with_where_the_orbit_was() {
    let mut random = ChaCha8Rng::seed_from_u64(49);
    for class in 0..5 {
        let track = Track::new(&orbit(&mut random, class), [5.0, 0.1]);
        let tile = track.tile.map(|t| t as f32);
        for (ahead_s, [way_m, speed_m_s]) in [(-1.0f32, [0.01, 0.01]), (-10.0, [3.0, 1.0])] {
            let line = super::super::motion::tangent(&look(1.0), &tile, ahead_s, &track.at.state);
            let [at, wanted] = [Known::of(track.tile, &line).x, truth(&track.six(), f64::from(ahead_s))];
            let then: Six =
                core::array::from_fn(|k| if k < 3 { at[k] + f64::from(ahead_s) * at[3 + k] } else { at[k] });
            assert!(apart(&then, &wanted) < way_m, "{} m off {ahead_s} s ago", apart(&then, &wanted));
            let off = norm(core::array::from_fn(|a| then[3 + a] - wanted[3 + a]));
            assert!(off < speed_m_s, "{off} m/s off {ahead_s} s ago");
            let back = super::super::motion::untangent(&tile, ahead_s, &line);
            assert!(apart(&Known::of(track.tile, &back).x, &track.six()) < 2.0, "the way back");
        }
    }
}

#[test]
fn a_straight_line_would_not_do() {
    // The yardstick of these tests sees what a wrong model is: of constant velocity 15 km after a minute.
    let mut random = ChaCha8Rng::seed_from_u64(50);
    let track = Track::new(&orbit(&mut random, 0), [5.0, 0.1]);
    let model = ConstantVelocity { noise: Noise::WhiteAcceleration, horizontal: 1e-6, vertical: 1e-6 };
    let mut look = LaneStep { radial: 1, ..LaneStep::default() };
    Motion { model: model.into(), survival_per_s: 1.0 }.over(60.0, 0.0, &mut look);
    let (mut tile, mut state) = (track.tile, track.at.state);
    predict_one(&look, &mut tile, &mut state);
    let error = apart(&Known::of(tile, &state).x, &truth(&track.six(), 60.0));
    assert!((10_000.0..20_000.0).contains(&error), "{error} m");
}
