//! Classes × partners × levels to a dense table, and the table to segments.
//!
//! Every cell is asked once, however many rows a class has: the cost of a policy is
//! classes × partners × levels of `fuse` questions.

use super::PolicyError;
use super::class::{ClassKey, ClassSummary};
use super::judge::{DecisionRecord, Judge, Verdict};
use super::partners::Partner;
use super::read::Policy;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// What every partner may have fused, class by class.
///
/// This is the engine's and the operator's view: it covers all classes, and so must not reach a picture.
#[derive(Debug)]
pub struct Decisions {
    classes: Vec<ClassKey>,
    partners: Vec<String>,
    levels: Vec<String>,
    // [class][partner][level], flat.
    verdicts: Vec<Verdict>,
    evaluations: u64,
}

/// The classes that one partner, or several with equal rights, may have fused: one fusion problem.
///
/// Its place among the segments and the partners that share it are for the engine only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Numbers of classes, as given to [`Policy::decide`].
    pub classes: BTreeSet<u32>,
    /// Numbers of partners, as in [`Policy::partners`].
    pub partners: Vec<usize>,
}

impl Policy {
    /// Decides for every class and partner at which level it may be fused.
    ///
    /// Partners share a segment where they may have the same of `classes` fused. A caller whose fusion depends on more
    /// than detections, say on where a class could have been seen, passes those classes too, though no row has them.
    ///
    /// # Errors
    ///
    /// A rule that fails while it is evaluated, with its id; a run without a time where the schema wants one.
    pub fn decide(&self, classes: &[ClassKey], as_of_us: Option<i64>) -> Result<Decisions, PolicyError> {
        let judge = Judge::new(self, as_of_us)?;
        // All are collected before the first failure is picked, so that it is the same one on any number of threads.
        let rows: Vec<_> = classes.par_iter().map(|class| self.decide_class(&judge, class)).collect();
        let mut verdicts = Vec::with_capacity(classes.len() * self.partners().len() * self.fuse.len());
        for row in rows {
            verdicts.extend(row?);
        }
        Ok(Decisions {
            classes: classes.to_vec(),
            partners: self.partners().iter().map(|partner| partner.id.clone()).collect(),
            levels: self.fuse_levels().map(|level| level.name.clone()).collect(),
            verdicts,
            evaluations: judge.evaluations(),
        })
    }

    fn decide_class(&self, judge: &Judge, class: &ClassKey) -> Result<Vec<Verdict>, PolicyError> {
        let entity = class.entity(&self.model.types)?;
        let uid = entity.uid();
        let mut verdicts = Vec::with_capacity(self.partners().len() * self.fuse.len());
        for partner in self.partners() {
            let entities = judge.entities(partner, &entity)?;
            for (_, action) in &self.fuse {
                let verdict = judge.ask(partner, action, &uid, &entities);
                verdicts.push(verdict.map_err(|failure| judge.error(*failure, partner, &class.to_string()))?);
            }
        }
        Ok(verdicts)
    }
}

impl Decisions {
    /// How many questions Cedar was asked.
    #[must_use]
    pub fn evaluations(&self) -> u64 {
        self.evaluations
    }

    /// The highest level at which a partner may have a class fused.
    #[must_use]
    pub fn level(&self, class: u32, partner: usize) -> Option<&str> {
        let mut cell = self.cell(class as usize, partner).iter().zip(&self.levels);
        cell.find(|(verdict, _)| verdict.allowed).map(|(_, level)| level.as_str())
    }

    /// The numbers of the classes that a partner may have fused.
    #[must_use]
    pub fn permitted(&self, partner: usize) -> BTreeSet<u32> {
        (0u32..)
            .zip(&self.classes)
            .map(|(class, _)| class)
            .filter(|&class| self.level(class, partner).is_some())
            .collect()
    }

    /// The segments, each once, by the first partner of each. A partner that may have nothing fused is in none: its
    /// picture is empty.
    #[must_use]
    pub fn segments(&self) -> Vec<Segment> {
        let mut segments: BTreeMap<BTreeSet<u32>, Vec<usize>> = BTreeMap::new();
        for partner in 0..self.partners.len() {
            let classes = self.permitted(partner);
            if !classes.is_empty() {
                segments.entry(classes).or_default().push(partner);
            }
        }
        let mut segments: Vec<Segment> =
            segments.into_iter().map(|(classes, partners)| Segment { classes, partners }).collect();
        segments.sort_by(|a, b| a.partners.cmp(&b.partners));
        segments
    }

    /// Every decision with the rules that made it, for the operator's audit.
    pub fn records(&self) -> impl Iterator<Item = DecisionRecord> + '_ {
        self.classes.iter().enumerate().flat_map(move |(class, key)| {
            self.partners.iter().enumerate().flat_map(move |(partner, id)| {
                self.cell(class, partner).iter().zip(&self.levels).map(move |(verdict, level)| DecisionRecord {
                    partner: id.clone(),
                    class: key.to_string(),
                    action: level.clone(),
                    allowed: verdict.allowed,
                    decided_by: verdict.decided_by.clone(),
                })
            })
        })
    }

    /// How many detections a partner may not have fused, by the rules that forbid them; under no rule at all those
    /// that no policy permits. For the operator only: these are counts of what the partner may not see.
    #[must_use]
    pub fn withheld(&self, partner: usize, summaries: &[ClassSummary]) -> BTreeMap<Vec<String>, u64> {
        let mut counts = BTreeMap::new();
        for (class, summary) in summaries.iter().enumerate().take(self.classes.len()) {
            let cell = self.cell(class, partner);
            if cell.iter().all(|verdict| !verdict.allowed) {
                *counts.entry(deniers(cell)).or_default() += summary.count;
            }
        }
        counts
    }

    fn cell(&self, class: usize, partner: usize) -> &[Verdict] {
        let start = (class * self.partners.len() + partner) * self.levels.len();
        let inside = class < self.classes.len() && partner < self.partners.len();
        let cell = inside.then(|| self.verdicts.get(start..start + self.levels.len())).flatten();
        cell.unwrap_or_default()
    }
}

/// The rules that denied all levels of a cell.
pub(super) fn deniers(verdicts: &[Verdict]) -> Vec<String> {
    let ids: BTreeSet<&String> = verdicts.iter().flat_map(|verdict| &verdict.decided_by).collect();
    ids.into_iter().cloned().collect()
}

/// What one partner may have fused, for classes that turn up one by one; each is asked about once.
#[derive(Debug)]
pub struct FuseRights<'a> {
    policy: &'a Policy,
    judge: Judge<'a>,
    partner: &'a Partner,
    known: BTreeMap<ClassKey, bool>,
}

impl<'a> FuseRights<'a> {
    /// The rights of the partner with this number.
    ///
    /// # Errors
    ///
    /// There is no such partner, or the schema wants a time and there is none.
    pub fn new(policy: &'a Policy, partner: usize, as_of_us: Option<i64>) -> Result<Self, PolicyError> {
        let judge = Judge::new(policy, as_of_us)?;
        Ok(Self { policy, judge, partner: policy.partner(partner)?, known: BTreeMap::new() })
    }

    /// Whether the partner may have this class fused, at any level.
    ///
    /// # Errors
    ///
    /// A rule that fails while it is evaluated.
    pub fn may_fuse(&mut self, class: &ClassKey) -> Result<bool, PolicyError> {
        if let Some(&allowed) = self.known.get(class) {
            return Ok(allowed);
        }
        let entity = class.entity(&self.policy.model.types)?;
        let entities = self.judge.entities(self.partner, &entity)?;
        let mut allowed = false;
        for (_, action) in &self.policy.fuse {
            let verdict = self.judge.ask(self.partner, action, &entity.uid(), &entities);
            let verdict = verdict.map_err(|failure| self.judge.error(*failure, self.partner, &class.to_string()))?;
            allowed |= verdict.allowed;
        }
        self.known.insert(class.clone(), allowed);
        Ok(allowed)
    }

    /// How many questions Cedar was asked.
    #[must_use]
    pub fn evaluations(&self) -> u64 {
        self.judge.evaluations()
    }
}
