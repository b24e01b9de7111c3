//! What one partner sees of a track in another's picture, and why it does not see the rest. For the operator alone.
//!
//! Partners of one lane number tracks alike: of these only the rules of `receive` tell. In a picture of another lane the same
//! object is a track with a number of its own, found by place as coherence finds it; where there is none, the detections that
//! lie on the track say why ([`on_track`](super::on_track)): they may not be fused for that partner, or not yet, or lie outside
//! their sensors' coverage, or its lane made no confirmed track of them. Where no file of the output tells, that is said.

use super::coherence::{Known, each_report};
use super::on_track::{Against, Fix, On, Way, on_way};
use super::scores::{configuration_of, manifest};
use super::spells::{Fate, Report, Spell, What, Withheld, spells, withheld};
use super::{RunError, origin};
use crate::ingest::{Recording, Where};
use crate::policy::{Classifier, Explanation, Policy, Releases, Status, TrackClass, Verdicted};
use crate::policy::{explain_class, explain_track};
use crate::product::{
    Demands, ProductError, ReleaseTable, Stretch, each_stretch, origin_of, read_releases, read_track, verify_origin,
};
use crate::score::coherence::Same;
use crate::time::micros;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Elsewhere<'a> {
    /// Output folder of the run.
    pub out: &'a Path,
    /// Recording that it read.
    pub recording: Where<'a>,
    /// Policy that it read.
    pub policy: &'a Policy,
    /// Whose picture has the track.
    pub of: &'a str,
    /// Its number there.
    pub track: u64,
    /// Who is asked about.
    pub partner: &'a str,
}

/// Why it cannot be answered.
#[derive(Debug, thiserror::Error)]
pub enum ElsewhereError {
    /// There is no such partner, or no such track.
    #[error("found {found}, wanted {wanted}")]
    Unknown {
        /// What was asked for.
        found: String,
        /// What could be.
        wanted: String,
    },
    /// The run read something else.
    #[error("{}: found {found}, wanted {wanted}", place.display())]
    Origin {
        /// What of it.
        place: PathBuf,
        /// What is given.
        found: String,
        /// What the run read.
        wanted: String,
    },
    /// A file, or a rule that fails.
    #[error(transparent)]
    Run(#[from] RunError),
}

impl<E: Into<RunError>> From<E> for Box<ElsewhereError> {
    fn from(error: E) -> Self {
        Self::new(ElsewhereError::Run(error.into()))
    }
}

/// The answer.
#[derive(Clone, Debug, Serialize)]
pub struct Answered {
    /// Whose picture has the track.
    pub of: String,
    /// Its number there.
    pub track: u64,
    /// Everybody whose picture numbers tracks so: the partners of the lane.
    pub numbering: Vec<String>,
    /// Who is asked about.
    pub partner: String,
    /// Whether its picture numbers tracks so, too.
    pub same_numbering: bool,
    /// First and last report of the track, microseconds.
    pub first_us: i64,
    /// The last one.
    pub last_us: i64,
    /// Reports of the track in its lane.
    pub reports: u64,
    /// Those at which it was confirmed.
    pub confirmed: u64,
    /// Owners whose detections made it.
    pub contributors: BTreeSet<String>,
    /// The picture that its places are from; `None`: no picture shows it.
    pub places_from: Option<String>,
    /// The detections that lie on it; `None` where no picture says where it was.
    pub detections: Option<Lying>,
    /// What the partner sees of it, from its first report to its last.
    pub spells: Vec<Spell>,
    /// The partner's own tracks of the same object.
    pub own_tracks: Vec<Own>,
    /// What each level of `receive` in the spells demands.
    pub levels: BTreeMap<String, Demands>,
    /// Why, in full: each reason for which detections or rows are withheld, for the class with most of them.
    pub explained: Vec<Explanation>,
    /// What is not known, in words.
    pub unknown: Vec<String>,
}

/// The detections that lie on a track, and what a partner gets of them.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Lying {
    /// How many.
    pub detections: u64,
    /// How many the picture counts to the track, where it says.
    pub counted: Option<u64>,
    /// By level of `fuse`, how many the partner may have fused.
    pub given: BTreeMap<String, u64>,
    /// How many of these lie outside what their sensor covers.
    pub outside: u64,
    /// By level, how many it may not have yet.
    pub not_due: BTreeMap<String, u64>,
    /// What is withheld from it, the most first.
    pub withheld: Vec<Withheld>,
}

/// A track of the partner that is the same object.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Own {
    /// Its number in the partner's picture.
    pub track: u64,
    /// The first report at which both see it, microseconds.
    pub first_us: i64,
    /// The last one.
    pub last_us: i64,
    /// Reports at which both see it.
    pub reports: u64,
    /// How far apart they place it: root mean square, metres.
    pub apart_rms_m: f64,
}

/// What is known of the run and of what is asked.
struct Case<'a> {
    asked: &'a Elsewhere<'a>,
    table: ReleaseTable,
    recording: Recording,
    as_of_us: Option<i64>,
    /// Places of the two in `table.alike`.
    of: usize,
    partner: usize,
    /// The number of the partner in the policy.
    number: usize,
    /// The stretches of the track, and those of the partner's lane, in order of time.
    life: Vec<Stretch>,
    others: Vec<Stretch>,
    /// Place of every class in `table.classes`.
    classes: BTreeMap<TrackClass, usize>,
}

/// Answers what a partner sees of a track in another's picture.
///
/// # Errors
/// Nobody has such a track, the run read another recording or policy, or a file of the output cannot be read.
pub fn elsewhere(asked: &Elsewhere<'_>) -> Result<Answered, Box<ElsewhereError>> {
    let case = Case::open(asked)?;
    let (lane, own_lane) = (case.lane(case.of), case.lane(case.partner));
    let same_numbering = lane.is_some() && lane == own_lane;
    let finest = case.finest(lane, asked.track)?;
    let mut classifier = Classifier::new(asked.policy, case.recording.catalogue(), case.as_of_us)?;
    let (lying, detections) = match &finest {
        None => (Vec::new(), None),
        Some((picture, way)) => case.lying(picture, way, &mut classifier)?,
    };
    let way = finest.as_ref().map(|(_, way)| way.clone()).unwrap_or_default();
    let mut own = BTreeMap::new();
    let reports = if same_numbering { case.alike(&way)? } else { case.apart(&way, finest.as_ref(), &mut own)? };
    let mut unknown = Vec::new();
    if finest.is_none() {
        unknown.push("where the track was: no picture of its lane shows it".to_owned());
    }
    let confirmed: u64 = case.life.iter().filter(|of| of.class.status == Status::Confirmed).map(|of| of.rows).sum();
    let shown = way.fixes.iter().filter(|fix| fix.confirmed).count() as u64;
    if finest.is_some() && shown < confirmed {
        unknown.push(format!(
            "where the track was on {} of its {confirmed} reports: no picture of its lane shows them",
            confirmed - shown
        ));
    }
    let spells = spells(reports, &lying, way.period_us);
    if spells.iter().any(|spell| spell.what == What::Unknown) {
        unknown.push(format!(
            "whether it is one of the tracks that the lane of {} made and nobody receives: no file says where they were",
            asked.partner
        ));
    }
    let mut explained = case.of_detections(detections.as_ref(), &classifier)?;
    explained.extend(case.of_tracks(&spells)?);
    Ok(Answered {
        of: asked.of.to_owned(),
        track: asked.track,
        numbering: lane
            .and_then(|lane| case.table.lanes.get(lane))
            .map(|lane| lane.partners.clone())
            .unwrap_or_default(),
        partner: asked.partner.to_owned(),
        same_numbering,
        first_us: case.life.first().map_or(0, |stretch| stretch.first_us),
        last_us: case.life.last().map_or(0, |stretch| stretch.last_us),
        reports: case.life.iter().map(|stretch| stretch.rows).sum(),
        confirmed,
        contributors: case.life.iter().flat_map(|stretch| stretch.class.contributors.clone()).collect(),
        places_from: finest.map(|(picture, _)| picture),
        detections: detections.map(|(lying, _)| lying),
        levels: spells
            .iter()
            .filter_map(|spell| case.table.levels.get_key_value(spell.level.as_ref()?))
            .map(|(level, demands)| (level.clone(), demands.clone()))
            .collect(),
        spells,
        own_tracks: own.into_values().collect(),
        explained,
        unknown,
    })
}

/// The detections that lie on the track, and the classes of those that are withheld.
type Found = Option<(Lying, Vec<u32>)>;
/// Detections with what becomes of each for the partner.
type Fates = Vec<(On, Fate)>;

impl<'a> Case<'a> {
    fn open(asked: &'a Elsewhere<'a>) -> Result<Self, Box<ElsewhereError>> {
        let table = read_releases(asked.out)?;
        if let Some(why) = &table.left_out {
            let found = format!("releases.json without what partners receive: {why}");
            return Err(Box::new(unknown(found, "a run of fewer partners, or classes of tracks".to_owned())));
        }
        let recording = asked.recording.open().map_err(RunError::from)?;
        let as_of_us = check_origin(asked, &recording)?;
        let place = |id: &str| {
            let place = table.alike.iter().position(|alike| alike.partners.iter().any(|known| known == id));
            place.ok_or_else(|| {
                let all = table.alike.iter().flat_map(|alike| alike.partners.iter().map(String::as_str));
                let wanted = format!("one of the run: {}", all.collect::<Vec<_>>().join(", "));
                Box::new(unknown(format!("partner `{id}`"), wanted))
            })
        };
        let (of, partner) = (place(asked.of)?, place(asked.partner)?);
        let number = asked.policy.partners().iter().position(|known| known.id == asked.partner);
        let number =
            number.ok_or_else(|| unknown(format!("partner `{}`", asked.partner), "one of the policy".to_owned()))?;
        let in_lane = |stretch: &Stretch, id: &str| stretch.lane.iter().any(|known| known == id);
        let (mut life, mut others, mut elsewhere) = (Vec::new(), Vec::new(), BTreeSet::new());
        each_stretch(asked.out, |stretch| {
            let is_asked = stretch.track == asked.track;
            if is_asked && in_lane(&stretch, asked.of) {
                life.push(stretch);
                return;
            }
            if is_asked {
                elsewhere.extend(stretch.lane.iter().cloned());
            }
            if in_lane(&stretch, asked.partner) {
                others.push(stretch);
            }
        })?;
        if life.is_empty() {
            let wanted = match elsewhere.into_iter().reduce(|all, id| format!("{all}, {id}")) {
                Some(all) => {
                    format!("one of its, or the number as another has it: there is one in the picture of {all}")
                }
                None => "one of its".to_owned(),
            };
            return Err(Box::new(unknown(format!("no track {} in the lane of `{}`", asked.track, asked.of), wanted)));
        }
        life.sort_by_key(|stretch| stretch.first_us);
        others.sort_by_key(|stretch| stretch.first_us);
        let numbered = table.classes.iter().enumerate();
        let classes = numbered.filter_map(|(place, entry)| Some((entry.class()?, place))).collect();
        Ok(Self { asked, table, recording, as_of_us, of, partner, number, life, others, classes })
    }

    fn lane(&self, alike: usize) -> Option<usize> {
        self.table.alike.get(alike)?.lane
    }

    /// The level at which partners receive a class of tracks, and what it demands: delay and cell.
    fn level(&self, class: &TrackClass, alike: usize) -> Option<(&String, i64, f64)> {
        let entry = self.table.classes.get(*self.classes.get(class)?)?;
        let level = entry.levels.get(alike)?.as_ref()?;
        let demands = self.table.levels.get(level)?;
        Some((level, demands.delay_us, demands.coarsen_m.unwrap_or(0.0)))
    }

    /// The picture of a lane that shows a track in the smallest cells, of those the one with most rows, and its way there.
    fn finest(&self, lane: Option<usize>, track: u64) -> Result<Option<(String, Way)>, Box<ElsewhereError>> {
        let mut best: Option<((f64, usize), (String, Way))> = None;
        for (place, alike) in self.table.alike.iter().enumerate() {
            let Some(id) = alike.partners.first().filter(|_| lane.is_some() && alike.lane == lane) else { continue };
            let way = self.way(id, track)?;
            let cells = self.life.iter().filter_map(|of| self.level(&of.class, place)).map(|(.., cell_m)| cell_m);
            let rank = (cells.fold(0.0, f64::max), usize::MAX - way.fixes.len());
            if !way.fixes.is_empty() && best.as_ref().is_none_or(|(other, _)| rank < *other) {
                best = Some((rank, (id.clone(), way)));
            }
        }
        Ok(best.map(|(_, found)| found))
    }

    fn way(&self, id: &str, track: u64) -> Result<Way, Box<ElsewhereError>> {
        let folder = self.asked.out.join(id);
        let (_, made) = manifest(&folder).map_err(|error| read_failed(&folder, &error))?;
        let period_us = micros(f64::from(made.configuration.report_period_s.get())).unwrap_or(1).max(1);
        let rows = read_track(&folder, track)?;
        // Older ones are exact to a part in 16 million.
        let until_us = rows.last().and_then(|row| {
            let last_us = row.last_detection_us?;
            Some(last_us.saturating_add(row.time_us.saturating_sub(last_us) >> 22))
        });
        let fixes = rows.into_iter().map(|row| Fix {
            time_us: row.time_us,
            at_m: row.position_m,
            velocity_m_s: row.velocity_m_s,
            covariance_m2: row.covariance_m2,
            confirmed: row.status == Status::Confirmed,
        });
        Ok(Way { fixes: fixes.collect(), period_us, until_us })
    }

    /// The detections that lie on the track and what the partner gets of them, one by one and together.
    fn lying(
        &self,
        picture: &str,
        way: &Way,
        classifier: &mut Classifier,
    ) -> Result<(Fates, Found), Box<ElsewhereError>> {
        let folder = self.asked.out.join(picture);
        let (_, made) = manifest(&folder).map_err(|error| read_failed(&folder, &error))?;
        let against = Against {
            config: &made.configuration.fusion,
            cutoff_m: f64::from(made.configuration.score.cutoff_m.get()),
            picture: &folder,
            track: self.asked.track,
        };
        let found = on_way(way, &against, &self.recording, classifier)?;
        let decisions = self.asked.policy.decide(classifier.classes(), self.as_of_us)?;
        let partners = self.asked.policy.partners();
        let of = partners.iter().position(|known| known.id == self.asked.of).unwrap_or(usize::MAX);
        let contributors: BTreeSet<&String> = self.life.iter().flat_map(|of| &of.class.contributors).collect();
        let own = |on: &On| {
            let owner = classifier.classes().get(on.class as usize).map(|key| &key.owner);
            owner.is_some_and(|owner| contributors.contains(owner)) && decisions.level(on.class, of).is_some()
        };
        let mut lying = Lying { counted: counted(&folder, self.asked.track)?, ..Lying::default() };
        let mut fates = Vec::new();
        let mut kept: BTreeMap<u32, u64> = BTreeMap::new();
        for on in found.into_iter().filter(own) {
            lying.detections += 1;
            let fate = match decisions.verdict(on.class, self.number) {
                Verdicted::Given(level) => {
                    *lying.given.entry(level.name.clone()).or_default() += 1;
                    lying.outside += u64::from(!on.covered);
                    Fate::Given { covered: on.covered }
                }
                Verdicted::NotDue(level) => {
                    *lying.not_due.entry(level.name.clone()).or_default() += 1;
                    Fate::NotDue { level: level.name.clone() }
                }
                Verdicted::Withheld(rules) => {
                    *kept.entry(on.class).or_default() += 1;
                    Fate::Withheld { rules }
                }
            };
            fates.push((on, fate));
        }
        let mut reasons: Vec<u32> = Vec::new();
        lying.withheld = withheld(&kept, &decisions, (self.number, classifier.classes()), &mut reasons);
        Ok((fates, Some((lying, reasons))))
    }

    /// The reports of the track, for a partner whose picture numbers tracks alike.
    fn alike(&self, way: &Way) -> Result<Vec<Report>, Box<ElsewhereError>> {
        let rows: BTreeSet<i64> =
            self.way(self.asked.partner, self.asked.track)?.fixes.iter().map(|fix| fix.time_us).collect();
        let mut refused = Refused::new(self)?;
        let mut reports = Vec::new();
        for time_us in self.times(way, &rows) {
            let covers = |of: &&Stretch| (of.first_us..=of.last_us).contains(&time_us);
            let Some(stretch) = self.life.iter().find(covers) else { continue };
            let level = self.level(&stretch.class, self.partner).map(|(level, ..)| level.clone());
            reports.push(match (rows.contains(&time_us), level) {
                (true, level) => Report::seen(time_us, (self.asked.track, level)),
                (false, Some(level)) => Report::late(time_us, level),
                (false, None) => Report::not_received(time_us, self.asked.track, refused.rules(&stretch.class)?),
            });
        }
        Ok(reports)
    }

    /// The times of the track's reports, as far as files tell them.
    fn times(&self, way: &Way, more: &BTreeSet<i64>) -> BTreeSet<i64> {
        let ends = self.life.iter().flat_map(|of| [of.first_us, of.last_us]);
        way.fixes.iter().map(|fix| fix.time_us).chain(more.iter().copied()).chain(ends).collect()
    }

    /// The same for one whose picture numbers tracks in its own way: the confirmed reports, and the partner's track that is
    /// the same object then.
    fn apart(
        &self,
        way: &Way,
        finest: Option<&(String, Way)>,
        own: &mut BTreeMap<u64, Own>,
    ) -> Result<Vec<Report>, Box<ElsewhereError>> {
        let mut reports = self.unseen(way);
        let Some((picture, _)) = finest.filter(|_| self.lane(self.partner).is_some()) else {
            return Ok(reports.into_values().collect());
        };
        let known = Known::read(self.asked.out, &self.table)?;
        let place = |id: &String| self.table.alike.iter().position(|alike| alike.partners.first() == Some(id));
        let from = place(picture).unwrap_or(self.of);
        let mut folders: Vec<Option<PathBuf>> = vec![None; self.table.alike.len()];
        for place in [from, self.partner] {
            let id = self.table.alike.get(place).and_then(|alike| alike.partners.first());
            if let (Some(folder), Some(id)) = (folders.get_mut(place), id) {
                *folder = Some(self.asked.out.join(id));
            }
        }
        let (_, made) = manifest(&self.asked.out.join(picture)).map_err(|error| read_failed(self.asked.out, &error))?;
        let cutoff_m = f64::from(made.configuration.score.cutoff_m.get());
        let world = known.world(&self.table, cutoff_m, way.period_us);
        let mut same = Same::new(world, (from, self.asked.track)).map_err(RunError::from)?;
        each_report(&known, &self.table, &folders, |time_us, pictures| {
            let Some((row, Some(other))) = same.report(time_us, pictures, self.partner)? else { return Ok(()) };
            let class = self.table.classes.get(other.class);
            let level = class.and_then(|class| class.levels.get(self.partner)).cloned().flatten();
            reports.insert(time_us, Report::seen(time_us, (other.track, level)));
            let off = row.position_m.iter().zip(other.position_m).map(|(a, b)| (a - b) * (a - b)).sum::<f64>();
            let own = own.entry(other.track).or_insert(Own {
                track: other.track,
                first_us: time_us,
                last_us: time_us,
                reports: 0,
                apart_rms_m: 0.0,
            });
            // The mean of squares as it grows.
            own.reports += 1;
            let mean = own.apart_rms_m * own.apart_rms_m;
            own.apart_rms_m = (mean + (off - mean) / own.reports as f64).sqrt();
            own.last_us = time_us;
            Ok(())
        })?;
        self.refused(own, &mut reports)?;
        Ok(reports.into_values().collect())
    }

    /// The confirmed reports as they are without a track of the partner.
    fn unseen(&self, way: &Way) -> BTreeMap<i64, Report> {
        let mut reports: BTreeMap<i64, Report> = way
            .fixes
            .iter()
            .filter(|fix| fix.confirmed)
            .map(|fix| (fix.time_us, Report::unseen(fix.time_us)))
            .collect();
        // Confirmed tracks of the partner's lane that it does not receive: what is in other zones is another object.
        let kept =
            |of: &&Stretch| of.class.status == Status::Confirmed && self.level(&of.class, self.partner).is_none();
        let kept: Vec<&Stretch> = self.others.iter().filter(kept).collect();
        for (time_us, report) in &mut reports {
            let class = self.life.iter().find(|of| (of.first_us..=of.last_us).contains(time_us)).map(|of| &of.class);
            let zones = class.map(|class| &class.zones);
            let then = |of: &&Stretch| (of.first_us..=of.last_us).contains(time_us) && Some(&of.class.zones) == zones;
            report.hidden = kept.iter().any(then);
            let until_us =
                self.lane(self.partner).and_then(|lane| self.table.lanes.get(lane)).map(|lane| lane.until_us);
            let level = class.and_then(|class| self.level(class, self.partner));
            report.late = level
                .zip(until_us)
                .filter(|((_, delay_us, _), until_us)| *delay_us > 0 && time_us.saturating_add(*delay_us) > *until_us)
                .map(|((level, ..), _)| level.clone());
        }
        reports
    }

    /// Marks the reports at which the partner's lane has a track of the object that the partner does not receive then.
    fn refused(
        &self,
        own: &BTreeMap<u64, Own>,
        reports: &mut BTreeMap<i64, Report>,
    ) -> Result<(), Box<ElsewhereError>> {
        let mut refused = Refused::new(self)?;
        for of in self.others.iter().filter(|of| of.class.status == Status::Confirmed && own.contains_key(&of.track)) {
            if self.level(&of.class, self.partner).is_some() {
                continue;
            }
            for (time_us, report) in reports.range_mut(of.first_us..=of.last_us).filter(|(_, report)| !report.is_seen())
            {
                *report = Report::not_received(*time_us, of.track, refused.rules(&of.class)?);
            }
        }
        Ok(())
    }

    /// Why detections are withheld, a reason each.
    fn of_detections(
        &self,
        found: Option<&(Lying, Vec<u32>)>,
        classifier: &Classifier,
    ) -> Result<Vec<Explanation>, Box<ElsewhereError>> {
        let mut explained = Vec::new();
        for class in found.into_iter().flat_map(|(_, reasons)| reasons) {
            if let Some(key) = classifier.classes().get(*class as usize) {
                explained.push(explain_class(self.asked.policy, self.number, key, self.as_of_us)?);
            }
        }
        Ok(explained)
    }

    /// Why rows of the track are not received, for the class with most of them.
    fn of_tracks(&self, spells: &[Spell]) -> Result<Option<Explanation>, Box<ElsewhereError>> {
        let withheld: BTreeSet<u64> =
            spells.iter().filter(|spell| spell.what == What::NotReceived).filter_map(|spell| spell.track).collect();
        let of_lane = if self.lane(self.of) == self.lane(self.partner) { &self.life } else { &self.others };
        let is_withheld = |of: &&Stretch| withheld.contains(&of.track) && self.level(&of.class, self.partner).is_none();
        let class = of_lane.iter().filter(is_withheld).max_by_key(|of| of.rows);
        let Some(of) = class else { return Ok(None) };
        Ok(Some(explain_track(self.asked.policy, self.number, &of.class, self.as_of_us)?))
    }
}

/// The rules by which a partner does not receive classes of tracks, each asked once.
struct Refused<'a> {
    releases: Releases<'a>,
    number: usize,
    known: BTreeMap<TrackClass, Vec<String>>,
}

impl<'a> Refused<'a> {
    fn new(case: &Case<'a>) -> Result<Self, Box<ElsewhereError>> {
        let releases = Releases::new(case.asked.policy, case.as_of_us)?;
        Ok(Self { releases, number: case.number, known: BTreeMap::new() })
    }

    fn rules(&mut self, class: &TrackClass) -> Result<Vec<String>, Box<ElsewhereError>> {
        if let Some(rules) = self.known.get(class) {
            return Ok(rules.clone());
        }
        let decided = self.releases.of(class, &[self.number])?;
        let rules = decided.first().map(|decided| decided.release.decided_by.clone()).unwrap_or_default();
        self.known.insert(class.clone(), rules.clone());
        Ok(rules)
    }
}

/// How many detections a picture counts to a track.
fn counted(folder: &Path, track: u64) -> Result<Option<u64>, ProductError> {
    Ok(read_track(folder, track)?.iter().filter_map(|row| row.detections).max())
}

/// That recording and policy are those of the run; the time that it was made at.
fn check_origin(asked: &Elsewhere<'_>, recording: &Recording) -> Result<Option<i64>, Box<ElsewhereError>> {
    let Some(made_from) = origin_of(asked.out)? else {
        return Err(Box::new(unknown(
            "an output that does not say what it was made from".to_owned(),
            "one that does".to_owned(),
        )));
    };
    // Configuration and time are those of the run.
    let config = configuration_of(asked.out).map_err(|error| read_failed(asked.out, &error))?;
    if made_from.calibration.is_some() {
        let (found, wanted) =
            ("an output that a calibration corrects", "one without: detections are where they were measured");
        return Err(Box::new(unknown(found.to_owned(), wanted.to_owned())));
    }
    let given = origin(recording, asked.policy, (&config, made_from.as_of_us), None)?;
    let as_of_us = made_from.as_of_us;
    match verify_origin(asked.out, &given)?.into_iter().flatten().next() {
        None => Ok(as_of_us),
        Some(fault) => Err(Box::new(ElsewhereError::Origin {
            place: fault.place.into(),
            found: fault.found,
            wanted: fault.wanted,
        })),
    }
}

fn unknown(found: String, wanted: String) -> ElsewhereError {
    ElsewhereError::Unknown { found, wanted }
}

fn read_failed(folder: &Path, error: &super::OutputError) -> ElsewhereError {
    ElsewhereError::Origin {
        place: folder.to_owned(),
        found: super::chain(error),
        wanted: "the folder of a picture".to_owned(),
    }
}
