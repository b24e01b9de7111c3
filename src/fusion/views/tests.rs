//! Detectability against the law that it stands for, summed over all that could see an object, in f64.

use super::twins::{Portrait, TWIN_GATE};
use super::*;
use crate::fusion::batch::LaneSetup;
use crate::fusion::state::State;
use crate::fusion::undetected::{Component, Prior};
use crate::scan::{Mask, Plane, Sourced};
use crate::space::Place;
use core::f64::consts::TAU;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// All V ≠ 0 over some views, with their probabilities: the product of v and 1 - v, of which V = 0 is taken out.
fn law(v: &[f64]) -> Vec<(u32, f64)> {
    let weight = |of: u32| (0..).zip(v).map(|(h, v)| if of >> h & 1 == 1 { *v } else { 1.0 - v }).product::<f64>();
    let all: Vec<(u32, f64)> = (1..1 << v.len()).map(|of| (of, weight(of))).collect();
    let sum: f64 = all.iter().map(|(_, weight)| weight).sum();
    all.into_iter().map(|(of, weight)| (of, weight / sum)).collect()
}

/// The probability that view `g` sees it.
fn seen(law: &[(u32, f64)], g: usize) -> f64 {
    law.iter().filter(|(of, _)| of >> g & 1 == 1).map(|(_, p)| p).sum()
}

fn plane() -> Plane {
    let origin = Place::from_metres([0.0; 3]);
    Plane { origin, east: [1.0, 0.0, 0.0], north: [0.0, 1.0, 0.0], centre: [0.0; 3], cell_m: 100.0, cells: [2, 1] }
}

/// Words of a track that says of each view what is said.
fn words(v: &[f64]) -> [u32; VIEW_WORDS] {
    let mut words = [0; VIEW_WORDS];
    for (h, v) in v.iter().enumerate() {
        words[h / 2] = with_stored(words[h / 2], h, steps(*v));
    }
    words
}

fn fresh(views: usize) -> Vec<ViewLook> {
    vec![ViewLook { kept: 1.0, ..ViewLook::default() }; views]
}

#[test]
fn what_is_stored_is_what_was_to_be_stored_within_a_step() {
    for step in -VIEW_MOST..=VIEW_MOST {
        let [yes, no] = chance(step);
        assert!((f64::from(yes) + f64::from(no) - 1.0).abs() < 2e-7 && yes > 0.0 && no > 0.0, "{step}: {yes} {no}");
        assert_eq!(weighed(yes, no), step, "and back");
        let exact = 1.0 / (1.0 + (-f64::from(step) / f64::from(VIEW_STEPS)).exp());
        assert!((f64::from(yes) / exact - 1.0).abs() < 1e-6, "{step}: {yes}, wanted {exact}");
        for h in 0..VIEWS_MAX {
            let word = with_stored(0xa5a5_5a5a, h, step);
            assert_eq!(
                (stored(|_| word, h), word ^ 0xa5a5_5a5a),
                (step, (word ^ 0xa5a5_5a5a) & (0xffff << (16 * (h % 2))))
            );
        }
    }
    assert_eq!([weighed(1.0, 0.0), weighed(0.0, 1.0), weighed(1e-20, 1.0)], [VIEW_MOST, -VIEW_MOST, -VIEW_MOST]);
    assert_eq!([steps(0.0), steps(0.5), steps(1.0)], [-VIEW_MOST, 0, VIEW_MOST]);
}

#[test]
fn a_look_sees_a_track_as_the_law_of_who_can_see_it_says() {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    // The second cell is beyond what odd views cover.
    let all = Mask::new(plane(), vec![1.0, 1.0]).unwrap();
    let half = Mask::new(plane(), vec![0.5, 0.0]).unwrap();
    for views in 2..=VIEWS_MAX {
        for _ in 0..200 {
            let v: Vec<f64> = (0..views).map(|_| 1.0 / (1.0 + random.random_range(-12.0..12.0f64).exp())).collect();
            let words = words(&v);
            let looking = random.random_range(0..views);
            let sights: Vec<Sight<'_>> =
                (0..views).map(|h| Sight::Mask(if h % 2 == 1 { &half } else { &all })).collect();
            let (sight, views_now) = (sights[looking], Views { looking, reports: false, sights });
            let looks = fresh(VIEWS_MAX);
            let sees = Sees::new(sight, &views_now, &looks);
            for x in [50.0, 150.0] {
                let covering: Vec<usize> = (0..views).filter(|h| x < 100.0 || h % 2 == 0).collect();
                let share = match (x < 100.0, looking % 2) {
                    (true, 1) => 0.5,
                    (false, 1) => 0.0,
                    _ => 1.0,
                };
                let found = f64::from(sees.track(&[0; 3], &[x, 50.0, 0.0], |k| words[k]).max(0.0));
                let wanted = covering.iter().position(|h| *h == looking).map_or(0.0, |place| {
                    let law = law(&covering.iter().map(|h| v[*h]).collect::<Vec<_>>());
                    share * seen(&law, place)
                });
                // A step of log-odds is 1/2048.
                assert!((found - wanted).abs() <= 1e-3 * wanted, "{v:?} {looking}: {found}, wanted {wanted}");
            }
        }
    }
}

#[test]
fn of_undetected_targets_another_view_sees_what_is_on_the_ground_that_it_covers() {
    let mut random = ChaCha8Rng::seed_from_u64(4);
    for views in 2..=VIEWS_MAX {
        for _ in 0..100 {
            let shares: Vec<[f32; 2]> = (0..views)
                .map(|_| [0.0, 1.0].map(|end: f32| if random.random_bool(0.3) { end } else { random.random() }))
                .collect();
            let masks: Vec<Mask> = shares.iter().map(|share| Mask::new(plane(), share.to_vec()).unwrap()).collect();
            let v: Vec<f32> = (0..views).map(|_| random.random_range(0.01..0.99)).collect();
            let looks: Vec<ViewLook> = v.iter().map(|v| ViewLook { field: *v, ..ViewLook::default() }).collect();
            let looking = random.random_range(0..views);
            let sights: Vec<Sight<'_>> = masks.iter().map(Sight::Mask).collect();
            let (sight, views_now) = (sights[looking], Views { looking, reports: false, sights });
            let sees = Sees::new(sight, &views_now, &looks);
            for cell in 0..2 {
                let chance = |h: usize| f64::from(v[h]) * if h == looking { 1.0 } else { f64::from(shares[h][cell]) };
                let wanted =
                    f64::from(shares[looking][cell]) * seen(&law(&(0..views).map(chance).collect::<Vec<_>>()), looking);
                let found = f64::from(sees.cell(cell));
                assert!((found - wanted).abs() <= 1e-5, "{v:?} {shares:?} {looking}: {found}, wanted {wanted}");
            }
        }
    }
}

#[test]
fn stretches_of_cells_have_the_share_of_each_of_their_cells() {
    let mut random = ChaCha8Rng::seed_from_u64(9);
    for _ in 0..2000 {
        let (views, cells) = (random.random_range(2..=VIEWS_MAX), random.random_range(1..40));
        let plane = Plane { cells: [cells, 2], ..plane() };
        let all = 2 * cells as usize;
        let mut mask = || {
            let mut share = 0.0;
            let mut next = |_| {
                if random.random_bool(0.2) {
                    share = [0.0, 0.25, 1.0, random.random()][random.random_range(0..4)];
                }
                share
            };
            Mask::new(plane.clone(), (0..all).map(&mut next).collect()).unwrap()
        };
        let masks: Vec<Mask> = (0..=views).map(|_| mask()).collect();
        let mut sights: Vec<Sight<'_>> = masks.iter().map(Sight::Mask).collect();
        let sight = sights.pop().unwrap();
        if random.random_bool(0.3) {
            sights[0] = Sight::Everywhere;
        }
        let looks = vec![ViewLook { field: random.random_range(0.01..0.99), ..ViewLook::default() }; views];
        let looking = random.random_range(0..views);
        let views_now = Views { looking, reports: random.random_bool(0.1), sights };
        let sees = Sees::new(sight, &views_now, &looks);
        let first = random.random_range(0..all);
        let mut next = first;
        for (cells, share) in sees.stretches(first..all) {
            assert!(cells.start == next && !cells.is_empty());
            next = cells.end;
            assert!(
                cells.clone().all(|cell| sees.cell(cell).to_bits() == share.to_bits()),
                "{cells:?} of {first}..{all}"
            );
        }
        assert_eq!(next, all);
    }
}

#[test]
fn a_miss_and_a_hit_leave_the_law_that_bayes_leaves() {
    let mut random = ChaCha8Rng::seed_from_u64(2);
    for _ in 0..2000 {
        let v: Vec<f64> = (0..4).map(|_| random.random_range(0.001..0.999)).collect();
        let (r, detected) = (random.random_range(0.01..0.99), random.random_range(0.05..0.99));
        let prior = law(&v);
        let visible = seen(&prior, 0);
        // Existence, and who sees it, after a miss of the first view.
        let miss = |of: u32| if of & 1 == 1 { 1.0 - detected } else { 1.0 };
        let left: f64 = prior.iter().map(|(of, p)| p * miss(*of)).sum();
        let r_missed = r * left / (1.0 - r + r * left);
        assert!((r_missed - r * (1.0 - detected * visible) / (1.0 - r * detected * visible)).abs() < 1e-12);
        // The rest of the law stays as it was: only v of the first one changes.
        let missed = v[0] * (1.0 - detected) / (1.0 - detected * v[0]);
        for ((of, wanted), (_, found)) in prior.iter().zip(law(&[missed, v[1], v[2], v[3]])) {
            assert!((wanted * miss(*of) / left - found).abs() < 1e-12);
        }
        // Missed with one probability, detected with another: as the state is mixed.
        let hit = random.random_range(0.0..1.0);
        let (p_missed, p_hit) = ((1.0 - hit) * r_missed, hit);
        let wanted = (p_missed * missed + p_hit) / (p_missed + p_hit);
        #[expect(clippy::cast_possible_truncation, reason = "what is computed in f32")]
        let learnt = {
            let row = TrackHypotheses { missed: p_missed as f32, ..TrackHypotheses::default() };
            learnt(ViewLook { kept: 1.0, ..ViewLook::default() }.now(steps(v[0])), detected as f32, &row, p_hit as f32)
        };
        let found = 1.0 / (1.0 + (-f64::from(learnt) / f64::from(VIEW_STEPS)).exp());
        assert!((found - wanted).abs() < 1e-3, "{found}, wanted {wanted}");
    }
}

fn view(visible_share: f64, persistence_s: f64) -> View {
    View { visible_share, persistence_s, variance_m2: 64.0 }
}

fn setup(views: Vec<View>) -> LaneSetup {
    let prior = Prior { speed_m_s: 10.0, climb_m_s: 0.0, height_m: 0.0, height_most_m: 7500.0, reports_per_s: 0.0 };
    let undetected = UndetectedIntensity::Field { density: vec![2e-6; 2], planes: plane().into(), birth: 1e-9, prior };
    LaneSetup { radial: false, undetected, views }
}

#[test]
fn undetected_targets_are_seen_as_births_and_misses_say() {
    // A reporter, which says nothing by its silence, fades to a prior of nought by itself.
    let views = vec![view(0.7, 3600.0), view(0.6, 50.0), view(0.0, 20.0)];
    let mut outlook = Outlook::of(&setup(views.clone())).expect("several views");
    let (mut v, mut density) = ([0.7, 0.6, 0.0], 2e-6f64);
    let mut looked: [Option<i64>; 3] = [None; 3];
    for (number, (looking, time_us)) in
        [(0, 0), (1, 400_000), (0, 1_000_000), (1, 41_000_000), (0, 42_000_000)].into_iter().enumerate()
    {
        let detected = [0.8, 0.95][looking];
        let scan = Scan {
            lane: 0,
            time_us,
            detection_probability: [0.8, 0.95][looking],
            sight: Sight::Everywhere,
            slack_m: 0.0,
            detections: Sourced::default(),
            views: Views { looking, reports: false, sights: vec![Sight::Everywhere; 3] },
        };
        let mut look = LaneStep { survival: 0.99, births_s: 3.0, ..LaneStep::default() };
        let found = outlook.look(&scan, &mut look);
        assert_eq!((look.views, look.view as usize), (3, looking));
        // Births, with v = π, mix with what is left, which is stored as of the last look.
        let (left, born) = (0.99 * density, 3.0e-9);
        for h in 0..3 {
            v[h] = (left * v[h] + born * views[h].visible_share) / (left + born);
        }
        density = left + born;
        let kept = |h: usize| {
            let since = looked[h].map_or(0.0, |us| (time_us - us) as f64 * 1e-6);
            (-since / views[h].persistence_s).exp()
        };
        let now: Vec<f64> =
            (0..3).map(|h| views[h].visible_share + (v[h] - views[h].visible_share) * kept(h)).collect();
        for h in 0..3 {
            let (own, close) = (found[h], |found: f32, wanted: f64| (f64::from(found) - wanted).abs() < 1e-6);
            assert!(close(own.field, now[h]) && close(own.kept, kept(h)), "{number}: view {h} {own:?} {now:?}");
            assert!(close(own.gained, views[h].visible_share * (1.0 - kept(h))));
            assert!(close(own.lost, (1.0 - views[h].visible_share) * (1.0 - kept(h))));
            let stored = if h == looking { [VIEW_MOST; 2] } else { [steps(v[h]), steps(views[h].visible_share)] };
            assert!([own.covered, own.beyond].iter().zip(stored).all(|(a, b)| a.abs_diff(b) <= 2), "{own:?}");
        }
        let visible = seen(&law(&now), looking);
        density *= 1.0 - detected * visible;
        v[looking] = now[looking] * (1.0 - detected) / (1.0 - detected * now[looking]);
        looked[looking] = Some(time_us);
    }
}

#[test]
fn a_lane_of_one_view_has_none_and_components_are_counted() {
    assert!(Outlook::of(&setup(vec![])).is_none() && Outlook::of(&setup(vec![view(0.3, 1.0)])).is_none());
    let component = |weight| Component { weight, tile: [0; 3], state: State::zero() };
    let undetected = UndetectedIntensity::Components {
        components: vec![component(3.0)],
        births: vec![component(0.5); 2],
        weight_min: 0.0,
    };
    let outlook = Outlook::of(&LaneSetup { undetected, ..setup(vec![view(0.7, 1.0); 2]) }).expect("two views");
    assert_eq!((outlook.targets, outlook.births_a_scan), (3.0, 1.0));
    let sight = Sight::Everywhere;
    let views = Views::default();
    for (sees, seen) in [(Sees::only(sight), true), (Sees::new(sight, &views, &fresh(VIEWS_MAX)), true)] {
        assert_eq!(sees.track(&[0; 3], &[0.0; 3], |_| unreachable!("nothing is read")).to_bits(), 1f32.to_bits());
        assert_eq!(!sees.has_views(), seen);
    }
}

/// Two tracks apart by a place and a velocity, on Earth where `radial` is 1; and how far they are from the border of what
/// twins are, below 1 inside.
fn two(random: &mut ChaCha8Rng, radial: u32, apart: [f64; 2]) -> ([Portrait; 2], f64) {
    let on_earth = radial == 1;
    let u = if on_earth { [0.48, -0.6, 0.64] } else { [0.0, 0.0, 1.0] };
    let east = if on_earth { [0.78, 0.624, 0.0] } else { [1.0, 0.0, 0.0] };
    let length = east.iter().map(|x: &f64| x * x).sum::<f64>().sqrt();
    let east = east.map(|x| x / length);
    let north = [u[1] * east[2] - u[2] * east[1], u[2] * east[0] - u[0] * east[2], u[0] * east[1] - u[1] * east[0]];
    let metres = if on_earth { u.map(|x| x * 6.37e6) } else { [3e3, -8e4, 0.0] };
    let along = |by: f64, angle: f64, high: f64| -> [f64; 3] {
        from_fn(|a| by * (angle.cos() * east[a] + angle.sin() * north[a]) + high * u[a])
    };
    let angle = random.random_range(0.0..TAU);
    // Heights differ: only what lies along the ground counts.
    let offset = along(apart[0], angle, random.random_range(-500.0..500.0));
    let place = Place::from_metres(metres);
    let other = Place::from_metres(from_fn(|a| metres[a] + offset[a]));
    let a: [[f64; 3]; 3] = from_fn(|_| from_fn(|_| random.random_range(-3.0..3.0)));
    let p: [[f64; 3]; 3] =
        from_fn(|i| from_fn(|j| (0..3).map(|k| a[i][k] * a[j][k]).sum::<f64>() + if i == j { 1.0 } else { 0.0 }));
    let speed = along(apart[1], random.random_range(0.0..TAU), random.random_range(-9.0..9.0));
    #[expect(clippy::cast_possible_truncation, reason = "what is compared in f32")]
    let portrait = |place: Place, velocity: [f64; 3], scan: u32, seen: [f32; VIEWS_MAX]| Portrait {
        tile: place.tile,
        odds: 9.0,
        offset_m: place.offset_m,
        variance_m2: 64.0,
        velocity_m_s: velocity.map(|v| v as f32),
        scan,
        covariance: [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)].map(|(i, j)| p[i][j] as f32),
        radial,
        seen,
        ..Portrait::default()
    };
    let [mut one, mut two] = [[0.0; VIEWS_MAX]; 2];
    (one[0], one[1], two[0], two[1]) = (1.0, 0.05, 0.02, 1.0);
    let younger = portrait(place, [10.0, 5.0, 0.0], 7, one);
    let older = portrait(other, from_fn(|a| [10.0, 5.0, 0.0][a] + speed[a]), 3, two);
    // The textbook: E S Eᵀ inverted.
    let e = [east, north];
    let dv: [f64; 2] = from_fn(|i| (0..3).map(|a| e[i][a] * speed[a]).sum());
    let s = |i: usize, j: usize| -> f64 {
        (0..3).flat_map(|a| (0..3).map(move |b| (a, b))).map(|(a, b)| e[i][a] * 2.0 * p[a][b] * e[j][b]).sum()
    };
    let determinant = s(0, 0) * s(1, 1) - s(0, 1) * s(1, 0);
    let distance2 = (s(1, 1) * dv[0] * dv[0] - 2.0 * s(0, 1) * dv[0] * dv[1] + s(0, 0) * dv[1] * dv[1]) / determinant;
    let gate = f64::from(TWIN_GATE);
    ([younger, older], (apart[0] * apart[0] / (gate * 128.0)).max(distance2 / gate))
}

#[test]
fn twins_are_what_the_textbook_says_they_are_on_the_plane_and_on_earth() {
    let mut random = ChaCha8Rng::seed_from_u64(3);
    let mut twins = 0;
    for case in 0..4000 {
        let apart = [random.random_range(0.0..60.0), random.random_range(0.0..20.0)];
        let ([younger, older], border) = two(&mut random, case % 2, apart);
        // On the border itself f32 may say otherwise.
        if (border - 1.0).abs() > 1e-3 {
            assert_eq!(younger.has_elder(&older), border < 1.0, "{apart:?} {border}");
        }
        twins += usize::from(border < 1.0);
        assert!(!older.has_elder(&younger), "the older one stays");
        let mut both = older;
        both.seen[0] = 0.2;
        assert!(!younger.has_elder(&both), "a view sees both");
        let gone = |of: &Portrait| Portrait { odds: 0.0, ..*of };
        assert!(!younger.has_elder(&gone(&older)) && !gone(&younger).has_elder(&older), "both exist");
    }
    assert!((400..3600).contains(&twins), "{twins} are twins");
}
