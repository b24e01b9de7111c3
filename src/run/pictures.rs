//! Tracks to pictures: at every multiple of the report period, what each partner may receive of its lane's tracks.

use super::authority::{AuthorityReport, Watch};
use super::lanes::{Basis, Lane};
use super::taken::Taken;
use super::waves::Outcome;
use super::{Request, RunConfig, RunError, journal};
use crate::fusion::arrays::tri;
use crate::fusion::batch::{Answer, Estimate};
use crate::policy::{DecisionRecord, Decisions, Field, Obligations, Releaser, SEE_AUTHORITY, Status, TrackClass};
use crate::product::{Fields, Made, PictureWriter, Row, Source, Staging};
use crate::space::{Frame, Geodetic};
use std::collections::{BTreeMap, BTreeSet};

/// The pictures that are being written.
#[derive(Debug)]
pub(super) struct Pictures<'a> {
    basis: &'a Basis<'a>,
    lanes: &'a [Lane],
    /// By partner.
    writers: Vec<PictureWriter>,
    releasers: Vec<Releaser<'a>>,
    tallies: Vec<Tally>,
    watch: Watch<'a>,
    as_of_us: Option<i64>,
}

/// What became of the rows of one partner.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    /// Rows in the picture.
    pub(super) rows: u64,
    /// Tracks in the picture.
    pub(super) tracks: BTreeSet<u64>,
    /// Rows withheld, by what withheld them: rules, `delay`, or nothing that permits them.
    pub(super) withheld: BTreeMap<String, u64>,
    /// Rows a level, and the rules that granted it.
    pub(super) levels: BTreeMap<String, u64>,
    /// Rows an action that the partner may take.
    pub(super) authorities: BTreeMap<String, u64>,
    /// Rows a class of tracks.
    pub(super) classes: BTreeMap<TrackClass, ClassTally>,
}

/// What became of the rows of one class of tracks.
#[derive(Clone, Debug, Default)]
pub(super) struct ClassTally {
    /// Rows that were asked about.
    pub(super) asked: u64,
    /// Of these, rows in the picture.
    pub(super) rows: u64,
    /// Level of the rows in the picture.
    pub(super) level: String,
    /// What was done to them.
    pub(super) obligations: Obligations,
    /// What the partner may do with them, and whether it may see who else may.
    pub(super) actions: Vec<String>,
}

/// A finished picture.
#[derive(Debug)]
pub(super) struct Released {
    /// What became of its rows.
    pub(super) tally: Tally,
    /// Decisions over classes of tracks.
    pub(super) records: Vec<DecisionRecord>,
}

impl<'a> Pictures<'a> {
    /// Begins the picture of every partner.
    ///
    /// # Errors
    /// If a folder cannot be made or a rule fails.
    pub(super) fn begin(
        staging: &Staging,
        request: &Request<'_>,
        basis: &'a Basis<'a>,
        lanes: &'a [Lane],
    ) -> Result<Self, RunError> {
        let policy = basis.policy;
        let mut writers = Vec::new();
        let mut releasers = Vec::new();
        // Every picture has all columns: which ones a partner's levels withhold is then no difference between files,
        // and pictures can be read together.
        let present: Fields = Field::ALL.into();
        for (index, partner) in policy.partners().iter().enumerate() {
            writers.push(staging.picture(&partner.id, basis.catalogue.frame, &present)?);
            releasers.push(Releaser::new(policy, index, request.as_of_us)?);
        }
        let watch = Watch::new(basis, lanes, staging.authority(basis.catalogue.frame)?)?;
        Ok(Self {
            basis,
            lanes,
            tallies: vec![Tally::default(); writers.len()],
            writers,
            releasers,
            watch,
            as_of_us: request.as_of_us,
        })
    }

    /// Writes a lane's tracks at one time into the pictures of its partners, as each may receive them.
    ///
    /// # Errors
    /// If a rule fails or a file cannot be written.
    pub(super) fn report(&mut self, answer: Answer) -> Result<(), RunError> {
        let Answer { lane: index, time_us, estimates } = answer;
        let Some(lane) = self.lanes.get(index) else { return Ok(()) };
        let frame = self.basis.catalogue.frame;
        let periods = self.basis.policy.periods().periods_at(time_us);
        let mut tracks = Vec::new();
        for estimate in estimates {
            let position_m = estimate.position_m();
            let class = TrackClass {
                contributors: sources(lane, &estimate, |(owner, _)| owner),
                labels: sources(lane, &estimate, |(_, label)| label),
                zones: self.basis.zones.zones_at(ground(position_m, frame)).into_owned(),
                periods: periods.clone(),
                status: status(&estimate),
            };
            let names: Vec<String> = class.contributors.iter().cloned().collect();
            for &partner in &lane.partners {
                let (Some(releaser), Some(writer), Some(tally)) =
                    (self.releasers.get_mut(partner), self.writers.get_mut(partner), self.tallies.get_mut(partner))
                else {
                    continue;
                };
                let release = releaser.release(&class)?;
                let of_class = tally.classes.entry(class.clone()).or_default();
                of_class.asked += 1;
                let as_of_us = self.as_of_us.unwrap_or(lane.span_us[1]);
                let Some(level) = &release.level else {
                    let rules = if release.decided_by.is_empty() {
                        crate::policy::NO_POLICY.to_owned()
                    } else {
                        release.decided_by.join(", ")
                    };
                    *tally.withheld.entry(rules).or_default() += 1;
                    continue;
                };
                if time_us > as_of_us.saturating_sub(release.obligations.delay_us) {
                    *tally.withheld.entry(format!("{level}: delay")).or_default() += 1;
                    continue;
                }
                let holders = if release.sees_holders { Some(self.watch.holders(&class)?.texts()) } else { None };
                let mut row = row(&estimate, time_us, position_m, &names, &release.authorities);
                row.holders = holders.as_deref();
                of_class.rows += 1;
                if of_class.rows == 1 {
                    of_class.level.clone_from(level);
                    of_class.obligations = release.obligations.clone();
                    of_class.actions.clone_from(&release.authorities);
                    of_class.actions.extend(release.sees_holders.then(|| SEE_AUTHORITY.to_owned()));
                }
                tally.rows += 1;
                tally.tracks.insert(row.track);
                *tally.levels.entry(level.clone()).or_default() += 1;
                for action in &release.authorities {
                    *tally.authorities.entry(action.clone()).or_default() += 1;
                }
                writer.write(&row, &release.obligations)?;
            }
            tracks.push((identity(&estimate), class));
        }
        self.watch.report(index, time_us, tracks)
    }

    /// Ends all pictures.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub(super) fn finish(
        self,
        config: &RunConfig,
        decisions: &Decisions,
        outcomes: &[Outcome],
    ) -> Result<(Vec<Released>, AuthorityReport), RunError> {
        let configuration = serde_json::to_value(config).unwrap_or_default();
        let (basis, lanes, as_of_us) = (self.basis, self.lanes, self.as_of_us);
        let partners = self.writers.into_iter().zip(self.tallies).zip(self.releasers).enumerate();
        let released: Result<_, RunError> = partners
            .map(|(partner, ((writer, tally), releaser))| {
                let records = releaser.records();
                let granted = journal::of_partner(basis, decisions, partner, (&tally, &records))?;
                let from = source(basis, lanes, outcomes, partner)?;
                let (configuration, computed_from) = (&configuration, Some(&from));
                writer.finish(&Made { configuration, as_of_us, decisions: &granted, computed_from })?;
                Ok(Released { tally, records })
            })
            .collect();
        Ok((released?, self.watch.finish()?))
    }
}

/// Digests of what a partner's picture is from.
fn source(basis: &Basis<'_>, lanes: &[Lane], outcomes: &[Outcome], partner: usize) -> Result<Source, RunError> {
    let lane = lanes.iter().zip(outcomes).find(|(lane, _)| lane.partners.contains(&partner));
    let detections = match lane {
        _ if !basis.policy.receives_plainly(partner)? => None,
        Some((_, outcome)) => outcome.given.clone(),
        // It may have nothing fused.
        None => Some(Taken::default().finish()),
    };
    Ok(Source { detections, policy_sha256: basis.policy.view_sha256(partner)? })
}

/// One of each pair (owner, label) of the sources of a track.
fn sources(lane: &Lane, estimate: &Estimate, part: impl Fn(&(String, String)) -> &String) -> BTreeSet<String> {
    let holds = |place: usize| estimate.sources.get(place / 32).is_some_and(|word| word >> (place % 32) & 1 == 1);
    let chosen = lane.sources.iter().enumerate().filter(|(place, _)| holds(*place));
    chosen.map(|(_, source)| part(source).clone()).filter(|text| !text.is_empty()).collect()
}

/// A position as zones see it.
fn ground(position_m: [f64; 3], frame: Frame) -> [f64; 2] {
    match frame {
        Frame::Local => [position_m[0], position_m[1]],
        Frame::Geodetic => {
            let g = Geodetic::from_ecef(position_m);
            [g.longitude_deg, g.latitude_deg]
        }
    }
}

fn status(estimate: &Estimate) -> Status {
    if estimate.confirmed { Status::Confirmed } else { Status::Tentative }
}

/// An estimate as a row of a picture.
pub(super) fn row<'a>(
    estimate: &Estimate,
    time_us: i64,
    position_m: [f64; 3],
    contributors: &'a [String],
    authorities: &'a [String],
) -> Row<'a> {
    let [_, _, _, vx, vy, vz] = estimate.state.mean;
    let p = |i: usize, j: usize| estimate.state.covariance.get(tri(i, j)).copied().map_or(0.0, f64::from);
    Row {
        time_us,
        track: identity(estimate),
        status: status(estimate),
        existence: f64::from(estimate.existence),
        position_m,
        velocity_m_s: [vx, vy, vz].map(f64::from),
        covariance: core::array::from_fn(|i| core::array::from_fn(|j| p(i, j))),
        contributors,
        authorities,
        holders: None,
    }
}

/// The track's identity in its lane: the detection that it was born from.
fn identity(estimate: &Estimate) -> u64 {
    u64::from(estimate.born[0]) << 32 | u64::from(estimate.born[1])
}
