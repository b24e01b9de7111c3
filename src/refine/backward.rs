//! A record wave by wave, backwards: no more of it is in memory than the tracks of two waves.

use super::history::{History, Known};
use super::record::Row;
use super::smooth::{Interval, Smoother, given};
use crate::fusion::batch::Estimate;
use rayon::prelude::*;
use std::io;

/// Tracks of a task.
const TASK: usize = 256;

impl Smoother<'_> {
    /// The tracks of a wave, given those of the one after it as smoothed, and that time, or none if it is the last one. Both
    /// are all that the filter kept, in the order of their births.
    #[must_use]
    pub fn wave(&self, time_us: i64, filtered: Vec<Known>, next: Option<(i64, &[Known])>) -> Vec<Known> {
        let Some((next_us, later)) = next else { return filtered };
        let between = self.between(time_us, next_us);
        let row = |Known { estimate: Estimate { existence, tile, state, models, .. }, known_us }: &Known| Row {
            wave: 0,
            existence: *existence,
            tile: *tile,
            state: *state,
            models: *models,
            known_us: *known_us,
        };
        let smoothed = |own: Known| {
            let place = later.binary_search_by_key(&own.estimate.born, |later| later.estimate.born);
            let later = place.ok().and_then(|place| later.get(place));
            let Row { existence, tile, state, known_us, .. } = given(&between, &row(&own), later.map(row).as_ref());
            let Estimate { sources, belief, .. } = later.unwrap_or(&own).estimate;
            Known { estimate: Estimate { existence, tile, state, sources, belief, ..own.estimate }, known_us }
        };
        filtered.into_par_iter().with_min_len(TASK).map(smoothed).collect()
    }

    /// Hands over the tracks of some waves of a history, as the waves before number `until` tell of them: those that `wanted`
    /// says, in the order of time. `spill` is another history, empty, for what is found backwards.
    ///
    /// # Errors
    /// Those of `give`, and if a history cannot be read or written.
    pub fn pass<E: From<io::Error>>(
        &self,
        (history, until): (&mut History, usize),
        (interval, wanted): (Interval, &[bool]),
        spill: &mut History,
        mut give: impl FnMut(usize, Vec<Known>) -> Result<(), E>,
    ) -> Result<(), E> {
        let until = until.min(history.times_us().len());
        let is_wanted = |wave: usize| wanted.get(wave).copied().unwrap_or(false);
        if let Interval::Lag(lag_us) = interval {
            for wave in (0..until).filter(|wave| is_wanted(*wave)) {
                let times_us = history.times_us();
                let ends_us = times_us.get(wave).map_or(i64::MAX, |time_us| time_us.saturating_add(lag_us));
                let ends = times_us.partition_point(|time_us| *time_us <= ends_us).clamp(wave + 1, until);
                give(wave, self.back_to(history, wave, ends)?)?;
            }
            return Ok(());
        }
        let (mut later, mut kept) = (None, Vec::new());
        for wave in (0..until).rev() {
            let here = self.step_back(history, wave, later.as_ref())?;
            if is_wanted(wave) {
                spill.push(here.0, &here.1)?;
                kept.push(wave);
            }
            later = Some(here);
        }
        kept.iter().enumerate().rev().try_for_each(|(place, wave)| give(*wave, spill.wave(place)?))
    }

    fn back_to(&self, history: &mut History, wave: usize, ends: usize) -> io::Result<Vec<Known>> {
        let mut later = None;
        for number in (wave..ends).rev() {
            later = Some(self.step_back(history, number, later.as_ref())?);
        }
        Ok(later.map(|(_, tracks)| tracks).unwrap_or_default())
    }

    fn step_back(
        &self,
        history: &mut History,
        wave: usize,
        later: Option<&(i64, Vec<Known>)>,
    ) -> io::Result<(i64, Vec<Known>)> {
        let time_us = history.times_us().get(wave).copied().unwrap_or_default();
        let next = later.map(|(next_us, later)| (*next_us, later.as_slice()));
        Ok((time_us, self.wave(time_us, history.wave(wave)?, next)))
    }
}
