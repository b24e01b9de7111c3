//! Rows of a picture against what the partner may receive.

use super::cells::{Cell, cell};
use super::counted::Counted;
use super::evidence::{Recording, Row as Detection, Sight};
use super::finding::{Beyond, Breaches};
use super::ground::{length, metres, not_exact};
use super::horizon::Horizon;
use super::rules::{Book, Demands, Partner, class, set};
use super::support::{HEIGHT_SIGMA_M, Support};
use super::table::{OF_DETECTIONS, OF_IDENTITY, OF_LAST, Row, fields};
use super::{GuardError, Request};
use crate::space::Frame;
use crate::time::{micros, seconds_between};
use cedar_policy::RestrictedExpression;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// Classes to try for one row at most.
const TRIES: usize = 4096;

/// What a folder is held against.
#[derive(Clone, Copy, Debug)]
pub(super) struct Basis<'a> {
    pub(super) request: &'a Request<'a>,
    pub(super) book: &'a Book,
    pub(super) recording: &'a Recording,
    pub(super) partner: &'a Partner,
    pub(super) sight: &'a Sight,
}

/// What the rules give for a class of tracks.
#[derive(Debug)]
struct Outcome {
    level: String,
    demands: Demands,
    authorities: Vec<String>,
    /// Who may act, where the partner may see it and the level shows it.
    holders: Option<Vec<String>>,
    /// What the audit says of its rows, without their number; the level first.
    entries: Vec<String>,
}

/// All that tells what classes a row could be of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Question {
    contributors: Option<BTreeSet<String>>,
    sources: usize,
    owner: String,
    label: String,
    zones: BTreeSet<String>,
    periods: BTreeSet<String>,
    status: String,
}

/// How often the audit may, and must, count each entry.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) may: BTreeMap<String, u64>,
    pub(super) must: BTreeMap<String, u64>,
    /// All rows with a level.
    pub(super) levels: u64,
    /// Entries that tell of a level rather than an authority.
    pub(super) of_levels: BTreeSet<String>,
}

/// Judges row after row.
#[derive(Debug)]
pub(super) struct Judge<'a> {
    basis: Basis<'a>,
    known: BTreeMap<Question, Option<Rc<Vec<Rc<Outcome>>>>>,
    before: Option<(i64, u64)>,
    pub(super) counts: Counts,
    pub(super) undecided: u64,
    period_us: i64,
    reach_m_s: f64,
    slack_m: f64,
    /// Standard deviation of a height that nothing measured.
    height_m: f64,
    support: Option<Support>,
    counted: Counted,
    horizon: Horizon,
}

type Complaint = (Beyond, String, String);

impl<'a> Judge<'a> {
    pub(super) fn new(basis: Basis<'a>) -> Result<Self, GuardError> {
        let number = |key: &'static str| {
            basis.request.configuration.pointer(key).and_then(Value::as_f64).ok_or(GuardError::Configuration { key })
        };
        let period_us = micros(number("/report_period_s")?).unwrap_or(1).max(1);
        let sensors = basis.recording.catalogue.sensors.iter();
        let heights_m = sensors.filter_map(|sensor| sensor.coverage.height_m()).flatten();
        // Ten standard deviations of the speed of what is not yet known; a track that is worse known than the limit over ground
        // ends.
        let reach_m_s = 10.0 * number("/fusion/undetected/speed_m_s")?;
        Ok(Self {
            basis,
            known: BTreeMap::new(),
            before: None,
            counts: Counts::default(),
            undecided: 0,
            period_us,
            reach_m_s,
            height_m: heights_m.map(f64::abs).fold(HEIGHT_SIGMA_M, f64::max),
            slack_m: 5.0 * number("/fusion/existence/position_sigma_max_m")?,
            support: Support::of(basis.request.configuration, basis.recording.catalogue.frame, reach_m_s)?,
            counted: Counted::new(basis.sight),
            horizon: Horizon::of(&basis),
        })
    }

    pub(super) fn row(&mut self, place: &str, row: &Row, breaches: &mut Breaches) -> Result<(), GuardError> {
        let mut wrong = |(beyond, found, wanted): Complaint| breaches.add(beyond, place, found, wanted);
        if let Some(complaint) = Self::value(row) {
            wrong(complaint);
            return Ok(());
        }
        let here = (row.time_us, row.track);
        if self.before.is_some_and(|before| before >= here) {
            let found = format!("{here:?} after {:?}", self.before.unwrap_or_default());
            wrong((Beyond::Order, found, "time and track that grow".to_owned()));
        }
        self.before = Some(here);
        if let Some(complaint) = self.time(row) {
            wrong(complaint);
            return Ok(());
        }
        let sight = self.basis.sight;
        // A smoothed row may be of the time before its track was first detected.
        let until_us = self.horizon.until_us(row);
        let Some((born_us, birth)) = sight.birth(row.track).filter(|(born_us, _)| *born_us <= until_us) else {
            let wanted = "scan and detection, in this order, of one that the partner may have fused by then".to_owned();
            wrong((Beyond::Track, format!("track {} at {}", row.track, row.time_us), wanted));
            return Ok(());
        };
        let from = self.basis.recording.classes.get(birth.class as usize);
        let (owner, label) = from.map_or(("", ""), |class| (class.owner.as_str(), class.label.as_str()));
        let alive_s = seconds_between(birth.time_us.min(born_us), row.time_us).abs();
        let at_m = metres(self.frame(), row.position);
        self.too_far(&birth, at_m, alive_s).into_iter().for_each(&mut wrong);
        let largest = self.cells(row).pop().map(|(_, cell)| cell);
        // What came later makes a row better known than any one detection could have by then.
        let support = self.support.filter(|_| !row.smoothed);
        if support.is_some_and(|support| !support.holds(sight, row, largest)) {
            let found = format!("track {} as well known as it is at {}", row.track, row.time_us);
            wrong((Beyond::Support, found, "a detection that the partner may have fused, near enough then".to_owned()));
        }
        let sources = sight.sources.partition_point(|(first_us, _, _)| *first_us <= until_us);
        if let Some((found, wanted)) = self.counted.complaint(row, born_us, birth.time_us) {
            wrong((Beyond::Detections, found, wanted));
            return Ok(());
        }
        if let Some(complaint) =
            self.horizon.complaint(row, |at_us, until_us| self.counted.made(at_us, until_us).next().is_some())
        {
            wrong(complaint);
            return Ok(());
        }
        if let Some(complaint) = self.filtered(row, (born_us, &birth, alive_s)) {
            wrong(complaint);
            return Ok(());
        }
        let first_us = |name: &String| sight.identities.get(name.as_str()).copied().unwrap_or(i64::MAX);
        if let Some(name) = row.identity.as_ref().filter(|name| first_us(name) > until_us) {
            let wanted = "one of a detection that the partner may have fused by then".to_owned();
            wrong((Beyond::Identity, format!("address `{name}`"), wanted));
            return Ok(());
        }
        if let Some(complaint) = self.strangers(row, owner, (sources, until_us)) {
            wrong(complaint);
            return Ok(());
        }
        let question = Question {
            contributors: row.contributors.clone(),
            sources,
            owner: owner.to_owned(),
            label: label.to_owned(),
            zones: BTreeSet::new(),
            periods: self.basis.book.periods.at(row.time_us),
            status: row.status.clone(),
        };
        self.release(row, &question, &mut wrong)
    }

    /// What is wrong with a place of a track so long before or after its first detection.
    fn too_far(&self, birth: &Detection, at_m: [f64; 3], alive_s: f64) -> Option<Complaint> {
        let apart_m = birth.apart_m(at_m);
        // A height that nothing measured is off along the vertical there, which is not that at the first detection: by five
        // standard deviations at most.
        let turned = if self.frame() == Frame::Geodetic { (apart_m / length(at_m)).clamp(0.0, 1.0) } else { 0.0 };
        let reach_m = self.slack_m + 5.0 * self.height_m * turned + self.reach_m_s * alive_s;
        let found = || format!("{apart_m:.0} m from its first detection");
        (apart_m > reach_m).then(|| (Beyond::Place, found(), format!("at most {reach_m:.0} m")))
    }

    /// What is wrong with where a row says that the filter had its track, but for the level that the rules give there.
    fn filtered(&self, row: &Row, (born_us, birth, alive_s): (i64, &Detection, f64)) -> Option<Complaint> {
        let found = format!("filtered at {:?}", row.filtered);
        let Some(place) = row.filtered_place().filter(|place| place.iter().all(|number| number.is_finite())) else {
            let wanted = "three finite numbers, or none".to_owned();
            return row.filtered.iter().any(Option::is_some).then_some((Beyond::Value, found, wanted));
        };
        if !row.smoothed && place.map(f64::to_bits) != row.position.map(f64::to_bits) {
            let wanted = format!("{:?}, its position: it is not smoothed", row.position);
            return Some((Beyond::Smoothing, found, wanted));
        }
        if born_us > row.time_us {
            return Some((
                Beyond::Smoothing,
                found,
                format!("null: its first detection came with a scan at {born_us}"),
            ));
        }
        if let Some(wanted) = not_exact(self.frame(), place) {
            return Some((Beyond::Precision, found, wanted.to_owned()));
        }
        self.too_far(birth, metres(self.frame(), place), alive_s)
    }

    /// What is wrong with the contributors of a row of a track that a detection of `owner` began.
    fn strangers(&self, row: &Row, owner: &str, (sources, until_us): (usize, i64)) -> Option<Complaint> {
        let named = row.contributors.as_ref()?;
        let wrong = |wanted: String| Some((Beyond::Contributor, format!("{named:?}"), wanted));
        let known: BTreeSet<&str> =
            self.basis.sight.sources.iter().take(sources).map(|(_, owner, _)| owner.as_str()).collect();
        let stranger = named.iter().find(|name| !known.contains(name.as_str()));
        if stranger.is_some() || !named.contains(owner) || !row.sorted {
            return wrong(format!("`{owner}`, whose detection began the track, and of {known:?}, in order"));
        }
        // The last detection that it rests on is counted to it, so its owner made it.
        let at_us = row.known_us.or(row.last_us)?;
        let of = |class: u32| self.basis.recording.classes.get(class as usize).map(|class| class.owner.as_str());
        let owners: BTreeSet<&str> = self.counted.made(at_us, until_us).filter_map(of).collect();
        if owners.iter().any(|owner| named.contains(*owner)) {
            return None;
        }
        wrong(format!("one of {owners:?}, who detected something at {at_us}"))
    }

    /// Whether some class that the row could be of gives it as it is.
    fn release(&mut self, row: &Row, question: &Question, wrong: &mut dyn FnMut(Complaint)) -> Result<(), GuardError> {
        let mut decided = true;
        let mut fits: BTreeSet<Vec<String>> = BTreeSet::new();
        let mut nearest: Option<Complaint> = None;
        // Where the filter had it is a place, too: the rules have to give the same level there.
        let there = match row.filtered_place().map(|place| self.basis.book.zones.at(self.ground(place))) {
            Some(zones) => self.outcomes(Question { zones, ..question.clone() })?,
            None => None,
        };
        let is_there = |level: &String| there.as_ref().is_none_or(|there| there.iter().any(|of| of.level == *level));
        for (coarse_m, zones) in self.zones(row) {
            let Some(zones) = zones else {
                decided = false;
                continue;
            };
            let Some(outcomes) = self.outcomes(Question { zones, ..question.clone() })? else {
                decided = false;
                continue;
            };
            for outcome in outcomes.iter() {
                if coarse_m.is_some() && coarse_m != outcome.demands.coarsen_m {
                    continue;
                }
                let elsewhere = || {
                    let found = format!("filtered at {:?}", row.filtered);
                    (Beyond::Level, found, format!("a place where the rules give `{}`, too", outcome.level))
                };
                let complaint = self.complaint(row, outcome);
                match complaint.or_else(|| (!is_there(&outcome.level)).then(elsewhere)) {
                    None => {
                        fits.insert(outcome.entries.clone());
                    }
                    // The one that holds longest tells best what is wrong.
                    Some(complaint) if nearest.as_ref().is_none_or(|other| other.0 < complaint.0) => {
                        nearest = Some(complaint);
                    }
                    Some(_) => {}
                }
            }
        }
        if fits.is_empty() {
            if decided {
                let found =
                    format!("{} track in zones {:?}", row.status, self.basis.book.zones.at(self.ground(row.position)));
                wrong(nearest.unwrap_or((
                    Beyond::Level,
                    found,
                    "a track that some rule lets the partner receive".to_owned(),
                )));
            } else {
                self.undecided += 1;
            }
            return Ok(());
        }
        self.counts.levels += 1;
        let only = fits.len() == 1;
        let mut may = BTreeSet::new();
        for entries in fits {
            self.counts.of_levels.extend(entries.first().cloned());
            may.extend(entries);
        }
        for entry in may {
            *self.counts.must.entry(entry.clone()).or_default() += u64::from(only);
            *self.counts.may.entry(entry).or_default() += 1;
        }
        Ok(())
    }

    fn value(row: &Row) -> Option<Complaint> {
        let bad = |found: String, wanted: &str| Some((Beyond::Value, found, wanted.to_owned()));
        let numbers = row.numbers.iter().flatten().map(|number| f64::from(*number));
        if let Some(number) = numbers.chain(row.position).find(|number| !number.is_finite()) {
            return bad(number.to_string(), "finite numbers");
        }
        if let [Some(existence), ..] = row.numbers
            && (existence.is_sign_negative() || existence > 1.0)
        {
            return bad(format!("existence {existence}"), "0 to 1");
        }
        match (&row.identity, row.identity_probability) {
            (None, None) => {}
            (Some(_), Some(probability)) if (0.5..=1.0).contains(&probability) => {}
            (name, probability) => {
                return bad(
                    format!("address {name:?} with {probability:?}"),
                    "one with a probability from 0.5 to 1, or neither",
                );
            }
        }
        if !["tentative", "confirmed"].contains(&row.status.as_str()) {
            return bad(format!("status `{}`", row.status), "`tentative` or `confirmed`");
        }
        None
    }

    fn time(&self, row: &Row) -> Option<Complaint> {
        let wanted = match self.basis.sight.span_us {
            None => "no row: the partner may have nothing fused".to_owned(),
            Some([first_us, last_us]) => {
                if (first_us..=last_us).contains(&row.time_us) && row.time_us % self.period_us == 0 {
                    return None;
                }
                format!("a multiple of {} from {first_us} to {last_us}", self.period_us)
            }
        };
        Some((Beyond::Time, row.time_us.to_string(), wanted))
    }

    /// What keeps a row from being what the rules give for a class.
    fn complaint(&self, row: &Row, outcome: &Outcome) -> Option<Complaint> {
        let Outcome { level: _, demands, authorities, holders, entries: _ } = outcome;
        let last_us = self.basis.sight.span_us.map_or(0, |[_, last_us]| last_us);
        let due_us = self.basis.request.as_of_us.unwrap_or(last_us).saturating_sub(demands.delay_us);
        if row.time_us > due_us {
            return Some((Beyond::Delay, row.time_us.to_string(), format!("nothing after {due_us}")));
        }
        let omitted = |field: &&&str| demands.omit.contains(**field);
        let shown = (0..).zip(&row.numbers).filter(|(_, value)| value.is_some()).flat_map(|(k, _)| fields(k));
        let shown = shown.chain(row.contributors.iter().map(|_| &"contributors"));
        let shown = shown.chain(row.holders.iter().map(|_| &"holders"));
        let shown = shown.chain(row.detections.iter().flat_map(|_| OF_DETECTIONS));
        let shown = shown.chain(row.last_us.iter().chain(&row.known_us).flat_map(|_| OF_LAST));
        let shown = shown.chain(row.filtered.iter().flatten().flat_map(|_| OF_LAST));
        let shown = shown.chain(row.identity.iter().flat_map(|_| OF_IDENTITY));
        if let Some(field) = shown.into_iter().find(omitted) {
            return Some((Beyond::Field, format!("`{field}`"), "null: the level leaves it out".to_owned()));
        }
        let filtered = row.filtered.iter().any(Option::is_some).then_some("`filtered_…`");
        let tells_when = row.last_us.map(|_| "`last_detection`").or(filtered);
        if let Some(found) = tells_when.filter(|_| demands.coarsen_m.is_some()) {
            let wanted = "null: the level coarsens places, and when something was seen tells where".to_owned();
            return Some((Beyond::Field, found.to_owned(), wanted));
        }
        if demands.coarsen_m.is_none()
            && let Some(wanted) = not_exact(self.frame(), row.position)
        {
            return Some((Beyond::Precision, format!("{:?}", row.position), wanted.to_owned()));
        }
        if let Some(coarsen_m) = demands.coarsen_m {
            let cell = cell(self.frame(), row.position, coarsen_m);
            if cell.centre.map(f64::to_bits) != row.position.map(f64::to_bits) {
                let wanted = format!("{:?}, the centre of a cell of {coarsen_m} m", cell.centre);
                return Some((Beyond::Precision, format!("{:?}", row.position), wanted));
            }
            let [_, _, _, _, xx, _, _, yy, _, zz, ..] = row.numbers;
            for (variance, floor) in [xx, yy, zz].into_iter().zip(cell.variance_m2) {
                if variance.is_some_and(|variance| f64::from(variance) < floor * (1.0 - 1e-5)) {
                    let found = format!("variance {} m²", variance.unwrap_or_default());
                    return Some((Beyond::Covariance, found, format!("at least {floor:.3} m², that of its cell")));
                }
            }
        }
        let differs = |found: String, wanted: String| Some((Beyond::Authority, found, wanted));
        if row.authorities != *authorities {
            return differs(format!("{:?}", row.authorities), format!("{authorities:?}"));
        }
        if row.holders != *holders {
            return differs(format!("holders {:?}", row.holders), format!("{holders:?}"));
        }
        None
    }

    /// The zones that the row could be in: those at the position shown, and, for every coarsening that it may have gone
    /// through, those of some place in its cell; `None`: too many to try.
    fn zones(&self, row: &Row) -> Vec<(Option<f64>, Option<BTreeSet<String>>)> {
        let book = self.basis.book;
        let at = book.zones.at(self.ground(row.position));
        let mut sets = vec![(None, Some(at.clone()))];
        for (size_m, cell) in self.cells(row) {
            let near: Vec<String> = book.zones.near(self.ground(row.position), cell.half).into_iter().collect();
            if near.len() > 6 {
                sets.push((Some(size_m), None));
                continue;
            }
            for chosen in 0..1usize << near.len() {
                let mut zones = at.clone();
                for (k, zone) in near.iter().enumerate() {
                    if chosen >> k & 1 == 1 {
                        zones.insert(zone.clone())
                    } else {
                        zones.remove(zone)
                    };
                }
                sets.push((Some(size_m), Some(zones)));
            }
        }
        sets
    }

    /// The cells that the row's position may stand for, the smallest first.
    fn cells(&self, row: &Row) -> Vec<(f64, Cell)> {
        let mut sizes: Vec<f64> = self.basis.book.receive.iter().filter_map(|level| level.demands.coarsen_m).collect();
        sizes.sort_by(f64::total_cmp);
        sizes.dedup();
        let cells = sizes.into_iter().map(|size_m| (size_m, cell(self.frame(), row.position, size_m)));
        cells.filter(|(_, cell)| cell.centre.map(f64::to_bits) == row.position.map(f64::to_bits)).collect()
    }

    /// What the rules give for every class that could be asked about; `None`: too many to try.
    fn outcomes(&mut self, question: Question) -> Result<Option<Rc<Vec<Rc<Outcome>>>>, GuardError> {
        if let Some(known) = self.known.get(&question) {
            return Ok(known.clone());
        }
        let sources = || self.basis.sight.sources.iter().take(question.sources);
        let owners: BTreeSet<&str> = match &question.contributors {
            Some(named) => named.iter().map(String::as_str).collect(),
            None => sources().map(|(_, owner, _)| owner.as_str()).collect(),
        };
        let labels: BTreeSet<&str> = sources()
            .filter(|(_, owner, _)| owners.contains(owner.as_str()))
            .map(|(_, _, label)| label.as_str())
            .filter(|label| !label.is_empty())
            .collect();
        // The birth's owner and label are certain, and so are all owners where they are named.
        let free = |all: &BTreeSet<&str>, certain: &str| -> Vec<String> {
            all.iter().filter(|name| **name != certain && !name.is_empty()).map(|name| (*name).to_owned()).collect()
        };
        let named = question.contributors.is_some();
        let (owners, labels) = (free(&owners, &question.owner), free(&labels, &question.label));
        let open = if named { 0 } else { owners.len() };
        let answer = if open + labels.len() > TRIES.ilog2() as usize {
            None
        } else {
            let mut outcomes = Vec::new();
            for chosen in 0..1usize << (open + labels.len()) {
                let picked = |names: &[String], first: usize, certain: &str, all: bool| -> BTreeSet<String> {
                    let picked = names.iter().enumerate().filter(|(k, _)| all || chosen >> (first + k) & 1 == 1);
                    let picked = picked.map(|(_, name)| name.clone()).chain([certain.to_owned()]);
                    picked.filter(|name| !name.is_empty()).collect()
                };
                let contributors = picked(&owners, 0, &question.owner, named);
                let labels = picked(&labels, open, &question.label, false);
                outcomes.extend(self.outcome(&question, &contributors, &labels)?.map(Rc::new));
            }
            Some(Rc::new(outcomes))
        };
        self.known.insert(question, answer.clone());
        Ok(answer)
    }

    fn outcome(
        &self,
        question: &Question,
        contributors: &BTreeSet<String>,
        labels: &BTreeSet<String>,
    ) -> Result<Option<Outcome>, GuardError> {
        let Basis { book, partner, .. } = self.basis;
        let entity = class(
            "TrackClass",
            vec![
                ("contributors", set(contributors)),
                ("labels", set(labels)),
                ("zones", set(&question.zones)),
                ("periods", set(&question.periods)),
                ("status", RestrictedExpression::new_string(question.status.clone())),
            ],
        )?;
        for level in &book.receive {
            let Some(rules) = book.grants(partner, &level.deed, &entity)? else { continue };
            let mut hidden = vec!["labels"];
            let mut words = json!({ "of": "tracks", "status": question.status, "periods": partner.among("periods", &question.periods) });
            if level.demands.coarsen_m.is_some() {
                hidden.push("zones");
            } else {
                put(&mut words, "zones", json!(partner.among("zones", &question.zones)));
            }
            if level.demands.omit.contains("contributors") {
                hidden.push("contributors");
            } else {
                put(&mut words, "contributors", json!(contributors));
            }
            let entry = |action: &str, rules: &[String]| {
                json!({ "action": action, "allowed": true, "class": words, "partner": partner.id,
                        "decided_by": partner.rules(rules, &hidden) })
            };
            let mut first = entry(&level.deed.name, &rules);
            put(&mut first, "obligations", obligations(&level.demands));
            let mut entries = vec![text(first)];
            let mut authorities = Vec::new();
            for deed in &book.authorities {
                if let Some(rules) = book.grants(partner, deed, &entity)? {
                    entries.push(text(entry(&deed.name, &rules)));
                    authorities.push(deed.name.clone());
                }
            }
            let mut holders = None;
            if let Some(see) = &book.see
                && let Some(rules) = book.grants(partner, see, &entity)?
            {
                entries.push(text(entry(&see.name, &rules)));
                holders = Some(book.holders(&entity)?).filter(|_| !level.demands.omit.contains("holders"));
            }
            let (level, demands) = (level.deed.name.clone(), level.demands.clone());
            return Ok(Some(Outcome { level, demands, authorities, holders, entries }));
        }
        Ok(None)
    }

    fn frame(&self) -> Frame {
        self.basis.recording.catalogue.frame
    }

    fn ground(&self, [a, b, _]: [f64; 3]) -> [f64; 2] {
        if self.frame() == Frame::Geodetic { [b, a] } else { [a, b] }
    }
}

/// Adds a key to an object.
pub(super) fn put(object: &mut Value, key: &str, value: Value) {
    if let Some(object) = object.as_object_mut() {
        object.insert(key.to_owned(), value);
    }
}

/// An entry as audits write it: keys in the order of the alphabet.
pub(super) fn text(mut entry: Value) -> String {
    entry.sort_all_objects();
    entry.to_string()
}

fn obligations(demands: &Demands) -> Value {
    let mut words = json!({});
    if demands.delay_us > 0 {
        put(&mut words, "delay_us", demands.delay_us.into());
    }
    if let Some(metres) = demands.coarsen_m {
        put(&mut words, "coarsen_m", metres.into());
    }
    if !demands.omit.is_empty() {
        let order = ["velocity", "covariance", "contributors", "existence", "holders", "detections", "identity"];
        put(&mut words, "omit", order.into_iter().filter(|field| demands.omit.contains(*field)).collect());
    }
    words
}
