//! The stages of a wave, in their order, and the time that they take.

use std::time::{Duration, Instant};

/// One stage of a wave. What comes first is less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Tracks to the time of the scan.
    Predict,
    /// Pairs of track and detection that may belong together.
    Gate,
    /// Pairs to connected components.
    Cluster,
    /// How likely each pair is.
    Associate,
    /// Tracks to their posteriors.
    Update,
    /// Births and ends.
    Manage,
}

impl Stage {
    /// All of them, in order.
    pub const ALL: [Self; 6] = [Self::Predict, Self::Gate, Self::Cluster, Self::Associate, Self::Update, Self::Manage];

    /// Its name: module, folder or file of its shaders, timing key.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Predict => "predict",
            Self::Gate => "gate",
            Self::Cluster => "cluster",
            Self::Associate => "associate",
            Self::Update => "update",
            Self::Manage => "manage",
        }
    }
}

/// Time spent in each stage. Never part of a result.
#[derive(Clone, Copy, Debug, Default)]
pub struct Timings([Duration; Stage::ALL.len()]);

impl Timings {
    /// That of one stage.
    #[must_use]
    pub fn of(&self, stage: Stage) -> Duration {
        self.0.get(stage as usize).copied().unwrap_or_default()
    }

    /// That of each stage.
    pub fn each(&self) -> impl Iterator<Item = (Stage, Duration)> + use<> {
        Stage::ALL.into_iter().zip(self.0)
    }

    /// Adds time that a stage took.
    pub fn add(&mut self, stage: Stage, spent: Duration) {
        if let Some(time) = self.0.get_mut(stage as usize) {
            *time += spent;
        }
    }

    /// Adds the time that a stage has taken since it began; gives when the next one begins.
    pub(super) fn note(&mut self, stage: Stage, since: Instant) -> Instant {
        let now = Instant::now();
        self.add(stage, now - since);
        now
    }
}
