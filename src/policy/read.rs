//! A folder to a checked policy. Nothing is decided before everything in it has been checked.

use super::PolicyError;
use super::authority;
use super::known::Attributes;
use super::levels::{Level, Levels, Measured};
use super::names::Names;
use super::partners::{self, Group, Partner};
use super::periods::Periods;
use super::rules::{Rule, Rules};
use super::schema::{Action, FUSE, Model, RECEIVE};
use super::source::{Source, message};
use super::strata::Strata;
use super::zones::{ZoneMap, Zones};
use crate::digest::FileDigest;
use crate::space::Frame;
use cedar_policy::{ActionConstraint, Effect, EntityUid, PolicySet, PrincipalConstraint};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

/// A policy, checked: who may have what fused, receive what, and act on what.
pub struct Policy {
    folder: PathBuf,
    files: Vec<FileDigest>,
    partners: Vec<Partner>,
    pub(super) groups: Vec<Group>,
    pub(super) fuse: Vec<(Level<Measured>, Action)>,
    pub(super) receive: Vec<(Level, Action)>,
    pub(super) authorities: Vec<Action>,
    /// Authorities that one partner at a time may hold.
    pub(super) exclusive: BTreeSet<String>,
    /// The action that shows a partner who may act.
    pub(super) see: Option<Action>,
    pub(super) model: Model,
    pub(super) rules: Rules,
    pub(super) zones: Zones,
    periods: Periods,
    // By numbers of rules.
    sets: RwLock<BTreeMap<Vec<usize>, Arc<PolicySet>>>,
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let partners: Vec<&str> = self.partners.iter().map(|partner| partner.id.as_str()).collect();
        f.debug_struct("Policy").field("folder", &self.folder).field("partners", &partners).finish_non_exhaustive()
    }
}

impl Policy {
    /// Reads the policy in `folder`.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong with it, with file, line, what was found and what was wanted.
    pub fn read(folder: &Path) -> Result<Self, PolicyError> {
        let model = Model::read(Source::read(folder.join("schema.cedarschema"))?)?;
        let partner_file = Source::read(folder.join("partners.toml"))?;
        let (mut partners, groups) = partners::read(&partner_file, &model)?;
        let levels = Levels::read(Source::read(folder.join("levels.toml"))?)?;
        let fuse = matched(&levels.source, levels.fuse, &model, FUSE)?;
        let receive = matched(&levels.source, levels.receive, &model, RECEIVE)?;
        let mut files = [&model.source, &partner_file, &levels.source].map(Source::digest).to_vec();
        let zones = match Source::read_optional(folder.join("zones.geojson"))? {
            Some(source) => {
                files.push(source.digest());
                Zones::read(&source)?
            }
            None => Zones::none(),
        };
        let periods = match Source::read_optional(folder.join("periods.toml"))? {
            Some(source) => {
                files.push(source.digest());
                Periods::read(&source)?
            }
            None => Periods::none(),
        };
        let rules = Rules::read(folder)?;
        rules.validate(&model)?;
        let (zone_names, period_names) = (zones.names(), periods.names());
        let names = Names { partners: &partners, groups: &groups, zones: zone_names, periods: period_names };
        names.check(&rules)?;
        let (authorities, see) = authority::split(&model);
        let exclusive = authority::exclusive(&levels.source, levels.authority, &authorities)?;
        let folder = folder.to_path_buf();
        files.extend(rules.files());
        files.sort_by(|a, b| a.name.cmp(&b.name));
        let mut policy = Self {
            folder,
            files,
            partners: Vec::new(),
            groups,
            fuse,
            receive,
            authorities,
            exclusive,
            see,
            model,
            rules,
            zones,
            periods,
            sets: RwLock::new(BTreeMap::new()),
        };
        policy.hand_out_rules(&mut partners);
        policy.partners = partners;
        Ok(policy)
    }

    /// Where the policy was read.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The files that were read, by name, as they were then.
    #[must_use]
    pub fn files(&self) -> &[FileDigest] {
        &self.files
    }

    /// The partners, by id. A partner's number in the engine is its place here.
    #[must_use]
    pub fn partners(&self) -> &[Partner] {
        &self.partners
    }

    /// The levels of group `fuse`, highest first.
    pub fn fuse_levels(&self) -> impl Iterator<Item = &Level<Measured>> {
        self.fuse.iter().map(|(level, _)| level)
    }

    /// The levels of group `receive`, highest first.
    pub fn receive_levels(&self) -> impl Iterator<Item = &Level> {
        self.receive.iter().map(|(level, _)| level)
    }

    /// The actions that are authorities over tracks, by name.
    pub fn authorities(&self) -> impl Iterator<Item = &str> {
        self.authorities.iter().map(|action| action.name.as_str())
    }

    /// The named windows of time.
    #[must_use]
    pub fn periods(&self) -> &Periods {
        &self.periods
    }

    /// The stretches of time that a run made at `as_of_us` tells apart.
    ///
    /// # Errors
    ///
    /// A level of `fuse` has a delay and the run has no time: nothing says what is due.
    pub fn strata(&self, as_of_us: Option<i64>) -> Result<Strata, PolicyError> {
        let delays = || self.fuse_levels().map(|level| (level, level.obligations.delay_us));
        match delays().find(|(_, delay)| *delay > 0 && as_of_us.is_none()) {
            Some((level, _)) => Err(PolicyError::DelayWithoutTime { level: level.name.clone() }),
            None => Ok(Strata::new(&self.periods, delays().map(|(_, delay)| delay), as_of_us)),
        }
    }

    /// The named areas, in the coordinates of a recording.
    ///
    /// # Errors
    ///
    /// An outline that makes no sense in that frame.
    pub fn zone_map(&self, frame: Frame) -> Result<ZoneMap, PolicyError> {
        ZoneMap::new(&self.zones, frame)
    }

    pub(super) fn partner(&self, number: usize) -> Result<&Partner, PolicyError> {
        let partners = self.partners.len();
        self.partners.get(number).ok_or(PolicyError::UnknownPartner { partner: number, partners })
    }

    /// Every action that partners are asked about.
    pub(super) fn asked(&self) -> impl Iterator<Item = &Action> {
        let fuse = self.fuse.iter().map(|(_, action)| action);
        fuse.chain(self.receive.iter().map(|(_, action)| action)).chain(&self.authorities).chain(&self.see)
    }

    /// Gives each partner, for each action, the numbers of the rules that could apply. The others are never evaluated for
    /// it, so leaving them out changes no answer; it makes one cost what its own rules cost, however many others there are.
    fn hand_out_rules(&self, partners: &mut [Partner]) {
        let mut actions: Vec<&Action> = self.asked().collect();
        actions.sort_by_key(|action| action.number);
        for partner in partners {
            let groups = partner.groups.iter().filter_map(|group| self.model.group(group));
            let names: Vec<EntityUid> = std::iter::once(partner.entity.uid()).chain(groups).collect();
            for action in &actions {
                let mine = self.rules.rules.values().enumerate();
                let mine = mine.filter(|(_, rule)| self.concerns(rule, &names, &action.uid));
                partner.rules.push(mine.map(|(number, _)| number).collect());
            }
        }
    }

    /// By number of the rule, whether it may apply to a class.
    pub(super) fn rules_about(&self, class: &Attributes<'_>) -> Vec<bool> {
        self.rules.rules.values().map(|rule| rule.speaks.conditions.may_hold(class)).collect()
    }

    /// The rules with these numbers, as Cedar wants them. Few different sets are asked with, each many times.
    pub(super) fn rule_set(&self, numbers: Vec<usize>) -> Result<Arc<PolicySet>, PolicyError> {
        let known = |sets: &BTreeMap<Vec<usize>, Arc<PolicySet>>| sets.get(&numbers).map(Arc::clone);
        if let Some(set) = known(&self.sets.read().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(set);
        }
        let rules = numbers.iter().filter_map(|&number| self.rules.rules.values().nth(number));
        let set = PolicySet::from_policies(rules.map(|rule| rule.policy.clone()))
            .map_err(|error| PolicyError::Refused { what: "the rules", message: message(&(&error).into()) })?;
        let set = Arc::new(set);
        self.sets.write().unwrap_or_else(PoisonError::into_inner).insert(numbers, Arc::clone(&set));
        Ok(set)
    }

    /// Whether some permit could apply when a partner asks for an action.
    pub(super) fn could_get(&self, partner: &Partner, action: &Action) -> bool {
        let permits = self.rules.having(Effect::Permit);
        let concerning = partner.rules.get(action.number).into_iter().flatten();
        concerning.copied().any(|rule| permits.get(rule).copied().unwrap_or(false))
    }

    /// Whether the head of a rule admits an action and a partner, given by its own name and its groups'.
    fn concerns(&self, rule: &Rule, names: &[EntityUid], action: &EntityUid) -> bool {
        let whom = match rule.policy.principal_constraint() {
            PrincipalConstraint::Eq(named) | PrincipalConstraint::In(named) | PrincipalConstraint::IsIn(_, named) => {
                names.contains(&named)
            }
            PrincipalConstraint::Any | PrincipalConstraint::Is(_) => true,
        };
        whom && self.admits(rule, action)
    }

    /// Whether the head of a rule admits an action.
    pub(super) fn admits(&self, rule: &Rule, action: &EntityUid) -> bool {
        let within = |group: &EntityUid| group == action || self.model.hierarchy.is_ancestor_of(group, action);
        match rule.policy.action_constraint() {
            ActionConstraint::Any => true,
            ActionConstraint::Eq(named) => named == *action,
            ActionConstraint::In(groups) => groups.iter().any(within),
        }
    }
}

/// The levels with their actions; the schema and `levels.toml` must name the same ones.
pub(super) fn matched<Part>(
    source: &Source,
    levels: Vec<(Level<Part>, usize)>,
    model: &Model,
    group: &'static str,
) -> Result<Vec<(Level<Part>, Action)>, PolicyError> {
    let mut actions: BTreeMap<String, Action> = if group == FUSE { &model.fuse } else { &model.receive }.clone();
    let mut matched = Vec::with_capacity(levels.len());
    for (level, line) in levels {
        let Some(action) = actions.remove(&level.name) else {
            return Err(PolicyError::UnknownLevel { path: source.path.clone(), line, group, level: level.name });
        };
        matched.push((level, action));
    }
    match actions.into_keys().next() {
        None => Ok(matched),
        Some(level) => {
            let line = model.source.line_with(&level);
            Err(PolicyError::UnrankedLevel { path: model.source.path.clone(), line, group, level })
        }
    }
}
