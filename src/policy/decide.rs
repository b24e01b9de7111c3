//! Classes × partners × levels to a dense table, and the table to segments.
//!
//! Every cell is asked once, however many rows a class has: the cost of a policy is at most
//! classes × kinds of partners × levels of `fuse` questions. Classes that differ only in how long they have waited are
//! one to the rules, and asked about once; so are partners that the rules cannot tell apart.
//!
//! A partner has a class fused at the highest level that the rules permit it, as soon as that level's delay has passed.

use super::PolicyError;
use super::class::{ClassKey, ClassSummary};
use super::judge::{Answers, DecisionRecord, Judge, Verdict};
use super::levels::Level;
use super::partners::Partner;
use super::read::Policy;
use super::schema::Action;
use crate::obligations::{Measured, Obligations};
use rayon::prelude::*;
use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

/// What every partner may have fused, class by class.
///
/// This is the engine's and the operator's view: it covers all classes, and so must not reach a picture.
#[derive(Debug)]
pub struct Decisions {
    classes: Vec<ClassKey>,
    // Of each class, its place in the table.
    place: Vec<usize>,
    partners: Vec<String>,
    // Of each partner, which kin it is of, and how many kin there are.
    kin: Vec<usize>,
    kins: usize,
    levels: Vec<Level<Measured>>,
    // [place][kin][level], flat.
    verdicts: Vec<Arc<Verdict>>,
    evaluations: u64,
}

/// The classes that one partner, or several with equal rights, may have fused, each as its level gives it: one fusion
/// problem.
///
/// Its place among the segments and the partners that share it are for the engine only.
#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    /// Numbers of classes, as given to [`Policy::decide`], each with the obligations of the level that is granted.
    pub classes: BTreeMap<u32, Obligations<Measured>>,
    /// Numbers of partners, as in [`Policy::partners`].
    pub partners: Vec<usize>,
}

/// What a partner gets of a class of detections.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdicted<'a> {
    /// It may have it fused at this level.
    Given(&'a Level<Measured>),
    /// It may at this level, but the delay has not passed, or the detections are later than the run.
    NotDue(&'a Level<Measured>),
    /// It may not, by these rules; none where no policy permits it.
    Withheld(Vec<String>),
}

/// Whether a partner may have a class fused.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Granted<'a> {
    /// No level is permitted.
    Nothing,
    /// This is the highest level permitted, but its delay has not passed.
    NotYet(&'a Level<Measured>),
    /// At this level.
    At(&'a Level<Measured>),
}

impl<'a> Granted<'a> {
    fn of(levels: impl Iterator<Item = (&'a Level<Measured>, bool)>, class: &ClassKey) -> Self {
        match levels.into_iter().find(|(_, allowed)| *allowed) {
            None => Self::Nothing,
            Some((level, _)) if class.waited_us >= Some(level.obligations.delay_us) => Self::At(level),
            Some((level, _)) => Self::NotYet(level),
        }
    }
}

impl Policy {
    /// Decides for every class and partner at which level it may be fused.
    ///
    /// Partners share a segment where they may have the same of `classes` fused under the same obligations. A caller
    /// whose fusion depends on more than detections, say on where a class could have been seen, passes those classes
    /// too, though no row has them.
    ///
    /// # Errors
    ///
    /// A rule that fails while it is evaluated, with its id; a run without a time where the schema or a delay wants one.
    pub fn decide(&self, classes: &[ClassKey], as_of_us: Option<i64>) -> Result<Decisions, PolicyError> {
        self.strata(as_of_us)?;
        let judge = Judge::new(self, as_of_us)?;
        let mut places: BTreeMap<ClassKey, usize> = BTreeMap::new();
        let mut asked = Vec::new();
        let mut place = Vec::with_capacity(classes.len());
        for class in classes {
            let key = class.asked();
            let next = asked.len();
            let at = *places.entry(key.clone()).or_insert(next);
            if at == next {
                asked.push(key);
            }
            place.push(at);
        }
        // All are collected before the first failure is picked, so that it is the same one on any number of threads.
        let rows: Vec<_> = asked.par_iter().map(|class| self.decide_class(&judge, class)).collect();
        let mut verdicts = Vec::with_capacity(asked.len() * self.kin.first.len() * self.fuse.len());
        for row in rows {
            verdicts.extend(row?);
        }
        Ok(Decisions {
            classes: classes.to_vec(),
            place,
            partners: self.partners().iter().map(|partner| partner.id.clone()).collect(),
            kin: self.kin.of.clone(),
            kins: self.kin.first.len(),
            levels: self.fuse_levels().cloned().collect(),
            verdicts,
            evaluations: judge.evaluations(),
        })
    }

    fn decide_class(&self, judge: &Judge, class: &ClassKey) -> Result<Vec<Arc<Verdict>>, PolicyError> {
        let mut verdicts = Vec::with_capacity(self.kin.first.len() * self.fuse.len());
        let entity = class.entity(&self.model.types)?;
        let about = self.rules_about(class.attributes(&self.model.types));
        let mut answers = Answers::new(judge, &entity, &about);
        for &first in &self.kin.first {
            let partner = self.partner(first)?;
            for (_, action) in &self.fuse {
                verdicts.push(self.may(judge, partner, action, class, &mut answers)?);
            }
        }
        Ok(verdicts)
    }

    /// Whether a partner may have a class fused at each level.
    fn permits(
        &self,
        judge: &Judge,
        partner: &Partner,
        class: &ClassKey,
        answers: &mut Answers<'_>,
    ) -> Result<Vec<bool>, PolicyError> {
        let ask = |(_, action): &(_, Action)| Ok(self.may(judge, partner, action, class, answers)?.allowed);
        self.fuse.iter().map(ask).collect()
    }

    /// Whether a partner may have a class fused at one level. A detection without a place lies in no zone, so a rule
    /// that forbids a zone never holds it back: only a rule that speaks of `resource.placed` can permit it.
    fn may(
        &self,
        judge: &Judge,
        partner: &Partner,
        action: &Action,
        class: &ClassKey,
        answers: &mut Answers<'_>,
    ) -> Result<Arc<Verdict>, PolicyError> {
        let verdict = answers.of(partner, action);
        let verdict = verdict.map_err(|failure| judge.error(*failure, partner, &class.to_string()))?;
        if class.placed || !verdict.allowed {
            return Ok(verdict);
        }
        let mut decided_by = verdict.decided_by.clone();
        decided_by.retain(|id| self.rules.speaks_of_places(id));
        Ok(Arc::new(Verdict { allowed: !decided_by.is_empty(), decided_by }))
    }
}

impl Decisions {
    /// How many questions Cedar was asked.
    #[must_use]
    pub fn evaluations(&self) -> u64 {
        self.evaluations
    }

    /// The level at which a partner may have a class fused; `None` also while the delay of that level has not passed.
    #[must_use]
    pub fn level(&self, class: u32, partner: usize) -> Option<&str> {
        self.granted(class, partner).map(|level| level.name.as_str())
    }

    /// The level at which a partner may have a class fused, and the rules that permit it.
    #[must_use]
    pub fn grant(&self, class: u32, partner: usize) -> Option<(&str, &[String])> {
        let level = self.granted(class, partner)?;
        let verdict = self.verdicts(class as usize, partner).iter().find(|verdict| verdict.allowed)?;
        Some((&level.name, &verdict.decided_by))
    }

    /// The level of `fuse` at which a partner may have a class, or the one that is not due, or neither, with the rules that
    /// decided: none where no policy permits it. For the operator only.
    #[must_use]
    pub fn verdict(&self, class: u32, partner: usize) -> Verdicted<'_> {
        let class = class as usize;
        let Some(key) = self.classes.get(class) else { return Verdicted::Withheld(Vec::new()) };
        match Granted::of(self.cell(class, partner), key) {
            Granted::At(level) => Verdicted::Given(level),
            Granted::NotYet(level) => Verdicted::NotDue(level),
            Granted::Nothing => Verdicted::Withheld(deniers(self.verdicts(class, partner))),
        }
    }

    /// The numbers of the classes that a partner may have fused.
    #[must_use]
    pub fn permitted(&self, partner: usize) -> BTreeSet<u32> {
        self.rights(partner).map(|(class, _)| class).collect()
    }

    /// The segments, each once, by the first partner of each. A partner that may have nothing fused is in none: its
    /// picture is empty.
    #[must_use]
    pub fn segments(&self) -> Vec<Segment> {
        // Levels with equal obligations give the same detections: each counts as the first of its like.
        let like = |level: &Level<Measured>| self.levels.iter().position(|l| l.obligations == level.obligations);
        let mut rights: BTreeMap<usize, Vec<(u32, Option<usize>)>> = BTreeMap::new();
        for (partner, &kin) in self.kin.iter().enumerate() {
            let of_kin = || self.rights(partner).map(|(class, level)| (class, like(level))).collect();
            rights.entry(kin).or_insert_with(of_kin);
        }
        let mut segments: BTreeMap<&Vec<(u32, Option<usize>)>, Vec<usize>> = BTreeMap::new();
        for (partner, kin) in self.kin.iter().enumerate() {
            if let Some(rights) = rights.get(kin).filter(|rights| !rights.is_empty()) {
                segments.entry(rights).or_default().push(partner);
            }
        }
        let mut segments: Vec<Segment> = segments
            .into_values()
            .map(|partners| {
                let rights = partners.first().into_iter().flat_map(|&partner| self.rights(partner));
                let classes = rights.map(|(class, level)| (class, level.obligations.clone())).collect();
                Segment { classes, partners }
            })
            .collect();
        segments.sort_by(|a, b| a.partners.cmp(&b.partners));
        segments
    }

    /// The classes that a partner may have fused, each with its level.
    fn rights(&self, partner: usize) -> impl Iterator<Item = (u32, &Level<Measured>)> {
        let numbers = (0u32..).zip(&self.classes).map(|(class, _)| class);
        numbers.filter_map(move |class| Some((class, self.granted(class, partner)?)))
    }

    pub(super) fn granted(&self, class: u32, partner: usize) -> Option<&Level<Measured>> {
        let key = self.classes.get(class as usize)?;
        match Granted::of(self.cell(class as usize, partner), key) {
            Granted::At(level) => Some(level),
            Granted::NotYet(_) | Granted::Nothing => None,
        }
    }

    /// Every decision with the rules that made it, for the operator's audit.
    pub fn records(&self) -> impl Iterator<Item = DecisionRecord> + '_ {
        (0..self.classes.len()).flat_map(move |class| self.records_about(class, 0..self.partners.len()))
    }

    /// Those about one partner.
    pub fn records_of(&self, partner: usize) -> impl Iterator<Item = DecisionRecord> + '_ {
        (0..self.classes.len()).flat_map(move |class| self.records_about(class, partner..partner + 1))
    }

    fn records_about(&self, class: usize, partners: Range<usize>) -> Vec<DecisionRecord> {
        let Some(words) = self.classes.get(class).map(ToString::to_string) else { return Vec::new() };
        let ids = partners.filter_map(|partner| Some((partner, self.partners.get(partner)?)));
        ids.flat_map(|(partner, id)| {
            let levels = self.verdicts(class, partner).iter().zip(&self.levels);
            levels.map(|(verdict, level)| DecisionRecord {
                partner: id.clone(),
                class: words.clone(),
                action: level.name.clone(),
                allowed: verdict.allowed,
                decided_by: verdict.decided_by.clone(),
            })
        })
        .collect()
    }

    /// How many detections a partner may not have fused, by the rules that forbid them, or the level whose delay has
    /// not passed; under no rule at all those that no policy permits. For the operator only: these are counts of what
    /// the partner may not see.
    #[must_use]
    pub fn withheld(&self, partner: usize, summaries: &[ClassSummary]) -> BTreeMap<Vec<String>, u64> {
        let mut counts = BTreeMap::new();
        for (class, (key, summary)) in self.classes.iter().zip(summaries).enumerate() {
            if let Granted::Nothing = Granted::of(self.cell(class, partner), key) {
                let (_, reason) = self.outcome(class, partner);
                *counts.entry(reason).or_default() += summary.count;
            }
        }
        counts
    }

    /// How many detections a partner will have later, by level: its delay has not passed, or they are later than the run.
    /// For the operator only.
    #[must_use]
    pub fn not_due(&self, partner: usize, summaries: &[ClassSummary]) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for (class, (key, summary)) in self.classes.iter().zip(summaries).enumerate() {
            if let Granted::NotYet(_) = Granted::of(self.cell(class, partner), key) {
                let (_, reason) = self.outcome(class, partner);
                *counts.entry(reason.concat()).or_default() += summary.count;
            }
        }
        counts
    }

    /// The classes that have detections, by number.
    pub(super) fn recorded(&self, summaries: &[ClassSummary]) -> impl Iterator<Item = (usize, &ClassKey)> {
        let counts = summaries.iter().map(|summary| summary.count).chain(std::iter::repeat(0));
        self.classes.iter().zip(counts).enumerate().filter(|(_, (_, count))| *count > 0).map(|(at, (key, _))| (at, key))
    }

    /// The rules that forbade somebody something that there was.
    pub(super) fn deniers(&self, summaries: &[ClassSummary]) -> BTreeSet<&str> {
        let width = self.kins * self.levels.len();
        let places: BTreeSet<usize> =
            self.recorded(summaries).filter_map(|(class, _)| self.place.get(class)).copied().collect();
        let cells = places.into_iter().filter_map(|place| self.verdicts.get(place * width..(place + 1) * width));
        let denied = cells.flatten().filter(|verdict| !verdict.allowed);
        denied.flat_map(|verdict| &verdict.decided_by).map(String::as_str).collect()
    }

    /// The level at which a partner may have a class fused, and the rules that permit it; or none, and the rules that
    /// forbid it or the level that is not due.
    pub(super) fn outcome(&self, class: usize, partner: usize) -> (Option<&Level<Measured>>, Vec<String>) {
        let Some(key) = self.classes.get(class) else { return (None, Vec::new()) };
        let verdicts = self.verdicts(class, partner);
        match Granted::of(self.cell(class, partner), key) {
            Granted::At(level) => {
                let verdict = verdicts.iter().find(|verdict| verdict.allowed);
                (Some(level), verdict.map(|verdict| verdict.decided_by.clone()).unwrap_or_default())
            }
            Granted::NotYet(level) if key.waited_us.is_none() => {
                (None, vec![format!("{}: later than the run", level.name)])
            }
            Granted::NotYet(level) => (None, vec![format!("{}: delay", level.name)]),
            Granted::Nothing => (None, deniers(verdicts)),
        }
    }

    /// The levels, highest first, and whether each is permitted.
    fn cell(&self, class: usize, partner: usize) -> impl Iterator<Item = (&Level<Measured>, bool)> {
        self.levels.iter().zip(self.verdicts(class, partner)).map(|(level, verdict)| (level, verdict.allowed))
    }

    fn verdicts(&self, class: usize, partner: usize) -> &[Arc<Verdict>] {
        let (Some(place), Some(kin)) = (self.place.get(class), self.kin.get(partner)) else { return &[] };
        let start = (place * self.kins + kin) * self.levels.len();
        self.verdicts.get(start..start + self.levels.len()).unwrap_or_default()
    }
}

/// The rules that denied all levels of a cell.
pub(super) fn deniers<V: Borrow<Verdict>>(verdicts: &[V]) -> Vec<String> {
    let ids: BTreeSet<&String> = verdicts.iter().flat_map(|verdict| &verdict.borrow().decided_by).collect();
    ids.into_iter().cloned().collect()
}

/// Whether partners may have anything of some classes fused: all partners together, so that what they ask alike is asked
/// once.
#[derive(Debug)]
pub struct FuseRights<'a> {
    policy: &'a Policy,
    judge: Judge<'a>,
    partners: Vec<&'a Partner>,
}

impl<'a> FuseRights<'a> {
    /// Of the partners with these numbers.
    ///
    /// # Errors
    ///
    /// There is no such partner, or the schema or a delay wants a time and there is none.
    pub fn new(policy: &'a Policy, partners: &[usize], as_of_us: Option<i64>) -> Result<Self, PolicyError> {
        policy.strata(as_of_us)?;
        let judge = Judge::new(policy, as_of_us)?;
        let partners = partners.iter().map(|&partner| policy.partner(partner)).collect::<Result<_, _>>()?;
        Ok(Self { policy, judge, partners })
    }

    /// The rules.
    pub(super) fn policy(&self) -> &'a Policy {
        self.policy
    }

    /// The partners, in their order.
    pub(super) fn partners(&self) -> &[&'a Partner] {
        &self.partners
    }

    /// How many questions Cedar was asked.
    #[must_use]
    pub fn evaluations(&self) -> u64 {
        self.judge.evaluations()
    }

    /// Whether each partner may have one of some classes fused, at any level, now. Who may have one is not asked about
    /// those after it.
    ///
    /// # Errors
    ///
    /// A rule that fails while it is evaluated.
    pub fn of_any(&self, classes: impl IntoIterator<Item = ClassKey>) -> Result<Vec<bool>, PolicyError> {
        let mut may = vec![false; self.partners.len()];
        for class in classes {
            if may.iter().all(|may| *may) {
                break;
            }
            let entity = class.entity(&self.policy.model.types)?;
            let about = self.policy.rules_about(class.attributes(&self.policy.model.types));
            let mut answers = Answers::new(&self.judge, &entity, &about);
            for (may, partner) in may.iter_mut().zip(&self.partners).filter(|(may, _)| !**may) {
                let levels = self.policy.permits(&self.judge, partner, &class, &mut answers)?;
                *may = matches!(Granted::of(self.policy.fuse_levels().zip(levels), &class), Granted::At(_));
            }
        }
        Ok(may)
    }
}
