//! Tracks to pictures: at every multiple of the report period, what each partner may receive of its lane's tracks.

use super::authority::{AuthorityReport, Watch};
use super::basis::Basis;
use super::feed::{Outcome, given};
use super::releases::release_table;
use super::stitching::Shown;
use super::{Request, RunError, journal};
use crate::export;
use crate::fusion::batch::{Answer, Estimate};
use crate::fusion::executor::Backward;
use crate::policy::{
    Decided, DecisionRecord, Decisions, Field, Held, Obligations, Partner, Release, Releases, SEE_AUTHORITY, Status,
    TrackClass,
};
use crate::product::{
    Association, Calibrated, Fields, Made, PictureWriter, ReleaseTable, Row, Source, Staging, waiting,
};
use crate::refine::Known;
use crate::report::{self, Pages};
use crate::scan::Lane;
use crate::space::{Frame, Geodetic};
use crate::waves::{Histories, Refined, Taken, TrackAt, address_of};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The pictures that are being written.
#[derive(Debug)]
pub(super) struct Pictures<'a> {
    basis: &'a Basis<'a>,
    lanes: &'a [Lane],
    /// By lane, what corrects its detections.
    calibrated: &'a [Option<Calibrated>],
    /// By lane, those of its partners.
    of_lanes: Vec<Vec<Picture>>,
    /// Those of partners that may have nothing fused.
    empty: Vec<Picture>,
    /// By lane, the classes that its tracks have had.
    classes: Vec<Classes>,
    releases: Releases<'a>,
    watch: Watch<'a>,
    as_of_us: Option<i64>,
    /// The tracks of lanes until they are smoothed.
    pub(super) histories: Option<Histories<'a>>,
    /// By lane, the detections that tracks took since the last report, and, until they are smoothed, those of reports.
    took: Vec<Took>,
    /// By lane, the addresses of its detections, number 1 first.
    pub(super) identities: Vec<Vec<Arc<str>>>,
}

/// The picture of one partner.
#[derive(Debug)]
struct Picture {
    /// As the policy numbers it.
    partner: usize,
    /// Its lane, and its kin as that numbers them.
    place: Option<(usize, usize)>,
    writer: PictureWriter,
    /// Its tracks, where they are to be joined over gaps.
    shown: Option<Shown>,
    /// The longest delay of a level that some rule could give its partner.
    longest_delay_us: i64,
    tally: Tally,
    /// By number of the class, what became of its rows.
    released: Vec<Option<ClassTally>>,
}

/// The detections that a lane's tracks took since the last report, and those of reports, by their times.
type Took = (Vec<Association>, BTreeMap<i64, Vec<Association>>);

/// When tracks are shown.
#[derive(Clone, Copy, Debug)]
struct At {
    time_us: i64,
    /// The time that delays refer to.
    as_of_us: i64,
    /// Whether later waves made them better.
    smoothed: bool,
}

/// The classes of one lane's tracks, in the order in which they turned up.
#[derive(Debug, Default)]
struct Classes {
    /// One partner of each kin, as the lane numbers these.
    kin: Vec<usize>,
    numbers: BTreeMap<TrackClass, usize>,
    all: Vec<LaneClass>,
    /// What each kin gets of classes that smoothed tracks would have where the filter had them.
    filtered: BTreeMap<TrackClass, Arc<[Arc<Decided>]>>,
}

/// A class of tracks, as all pictures of its lane need it.
#[derive(Debug)]
pub(super) struct LaneClass {
    /// Its attributes.
    pub(super) class: TrackClass,
    /// Who may act.
    pub(super) held: Arc<Held>,
    /// The same as texts.
    pub(super) holders: Arc<[String]>,
    /// Its owners.
    contributors: Vec<String>,
    /// What each kin gets of it.
    decided: Vec<Arc<Decided>>,
}

/// A track at the time of a report.
#[derive(Debug)]
struct Told {
    known: Known,
    position_m: [f64; 3],
    /// The number of its class.
    class: usize,
    /// The address that it is taken to send.
    identity: Option<Arc<str>>,
    filtered: Option<Filtered>,
}

/// Where the filter had a track.
#[derive(Debug)]
struct Filtered {
    position_m: [f64; 3],
    /// What each kin would get of the track there; `None`: what it gets of it where it shows.
    decided: Option<Arc<[Arc<Decided>]>>,
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
    /// The digest of its table.
    pub(super) table_sha256: String,
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
        (lanes, calibrated): (&'a [Lane], &'a [Option<Calibrated>]),
    ) -> Result<Self, RunError> {
        let policy = basis.policy;
        // Every picture has all columns: which ones a partner's levels withhold is then no difference between files,
        // and pictures can be read together. Where no address is fused none has any of them.
        let mut present: Fields = Field::ALL.into();
        if basis.config.fusion.identity.is_none() {
            present.remove(&Field::Identity);
        }
        let mut place_of = BTreeMap::new();
        let mut classes = Vec::with_capacity(lanes.len());
        for (number, lane) in lanes.iter().enumerate() {
            let (kin, kin_of) = policy.alike(&lane.partners)?;
            place_of.extend(lane.partners.iter().zip(kin_of).map(|(&partner, kin)| (partner, (number, kin))));
            classes.push(Classes { kin, ..Classes::default() });
        }
        let mut pictures: Vec<Vec<Picture>> = lanes.iter().map(|_| Vec::new()).collect();
        let mut empty = Vec::new();
        for (partner, Partner { id, .. }) in policy.partners().iter().enumerate() {
            let mut writer = staging.picture(id, basis.catalogue.frame, &present)?;
            if basis.config.smoothing.is_some() {
                writer = writer.smoothing(&present);
            }
            if basis.config.stitching.is_some_and(|stitching| stitching.join) {
                writer = writer.joining(&present);
            }
            let (longest_delay_us, tally) = (policy.longest_delay_us(partner)?, Tally::default());
            let place = place_of.get(&partner).copied();
            let lane = place.and_then(|(lane, _)| pictures.get_mut(lane)).unwrap_or(&mut empty);
            if basis.associates && policy.disclosure(partner)?.plain {
                writer = writer.associating();
            }
            let shown = basis.config.stitching.map(|_| Shown::default());
            lane.push(Picture { partner, place, writer, shown, longest_delay_us, tally, released: Vec::new() });
        }
        let watch = Watch::new(basis, lanes, staging.authority(basis.catalogue.frame)?)?;
        let releases = Releases::new(policy, request.as_of_us)?;
        let (identities, as_of_us) = (vec![Vec::new(); lanes.len()], request.as_of_us);
        let histories = Histories::new(basis.config, basis.catalogue.frame, (staging.scratch(), request.memory), lanes);
        let took = vec![Took::default(); lanes.len()];
        let of_lanes = pictures;
        Ok(Self {
            basis,
            lanes,
            calibrated,
            of_lanes,
            empty,
            classes,
            releases,
            watch,
            as_of_us,
            histories,
            took,
            identities,
        })
    }

    /// Takes in the detections that a lane's tracks took in a scan.
    pub(super) fn associate(&mut self, lane: usize, mut associations: Vec<Association>) {
        if let Some((since, _)) = self.took.get_mut(lane) {
            since.append(&mut associations);
        }
    }

    /// Takes in a lane's tracks at one time: to be shown, or to be smoothed.
    ///
    /// # Errors
    /// If a rule fails or a file cannot be written.
    pub(super) fn report(&mut self, (answer, shown): (Answer, bool)) -> Result<(), RunError> {
        let Answer { lane, time_us, mut estimates } = answer;
        if let Some(histories) = &mut self.histories {
            estimates = histories.keep(lane, time_us, (estimates, shown))?;
        }
        if !shown {
            return Ok(());
        }
        let tracks = self.tell(lane, time_us, estimates.into_iter().map(Refined::from).collect())?;
        let took = self.took.get_mut(lane).map(|(since, _)| std::mem::take(since)).unwrap_or_default();
        if self.histories.is_none() {
            self.write(lane, time_us, (&tracks, false, &took), |_| true)?;
        } else if let Some((_, reports)) = self.took.get_mut(lane).filter(|_| !took.is_empty()) {
            reports.insert(time_us, took);
        }
        let Some(Classes { all, .. }) = self.classes.get(lane) else { return Ok(()) };
        let tracks = tracks.iter().map(|told| (told.known.estimate.number(), told.class));
        self.watch.report(lane, time_us, tracks, all)
    }

    /// Writes what was kept, as later waves tell of it, each picture up to its own horizon; on a device, if there is one.
    ///
    /// # Errors
    /// As [`Pictures::report`], and those of `pulse`.
    pub(super) fn smooth(
        &mut self,
        (mut device, pulse): (Option<&mut Backward>, &mut dyn FnMut() -> Result<(), RunError>),
    ) -> Result<(), RunError> {
        let Some(mut histories) = self.histories.take() else { return Ok(()) };
        for (number, lane) in self.lanes.iter().enumerate() {
            let of_lane = self.of_lanes.get(number).into_iter().flatten();
            let delays: BTreeSet<i64> = of_lane.map(|picture| picture.longest_delay_us).collect();
            for delay_us in delays {
                let horizon_us = self.as_of_us.unwrap_or(lane.span_us[1]).saturating_sub(delay_us);
                histories.each((number, lane), (horizon_us, device.as_deref_mut()), |time_us, tracks, smoothed| {
                    pulse()?;
                    let tracks = self.tell(number, time_us, tracks)?;
                    let took = self.took.get(number).and_then(|(_, reports)| reports.get(&time_us)).cloned();
                    let is_one = |picture: &Picture| picture.longest_delay_us == delay_us;
                    self.write(number, time_us, (&tracks, smoothed, &took.unwrap_or_default()), is_one)
                })?;
            }
        }
        Ok(())
    }

    /// A lane's tracks at one time, with all that rules may ask of them.
    fn tell(&mut self, index: usize, time_us: i64, tracks: Vec<Refined>) -> Result<Vec<Told>, RunError> {
        let Some((lane, classes)) = self.lanes.get(index).zip(self.classes.get_mut(index)) else {
            return Ok(Vec::new());
        };
        let names = self.identities.get(index).map_or(&[][..], Vec::as_slice);
        let frame = self.basis.catalogue.frame;
        let periods = self.basis.policy.periods().periods_at(time_us);
        let tell = |Refined { known, filtered_m }: Refined| {
            let estimate = &known.estimate;
            let position_m = estimate.position_m();
            let class = TrackClass {
                contributors: sources(lane, estimate, |(owner, _)| owner),
                labels: sources(lane, estimate, |(_, label)| label),
                zones: self.basis.zones.zones_at(ground(position_m, frame)).into_owned(),
                periods: periods.clone(),
                status: status(estimate),
            };
            let filtered = filtered_m.map(|position_m| {
                let zones = self.basis.zones.zones_at(ground(position_m, frame));
                let is_other = *zones != class.zones;
                let other = is_other.then(|| TrackClass { zones: zones.into_owned(), ..class.clone() });
                let decided = other.map(|class| classes.decided(class, &self.releases)).transpose()?;
                Ok::<_, RunError>(Filtered { position_m, decided })
            });
            let filtered = filtered.transpose()?;
            let class = classes.number(class, &self.releases, &mut self.watch)?;
            let identity = address_of(names, estimate).cloned();
            Ok(Told { known, position_m, class, identity, filtered })
        };
        tracks.into_iter().map(tell).collect()
    }

    /// Writes a lane's tracks at one time into some pictures of its partners, as each may receive them.
    fn write(
        &mut self,
        index: usize,
        time_us: i64,
        (tracks, smoothed, took): (&[Told], bool, &[Association]),
        is_one: impl Fn(&Picture) -> bool + Sync,
    ) -> Result<(), RunError> {
        let of_lane = self.lanes.get(index).zip(self.of_lanes.get_mut(index)).zip(self.classes.get(index));
        let Some(((lane, pictures), Classes { all, .. })) = of_lane else { return Ok(()) };
        let as_of_us = self.as_of_us.unwrap_or(lane.span_us[1]);
        let at = At { time_us, as_of_us, smoothed };
        // All are done before the first failure is picked, so that it is the same one on any number of threads.
        let done: Vec<Result<(), RunError>> = pictures
            .par_iter_mut()
            .filter(|picture| is_one(picture))
            .map(|picture| {
                let mut shown = BTreeSet::new();
                for told in tracks {
                    let track = told.known.estimate.number();
                    shown.extend(picture.take(told, all, at)?.then_some(track).filter(|_| !took.is_empty()));
                }
                let mut told = took.iter().filter(|took| shown.contains(&took.track));
                told.try_for_each(|took| Ok(picture.writer.associate(took)?))
            })
            .collect();
        done.into_iter().collect()
    }

    /// Ends all pictures.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub(super) fn finish(
        self,
        request: &Request<'_>,
        (decisions, pages): (&Decisions, &Pages),
        outcomes: &[Outcome],
    ) -> Result<(Vec<Released>, AuthorityReport, ReleaseTable), RunError> {
        let configuration = serde_json::to_value(request.config).unwrap_or_default();
        let Self { basis, lanes, calibrated, of_lanes, empty, classes, releases, watch, as_of_us, .. } = self;
        let met = classes.iter().flat_map(|classes| &classes.all).map(|of| &of.class);
        let table = release_table(basis, (lanes, decisions), &releases, met.collect(), as_of_us)?;
        let classes: Vec<Vec<LaneClass>> = classes.into_iter().map(|classes| classes.all).collect();
        let with_classes = of_lanes
            .into_iter()
            .zip(&classes)
            .flat_map(|(pictures, classes)| pictures.into_iter().map(move |picture| (picture, classes.as_slice())));
        let mut all: Vec<(Picture, &[LaneClass])> =
            with_classes.chain(empty.into_iter().map(|picture| (picture, [].as_slice()))).collect();
        all.sort_by_key(|(picture, _)| picture.partner);
        let finish = |(picture, classes): (Picture, &[LaneClass])| {
            let Picture { partner, place, mut writer, shown, mut tally, released, .. } = picture;
            let id = basis.policy.partners().get(partner).map_or("", |partner| &partner.id);
            let mut records = Vec::new();
            for (of, released) in classes.iter().zip(released) {
                let Some((released, decided)) = released.zip(of.decided_for(place)) else { continue };
                tally.classes.insert(of.class.clone(), released);
                records.extend(decided.records(id));
            }
            records.sort();
            let granted = journal::of_partner(basis, decisions, partner, (&tally, &records))?;
            let of_lane = place.and_then(|(lane, _)| Some((outcomes.get(lane)?, calibrated.get(lane)?.clone())));
            let (label, from) = (request.label, source(basis, of_lane, partner)?);
            let (configuration, computed_from) = (&configuration, Some(&from));
            let made = Made { configuration, as_of_us, label, decisions: &granted, computed_from };
            if let Some((shown, stitching)) = shown.zip(basis.config.stitching) {
                let lane = place.and_then(|(lane, _)| lanes.get(lane));
                writer = writer.linking(lane.map(|lane| shown.links(basis, lane, stitching)).unwrap_or_default());
            }
            let picture = writer.finish_with(&made, |beside| {
                if request.besides.pages {
                    report::write(beside, pages)?;
                }
                export::write(beside, request.formats).map_err(RunError::from)
            })?;
            let table = picture.files.into_iter().find(|file| file.name == "tracks.parquet");
            Ok(Released { tally, records, table_sha256: table.map(|file| file.sha256).unwrap_or_default() })
        };
        let released: Vec<Result<Released, RunError>> =
            waiting(all.len(), || all.into_par_iter().map(finish).collect());
        let released = released.into_iter().collect::<Result<Vec<_>, _>>()?;
        Ok((released, watch.finish(&classes)?, table))
    }
}

impl LaneClass {
    /// What a partner in this place gets of it.
    fn decided_for(&self, place: Option<(usize, usize)>) -> Option<&Decided> {
        self.decided.get(place?.1).map(AsRef::as_ref)
    }
}

impl Classes {
    /// The number of a class.
    fn number(&mut self, class: TrackClass, releases: &Releases<'_>, watch: &mut Watch<'_>) -> Result<usize, RunError> {
        if let Some(&number) = self.numbers.get(&class) {
            return Ok(number);
        }
        let (number, held) = (self.all.len(), watch.holders(&class)?);
        self.all.push(LaneClass {
            contributors: class.contributors.iter().cloned().collect(),
            holders: held.texts().into(),
            held,
            decided: releases.of(&class, &self.kin)?,
            class: class.clone(),
        });
        self.numbers.insert(class, number);
        Ok(number)
    }

    /// What each kin gets of a class that no track shows.
    fn decided(&mut self, class: TrackClass, releases: &Releases<'_>) -> Result<Arc<[Arc<Decided>]>, RunError> {
        if let Some(decided) = self.filtered.get(&class) {
            return Ok(Arc::clone(decided));
        }
        let decided: Arc<[Arc<Decided>]> = releases.of(&class, &self.kin)?.into();
        self.filtered.insert(class, Arc::clone(&decided));
        Ok(decided)
    }
}

impl Filtered {
    /// Whether a partner in this place would get the track there at the level at which it gets it where it shows.
    fn shows(&self, place: Option<(usize, usize)>, release: &Release) -> bool {
        let Some(decided) = &self.decided else { return true };
        let there = place.and_then(|(_, kin)| decided.get(kin)).map(|decided| &decided.release);
        there.is_some_and(|there| there.level == release.level && there.obligations == release.obligations)
    }
}

impl Picture {
    /// Takes in a track as far as the partner may have it; says whether it shows.
    fn take(&mut self, told: &Told, classes: &[LaneClass], at: At) -> Result<bool, RunError> {
        let At { time_us, as_of_us, smoothed } = at;
        let Self { partner: _, place, writer, shown, longest_delay_us: _, tally, released } = self;
        let Some(of) = classes.get(told.class) else { return Ok(false) };
        let Some(Decided { release, .. }) = of.decided_for(*place) else { return Ok(false) };
        if released.len() <= told.class {
            released.resize_with(classes.len(), || None);
        }
        let Some(known) = released.get_mut(told.class) else { return Ok(false) };
        let of_class = known.get_or_insert_default();
        of_class.asked += 1;
        let Some(level) = &release.level else {
            let rules = if release.decided_by.is_empty() {
                crate::policy::NO_POLICY.to_owned()
            } else {
                release.decided_by.join(", ")
            };
            *tally.withheld.entry(rules).or_default() += 1;
            return Ok(false);
        };
        if time_us > as_of_us.saturating_sub(release.obligations.delay_us) {
            *tally.withheld.entry(format!("{level}: delay")).or_default() += 1;
            return Ok(false);
        }
        let Known { estimate, known_us } = &told.known;
        let mut row = row(estimate, time_us, told.position_m, &of.contributors, &release.authorities);
        (row.smoothed, row.as_known_at_us) = (smoothed, *known_us);
        let filtered = told.filtered.as_ref().filter(|filtered| filtered.shows(*place, release));
        row.filtered_m = filtered.map(|filtered| filtered.position_m);
        row.identity = told.identity.as_deref().map(|text| (text, f64::from(estimate.belief.probability)));
        row.holders = release.sees_holders.then_some(of.holders.as_ref());
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
        if let Some(shown) = shown {
            shown.take((row.track, time_us), &told.known, &release.obligations);
        }
        Ok(true)
    }
}

/// Digests of what a partner's picture is from.
fn source(basis: &Basis<'_>, lane: Option<(&Outcome, Option<Calibrated>)>, partner: usize) -> Result<Source, RunError> {
    let (lane, calibration) = lane.map_or((None, None), |(outcome, calibration)| (Some(outcome), calibration));
    let detections = match lane {
        _ if !basis.policy.receives_plainly(partner)? => None,
        Some(outcome) => outcome.given.clone(),
        // It may have nothing fused.
        None => Some(given(Taken::default())),
    };
    // It is the rule by which its audit has counts.
    let counts = basis.policy.disclosure(partner)?.plain;
    let accounts = counts.then(|| lane.map(|outcome| outcome.accounts).unwrap_or_default());
    Ok(Source { detections, accounts, calibration, policy_sha256: basis.policy.view_sha256(partner)? })
}

/// One of each pair (owner, label) of the sources of a track.
fn sources(lane: &Lane, estimate: &Estimate, part: impl Fn(&(String, String)) -> &String) -> BTreeSet<String> {
    let holds = |place: usize| estimate.sources.get(place / 32).is_some_and(|word| word >> (place % 32) & 1 == 1);
    let chosen = lane.sources.iter().enumerate().filter(|(place, _)| holds(*place));
    chosen.map(|(_, source)| part(source).clone()).filter(|text| !text.is_empty()).collect()
}

/// A position as zones see it.
pub(super) fn ground(position_m: [f64; 3], frame: Frame) -> [f64; 2] {
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

impl TrackAt {
    /// The same as a row of a picture, without contributors and authorities.
    #[must_use]
    pub fn row(&self) -> Row<'_> {
        let mut row = row(&self.estimate, self.time_us, self.estimate.position_m(), &[], &[]);
        (row.smoothed, row.as_known_at_us, row.filtered_m) = (self.smoothed, self.as_known_at_us, self.filtered_m);
        row.identity = self.identity.as_deref().map(|text| (text, f64::from(self.estimate.belief.probability)));
        row
    }
}

/// An estimate as a row of a picture.
pub(super) fn row<'a>(
    estimate: &Estimate,
    time_us: i64,
    position_m: [f64; 3],
    contributors: &'a [String],
    authorities: &'a [String],
) -> Row<'a> {
    Row {
        time_us,
        track: estimate.number(),
        status: status(estimate),
        existence: f64::from(estimate.existence),
        position_m,
        velocity_m_s: estimate.velocity_m_s(),
        covariance: estimate.covariance(),
        detections: u64::from(estimate.detections),
        last_detection_us: estimate.last_detection_us,
        smoothed: false,
        as_known_at_us: estimate.last_detection_us,
        filtered_m: None,
        identity: None,
        contributors,
        authorities,
        holders: None,
    }
}
