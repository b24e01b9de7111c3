//! A record wave by wave, backwards: no more of it is in memory than two waves, and what a history has room for.

use super::history::{History, Known};
use super::record::Row;
use super::smooth::{EXISTENCE_MIN, Interval, LANES, Moment, Smoother, given, moments, taken_back};
use super::wave::Wave;
use crate::fusion::arrays::NONE;
use crate::fusion::batch::Estimate;
use crate::fusion::executor::{Backward, KernelError};
use crate::fusion::motion::{Between, MODELS_MAX};
use crate::fusion::past::Trace;
use core::ops::Range;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::io;
use wide::f32x8;

/// A wave as smoothed.
struct After {
    time_us: i64,
    wave: Wave,
    /// Of tracks that began in it, what is known of the time before.
    begun: BTreeMap<[u32; 2], Trace>,
    /// The tracks that begin later and were there, in the order of their births.
    undetected: Vec<Undetected>,
}

/// A track before its first detection.
struct Undetected {
    known: Known,
    trace: Trace,
}

impl After {
    fn tracks(&self) -> Vec<Known> {
        let mut tracks = self.wave.tracks();
        tracks.extend(self.undetected.iter().map(|undetected| undetected.known));
        tracks
    }
}

impl Smoother<'_> {
    /// The tracks of a wave, given those of the one after it as smoothed, and that time, or none if it is the last one. Both
    /// are all that the filter kept. A device has the wave after from the call before.
    fn step_back(
        &self,
        (time_us, filtered): (i64, Wave),
        next: Option<&After>,
        device: Option<&mut Backward>,
    ) -> Result<Wave, KernelError> {
        let estimates = |tracks: &[Known]| tracks.iter().map(|known| known.estimate).collect::<Vec<Estimate>>();
        let Some(After { time_us: next_us, wave: later, .. }) = next else {
            let weighed = self.motion.weighed();
            device.map_or(Ok(()), |device| device.begin(weighed, &estimates(&filtered.tracks())))?;
            return Ok(filtered);
        };
        let between = self.between(time_us, *next_us);
        if let Some(device) = device {
            let (mut own, later) = (filtered.tracks(), later.tracks());
            let (mut tracks, successors) = (estimates(&own), successors(&own, &later));
            device.step(&between, &mut tracks, &successors)?;
            own.iter_mut().zip(tracks).for_each(|(known, track)| known.estimate = track);
            rest(&mut own, &later, &successors);
            return Ok(Wave::of(&own));
        }
        let part = |number: usize| {
            let mut own = filtered.of_parts(number..number + 1);
            let ends = [own.first(), own.last()].map(|known| known.map_or([0; 2], |known| known.estimate.born));
            let later = later.of_parts(later.around(ends));
            let successors = successors(&own, &later);
            on_host(&between, &mut own, (&later, &successors));
            rest(&mut own, &later, &successors);
            own
        };
        Ok(Wave::collect((0..filtered.parts()).into_par_iter().map(part)))
    }

    /// Hands over the tracks of some waves of a history, as the waves before number `until` tell of them: those that `wanted`
    /// says, in the order of time, each with the tracks that were there before their first detection, and the history, for what
    /// the filter had. `spill` is another history, empty, for what is found backwards.
    ///
    /// # Errors
    /// Those of `give`, and if a history cannot be read or written or the device fails.
    pub fn pass<E: From<io::Error> + From<KernelError>>(
        &self,
        (history, until): (&mut History, usize),
        (interval, wanted): (Interval, &[bool]),
        (spill, mut device): (&mut History, Option<&mut Backward>),
        mut give: impl FnMut(usize, Vec<Known>, &mut History) -> Result<(), E>,
    ) -> Result<(), E> {
        let until = until.min(history.times_us().len());
        let is_wanted = |wave: usize| wanted.get(wave).copied().unwrap_or(false);
        if let Interval::Lag(lag_us) = interval {
            for wave in (0..until).filter(|wave| is_wanted(*wave)) {
                let times_us = history.times_us();
                let ends_us = times_us.get(wave).map_or(i64::MAX, |time_us| time_us.saturating_add(lag_us));
                let ends = times_us.partition_point(|time_us| *time_us <= ends_us).clamp(wave + 1, until);
                let tracks = self.back_to::<E>(history, wave..ends, device.as_deref_mut())?;
                give(wave, tracks, history)?;
            }
            return Ok(());
        }
        let (mut later, mut kept) = (None, Vec::new());
        for wave in (0..until).rev() {
            let here = self.back_by_one::<E>(history, wave, later.as_ref(), device.as_deref_mut())?;
            if is_wanted(wave) {
                let undetected: Vec<Known> = here.undetected.iter().map(|undetected| undetected.known).collect();
                spill.keep(here.time_us, here.wave.clone())?;
                spill.push(here.time_us, &undetected)?;
                kept.push(wave);
            }
            later = Some(here);
        }
        kept.iter().enumerate().rev().try_for_each(|(place, wave)| {
            let mut tracks = spill.tracks(2 * place)?;
            tracks.append(&mut spill.tracks(2 * place + 1)?);
            give(*wave, tracks, history)
        })
    }

    fn back_to<E: From<io::Error> + From<KernelError>>(
        &self,
        history: &mut History,
        waves: Range<usize>,
        mut device: Option<&mut Backward>,
    ) -> Result<Vec<Known>, E> {
        let mut later = None;
        for number in waves.rev() {
            later = Some(self.back_by_one::<E>(history, number, later.as_ref(), device.as_deref_mut())?);
        }
        Ok(later.as_ref().map(After::tracks).unwrap_or_default())
    }

    fn back_by_one<E: From<io::Error> + From<KernelError>>(
        &self,
        history: &mut History,
        number: usize,
        later: Option<&After>,
        device: Option<&mut Backward>,
    ) -> Result<After, E> {
        let time_us = history.times_us().get(number).copied().unwrap_or_default();
        let filtered = history.wave(number)?;
        let begun = filtered.traces();
        let undetected = later.map(|later| self.undetected(time_us, later)).unwrap_or_default();
        Ok(After { time_us, wave: self.step_back((time_us, filtered), later, device)?, begun, undetected })
    }

    /// The tracks that begin after a time and were there then.
    fn undetected(&self, time_us: i64, later: &After) -> Vec<Undetected> {
        let between = self.between(time_us, later.time_us);
        let back = |known: &Known, trace: &Trace| {
            let mut estimate = known.estimate;
            estimate.existence *= trace.at(time_us) / trace.at(later.time_us);
            if estimate.existence.is_nan() || estimate.existence < EXISTENCE_MIN {
                return None;
            }
            taken_back(&between, (&mut estimate.tile, &mut estimate.state, &mut estimate.models));
            estimate.detections = 0;
            Some(Undetected { known: Known { estimate, ..*known }, trace: trace.clone() })
        };
        let begun = later.begun.keys().next().map(|first| later.wave.since(*first)).unwrap_or_default();
        let begun = begun.iter().filter_map(|known| back(known, later.begun.get(&known.estimate.born)?));
        let before = later.undetected.iter().filter_map(|Undetected { known, trace }| back(known, trace));
        begun.chain(before).collect()
    }
}

/// Where tracks are among those of the wave after; [`NONE`] where they have ended. Both are in the order of their births.
fn successors(own: &[Known], later: &[Known]) -> Vec<u32> {
    let mut later = (0u32..).zip(later).peekable();
    let place = |own: &Known| {
        while later.next_if(|(_, later)| later.estimate.born < own.estimate.born).is_some() {}
        let found = later.peek().filter(|(_, later)| later.estimate.born == own.estimate.born);
        found.map_or(NONE, |(place, _)| *place)
    };
    own.iter().map(place).collect()
}

/// States, places and existence, as the stage has them on the host.
fn on_host(between: &Between, own: &mut [Known], (later, successors): (&[Known], &[u32])) {
    let after = |place: &u32| later.get(*place as usize).map(|later| &later.estimate);
    if between.is_of_several() {
        for (own, place) in own.iter_mut().zip(successors) {
            let Row { existence, tile, state, .. } =
                given(between, &row(&own.estimate), after(place).map(row).as_ref());
            own.estimate = Estimate { existence, tile, state, ..own.estimate };
        }
        return;
    }
    let (course, _) = between.of(&[0.0; MODELS_MAX]);
    for (own, places) in own.chunks_mut(LANES).zip(successors.chunks(LANES)) {
        let later: [Option<Moment<'_>>; LANES] = core::array::from_fn(|n| places.get(n).and_then(after).map(moment));
        let Some(first) = own.first().map(|first| moment(&first.estimate)) else { continue };
        let here = core::array::from_fn(|n| own.get(n).map_or(first, |own| moment(&own.estimate)));
        let found = moments::<f32x8>(&course, &here, &later);
        for (n, (Known { estimate, .. }, later)) in own.iter_mut().zip(&later).enumerate() {
            let place = later.is_some().then_some((&mut estimate.tile, &mut estimate.state));
            found.put(n, &mut estimate.existence, place);
        }
    }
}

/// What a track has from the last wave that it rests on.
fn rest(own: &mut [Known], later: &[Known], successors: &[u32]) {
    for (own, place) in own.iter_mut().zip(successors) {
        if let Some(later) = later.get(*place as usize) {
            (own.estimate.sources, own.estimate.belief) = (later.estimate.sources, later.estimate.belief);
            own.known_us = later.known_us;
        }
    }
}

fn moment(Estimate { existence, tile, state, .. }: &Estimate) -> Moment<'_> {
    Moment { existence: *existence, tile, state }
}

/// A track as a row of no record.
fn row(Estimate { existence, tile, state, models, .. }: &Estimate) -> Row {
    Row { wave: 0, existence: *existence, tile: *tile, state: *state, models: *models, known_us: 0 }
}
