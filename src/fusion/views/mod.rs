//! Detectability: how likely each view of a lane sees a track at all.
//!
//! A *view* is a group of sensors that see the same objects. What one cannot see (no transponder, a shadow, a clutter
//! notch) is none the less likely to exist when it misses it again. So a track has, beside its existence, a v_h for every
//! view h. Given existence, the law of V₁ … V_G, who sees it, is Π v_h^V_h (1 - v_h)^(1 - V_h), restricted to V ≠ 0: an
//! object that no view can see is no object. A miss of view g multiplies by 1 - P_D V_g, which stays in the family:
//!
//! - u = 1 - Π (1 - v_h) over the views that cover the place, as u ← u + v_h (1 - u); v̂ = v_g / u, and 1 where g is alone;
//! - association, and what the field of undetected targets is thinned by, take P_D v̂ for P_D;
//! - a miss: v_g ← v_g (1 - P_D) / (1 - P_D v_g), with v_g, not v̂; a hit: v_g ← 1; both in their shares, as the state is;
//! - between looks of g: v_g ← π + (v_g - π) exp(-dt / τ). It is stored as of the lane's last look of g, and relaxed where
//!   it is used; births, of v = π, mix with what is stored: relaxation is affine, and π is its fixed point.
//!
//! A newborn has v_g = 1, and the other v_h of the undetected targets where it was detected, before this look's miss. These
//! have one v_h a lane, π where view h does not cover, and follow a density that every view covers: births against misses.
//! What is recycled takes on theirs. A lane of one view computes nothing of this, and its bits do not know π or τ.
//!
//! Stored are log-odds in steps of 1/2048, of 16 bits, two a word. Units: m, s. Kernels: `detectability`, `learn_views`, `init_views`.

pub mod twins; // one object, two tracks

#[cfg(test)]
mod tests;

use super::arrays::{AT_REST, Arrays, BLOCK, Host, LaneStep, MEAN, NONE, TrackHypotheses, at};
use super::manage::edges_of;
use super::setup::LaneSetup;
use super::simd::{exp_of_nonpositive, ln};
use super::undetected::UndetectedIntensity;
use crate::mirror::mirror;
use crate::scan::{Scan, Sight, Views};
use crate::time::seconds_between;
use core::array::from_fn;
use core::ops::Range;
use rayon::prelude::*;

/// Views that a lane has at most.
pub const VIEWS_MAX: usize = crate::scan::VIEWS_MAX;
/// Words of a track's log-odds.
pub const VIEW_WORDS: usize = VIEWS_MAX / 2;
/// Steps of log-odds in one nat.
pub const VIEW_STEPS: f32 = 2048.0;
/// Largest number of steps, either way: odds of e¹⁶.
pub const VIEW_MOST: i32 = i16::MAX as i32;
/// Beyond these odds, which are e¹⁶ rounded up, the number of steps is the largest.
pub const VIEW_ODDS: f32 = 9e6;

/// What is known of a view of a lane beforehand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    /// π: the probability that it sees an object.
    pub visible_share: f64,
    /// τ: how long what was seen or missed says something of that, seconds.
    pub persistence_s: f64,
    /// The least variance of a position that its sensors measure, m²; for a radar, of a range.
    pub variance_m2: f32,
}

mirror! {
    /// What a lane knows of one of its views in one wave.
    pub struct ViewLook {
        /// First part on the device of the mask of where it sees, or [`NONE`].
        pub mask: u32,
        /// First of the shares of cells that it covers, or [`NONE`].
        pub cover: u32,
        /// exp(-t / τ), t being the time since its last look.
        pub kept: f32,
        /// What v takes on meanwhile, π (1 - kept).
        pub gained: f32,
        /// What 1 - v takes on, (1 - π) (1 - kept).
        pub lost: f32,
        /// v of undetected targets that it covers, now, before this look's miss.
        pub field: f32,
        /// What is stored for a newborn that it covers.
        pub covered: i32,
        /// What is stored for one that it does not cover.
        pub beyond: i32,
        /// Variance of a position that it measures, m².
        pub variance_m2: f32,
    }
}

/// The views of one lane, as far as they do not hang on its tracks; `None` where it has one.
#[derive(Clone, Debug)]
pub struct Outlook {
    views: Vec<Known>,
    /// Density, or number, of undetected targets, and what is born of them in a second and with a scan.
    targets: f64,
    births_per_s: f64,
    births_a_scan: f64,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    view: View,
    looked_us: Option<i64>,
    /// v of undetected targets, as of then.
    field: f64,
}

impl Outlook {
    /// Before the first scan.
    #[must_use]
    pub fn of(setup: &LaneSetup) -> Option<Self> {
        let known = |view: &View| Known { view: *view, looked_us: None, field: view.visible_share };
        let (targets, births_per_s, births_a_scan) = match &setup.undetected {
            UndetectedIntensity::Field { density, birth, .. } => {
                let sum: f64 = density.iter().copied().map(f64::from).sum();
                (sum / density.len().max(1) as f64, f64::from(*birth), 0.0)
            }
            UndetectedIntensity::Components { components, births, .. } => {
                let sum = |all: &[super::undetected::Component]| all.iter().map(|c| f64::from(c.weight)).sum();
                (sum(components), 0.0, sum(births))
            }
        };
        let views = setup.views.iter().map(known).collect();
        (setup.views.len() > 1).then_some(Self { views, targets, births_per_s, births_a_scan })
    }

    /// Moves on to a scan, of which `look` knows the time; what the lane knows of its views then.
    #[expect(clippy::cast_possible_truncation, reason = "rounded once, from f64")]
    pub fn look(&mut self, scan: &Scan<'_>, look: &mut LaneStep) -> [ViewLook; VIEWS_MAX] {
        let looking = scan.views.looking;
        (look.views, look.view, look.reports) =
            (self.views.len() as u32, looking as u32, u32::from(scan.views.reports));
        let survivors = self.targets * f64::from(if look.orbits == 1 { look.left } else { look.survival });
        let births = self.births_per_s * f64::from(look.births_s) + self.births_a_scan;
        self.targets = survivors + births;
        let mut looks = [ViewLook::default(); VIEWS_MAX];
        let (mut some, mut own) = (0.0, 0.0);
        for (number, (to, known)) in looks.iter_mut().zip(&mut self.views).enumerate() {
            let View { visible_share, persistence_s, variance_m2 } = known.view;
            if self.targets > 0.0 {
                known.field = (survivors * known.field + births * visible_share) / self.targets;
            }
            let since_s = known.looked_us.map_or(0.0, |looked_us| seconds_between(looked_us, scan.time_us));
            let kept = libm::exp(-since_s.max(0.0) / persistence_s);
            let field = visible_share + (known.field - visible_share) * kept;
            some += field * (1.0 - some);
            let of_newborn = |v: f64| if number == looking { VIEW_MOST } else { steps(v) };
            *to = ViewLook {
                mask: NONE,
                cover: NONE,
                kept: kept as f32,
                gained: (visible_share * (1.0 - kept)) as f32,
                lost: ((1.0 - visible_share) * (1.0 - kept)) as f32,
                field: field as f32,
                covered: of_newborn(known.field),
                beyond: of_newborn(visible_share),
                variance_m2,
            };
            if number == looking {
                (own, known.looked_us) = (field, Some(scan.time_us));
            }
        }
        let detected = f64::from(scan.detection_probability) * f64::from(scan.sight.most());
        let share = if some > 0.0 && !scan.views.reports { own / some } else { 1.0 };
        self.targets *= 1.0 - detected * share;
        if let Some(known) = self.views.get_mut(looking) {
            let missed = own * (1.0 - detected);
            known.field = if missed + (1.0 - own) > 0.0 { missed / (missed + (1.0 - own)) } else { own };
        }
        looks
    }
}

/// Log-odds of a probability, in steps.
#[expect(clippy::cast_possible_truncation, reason = "within the most")]
fn steps(v: f64) -> i32 {
    let steps = libm::round(libm::log(v / (1.0 - v)) * f64::from(VIEW_STEPS));
    let most = f64::from(VIEW_MOST);
    steps.clamp(-most, most) as i32
}

/// v and 1 - v of log-odds in steps.
#[inline]
#[must_use]
pub fn chance(steps: i32) -> [f32; 2] {
    let e = exp_of_nonpositive(steps.unsigned_abs() as f32 / -VIEW_STEPS);
    let (more, less) = (1.0 / (1.0 + e), e / (1.0 + e));
    if steps < 0 { [less, more] } else { [more, less] }
}

/// Log-odds, in steps, of what is `yes` to `no`.
#[inline]
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "within the most")]
#[expect(clippy::neg_cmp_op_on_partial_ord, reason = "NaN is as nothing against")]
pub fn weighed(yes: f32, no: f32) -> i32 {
    let odds = yes / no;
    if !(odds < VIEW_ODDS) {
        return VIEW_MOST;
    }
    if !(odds > 1.0 / VIEW_ODDS) {
        return -VIEW_MOST;
    }
    ((ln(odds) * VIEW_STEPS + 0.5).floor() as i32).clamp(-VIEW_MOST, VIEW_MOST)
}

/// The number of view `h` in the words of a track.
#[inline]
#[must_use]
pub fn stored(word: impl Fn(usize) -> u32, h: usize) -> i32 {
    (word(h / 2) << (16 * (1 - h % 2))).cast_signed() >> 16
}

/// A word with another number for view `h`.
#[inline]
#[must_use]
pub fn with_stored(word: u32, h: usize, steps: i32) -> u32 {
    let shift = 16 * (h % 2);
    (word & !(0xffff << shift)) | ((steps.cast_unsigned() & 0xffff) << shift)
}

impl ViewLook {
    /// v and 1 - v now, of what was stored.
    #[inline]
    #[must_use]
    pub fn now(&self, steps: i32) -> [f32; 2] {
        let [yes, no] = chance(steps);
        [self.gained + self.kept * yes, self.lost + self.kept * no]
    }
}

/// What a look sees: where it could have, and how likely its view sees what is there.
#[derive(Clone, Copy, Debug)]
pub struct Sees<'a> {
    sight: Sight<'a>,
    /// The view that looked, and whether its objects report when they like; all of them, if there are several; where each
    /// could see.
    looking: usize,
    reports: bool,
    looks: &'a [ViewLook],
    sights: &'a [Sight<'a>],
}

impl<'a> Sees<'a> {
    /// Of a scan with this sight, whose lane knows `looks` of its views; none of one.
    #[must_use]
    pub fn new(sight: Sight<'a>, views: &'a Views<'a>, looks: &'a [ViewLook]) -> Self {
        let looks = if views.sights.is_empty() { &[] } else { looks };
        Self { sight, looking: views.looking, reports: views.reports, looks, sights: &views.sights }
    }

    /// Of a scan of a lane's only view.
    #[must_use]
    pub fn only(sight: Sight<'a>) -> Self {
        Self { sight, looking: 0, reports: false, looks: &[], sights: &[] }
    }

    /// Where it could have seen.
    #[must_use]
    pub fn sight(&self) -> Sight<'a> {
        self.sight
    }

    /// Whether the lane has several views.
    #[inline]
    #[must_use]
    pub fn has_views(&self) -> bool {
        !self.looks.is_empty()
    }

    /// Whether the look sees every object wherever it is.
    #[inline]
    #[must_use]
    pub fn is_sure(&self) -> bool {
        matches!(self.sight, Sight::Everywhere) && !self.has_views()
    }

    /// v̂ where `covers` says which views see, and `chance` each one's v and 1 - v; 1 for a report, which is of an object that
    /// reports.
    #[inline]
    fn share(&self, covers: impl Fn(&Sight<'_>) -> bool, chance: impl Fn(usize, &ViewLook) -> [f32; 2]) -> f32 {
        let Some(own) = self.looks.get(self.looking).filter(|_| !self.reports) else { return 1.0 };
        let [yes, no] = chance(self.looking, own);
        let (mut some, mut rest, mut alone) = (yes, no, true);
        for (h, (look, sight)) in self.looks.iter().zip(self.sights).enumerate() {
            if h != self.looking && covers(sight) {
                let [yes, no] = chance(h, look);
                some += yes * rest;
                rest *= no;
                alone = false;
            }
        }
        if !alone && some > 0.0 { yes / some } else { 1.0 }
    }

    /// The share of its detection probability that the look has of a track with these words; where it does not see the place,
    /// less than zero: minus the share that it would have.
    #[inline]
    #[must_use]
    pub fn track(&self, tile: &[i32; 3], mean: &[f32], word: impl Fn(usize) -> u32) -> f32 {
        let (seen, mut visible) = (self.sight.at(tile, mean), 1.0);
        if self.has_views() {
            visible = self.share(|sight| sight.at(tile, mean) > 0.0, |h, look| look.now(stored(&word, h)));
        }
        if seen > 0.0 { seen * visible } else { -visible }
    }

    /// The same of undetected targets at a place.
    #[inline]
    #[must_use]
    pub fn place(&self, tile: &[i32; 3], mean: &[f32]) -> f32 {
        self.sight.at(tile, mean) * self.visible(tile, mean)
    }

    /// v̂ of undetected targets at a place.
    #[inline]
    #[must_use]
    pub fn visible(&self, tile: &[i32; 3], mean: &[f32]) -> f32 {
        self.share(|sight| sight.at(tile, mean) > 0.0, |_, look| [look.field, 1.0 - look.field])
    }

    /// The same of those in a cell of the lane's field.
    #[inline]
    #[must_use]
    pub fn cell(&self, cell: usize) -> f32 {
        let seen = self.sight.in_cell(cell);
        // Another view sees what it sees on the ground that it covers.
        let chance = |h: usize, look: &ViewLook| {
            let covered = self.sights.get(h).filter(|_| h != self.looking).map_or(1.0, |sight| sight.in_cell(cell));
            let v = look.field * covered;
            [v, 1.0 - v]
        };
        seen * self.share(|sight| sight.in_cell(cell) > 0.0, chance)
    }

    /// That of some cells, in stretches of cells that are covered alike and so have one share.
    pub fn stretches(&self, cells: Range<usize>) -> impl Iterator<Item = (Range<usize>, f32)> {
        let sight = |h: usize| if h == self.looking { Some(&self.sight) } else { self.sights.get(h) };
        let mut turns: [&[u32]; VIEWS_MAX] = from_fn(|h| sight(h).map_or(&[][..], Sight::turns));
        for turns in &mut turns {
            *turns = turns.get(turns.partition_point(|cell| (*cell as usize) <= cells.start)..).unwrap_or_default();
        }
        let mut first = cells.start;
        core::iter::from_fn(move || {
            let next = turns.iter().filter_map(|turns| turns.first()).map(|cell| *cell as usize).min();
            let here = first..next.map_or(cells.end, |next| next.min(cells.end));
            first = here.end;
            for turns in turns.iter_mut().filter(|turns| turns.first().is_some_and(|cell| *cell as usize <= first)) {
                *turns = turns.get(1..).unwrap_or_default();
            }
            (!here.is_empty()).then(|| (here.clone(), self.cell(here.start)))
        })
    }

    /// The words of a track that begins at a place.
    #[must_use]
    pub fn newborn(&self, tile: &[i32; 3], mean: &[f32]) -> [u32; VIEW_WORDS] {
        let mut words = [0; VIEW_WORDS];
        for (h, (look, sight)) in self.looks.iter().zip(self.sights).enumerate() {
            let steps = if sight.at(tile, mean) > 0.0 { look.covered } else { look.beyond };
            if let Some(word) = words.get_mut(h / 2) {
                *word = with_stored(*word, h, steps);
            }
        }
        words
    }
}

/// Takes in what a look said of every track of its view: before `update`, which moves tracks.
pub fn learn(arrays: &mut Arrays<Host>, lanes: &[Option<Sees<'_>>]) {
    let Arrays { looks, lane, tile, mean, views, rows, edges, .. } = arrays;
    views
        .par_chunks_mut(VIEW_WORDS * BLOCK)
        .zip(lane.par_iter())
        .zip(tile.par_chunks(3 * BLOCK))
        .zip(mean.par_chunks(MEAN * BLOCK))
        .zip(rows.par_chunks(BLOCK))
        .with_min_len(16)
        .for_each(|((((views, &lane), tile), mean), rows)| {
            let lane = lane as usize;
            let Some((Some(sees), look)) = lanes.get(lane).zip(looks.get(lane)) else { return };
            let Some(own) = sees.looks.get(sees.looking) else { return };
            for (place, row) in rows.iter().enumerate().filter(|(_, row)| row.start != AT_REST) {
                let tile = from_fn(|a| tile.get(at(place, a, 3)).copied().unwrap_or_default());
                let mean: [f32; MEAN] = from_fn(|a| mean.get(at(place, a, MEAN)).copied().unwrap_or_default());
                let hits: f32 = edges_of(row, edges).iter().fold(0.0, |sum, edge| sum + edge.weight);
                let detected = look.detection_probability * sees.sight.at(&tile, &mean);
                if let Some(word) = views.get_mut(at(place, sees.looking / 2, VIEW_WORDS)) {
                    let steps = learnt(own.now(stored(|_| *word, sees.looking)), detected, row, hits);
                    *word = with_stored(*word, sees.looking, steps);
                }
            }
        });
}

/// What is stored after a look that was missed, and hit, with these probabilities.
#[inline]
fn learnt([yes, no]: [f32; 2], detected: f32, row: &TrackHypotheses, hits: f32) -> i32 {
    let unseen = yes * (1.0 - detected);
    let all = unseen + no;
    weighed(row.missed * (unseen / all) + hits, row.missed * (no / all))
}
