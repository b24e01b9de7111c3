//! A record wave by wave, backwards: no more of it is in memory than the tracks of two waves.

use super::history::{History, Known};
use super::record::Row;
use super::smooth::{Interval, Smoother, given};
use crate::fusion::arrays::NONE;
use crate::fusion::batch::Estimate;
use crate::fusion::device::Backward;
use crate::fusion::executor::KernelError;
use core::ops::Range;
use rayon::prelude::*;
use std::io;

/// Tracks of a task.
const TASK: usize = 256;

impl Smoother<'_> {
    /// The tracks of a wave, given those of the one after it as smoothed, and that time, or none if it is the last one. Both
    /// are all that the filter kept, in the order of their births. A device has the wave after from the call before.
    ///
    /// # Errors
    /// If the device fails.
    fn wave(
        &self,
        (time_us, mut filtered): (i64, Vec<Known>),
        next: Option<(i64, &[Known])>,
        device: Option<&mut Backward>,
    ) -> Result<Vec<Known>, KernelError> {
        let estimates = || filtered.iter().map(|known| known.estimate).collect::<Vec<Estimate>>();
        let Some((next_us, later)) = next else {
            device.map_or(Ok(()), |device| device.begin(&estimates()))?;
            return Ok(filtered);
        };
        let between = self.between(time_us, next_us);
        let place = |own: &Known| {
            let place = later.binary_search_by_key(&own.estimate.born, |later| later.estimate.born).ok();
            place.and_then(|place| u32::try_from(place).ok()).unwrap_or(NONE)
        };
        let successors: Vec<u32> = filtered.par_iter().with_min_len(TASK).map(place).collect();
        if let Some(device) = device {
            let mut tracks = estimates();
            device.step(between.look(), &mut tracks, &successors)?;
            filtered.iter_mut().zip(tracks).for_each(|(known, track)| known.estimate = track);
        } else {
            filtered.par_iter_mut().zip(&successors).with_min_len(TASK).for_each(|(own, place)| {
                let later = later.get(*place as usize).map(|later| row(&later.estimate));
                let Row { existence, tile, state, .. } = given(&between, &row(&own.estimate), later.as_ref());
                own.estimate = Estimate { existence, tile, state, ..own.estimate };
            });
        }
        filtered.par_iter_mut().zip(&successors).with_min_len(TASK).for_each(|(own, place)| {
            if let Some(later) = later.get(*place as usize) {
                let Estimate { sources, belief, .. } = later.estimate;
                *own = Known { estimate: Estimate { sources, belief, ..own.estimate }, known_us: later.known_us };
            }
        });
        Ok(filtered)
    }

    /// Hands over the tracks of some waves of a history, as the waves before number `until` tell of them: those that `wanted`
    /// says, in the order of time. `spill` is another history, empty, for what is found backwards.
    ///
    /// # Errors
    /// Those of `give`, and if a history cannot be read or written or the device fails.
    pub fn pass<E: From<io::Error> + From<KernelError>>(
        &self,
        (history, until): (&mut History, usize),
        (interval, wanted): (Interval, &[bool]),
        (spill, mut device): (&mut History, Option<&mut Backward>),
        mut give: impl FnMut(usize, Vec<Known>) -> Result<(), E>,
    ) -> Result<(), E> {
        // Tracks of several models have noises of their own, which no kernel takes yet.
        device = device.filter(|_| self.motion.several().is_none());
        let until = until.min(history.times_us().len());
        let is_wanted = |wave: usize| wanted.get(wave).copied().unwrap_or(false);
        if let Interval::Lag(lag_us) = interval {
            for wave in (0..until).filter(|wave| is_wanted(*wave)) {
                let times_us = history.times_us();
                let ends_us = times_us.get(wave).map_or(i64::MAX, |time_us| time_us.saturating_add(lag_us));
                let ends = times_us.partition_point(|time_us| *time_us <= ends_us).clamp(wave + 1, until);
                give(wave, self.back_to::<E>(history, wave..ends, device.as_deref_mut())?)?;
            }
            return Ok(());
        }
        let (mut later, mut kept) = (None, Vec::new());
        for wave in (0..until).rev() {
            let here = self.step_back::<E>(history, wave, later.as_ref(), device.as_deref_mut())?;
            if is_wanted(wave) {
                spill.push(here.0, &here.1)?;
                kept.push(wave);
            }
            later = Some(here);
        }
        kept.iter().enumerate().rev().try_for_each(|(place, wave)| give(*wave, spill.wave(place)?))
    }

    fn back_to<E: From<io::Error> + From<KernelError>>(
        &self,
        history: &mut History,
        waves: Range<usize>,
        mut device: Option<&mut Backward>,
    ) -> Result<Vec<Known>, E> {
        let mut later = None;
        for number in waves.rev() {
            later = Some(self.step_back::<E>(history, number, later.as_ref(), device.as_deref_mut())?);
        }
        Ok(later.map(|(_, tracks)| tracks).unwrap_or_default())
    }

    fn step_back<E: From<io::Error> + From<KernelError>>(
        &self,
        history: &mut History,
        wave: usize,
        later: Option<&(i64, Vec<Known>)>,
        device: Option<&mut Backward>,
    ) -> Result<(i64, Vec<Known>), E> {
        let time_us = history.times_us().get(wave).copied().unwrap_or_default();
        let next = later.map(|(next_us, later)| (*next_us, later.as_slice()));
        Ok((time_us, self.wave((time_us, history.wave(wave)?), next, device)?))
    }
}

/// A track as a row of no record.
fn row(Estimate { existence, tile, state, models, .. }: &Estimate) -> Row {
    Row { wave: 0, existence: *existence, tile: *tile, state: *state, models: *models, known_us: 0 }
}
