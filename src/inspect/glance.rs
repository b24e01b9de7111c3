//! A glance at the first rows of a recording, at a bounded cost: how fast objects are, and which configuration that fits.

use super::chains::chains;
use super::choice::{Proposal, Seen, propose};
use super::excerpt::{Excerpt, Places};
use super::figures::over_ground;
use super::geometry::quantile;
use super::{agreed, period};
use crate::ingest::{Catalogue, Detections};
use rayon::prelude::*;

/// Rows that are looked at: what they cost does not grow with the recording.
const ROWS: u64 = 20_000;
/// Speeds that are wanted at least.
const LEAST: usize = 10;

/// The first rows, while a recording is read in the order of time.
#[derive(Debug)]
pub(crate) struct Glance {
    excerpt: Excerpt,
}

impl Glance {
    pub(crate) fn new(catalogue: &Catalogue) -> Self {
        let excerpt = Excerpt::new(catalogue.sensors.len(), u64::MAX, (0.0, &Places::new()));
        Self { excerpt: excerpt.at_most(ROWS) }
    }

    /// Takes in detections, in the order of time.
    pub(crate) fn take(&mut self, batch: &Detections, catalogue: &Catalogue) {
        if self.excerpt.sampling.rows < ROWS {
            self.excerpt.take(batch, catalogue);
        }
    }

    /// The configuration that fits the speeds seen; `None` where none was.
    pub(crate) fn finish(self, catalogue: &Catalogue) -> Option<Proposal> {
        let of = (&catalogue.sensors).into_par_iter().zip(&self.excerpt.sensors);
        let speeds = of.map(|(sensor, stretches)| {
            let said_s = sensor.looks.interval_s();
            let period_s = agreed(period::interval(stretches), said_s)?;
            let rows = &stretches.first()?.rows;
            let chains = chains(rows, sensor, (catalogue.frame, period_s));
            let marks: Vec<Vec<&_>> =
                chains.iter().map(|chain| chain.iter().filter_map(|row| rows.get(*row as usize)).collect()).collect();
            let sigma_m = sensor.noise.horizontal_m.or(sensor.noise.range_m).unwrap_or_default();
            let mut speeds = over_ground(&marks, sigma_m);
            (speeds.len() >= LEAST).then(|| (chains.len(), quantile(&mut speeds, 0.95)))
        });
        let most = speeds.collect::<Vec<_>>().into_iter().flatten().filter(|(_, p95)| *p95 > super::AT_REST_M_S);
        let (_, p95) = most.max_by_key(|(chains, _)| *chains)?;
        propose(Seen { speed_m_s: Some(p95), ..Seen::default() }, catalogue.frame)
    }
}
