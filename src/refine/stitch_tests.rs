//! Stitching against every matching and against formulas axis by axis, in f64; then tracks that were cut.

use super::{Ends, Link, Moment, Smoother, Stitcher};
use crate::fusion::address::Belief;
use crate::fusion::arrays::{COVARIANCE, tri};
use crate::fusion::motion::{ConstantVelocity, Motion, Noise, Orbit};
use crate::fusion::state::State;
use crate::fusion::undetected::Prior;
use crate::space::Place;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use std::collections::{BTreeMap, BTreeSet};

const SECOND_US: i64 = 1_000_000;
/// Intensities along and upwards, m²/s³.
const Q: [f64; 3] = [2.0, 2.0, 0.5];
const SPEED_M_S: f64 = 80.0;
const CLIMB_M_S: f64 = 5.0;
const SURVIVAL: f64 = 0.999;

fn motion() -> Motion {
    let [horizontal, _, vertical] = Q;
    let model = ConstantVelocity { noise: Noise::WhiteAcceleration, horizontal, vertical }.into();
    Motion { model, survival_per_s: SURVIVAL }
}

fn stitcher(motion: &Motion) -> Stitcher<'_> {
    Stitcher {
        smoother: Smoother { motion, radial: motion.is_orbit(), height_information: 0.0, reports_per_s: 0.0 },
        prior: Prior {
            speed_m_s: 80.0,
            climb_m_s: 5.0,
            height_m: 5_000.0,
            height_most_m: f32::INFINITY,
            reports_per_s: 0.0,
        },
        births_per_m2_s: 1e-13,
        gate: 25.0,
        address_error: Some(0.02),
        gap_max_us: 60 * SECOND_US,
        found_again: 0.6,
        probability_min: 0.0,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "rounded once")]
fn rounded(x: f64) -> f32 {
    x as f32
}

/// A moment with three alike axes: variances of place, of place with velocity, and of velocity.
fn moment(time_s: f64, position_m: [f64; 3], velocity_m_s: [f64; 3], [pp, pv, vv]: [f64; 3]) -> Moment {
    let Place { tile, offset_m: [x, y, z] } = Place::from_metres(position_m);
    let [a, b, c] = velocity_m_s.map(rounded);
    let mut covariance = [0.0; COVARIANCE];
    for axis in 0..3 {
        for (i, k, of) in [(axis, axis, pp), (axis, 3 + axis, pv), (3 + axis, 3 + axis, vv)] {
            covariance[tri(i, k)] = rounded(of);
        }
    }
    #[expect(clippy::cast_possible_truncation, reason = "some seconds")]
    let time_us = (time_s * 1e6) as i64;
    let belief = Belief { address: 0, probability: 0.0 };
    let state = State { mean: [x, y, z, a, b, c], covariance };
    Moment { time_us, last_detection_us: time_us, existence: 1.0, tile, state, belief }
}

/// A track that began and ended so.
fn ends(track: u64, first: Moment, last: Moment) -> Ends {
    Ends { track, first, last }
}

/// ln Λ along one axis, by the beginning without its prior: what the detections alone say is k N(x; b', P').
fn axis_log_ratio(gap_s: f64, q: f64, e: ([f64; 2], [f64; 3]), b: ([f64; 2], [f64; 3]), prior: f64) -> f64 {
    let log_normal = |[x, v]: [f64; 2], [pp, pv, vv]: [f64; 3]| {
        let determinant = pp * vv - pv * pv;
        -0.5 * ((2.0 * std::f64::consts::PI).powi(2) * determinant).ln()
            - 0.5 * (vv * x * x - 2.0 * pv * x * v + pp * v * v) / determinant
    };
    let ([x, v], [pp, pv, vv]) = e;
    let x = x + gap_s * v;
    let p = [
        pp + 2.0 * gap_s * pv + gap_s * gap_s * vv + q * gap_s.powi(3) / 3.0,
        pv + gap_s * vv + q * gap_s * gap_s / 2.0,
        vv + q * gap_s,
    ];
    let ([bx, bv], [bpp, bpv, bvv]) = b;
    let determinant = bpp * bvv - bpv * bpv;
    let [ipp, ipv, ivv] = [bvv / determinant, -bpv / determinant, bpp / determinant];
    let alone = [ipp, ipv, ivv - 1.0 / prior];
    let d = alone[0] * alone[2] - alone[1] * alone[1];
    let [app, apv, avv] = [alone[2] / d, -alone[1] / d, alone[0] / d];
    let [pull_x, pull_v] = [ipp * bx + ipv * bv, ipv * bx + ivv * bv];
    let at = [app * pull_x + apv * pull_v, apv * pull_x + avv * pull_v];
    let log_prior = -0.5 * (2.0 * std::f64::consts::PI * prior).ln() - 0.5 * at[1] * at[1] / prior;
    let log_k =
        log_normal([at[0] - bx, at[1] - bv], [bpp, bpv, bvv]) - log_prior - log_normal([0.0; 2], [app, apv, avv]);
    log_k + log_normal([at[0] - x, at[1] - v], [p[0] + app, p[1] + apv, p[2] + avv])
}

#[test]
fn a_ratio_is_that_of_the_beginning_without_its_prior() {
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let motion = motion();
    let mut checked = 0;
    for _ in 0..400 {
        let (gap_s, mut wanted) = (f64::from(random.random_range(0_u32..50)), 0.0);
        let p_e: [f64; 3] = [random.random_range(1.0..900.0), 0.0, random.random_range(0.1..40.0)];
        let p_e = [p_e[0], 0.6 * (p_e[0] * p_e[2]).sqrt(), p_e[2]];
        // Known better than by the prior along every axis.
        let p_b: [f64; 3] = [random.random_range(1.0..900.0), 0.0, random.random_range(0.1..20.0)];
        let p_b = [p_b[0], -0.4 * (p_b[0] * p_b[2]).sqrt(), p_b[2]];
        let mut some = |scale: f64| core::array::from_fn::<f64, 3, _>(|_| scale * random.random_range(-1.0..1.0));
        let (from_m, velocity, off_m, off_m_s) = (some(4e6), some(40.0), some(30.0), some(3.0));
        let to_m = core::array::from_fn(|a| from_m[a] + gap_s * velocity[a] + off_m[a]);
        let to_m_s = core::array::from_fn(|a| velocity[a] + off_m_s[a]);
        let last = moment(0.0, from_m, velocity, p_e);
        let first = moment(gap_s, to_m, to_m_s, p_b);
        for (a, q) in Q.into_iter().enumerate() {
            let prior = if a < 2 { SPEED_M_S * SPEED_M_S } else { CLIMB_M_S * CLIMB_M_S };
            let v = |of: &Moment| f64::from(of.state.mean[3 + a]);
            wanted += axis_log_ratio(gap_s, q, ([from_m[a] - to_m[a], v(&last)], p_e), ([0.0, v(&first)], p_b), prior);
        }
        let stitcher = stitcher(&motion);
        let Some(found) = stitcher.log_ratio(&stitcher.ahead(&last, first.time_us), &first) else { continue };
        checked += 1;
        in_a_plane(&motion, [&last, &first], gap_s, [p_e, p_b]);
        assert!((found - wanted).abs() < 0.01 * wanted.abs().max(1.0), "{found} for {wanted}");
        // What a link weighs beside that.
        let psi = stitcher.weight(&ends(0, last, last), &stitcher.ahead(&last, first.time_us), &ends(1, first, first));
        let new = 1e-13 / ((2.0 * std::f64::consts::PI).sqrt() * 5_000.0);
        let beside = 0.6 / 0.4 * SURVIVAL.powf(gap_s) / 60.0 / new;
        let psi = psi.expect("a weight");
        assert!(psi >= 1e15 || (psi.ln() - beside.ln() - found).abs() < 1e-6, "{psi}");
    }
    assert!(checked > 300, "{checked}");
}

/// The same where heights mean nothing: whatever noise they have they say nothing, but that both are 0 to 1 cm.
fn in_a_plane(motion: &Motion, [last, first]: [&Moment; 2], gap_s: f64, [p_e, p_b]: [[f64; 3]; 2]) {
    let stitcher = stitcher(motion);
    let stitcher = Stitcher { prior: Prior { climb_m_s: 0.0, height_m: 0.0, ..stitcher.prior }, ..stitcher };
    let places = [last, first].map(|at| {
        let [x, y, z, ..] = at.state.mean;
        Place { tile: at.tile, offset_m: [x, y, z] }.metres()
    });
    let mut wanted = -0.5 * (4.0 * std::f64::consts::PI * 1e-4).ln();
    for a in 0..2 {
        let v = |of: &Moment| f64::from(of.state.mean[3 + a]);
        let (e, b) = ([places[0][a] - places[1][a], v(last)], [0.0, v(first)]);
        wanted += axis_log_ratio(gap_s, Q[a], (e, p_e), (b, p_b), SPEED_M_S * SPEED_M_S);
    }
    let found = stitcher.log_ratio(&stitcher.ahead(last, first.time_us), first).expect("a ratio");
    assert!((found - wanted).abs() < 0.01 * wanted.abs().max(1.0), "{found} for {wanted} in a plane");
}

/// Every one-to-one choice of links, with what it weighs.
fn matchings(weights: &[Vec<(usize, f64)>]) -> Vec<(Vec<Option<usize>>, f64)> {
    let mut all = vec![(Vec::new(), 1.0)];
    for row in weights {
        let mut next = Vec::new();
        for (chosen, weight) in &all {
            let with = |link: Option<usize>| [chosen.clone(), vec![link]].concat();
            next.push((with(None), *weight));
            let free = row.iter().filter(|(to, _)| !chosen.contains(&Some(*to)));
            next.extend(free.map(|(to, psi)| (with(Some(*to)), weight * psi)));
        }
        all = next;
    }
    all
}

/// Tracks that end or begin near each other, so that they compete.
fn crowd(seed: u64) -> Vec<Ends> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut tracks = Vec::new();
    for track in 0..random.random_range(2..7_u64) {
        let begins_s = random.random_range(0.0..8.0);
        let mut some = |scale: f64| core::array::from_fn::<f64, 3, _>(|_| scale * random.random_range(-1.0..1.0));
        let (at_m, velocity) = (some(60.0), some(10.0));
        let first = moment(begins_s, at_m, velocity, [400.0, 0.0, 60.0]);
        let ends_s = begins_s + f64::from(u8::try_from(track % 3).expect("few"));
        let last = moment(ends_s, at_m, velocity, [300.0, 5.0, 20.0]);
        tracks.push(ends(track, first, last));
    }
    tracks
}

#[test]
fn links_are_the_likeliest_matching_and_their_probabilities_those_over_all_matchings() {
    let motion = motion();
    // Few enough new tracks that links are neither sure nor out of the question.
    let stitcher = Stitcher { births_per_m2_s: 4e-6, ..stitcher(&motion) };
    let mut uncertain = 0;
    for seed in 0..150 {
        let tracks = crowd(seed);
        let weights: Vec<Vec<(usize, f64)>> = tracks
            .iter()
            .map(|from| {
                let psi = |to: &Ends| {
                    let follows = from.last.time_us <= to.first.time_us
                        && from.last.last_detection_us < to.first.last_detection_us;
                    stitcher
                        .weight(from, &stitcher.ahead(&from.last, to.first.time_us), to)
                        .filter(|psi| follows && *psi >= 1e-4)
                };
                tracks.iter().enumerate().filter_map(|(n, to)| Some((n, psi(to)?))).collect()
            })
            .collect();
        let all = matchings(&weights);
        let total: f64 = all.iter().map(|(_, weight)| weight).sum();
        let (best, _) = all.iter().max_by(|a, b| a.1.total_cmp(&b.1)).expect("a matching");
        let found = stitcher.links(&tracks);
        let chosen: Vec<Option<usize>> = (0..tracks.len())
            .map(|n| found.iter().find(|link| link.from == n as u64).map(|link| usize::try_from(link.to).expect("few")))
            .collect();
        assert_eq!(&chosen, best, "{seed}");
        for link in &found {
            let [from, to] = [link.from, link.to].map(|n| usize::try_from(n).expect("few"));
            let with = all.iter().filter(|(chosen, _)| chosen[from] == Some(to));
            let wanted = with.map(|(_, weight)| weight).sum::<f64>() / total;
            uncertain += u32::from((0.2..0.8).contains(&wanted));
            assert!((f64::from(link.probability) - wanted).abs() < 1e-4, "{seed}: {link:?} for {wanted}");
            assert_eq!((link.ended_us, link.began_us), (tracks[from].last.time_us, tracks[to].first.time_us));
        }
    }
    assert!(uncertain > 50, "{uncertain}");
}

/// Objects that move as the motion says, each seen in two parts with a gap between them, as a filter that knew them well
/// would have it; track 2 n and 2 n + 1 are of object n.
fn cut(objects: u64, side_m: f64, seed: u64) -> Vec<Ends> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut tracks = Vec::new();
    for object in 0..objects {
        let mut normal = |sigma: f64| {
            let x: f64 = StandardNormal.sample(&mut random);
            sigma * x
        };
        let noise_m: [f64; 3] = core::array::from_fn(|_| normal(10.0));
        let noise_m_s: [f64; 3] = core::array::from_fn(|_| normal(2.0));
        let velocity = [normal(60.0), normal(60.0), normal(2.0)];
        let (ends_s, gap_s) = (random.random_range(0.0..600.0), random.random_range(5.0..40.0));
        let place_m =
            [random.random_range(0.0..side_m), random.random_range(0.0..side_m), random.random_range(0.0..9e3)];
        let mut normal = |sigma: f64| {
            let x: f64 = StandardNormal.sample(&mut random);
            sigma * x
        };
        // Velocity by the noise of the gap, place by its integral: correlated by √3 / 2.
        let jump: [[f64; 2]; 3] = Q.map(|q| {
            let (a, b) = (normal(1.0), normal(1.0));
            let (v, x) = ((q * gap_s).sqrt(), (q * gap_s.powi(3) / 3.0).sqrt());
            [x * (0.75_f64.sqrt() * a + 0.5 * b), v * a]
        });
        let to_m = core::array::from_fn(|a| place_m[a] + gap_s * velocity[a] + jump[a][0] + normal(10.0));
        let to_m_s = core::array::from_fn(|a| velocity[a] + jump[a][1] + normal(2.0));
        let p = [100.0, 0.0, 4.0];
        let last = moment(
            ends_s,
            core::array::from_fn(|a| place_m[a] + noise_m[a]),
            core::array::from_fn(|a| velocity[a] + noise_m_s[a]),
            p,
        );
        let first = moment(ends_s + gap_s, to_m, to_m_s, p);
        let began =
            Moment { time_us: last.time_us - 30 * SECOND_US, last_detection_us: last.time_us - 30 * SECOND_US, ..last };
        let later = Moment {
            time_us: first.time_us + 30 * SECOND_US,
            last_detection_us: first.time_us + 30 * SECOND_US,
            ..first
        };
        tracks.extend([ends(2 * object, began, last), ends(2 * object + 1, first, later)]);
    }
    tracks
}

#[test]
fn tracks_that_were_cut_are_joined_and_no_others_whatever_their_order() {
    let motion = motion();
    let stitcher = Stitcher { probability_min: 0.9, ..stitcher(&motion) };
    let mut tracks = cut(50_000, 1e6, 1);
    let links = stitcher.links(&tracks);
    let right = links.iter().filter(|link| link.to == link.from + 1 && link.from % 2 == 0).count();
    assert!(right * 100 >= 97 * 50_000, "{right} of 50,000 are joined");
    assert!((links.len() - right) * 1000 <= links.len(), "{} of {} links are wrong", links.len() - right, links.len());
    // As often right as they say, to within what is said of each.
    let said: f64 = links.iter().map(|link| f64::from(link.probability)).sum();
    assert!((said - right as f64).abs() < 0.003 * said, "{said} expected, {right} right");
    tracks.reverse();
    tracks.rotate_left(777);
    assert_eq!(stitcher.links(&tracks), links);
}

#[test]
fn each_track_goes_on_as_one_and_from_one() {
    let motion = motion();
    // So many new tracks, and so dense, that little is sure.
    let stitcher = Stitcher { births_per_m2_s: 5e-3, ..stitcher(&motion) };
    let links = stitcher.links(&cut(2_000, 2e3, 2));
    let both = |of: fn(&Link) -> u64| links.iter().map(of).collect::<BTreeSet<_>>().len();
    assert_eq!((both(|link| link.from), both(|link| link.to)), (links.len(), links.len()));
    assert!(links.is_sorted_by_key(|link| link.from) && links.len() > 500, "{}", links.len());
    let unsure = links.iter().filter(|link| link.probability < 0.9).count();
    assert!(unsure > 200, "{unsure}");
}

#[test]
fn equal_addresses_speak_for_a_link_and_different_ones_against_it() {
    let motion = motion();
    let stitcher = stitcher(&motion);
    let with = |addresses: [u32; 2]| {
        let at = |time_s: f64, x: f64| moment(time_s, [x, 0.0, 0.0], [20.0, 0.0, 0.0], [100.0, 0.0, 4.0]);
        let [last, first] = [(at(0.0, 0.0), addresses[0]), (at(20.0, 400.0), addresses[1])]
            .map(|(at, address)| Moment { belief: Belief { address, probability: 0.9 }, ..at });
        let (from, to) = (ends(4, last, last), ends(9, first, first));
        stitcher.weight(&from, &stitcher.ahead(&last, first.time_us), &to).expect("a weight")
    };
    let (equal, none, different) = (with([3, 3]), with([3, 0]), with([3, 5]));
    // 0.9 of (0.9 · 0.98 + 0.1 · 0.02) / 0.02, and 0.1; 0.9 of (0.9 · 0.02 + 0.1 · 0.98) / 0.98, and 0.1.
    for (found, wanted) in [(equal, 0.9 * 44.2 + 0.1), (different, 0.9 * (0.116 / 0.98) + 0.1)] {
        assert!((found / none / wanted - 1.0).abs() < 1e-3, "{found} {none} for {wanted}");
    }
}

#[test]
fn a_chain_is_one_object() {
    let motion = motion();
    let at = |time_s: f64| moment(time_s, [20.0 * time_s, 0.0, 0.0], [20.0, 0.0, 0.0], [100.0, 0.0, 4.0]);
    // Numbers are in no order of time.
    let tracks = [ends(9, at(0.0), at(10.0)), ends(4, at(20.0), at(30.0)), ends(6, at(45.0), at(60.0))];
    let found = stitcher(&motion).links(&tracks);
    let found: Vec<[u64; 3]> = found.iter().map(|link| [link.from, link.to, link.object]).collect();
    assert_eq!(found, [[4, 6, 9], [9, 4, 9]]);
}

#[test]
fn what_overlaps_or_comes_too_late_is_not_joined() {
    let motion = motion();
    let stitcher = stitcher(&motion);
    let at = |time_s: f64| moment(time_s, [20.0 * time_s, 0.0, 0.0], [20.0, 0.0, 0.0], [100.0, 0.0, 4.0]);
    let joined =
        |gap_s: f64| !stitcher.links(&[ends(1, at(0.0), at(10.0)), ends(2, at(10.0 + gap_s), at(90.0))]).is_empty();
    assert!(joined(60.0) && joined(1.0) && !joined(60.1) && !joined(-1.0));
    // At the time of one report: only if the one was seen before the other one.
    let seen = |last_detection_us: i64| {
        let first = Moment { last_detection_us, ..at(10.0) };
        stitcher.links(&[ends(1, at(0.0), at(10.0)), ends(2, first, at(90.0))]).len()
    };
    assert_eq!((seen(10 * SECOND_US + 1), seen(10 * SECOND_US)), (1, 0));
    assert!(stitcher.links(&[]).is_empty());
}

#[test]
fn a_satellite_is_joined_over_a_revolution() {
    let motion = Motion { model: Orbit { q: 1e-7 }.into(), survival_per_s: 0.999_999_9 };
    let stitcher = Stitcher { gap_max_us: 6 * 3600 * SECOND_US, ..stitcher(&motion) };
    let stitcher = Stitcher { prior: Prior { speed_m_s: 5300.0, climb_m_s: 1500.0, ..stitcher.prior }, ..stitcher };
    let mut tracks = Vec::new();
    // 40 satellites of one height whose planes are turned against each other, each known to 20 m and 2 cm/s.
    for n in 0..40_u32 {
        let (sin, cos) = (f64::from(n) * 0.15).sin_cos();
        let (radius_m, v) = (7.2e6, 7300.0);
        let last = moment(
            10.0,
            [radius_m * cos, radius_m * sin, 0.0],
            [-0.5 * v * sin, 0.5 * v * cos, 0.86 * v],
            [400.0, 0.0, 4e-4],
        );
        let first = stitcher.ahead(&last, (6000 + i64::from(n)) * SECOND_US);
        let [x, y, z, ..] = first.state.mean;
        let place_m = Place { tile: first.tile, offset_m: [x, y, z] }.metres();
        let seen = moment(0.0, place_m.map(|m| m + 25.0), [0.0; 3], [900.0, 0.0, 1e-2]);
        let first = Moment {
            time_us: first.time_us,
            last_detection_us: first.time_us,
            state: State {
                mean: [
                    seen.state.mean[0],
                    seen.state.mean[1],
                    seen.state.mean[2],
                    first.state.mean[3],
                    first.state.mean[4],
                    first.state.mean[5],
                ],
                ..seen.state
            },
            ..seen
        };
        tracks.extend([ends(u64::from(n), last, last), ends(u64::from(100 + n), first, first)]);
    }
    let links: BTreeMap<u64, (u64, f32)> =
        stitcher.links(&tracks).iter().map(|link| (link.from, (link.to, link.probability))).collect();
    assert_eq!(links.len(), 40);
    assert!(links.iter().all(|(from, (to, probability))| *to == from + 100 && *probability > 0.99), "{links:?}");
}
