//! How far the pictures of one run agree: what two partners both see, how far apart they place it, whether it is the same
//! to both, which of them knows it later, and who may act on what it does not see.
//!
//! Fed report after report with the confirmed rows of every picture. Pictures of one lane number their tracks alike; tracks of
//! different lanes are taken for one *object* by their places (`objects`). The *all-source picture* is that of a partner that
//! lacks nothing, where there is one, else all that anybody sees. Definitions: `docs/coherence.md`.
//!
//! Memory: one report, and a record for each track, object and pair of tracks that ever met; not the reports.

mod authority; // who may act on what it does not see
mod objects; // tracks of several lanes -> objects
mod pairs; // two pictures beside each other
mod same; // one track of a picture in another

pub use authority::{Action, Blind, BlindAuthority, Spell};
pub use pairs::{Agreement, AtTime, InZone, Pair, Summary};
pub use same::Same;

use super::ScoreError;
use authority::Authority;
use objects::{Objects, Present};
use pairs::Pairs;
use serde::Serialize;

/// Pictures beyond which pairs of partners are left out: each is then held against the all-source picture alone.
pub const PAIRS_MAX: usize = 32;

/// What is compared.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct World {
    /// The pictures: partners that the rules cannot tell apart have one.
    pub pictures: Vec<Picture>,
    /// The lanes, those that come first for the places of objects first.
    pub lane_order: Vec<usize>,
    /// The picture that lacks nothing, if there is one.
    pub complete: Option<usize>,
    /// Names of the zones.
    pub zones: Vec<String>,
    /// Names of the authorities.
    pub actions: Vec<String>,
    /// What the rules say of classes of tracks.
    pub classes: Vec<Class>,
    /// Two rows farther apart than this, and half the diagonals of their cells, are of two objects.
    pub cutoff_m: f64,
    /// Time between reports, microseconds.
    pub period_us: i64,
}

/// A picture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Picture {
    /// Whose it is.
    pub partners: Vec<String>,
    /// Its lane; `None`: nothing is fused for it.
    pub lane: Option<usize>,
    /// Until when it has rows that are not delayed, microseconds.
    pub until_us: i64,
}

/// What the rules say of a class of tracks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Class {
    /// The zones that hold it.
    pub zones: Vec<usize>,
    /// By picture, by how many microseconds its rows come late; `None`: it is not to see them.
    pub delay_us: Vec<Option<i64>>,
    /// Who may take which action on it: pictures and actions.
    pub holders: Vec<(usize, usize)>,
}

/// A row of a picture at the time of a report.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shown {
    /// Its track, as its lane numbers it.
    pub track: u64,
    /// Where.
    pub position_m: [f64; 3],
    /// The covariance of that, where the picture has it.
    pub covariance_m2: Option<[[f64; 3]; 3]>,
    /// Edge of its cell, metres: of its level's, and of those that its detections were taken in; 0 where it is exact.
    pub cell_m: f64,
    /// How much later than its time the partner gets it, microseconds.
    pub delay_us: i64,
    /// Its class.
    pub class: usize,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CoherenceReport {
    /// Reports that had rows.
    pub reports: u64,
    /// Objects that anybody ever saw.
    pub objects: u64,
    /// Times that an object turned out to be one that was known before under another track.
    pub joined: u64,
    /// What the all-source picture is.
    pub all_source: AllSource,
    /// Objects of it, once a report.
    pub all_source_points: u64,
    /// Whose pictures are compared; partners with equal rights have one, and agree in everything.
    pub pictures: Vec<Vec<String>>,
    /// One number each, over all pairs of different pictures.
    pub summary: Summary,
    /// Every two pictures, the first before the second in `pictures`.
    pub pairs: Vec<Pair>,
    /// Every picture beside the all-source picture.
    pub against_all_source: Vec<Pair>,
    /// Who may act on what it does not see.
    pub blind_authority: BlindAuthority,
    /// What is left out, in words.
    pub left_out: Vec<String>,
}

impl CoherenceReport {
    /// Of pictures that are not compared.
    #[must_use]
    pub fn none(why: String) -> Self {
        Self {
            reports: 0,
            objects: 0,
            joined: 0,
            all_source: AllSource::Union,
            all_source_points: 0,
            pictures: Vec::new(),
            summary: Summary::default(),
            pairs: Vec::new(),
            against_all_source: Vec::new(),
            blind_authority: BlindAuthority::default(),
            left_out: vec![why],
        }
    }
}

/// What the all-source picture is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum AllSource {
    /// The picture of partners that lack nothing.
    Picture {
        /// The partners.
        partners: Vec<String>,
    },
    /// All that anybody sees.
    Union,
}

/// Coherence, report by report.
#[derive(Debug)]
pub struct Coherence {
    world: World,
    objects: Objects,
    pairs: Pairs,
    authority: Authority,
    last_us: Option<i64>,
    reports: u64,
}

impl Coherence {
    /// Before the first report.
    ///
    /// # Errors
    /// If the cut-off is out of range.
    pub fn new(world: World) -> Result<Self, ScoreError> {
        super::check_metric(world.cutoff_m, 2.0)?;
        let (objects, pairs, authority) = (Objects::new(&world), Pairs::new(&world), Authority::new(&world));
        Ok(Self { world, objects, pairs, authority, last_us: None, reports: 0 })
    }

    /// Takes in a report: by picture, the rows of confirmed tracks at a time.
    ///
    /// # Errors
    /// If reports are out of order, a position is not finite, or a track is twice in one picture.
    pub fn report(&mut self, time_us: i64, pictures: &[Vec<Shown>]) -> Result<(), ScoreError> {
        if let Some(before_us) = self.last_us.filter(|before_us| *before_us >= time_us) {
            return Err(ScoreError::OutOfOrder { set: "report", before_us, found_us: time_us });
        }
        self.last_us = Some(time_us);
        self.reports += 1;
        let present = self.objects.report(&self.world, time_us, pictures)?;
        for object in &present {
            self.pairs.take(&self.world, &self.objects, time_us, object);
            self.authority.take(&self.world, time_us, object);
        }
        self.pairs.passed(time_us);
        self.authority.passed(time_us);
        Ok(())
    }

    /// What was found.
    #[must_use]
    pub fn finish(self) -> CoherenceReport {
        let Self { world, objects, pairs, authority, last_us: _, reports } = self;
        let blind_authority = authority.finish(&world);
        let all_source_points = pairs.all_source_points();
        let (compared, against_all_source, summary) = pairs.finish(&world, &objects, blind_authority.share);
        let too_many = !pairs_of(&world);
        let left_out = too_many.then(|| {
            format!("pairs of partners: {} different pictures, at most {PAIRS_MAX} are paired", world.pictures.len())
        });
        let pictures: Vec<Vec<String>> = world.pictures.into_iter().map(|picture| picture.partners).collect();
        let complete = world.complete.and_then(|picture| pictures.get(picture).cloned());
        CoherenceReport {
            reports,
            objects: objects.count(),
            joined: objects.joined(),
            all_source: complete.map_or(AllSource::Union, |partners| AllSource::Picture { partners }),
            all_source_points,
            pictures,
            summary,
            pairs: compared,
            against_all_source,
            blind_authority,
            left_out: left_out.into_iter().collect(),
        }
    }
}

/// Whether every two pictures are compared.
fn pairs_of(world: &World) -> bool {
    world.pictures.len() <= PAIRS_MAX
}

/// The row by which the all-source picture shows an object, if it does.
fn all_source<'a>(world: &World, object: &'a Present<'a>) -> Option<&'a Shown> {
    match world.complete {
        Some(picture) => object.row(picture),
        None => object.finest(),
    }
}
