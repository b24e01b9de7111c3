//! How to fuse: every parameter of the filter, read from TOML, without hidden defaults.

use super::arrays::LaneStep;
use super::bounds::quantity;
use super::motion::{self, ConstantVelocity, CoordinatedTurn, Motion, Moves, Noise, Orbit};
use core::num::NonZeroU32;
use serde::{Deserialize, Serialize};

pub use super::bounds::{Doubt, OutOfRange, Positive, Probability};

/// Parameters of the filter; `docs/configuration.md` explains each, `data/config/` holds complete files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// How targets move.
    pub motion: Motion,
    /// Largest squared Mahalanobis distance at which a detection may belong to a track.
    pub gate: Positive,
    /// How detections are shared out.
    pub association: Association,
    /// When tracks begin, count and end.
    pub existence: Existence,
    /// Targets that nothing has detected yet.
    pub undetected: Births,
    /// Which views see an object at all.
    #[serde(default)]
    pub detectability: Detectability,
    /// Whether addresses that targets send tell whose a detection is; `None`: nothing is fused of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
    /// Scans after which a lane's tracks are put in spatial order, for speed.
    pub reorder_scans: u32,
}

impl Config {
    /// Probability that an address is not that of its object alone; 0 where addresses are not fused.
    #[must_use]
    pub fn address_error(&self) -> f32 {
        self.identity.map_or(0.0, |of| of.error_probability.get())
    }

    /// So long after its last detection no track is reported: its existence has come below `report`, or the noise of its
    /// motion alone has made its place too uncertain. Seconds, infinite where neither ends a track.
    #[must_use]
    pub fn horizon_s(&self) -> f64 {
        let Existence { prune, report, position_sigma_max_m, .. } = self.existence;
        let least = f64::from(report.get().max(prune.get()));
        // s^T = least; a tenth more, for what is rounded and for detections before the time of their scan.
        let decay = -libm::log(self.motion.survival_per_s);
        let unlikely_s = if decay > 0.0 { -libm::log(least) / decay } else { f64::INFINITY };
        // Both horizontal variances after T, by which alone a track ends: 2 q T³ / 3 = 2 σ².
        let limit_m = f64::from(position_sigma_max_m.get());
        let straight_s = |q: f64| if q > 0.0 { (3.0 * limit_m * limit_m / q).cbrt() } else { f64::INFINITY };
        let uncertain_s = match &self.motion.model {
            Moves::One(motion::Mode::ConstantVelocity(ConstantVelocity {
                noise: Noise::ConstantAcceleration, ..
            })) => f64::INFINITY,
            Moves::One(motion::Mode::ConstantVelocity(ConstantVelocity { horizontal, .. })) => straight_s(*horizontal),
            // A place in a turn goes round: 2 q (θ - sin θ) / ω³ of noise, and θ - sin θ ≥ θ - 1.
            Moves::One(motion::Mode::CoordinatedTurn(CoordinatedTurn { turn_deg_s, horizontal, .. }))
                if *horizontal > 0.0 =>
            {
                let rate = turn_deg_s.to_radians().abs();
                1.0 / rate + 0.5 * limit_m * limit_m * rate * rate / horizontal
            }
            Moves::One(motion::Mode::CoordinatedTurn(_)) => f64::INFINITY,
            // Gravity takes an eighth of that off over a part of the first revolution, and adds to it later.
            Moves::One(motion::Mode::Orbit(Orbit { q })) => straight_s(*q),
            Moves::Several(models) => straight_s(models.least().horizontal),
        };
        1.1 * unlikely_s.min(uncertain_s) + 1.0
    }
}

/// How detections are shared out among tracks.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Association {
    /// Marginal probabilities or one-to-one assignment.
    pub mode: Mode,
    /// Clusters with at most so many detections or tracks are solved exactly in mode `soft`.
    pub exact_max: u32,
    /// Belief propagation stops when no message of the cluster moves by more.
    #[serde(deserialize_with = "quantity")]
    pub tolerance: f32,
    /// Belief propagation stops after so many iterations; such clusters are counted in what the run took.
    pub iterations_max: u32,
    /// Detections that a track may choose among; where its gate holds more, it is narrowed, and the track is counted.
    #[serde(default = "hypotheses_max")]
    pub hypotheses_max: NonZeroU32,
}

/// What configurations mean that do not say how many hypotheses a track may have.
fn hypotheses_max() -> NonZeroU32 {
    NonZeroU32::MIN.saturating_add(63)
}

/// The two modes of association.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Marginal probability of every hypothesis.
    Soft,
    /// The most likely assignment, one to one.
    Assign,
}

impl Mode {
    /// The mode's name in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Soft => "soft",
            Self::Assign => "assign",
        }
    }
}

/// Thresholds on the probability of existence.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Existence {
    /// Tracks below are dropped.
    pub prune: Probability,
    /// Tracks below, that are not dropped, go back into the field of undetected targets; at most `prune`: none do.
    pub recycle: Probability,
    /// Tracks above are confirmed, until they fall below half of it.
    pub confirm: Probability,
    /// Tracks above are in the picture.
    pub report: Probability,
    /// Tracks whose horizontal position is less certain, over both axes together √2 of it, go back into the field of undetected targets.
    pub position_sigma_max_m: Positive,
    /// A detection with at least this probability makes its source a contributor.
    pub contributor: Probability,
}

/// The field of undetected targets of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Births {
    /// Targets a square kilometre before the first scan.
    #[serde(deserialize_with = "quantity")]
    pub initial_per_km2: f64,
    /// New targets a square kilometre and hour.
    #[serde(deserialize_with = "quantity")]
    pub births_per_km2_h: f64,
    /// Edge of a cell of the field, kilometres.
    pub cell_km: Positive,
    /// Standard deviation of a new track's horizontal velocity along each axis, m/s.
    #[serde(deserialize_with = "quantity")]
    pub speed_m_s: f32,
    /// Standard deviation of its vertical velocity, m/s.
    #[serde(deserialize_with = "quantity")]
    pub climb_m_s: f32,
}

impl Births {
    /// Edge of a cell of the field, metres.
    #[must_use]
    pub fn cell_m(&self) -> f64 {
        f64::from(self.cell_km.get()) * 1e3
    }

    /// Sets what becomes of the field over `dt_s` where targets orbit the Earth: they pass. Of the undetected ones of a
    /// cell exp(-t / T) are still in it, and others come as those go, T being the time in which births make up the
    /// targets before the first scan. So a field that looks have thinned fills up again, and hours without a look leave it as
    /// it was at first.
    #[expect(clippy::cast_possible_truncation, reason = "rounded once, from f64")]
    pub(super) fn pass(&self, dt_s: f64, look: &mut LaneStep) {
        if self.initial_per_km2 > 0.0 && self.births_per_km2_h > 0.0 {
            let rate = self.births_per_km2_h / 3600.0 / self.initial_per_km2;
            look.left *= libm::exp(-rate * dt_s) as f32;
            look.births_s = (-libm::expm1(-rate * dt_s) / rate) as f32;
        }
    }
}

/// What addresses that targets send say.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// Probability that an address is not that of its object alone: it is wrong, or another object sends it too.
    #[serde(default = "error_probability")]
    pub error_probability: Doubt,
}

/// What configurations mean that do not say how often addresses are wrong.
fn error_probability() -> Doubt {
    Doubt::constant(0.05)
}

/// Which views see an object at all, in lanes of several views.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Detectability {
    /// Share of the objects that a view sees: of two views, of three or more.
    pub visible_share: [Probability; 2],
    /// So long what a view saw or missed says whether it sees an object, seconds.
    pub persistence_s: Positive,
    /// Share of what a sensor detects that a lane is taken to have, where rules may withhold a part.
    pub shared_share: Probability,
}

impl Default for Detectability {
    fn default() -> Self {
        let [two, more] = [0.7, 0.5].map(Probability::constant);
        Self { visible_share: [two, more], persistence_s: Positive::constant(3600.0), shared_share: more }
    }
}

impl Detectability {
    /// The share of the objects that each of so many views sees.
    #[must_use]
    pub fn visible_share_of(&self, views: usize) -> f64 {
        let [two, more] = self.visible_share;
        f64::from(if views > 2 { more } else { two }.get())
    }
}
