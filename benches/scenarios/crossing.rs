//! Scenario A: four targets meet (Williams 2015; García-Fernández et al. 2018).
#![expect(clippy::cast_possible_truncation, reason = "counts are small; parameters are rounded once")]
#![expect(clippy::cast_possible_wrap, reason = "scans are few")]
#![expect(clippy::cast_sign_loss, reason = "a Poisson count is not negative")]

use crate::lanes::{Expected, Problem, Run, Tracks, component, fuse, places, trajectories};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Poisson, StandardNormal};
use rayon::prelude::*;
use trackweave::fusion::batch::LaneSetup;
use trackweave::fusion::config::{Config, Mode};
use trackweave::fusion::undetected::UndetectedIntensity;
use trackweave::fusion::views::View;
use trackweave::score::gospa::{Gospa, GospaAverage, gospa_matches};
use trackweave::score::identity::IdentityCounter;
use trackweave::score::t_gospa::{TGospa, t_gospa};

const SCANS: usize = 81;
const MIDDLE: usize = 40;
const SIDE_M: f64 = 300.0;
const Q: f64 = 0.02;
/// c of both metrics, metres.
const CUTOFF_M: f64 = 10.0;
/// The gate of what is smoothed: a detection just outside a narrow one is most of a missed target once all else is known.
const SMOOTHED_GATE: f32 = 25.0;
/// Existence above which a smoothed track is told: of those between one half and this most are of no target.
const SMOOTHED_FROM: f32 = 0.7;
/// What T-GOSPA asks for a switch, metres.
const SWITCH_M: f64 = 2.0;

/// The columns: probability of detection, mean clutter, and the published-style figures that the modes are held to.
const COLUMNS: [(f64, f64); 4] = [(0.9, 10.0), (0.9, 30.0), (0.7, 10.0), (0.7, 30.0)];

/// Names of the rows, mode, largest exact cluster, and total RMS GOSPA of the reference (f64, independent code).
const ROWS: [(&str, Mode, u32, [f64; 4]); 3] = [
    ("soft, belief propagation alone", Mode::Soft, 0, [3.49, 3.66, 4.47, 4.78]),
    ("soft, exact up to 10", Mode::Soft, 10, [3.32, 3.57, 4.43, 4.79]),
    ("assign", Mode::Assign, 0, [3.00, 3.23, 3.98, 4.38]),
];

fn normal(random: &mut ChaCha8Rng) -> f64 {
    StandardNormal.sample(random)
}

/// One step of the motion model, forwards or backwards.
fn step(state: [f64; 4], forward: f64, random: &mut ChaCha8Rng) -> [f64; 4] {
    // Cholesky factor of q [1/3, 1/2; 1/2, 1].
    let (l00, l10, l11) = ((Q / 3.0).sqrt(), Q / 2.0 / (Q / 3.0).sqrt(), (Q / 4.0).sqrt());
    let mut to = state;
    for axis in 0..2 {
        let (a, b) = (normal(random), normal(random));
        let (p, v) = (state[2 * axis], state[2 * axis + 1]);
        to[2 * axis] = p + forward * v + l00 * a;
        to[2 * axis + 1] = v + forward * (l10 * a + l11 * b);
    }
    to
}

fn simulate(seed: u64, detection_probability: f64, clutter: f64, looks: usize) -> Run {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut truth = vec![Vec::new(); SCANS];
    for target in 0..4 {
        let middle = [150.0, 0.0, 150.0, 0.0].map(|m| m + 0.1f64.sqrt() * normal(&mut random));
        let mut states = [middle; SCANS];
        for k in MIDDLE + 1..SCANS {
            states[k] = step(states[k - 1], 1.0, &mut random);
        }
        for k in (0..MIDDLE).rev() {
            states[k] = step(states[k + 1], -1.0, &mut random);
        }
        let last = if target == 0 { MIDDLE } else { SCANS };
        for (truth, state) in truth.iter_mut().zip(states).take(last) {
            truth.push((target, [state[0], state[2], 0.0]));
        }
    }
    let false_alarms = Poisson::new(clutter).expect("a mean above zero");
    let look = |targets: &Vec<(u64, [f64; 3])>| {
        let mut scan = Vec::new();
        for (_, [x, y, _]) in targets {
            if random.random::<f64>() < detection_probability {
                scan.push([x + normal(&mut random), y + normal(&mut random)]);
            }
        }
        for _ in 0..false_alarms.sample(&mut random) as usize {
            scan.push([random.random::<f64>() * SIDE_M, random.random::<f64>() * SIDE_M]);
        }
        for i in (1..scan.len()).rev() {
            scan.swap(i, random.random_range(0..=i));
        }
        scan
    };
    let scans = truth.iter().flat_map(|targets| (0..looks).map(move |_| targets)).map(look).collect();
    Run { truth, scans }
}

/// Prints total with its standard error, localisation, missed, false (RMS GOSPA), the reference, T-GOSPA a scan and the switches that it pays for,
/// identity switches a run, purity, and NEES a dimension: of the filter, then smoothed.
pub(crate) fn table(runs: usize) {
    println!(
        "A. Four targets meet: {runs} runs, RMS GOSPA (c = 10 m, p = 2), T-GOSPA (switch 2 m), switches a run, purity, NEES/dof"
    );
    println!(
        "{:32}{:>10}{:>15}{:>8}{:>8}{:>8}{:>11}{:>8}{:>9}{:>7}{:>10}{:>8}{:>7}",
        "",
        "P_D, λ",
        "total",
        "local",
        "missed",
        "false",
        "reference",
        "ratio",
        "T-GOSPA",
        "paid",
        "switches",
        "purity",
        "NEES"
    );
    for (column, (p_d, clutter)) in COLUMNS.into_iter().enumerate() {
        let all: Vec<Run> = (0..runs as u64).into_par_iter().map(|seed| simulate(seed, p_d, clutter, 1)).collect();
        for (name, mode, exact_max, reference) in ROWS {
            let mut config: Config =
                toml::from_str(include_str!("../../data/config/crossing.toml")).expect("a configuration");
            config.association.mode = mode;
            config.association.exact_max = exact_max;
            let wide = Config { gate: SMOOTHED_GATE.try_into().expect("above 0"), ..config.clone() };
            let [filtered, _] = score(&all, (p_d, clutter), config, Vec::new(), 1);
            let [_, smoothed] = score(&all, (p_d, clutter), wide, Vec::new(), 1);
            let total = filtered.gospa.rms().expect("scans were scored").total;
            let beside = [reference[column], total / reference[column]];
            print!("{name:32}{:>10}", format!("{p_d}, {clutter}"));
            filtered.print(&format!("{:11.2}{:8.3}", beside[0], beside[1]));
            print!("{:42}", "  smoothed");
            smoothed.print(&" ".repeat(19));
        }
    }
}

/// How good tracks are, over all runs.
pub(crate) struct Scores {
    pub(crate) gospa: GospaAverage,
    /// The standard error of its total.
    error: f64,
    /// Identity switches a run.
    switches: f64,
    /// Share of the matched points that are of the object that a track has most of.
    purity: f64,
    /// Mean of (truth - estimate)ᵀ P⁻¹ (truth - estimate) / 2 over matched points.
    nees: f64,
    /// T-GOSPA a scan, root mean square over runs; the switches that it pays for, a run; runs for which it has too many tracks.
    trajectories: (f64, f64, usize),
}

impl Scores {
    fn print(&self, reference: &str) {
        let rms = self.gospa.rms().expect("scans were scored");
        let (total, paid, without) = self.trajectories;
        println!(
            "{:8.2} ± {:.2}{:8.2}{:8.2}{:8.2}{reference}{total:9.2}{paid:7.2}{:10.2}{:8.3}{:7.2}{}",
            rms.total,
            self.error,
            rms.localisation,
            rms.missed,
            rms.false_tracks,
            self.switches,
            self.purity,
            self.nees,
            if without > 0 { format!("  (T-GOSPA without {without} runs)") } else { String::new() },
        );
    }
}

/// The same with two views at one place that both see all, each with such a detection probability and clutter: total RMS
/// GOSPA of taking them for one view, and of not knowing that they are alike.
pub(crate) fn two_views(runs: usize, (p_d, clutter): (f64, f64), mode: Mode, exact_max: u32) -> [f64; 2] {
    let all: Vec<Run> = (0..runs as u64).into_par_iter().map(|seed| simulate(seed, p_d, clutter, 2)).collect();
    let view = View { visible_share: 0.7, persistence_s: 3600.0, variance_m2: 1.0 };
    [Vec::new(), vec![view; 2]].map(|views| {
        let mut config: Config =
            toml::from_str(include_str!("../../data/config/crossing.toml")).expect("a configuration");
        (config.association.mode, config.association.exact_max) = (mode, exact_max);
        score(&all, (p_d, clutter), config, views, 2)[0].gospa.rms().expect("scans were scored").total
    })
}

/// Prints it for every column and mode.
pub(crate) fn table_of_views(runs: usize) {
    println!("A2. The same, two views at one place: {runs} runs, RMS GOSPA of one view, of two, ratio");
    for (p_d, clutter) in COLUMNS {
        for (name, mode, exact_max, _) in ROWS {
            let [one, two] = two_views(runs, (p_d, clutter), mode, exact_max);
            println!("{name:32}{:>10}{one:8.2}{two:8.2}{:8.3}", format!("{p_d}, {clutter}"), two / one);
        }
    }
}

fn score(all: &[Run], (p_d, clutter): (f64, f64), config: Config, views: Vec<View>, looks: usize) -> [Scores; 2] {
    let born = |weight| component(weight, [100.0, 100.0], 150.0, 1.0);
    let found = fuse(
        all,
        Problem {
            setup: LaneSetup {
                radial: false,
                undetected: UndetectedIntensity::Components {
                    components: vec![born(3.0)],
                    births: vec![born(0.005)],
                    weight_min: 1e-5,
                },
                views,
            },
            sigma_m: 1.0,
            clutter_per_m2: (clutter / (SIDE_M * SIDE_M)) as f32,
            detection_probability: p_d as f32,
            config,
            looks,
            expected: Expected { initial: 3.0, births: 0.005 },
            smoothed_from: SMOOTHED_FROM,
        },
    );
    [&found.filtered, &found.smoothed].map(|found| score_of(all, found))
}

/// What one run adds up to.
#[derive(Default)]
struct Sums {
    gospa: GospaAverage,
    switches: f64,
    purity: f64,
    nees: f64,
    matched: f64,
    trajectories: f64,
    paid: f64,
    without: usize,
}

impl Sums {
    fn of(run: &Run, Tracks { places: found, spreads }: &Tracks) -> Self {
        let (mut sums, mut identity) = (Self::default(), IdentityCounter::default());
        for (k, ((truth, tracks), spreads)) in run.truth.iter().zip(found).zip(spreads).enumerate() {
            let metric = Gospa { cutoff_m: CUTOFF_M, order: 2.0 };
            let (parts, matches) = gospa_matches(&places(truth), &places(tracks), metric).expect("finite");
            sums.gospa.add(&parts, 2.0);
            let held = |object: usize| matches.iter().find(|m| m.truth == object).map(|m| tracks[m.estimate].0);
            identity.scan(k as i64, truth.iter().enumerate().map(|(n, t)| (t.0 as u32, held(n))));
            for m in &matches {
                let ([x, y, _], [to_x, to_y, _]) = (truth[m.truth].1, tracks[m.estimate].1);
                let ([dx, dy], [xx, xy, yy]) = ([to_x - x, to_y - y], spreads[m.estimate]);
                sums.nees += 0.5 * (yy * dx * dx - 2.0 * xy * dx * dy + xx * dy * dy) / (xx * yy - xy * xy);
                sums.matched += 1.0;
            }
        }
        let report = identity.report();
        (sums.switches, sums.purity) = (report.switches as f64, report.purity.unwrap_or(1.0));
        let metric = TGospa { cutoff_m: CUTOFF_M, order: 2.0, switch_m: SWITCH_M };
        match t_gospa(&trajectories(&run.truth), &trajectories(found), metric) {
            Ok(parts) => (sums.trajectories, sums.paid) = (parts.total * parts.total, parts.switch_count),
            // More joint assignments than it takes.
            Err(_) => sums.without = 1,
        }
        sums
    }
}

fn score_of(all: &[Run], found: &[Tracks]) -> Scores {
    let runs: Vec<Sums> = all.par_iter().zip(found).map(|(run, found)| Sums::of(run, found)).collect();
    let mut gospa = GospaAverage::default();
    for one in &runs {
        gospa.merge(&one.gospa);
    }
    let sum = |of: fn(&Sums) -> f64| runs.iter().map(of).sum::<f64>();
    let (count, without) = (runs.len() as f64, runs.iter().map(|one| one.without).sum::<usize>());
    let with = (count - without as f64).max(1.0);
    // Of the mean over runs of their mean squares, whose root it is.
    let total = gospa.rms().map_or(0.0, |rms| rms.total);
    let off = |one: &Sums| one.gospa.rms().map_or(0.0, |rms| rms.total * rms.total) - total * total;
    let variance = runs.iter().map(|one| off(one).powi(2)).sum::<f64>() / (count - 1.0).max(1.0);
    Scores {
        gospa,
        error: (variance / count).sqrt() / (2.0 * total),
        switches: sum(|one| one.switches) / count,
        purity: sum(|one| one.purity) / count,
        nees: sum(|one| one.nees) / sum(|one| one.matched),
        trajectories: (
            (sum(|one| one.trajectories) / (with * SCANS as f64)).sqrt(),
            sum(|one| one.paid) / with,
            without,
        ),
    }
}
