//! Which tracks of a picture go on as which: from the rows that the picture shows, and from nothing else.
//!
//! So a link is of what its partner has already: no row that is withheld, that is not yet due or that another lane made moves
//! one, or a probability. A level that coarsens places or leaves out anything but holders shows a track not whole, and what
//! was left out would move its links: a track of which any row shows so has none.

use super::basis::Basis;
use crate::config::Stitching;
use crate::fusion::batch::LaneSetup;
use crate::fusion::undetected::UndetectedIntensity;
use crate::policy::{Field, Obligations};
use crate::refine::{Ends, Known, Link, Moment, Smoother, Stitcher};
use crate::scan::Lane;
use crate::time::micros;
use std::collections::BTreeMap;

/// The ends of a picture's tracks, as its rows come; `None` of a track that does not show whole.
#[derive(Debug, Default)]
pub(super) struct Shown(BTreeMap<u64, Option<Ends>>);

impl Shown {
    /// Takes in a row of a track in the order of time, and what was done to it.
    pub(super) fn take(&mut self, (track, time_us): (u64, i64), known: &Known, cut: &Obligations) {
        let estimate = &known.estimate;
        let here = Moment {
            time_us,
            last_detection_us: estimate.last_detection_us,
            existence: estimate.existence,
            tile: estimate.tile,
            state: estimate.state,
            belief: estimate.belief,
        };
        let begun = Ends { track, first: here, last: here };
        let ends = self.0.entry(track).or_insert(Some(begun));
        let whole = cut.coarsen_m.is_none() && cut.omit.iter().all(|field| *field == Field::Holders);
        *ends = ends.filter(|_| whole).map(|ends| {
            let Ends { first, last, .. } = if is_early(&ends.first) { begun } else { ends };
            let last = if here.last_detection_us == last.last_detection_us { last } else { here };
            Ends { track, first, last }
        });
    }

    /// The links between the tracks of a picture of a lane.
    pub(super) fn links(self, basis: &Basis<'_>, lane: &Lane, stitching: Stitching) -> Vec<Link> {
        let fusion = &basis.config.fusion;
        let setup = LaneSetup::new(lane, basis.catalogue.frame, fusion);
        let UndetectedIntensity::Field { birth, prior, .. } = &setup.undetected else { return Vec::new() };
        let Stitching { gap_max_s, found_again, probability_min, join: _ } = stitching;
        let stitcher = Stitcher {
            smoother: Smoother::of(&setup, &fusion.motion),
            prior: *prior,
            births_per_m2_s: f64::from(*birth),
            gate: f64::from(fusion.gate.get()),
            address_error: fusion.identity.map(|of| of.error_probability.get()),
            gap_max_us: micros(f64::from(gap_max_s.get())).unwrap_or(i64::MAX),
            found_again: f64::from(found_again.get()),
            probability_min: probability_min.get(),
        };
        let tracks: Vec<Ends> = self.0.into_values().flatten().filter(|ends| !is_early(&ends.first)).collect();
        stitcher.links(&tracks)
    }
}

/// Whether a track was not yet detected: it begins with its first detection, whatever was known of the time before.
fn is_early(first: &Moment) -> bool {
    first.last_detection_us > first.time_us
}
