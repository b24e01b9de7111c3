//! How long it takes until an object is seen again, from the rows alone.
//!
//! Where rows have addresses: the times between the rows of one. Else, for some rows, the later row that is hardest to take for
//! chance: of the m rows that follow up to it, none was to be expected within d by chance if m d² is small, so it is the one of
//! the least m d². That asks for no noise, no speed and no period. An object's next sighting is such a row as long as objects are
//! farther apart than they move in a look; by chance alone such times lie spread over many periods.

use std::collections::BTreeMap;

use serde::Serialize;

use super::excerpt::{Mark, Stretch};
use super::geometry::{dot, minus, quantile};

/// Rows that are asked, and rows after each that are searched.
const ASKED: usize = 1_500;
const SEARCHED: usize = 3_000;
/// Times that are wanted at least.
const LEAST: usize = 20;
/// Bins of a logarithmic histogram; times of a steady period lie within [`STEADY`] of it.
const BINS_PER_E: f64 = 20.0;
const STEADY: f64 = 0.08;
/// Shares of the rows that are asked, the surest, of which the times are taken: half of them, or few where most are false.
const SUREST: [usize; 2] = [2, 5];
/// Shares of the times that make a steady period, and one of looks in which objects are seen at any time.
const STEADY_SHARE: f64 = 0.3;
const SPREAD_SHARE: f64 = 0.6;

/// How long it takes until an object is seen again.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// In the middle, seconds.
    pub median_s: f64,
    /// A tenth of the times is shorter.
    pub p10_s: f64,
    /// A tenth is longer.
    pub p90_s: f64,
    /// Whether most are alike, as those of a scanner are.
    pub steady: bool,
    /// Whether it comes from addresses; else from rows that are near to each other.
    pub from_addresses: bool,
}

/// How long it takes, if the rows say so.
pub(super) fn interval(stretches: &[Stretch]) -> Option<Interval> {
    let rows: usize = stretches.iter().map(|stretch| stretch.rows.len()).sum();
    let addressed = stretches.iter().flat_map(|stretch| &stretch.rows).filter(|row| row.address != 0).count();
    if 2 * addressed > rows {
        let mut lags: Vec<f64> = stretches.iter().flat_map(|stretch| between_reports(&stretch.rows)).collect();
        if lags.len() >= LEAST {
            return Some(of_reports(&mut lags));
        }
    }
    let mut found: Vec<(f64, f64)> = Vec::new();
    for stretch in stretches {
        let most = ASKED * stretch.rows.len() / rows.max(1);
        found.extend(returns(&stretch.rows, most.max(1)));
    }
    found.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    SUREST.into_iter().find_map(|of| {
        let mut lags: Vec<f64> = found.iter().take(found.len().div_ceil(of)).map(|(_, lag)| *lag).collect();
        (lags.len() >= LEAST).then(|| of_returns(&mut lags)).flatten()
    })
}

/// Times between the rows of one address.
fn between_reports(rows: &[Mark]) -> Vec<f64> {
    let mut last: BTreeMap<u64, i64> = BTreeMap::new();
    let mut lags = Vec::new();
    for row in rows.iter().filter(|row| row.address != 0) {
        if let Some(before_us) = last.insert(row.address, row.time_us)
            && row.time_us > before_us
        {
            lags.push((row.time_us - before_us) as f64 * 1e-6);
        }
    }
    lags
}

/// Times until some of the rows are seen again, each after how little it looks like chance.
fn returns(rows: &[Mark], most: usize) -> Vec<(f64, f64)> {
    // What follows the last rows is not there: they are not asked.
    let asked = rows.len() - SEARCHED.min(rows.len() / 2);
    let step = asked.div_ceil(most).max(1);
    let mut lags = Vec::with_capacity(asked / step + 1);
    for (place, of) in rows.iter().enumerate().take(asked).step_by(step) {
        let mut best: Option<(f64, i64)> = None;
        for (k, row) in rows.iter().skip(place + 1).take(SEARCHED).enumerate() {
            let other = of.address != 0 && row.address != 0 && of.address != row.address;
            if row.time_us == of.time_us || other {
                continue;
            }
            let off = minus(row.ground, of.ground);
            let chance = (k + 1) as f64 * dot(off, off);
            if best.is_none_or(|(least, _)| chance < least) {
                best = Some((chance, row.time_us - of.time_us));
            }
        }
        lags.extend(best.map(|(chance, lag_us)| (chance, lag_us as f64 * 1e-6)));
    }
    lags
}

fn of_reports(lags: &mut [f64]) -> Interval {
    let mode_s = mode(lags);
    let alike = lags.iter().filter(|lag| (*lag / mode_s - 1.0).abs() <= STEADY).count();
    let steady = 2 * alike > lags.len();
    let [p10_s, median_s, p90_s] = [0.1, 0.5, 0.9].map(|share| quantile(lags, share));
    Interval {
        median_s: if steady { centre(lags, mode_s, [1.0 - STEADY, 1.0 + STEADY]) } else { median_s },
        p10_s,
        p90_s,
        steady,
        from_addresses: true,
    }
}

fn of_returns(lags: &mut [f64]) -> Option<Interval> {
    let mode_s = mode(lags);
    let share = |[low, high]: [f64; 2]| {
        lags.iter().filter(|lag| (low * mode_s..=high * mode_s).contains(*lag)).count() as f64 / lags.len() as f64
    };
    let (close, wide) = ([1.0 - STEADY, 1.0 + STEADY], [0.3, 1.8]);
    let (steady, spread) = (share(close) >= STEADY_SHARE, share(wide) >= SPREAD_SHARE);
    if !steady && !spread {
        return None;
    }
    let median_s = centre(lags, mode_s, if steady { close } else { wide });
    let [p10_s, p90_s] = [0.1, 0.9].map(|share| quantile(lags, share));
    Some(Interval { median_s, p10_s, p90_s, steady, from_addresses: false })
}

/// The median of the times about a mode.
fn centre(lags: &[f64], mode_s: f64, [low, high]: [f64; 2]) -> f64 {
    let mut about: Vec<f64> = lags.iter().copied().filter(|lag| (low * mode_s..=high * mode_s).contains(lag)).collect();
    quantile(&mut about, 0.5)
}

/// The most frequent time, in steps of a twentieth; of equally frequent ones the shortest.
#[expect(clippy::cast_possible_truncation, reason = "the number of a bin")]
fn mode(lags: &[f64]) -> f64 {
    let mut bins: BTreeMap<i64, u32> = BTreeMap::new();
    for lag in lags {
        *bins.entry((libm::log(lag.max(1e-6)) * BINS_PER_E).floor() as i64).or_default() += 1;
    }
    let near = |bin: i64| [bin - 1, bin, bin + 1].map(|bin| bins.get(&bin).copied().unwrap_or_default());
    let weight = |bin: i64| near(bin).into_iter().sum::<u32>();
    let most = bins.keys().fold(None, |best: Option<(u32, i64)>, &bin| match best {
        Some((most, _)) if weight(bin) <= most => best,
        _ => Some((weight(bin), bin)),
    });
    let bin = most.map_or(0, |(_, bin)| bin);
    libm::exp((bin as f64 + 0.5) / BINS_PER_E)
}
