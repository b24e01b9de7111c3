//! One lane on the host: what it is between waves, and what a scan makes of it before and after the stages of a wave.

use super::address::Belief;
use super::arrays::{Arrays, Host, LaneStep};
use super::config::Config;
use super::credit::{Accounts, Counting, owner};
use super::grid::Grid;
use super::manage::{CELL_MAX, Fate, Newborn, Places, fate, place_of, state_of};
use super::predict::predict_one;
use super::setup::LaneSetup;
use super::timeline::Timeline;
use super::views::{Sees, VIEWS_MAX, ViewLook};
use crate::scan::{Detection, Observation, Scan, Sight, Views};
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};
use rayon::prelude::*;

/// A lane between two waves.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) setup: LaneSetup,
    pub(super) timeline: Timeline,
    pub(super) first_track: usize,
    /// Places for tracks; those without one have odds 0.
    pub(super) tracks: usize,
    /// Places that hold a track.
    pub(super) live: usize,
    /// Detections of tracks that have ended, and those of none.
    pub(super) accounts: Accounts,
}

impl Lane {
    /// Before its first scan.
    pub(super) fn new(setup: LaneSetup) -> Self {
        let timeline = Timeline::new(&setup);
        Self { setup, timeline, first_track: 0, tracks: 0, live: 0, accounts: Accounts::default() }
    }
}

/// What one lane's scan adds to the wave.
#[derive(Debug)]
pub(super) struct Prepared<'a> {
    sight: Sight<'a>,
    views: Views<'a>,
    view_looks: [ViewLook; VIEWS_MAX],
    pub(super) detections: Vec<Detection>,
    /// Source of each detection as it arrived.
    pub(super) sources: Vec<u8>,
    /// The number of the address of each detection as it arrived; none where they do not count.
    pub(super) addresses: Vec<u32>,
    /// Where each detection was before it was sorted by cell.
    pub(super) order: Vec<u32>,
    pub(super) grid: Grid,
    /// Density of undetected targets at each detection, and with clutter.
    pub(super) fresh: Vec<f32>,
    pub(super) density: Vec<f32>,
}

impl Prepared<'_> {
    /// What the scan's look sees.
    pub(super) fn sees(&self) -> Sees<'_> {
        Sees::new(self.sight, &self.views, &self.view_looks)
    }

    /// The number of the address of a detection by its place among those by cell; 0 for none.
    pub(super) fn address(&self, d: usize) -> u32 {
        let arrived = self.order.get(d).map(|arrived| *arrived as usize);
        arrived.and_then(|arrived| self.addresses.get(arrived)).copied().unwrap_or(0)
    }
}

/// Moves a lane's field of undetected targets to a scan, and sorts its detections by cell.
pub(super) fn prepare<'a>(
    lane: &mut Lane,
    config: &Config,
    (look, view_looks): (&LaneStep, [ViewLook; VIEWS_MAX]),
    observations: &[Observation],
    scan: Scan<'a>,
) -> Prepared<'a> {
    let Scan { sight, slack_m, detections, views, .. } = scan;
    let sees = Sees::new(sight, &views, &view_looks);
    let (mut detections, sources, addresses) = detections.into_parts();
    let addresses = if config.identity.is_some() { addresses } else { Vec::new() };
    lane.setup.undetected.predict(look, |component| predict_one(look, &mut component.tile, &mut component.state));
    let (grid, order) = Grid::build(&mut detections, observations, slack_m, look.first_detection);
    let undetected = &lane.setup.undetected;
    let expected = |(d, detection): (usize, &Detection)| {
        let fresh = undetected.density(look, &sees, (&detections, observations), d);
        let clutter = observations.get(detection.observation as usize).map_or(0.0, |o| o.clutter);
        // Never zero: a detection where neither clutter nor targets are expected is still a detection.
        (fresh, (clutter + fresh).max(f32::MIN_POSITIVE))
    };
    let (mut fresh, mut density) = (Vec::new(), Vec::new());
    detections.par_iter().enumerate().with_min_len(1024).map(expected).unzip_into_vecs(&mut fresh, &mut density);
    Prepared { sight, views, view_looks, detections, sources, addresses, order, grid, fresh, density }
}

/// What becomes of one lane's tracks.
pub(super) struct Settled {
    pub(super) places: Places,
    pub(super) births: Vec<Newborn>,
    pub(super) fates: Vec<Fate>,
}

/// Ends, keeps and begins a lane's tracks, and thins its field of undetected targets.
#[expect(clippy::indexing_slicing, reason = "tracks and detections are within the lane")]
pub(super) fn settle(
    lane: &mut Lane,
    look: &LaneStep,
    (scan, densities): (&Prepared<'_>, &[Vec<f32>; 2]),
    (arrays, counting): (&Arrays<Host>, &Counting<'_>),
    config: &Config,
) -> Settled {
    let tracks = lane.first_track..lane.first_track + lane.tracks;
    let here = look.first_detection as usize..(look.first_detection + look.detections) as usize;
    let detections = &arrays.detections[here.clone()];
    let [density, fresh] = densities.each_ref().map(|of_all| &of_all[here.clone()]);
    let claim = |d: usize| counting.claims.of(here.start + d);
    let undetected = &lane.setup.undetected;
    let sees = scan.sees();
    let is_own = |d: usize| owner(claim(d), &config.existence).is_some();
    // Detections that no track has and that begin none.
    let [none, outside_coverage] = [AtomicU64::new(0), AtomicU64::new(0)];
    let begins = |d: usize| {
        let existence = (1.0 - claim(d).sum).max(0.0) * (fresh[d] / density[d]);
        let begins = existence > 0.0 && existence >= config.existence.prune.get();
        if !begins && !is_own(d) {
            if fresh[d] > 0.0 { &none } else { &outside_coverage }.fetch_add(1, Relaxed);
        }
        begins.then_some((d, existence))
    };
    let begin = |(d, existence): (usize, f32)| Newborn {
        birth: undetected.birth(look, (detections, &arrays.observations), d),
        existence,
        born: [look.scan, scan.order[d]],
        source: scan.sources[scan.order[d] as usize],
        detections: u32::from(!is_own(d)),
        detected_us: counting.times.of(detections, d),
        belief: Belief::newborn(scan.address(d), config.address_error()),
        views: sees.newborn(&detections[d].tile, &detections[d].offset_m),
    };
    // Found first: a newborn is large, and is made where it stays.
    let found: Vec<(usize, f32)> =
        (0..detections.len()).into_par_iter().with_min_len(1024).filter_map(begins).collect();
    let births: Vec<Newborn> = found.into_par_iter().with_min_len(256).map(begin).collect();
    lane.accounts = lane.accounts + Accounts::of([0, 0, none.into_inner(), outside_coverage.into_inner()]);
    let fate = |track: usize| fate(arrays, look, &config.existence, track);
    let fates: Vec<Fate> = tracks.clone().into_par_iter().with_min_len(4096).map(fate).collect();
    lane.setup.undetected.thin(look, &sees);
    let recycled = tracks.zip(&fates).filter(|(_, fate)| **fate == Fate::Recycled).map(|(track, _)| {
        let (tile, state) = state_of(arrays, track);
        let odds = arrays.odds[track];
        (odds / (1.0 + odds), tile, state)
    });
    lane.setup.undetected.take_back(recycled);
    let first = lane.first_track;
    let in_place = if look.reorder == 1 { None } else { Places::in_place(first, &fates, births.len()) };
    let places = in_place.unwrap_or_else(|| {
        Places::compacted(first, &fates, births.len(), |kept| {
            let cell = |&track: &u32| {
                let (tile, offset_m) = place_of(arrays, track as usize);
                (scan.grid.cell(&tile, &offset_m), track)
            };
            let mut by_cell: Vec<(u32, u32)> = kept.par_iter().map(cell).collect();
            by_cell.par_sort_unstable();
            if by_cell.chunk_by(|a, b| a.0 == b.0).all(|cell| cell.len() <= CELL_MAX) {
                *kept = by_cell.into_iter().map(|(_, track)| track).collect();
            }
        })
    });
    Settled { places, births, fates }
}
