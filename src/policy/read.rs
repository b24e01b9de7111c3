//! A folder to a checked policy. Nothing is decided before everything in it has been checked.

use super::PolicyError;
use super::authority;
use super::folder::Files;
use super::kin::Kin;
use super::levels::{Level, Levels};
use super::names::Names;
use super::nesting::on_a_deep_stack;
use super::partners::{self, Group, Partner};
use super::periods::Periods;
use super::rules::{Rule, Rules};
use super::schema::{Action, FUSE, Model, RECEIVE};
use super::source::{Source, message};
use super::strata::Strata;
use super::zones::{ZoneMap, Zones};
use crate::digest::FileDigest;
use crate::obligations::Measured;
use crate::space::Frame;
use cedar_policy::{ActionConstraint, EntityUid, PolicySet, ResourceConstraint};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

/// A policy, checked: who may have what fused, receive what, and act on what.
pub struct Policy {
    folder: PathBuf,
    // Its files, where they are in memory.
    texts: BTreeMap<String, String>,
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
    pub(super) kin: Kin,
    // Of a local and of a geodetic recording.
    maps: [OnceLock<Arc<ZoneMap>>; 2],
}

/// Most sets of rules that are kept as Cedar wants them: where every partner has its own, none is met twice.
const SETS_MAX: usize = 4096;

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
        Self::of(Files::Folder(folder))
    }

    /// Reads the policy in these files.
    ///
    /// # Errors
    ///
    /// As [`Policy::read`].
    pub fn of(files: Files<'_>) -> Result<Self, PolicyError> {
        on_a_deep_stack(|| Self::read_here(files))
    }

    fn read_here(from: Files<'_>) -> Result<Self, PolicyError> {
        // First of all, so that nothing else is found missing that only has another name.
        from.rules()?;
        let model = Model::read(from.read("schema.cedarschema")?)?;
        let partner_file = from.read("partners.toml")?;
        let (mut partners, groups) = partners::read(&partner_file, &model)?;
        let levels = Levels::read(from.read("levels.toml")?)?;
        let fuse = matched(&levels.source, levels.fuse, &model, FUSE)?;
        let receive = matched(&levels.source, levels.receive, &model, RECEIVE)?;
        let mut files = [&model.source, &partner_file, &levels.source].map(Source::digest).to_vec();
        let zones = match from.read_optional("zones.geojson")? {
            Some(source) => {
                files.push(source.digest());
                Zones::read(&source)?
            }
            None => Zones::none(),
        };
        let periods = match from.read_optional("periods.toml")? {
            Some(source) => {
                files.push(source.digest());
                Periods::read(&source)?
            }
            None => Periods::none(),
        };
        let rules = Rules::read(from)?;
        rules.validate(&model)?;
        Names::new(&partners, &groups, zones.names(), periods.names()).check(&rules)?;
        let (authorities, see) = authority::split(&model);
        let exclusive = authority::exclusive(&levels.source, levels.authority, &authorities)?;
        let folder = from.folder().to_path_buf();
        files.extend(rules.files());
        files.sort_by(|a, b| a.name.cmp(&b.name));
        let mut policy = Self {
            folder,
            texts: from.texts(),
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
            kin: Kin::default(),
            maps: [const { OnceLock::new() }; 2],
        };
        policy.kin = policy.hand_out_rules(&mut partners);
        policy.partners = partners;
        Ok(policy)
    }

    /// Where the policy was read; `policy in memory`, which is no folder, where it was not.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A file of it, as it is now where it is in a folder.
    pub(super) fn source(&self, name: &str) -> Result<Source, PolicyError> {
        let path = self.folder.join(name);
        self.texts
            .get(name)
            .map_or_else(|| Source::read(path.clone()), |text| Ok(Source::new(path.clone(), text.clone())))
    }

    /// The text of one of its files, if it has it and it can be read.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        let is_read = self.files.iter().any(|file| file.name == name);
        is_read.then(|| self.source(name).ok()).flatten().map(|source| source.text)
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
    pub fn zone_map(&self, frame: Frame) -> Result<Arc<ZoneMap>, PolicyError> {
        let [local, geodetic] = &self.maps;
        let known = if frame == Frame::Local { local } else { geodetic };
        if let Some(map) = known.get() {
            return Ok(Arc::clone(map));
        }
        let map = Arc::new(ZoneMap::new(&self.zones, frame)?);
        Ok(Arc::clone(known.get_or_init(|| map)))
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

    /// The rules with these numbers, as Cedar wants them. Few different sets are asked with, each many times.
    pub(super) fn rule_set(&self, numbers: &[usize]) -> Result<Arc<PolicySet>, PolicyError> {
        let known = |sets: &BTreeMap<Vec<usize>, Arc<PolicySet>>| sets.get(numbers).map(Arc::clone);
        if let Some(set) = known(&self.sets.read().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(set);
        }
        let rules = numbers.iter().filter_map(|&number| self.rules.numbered(number));
        let set = PolicySet::from_policies(rules.map(|(_, rule)| rule.policy.clone()))
            .map_err(|error| PolicyError::Refused { what: "the rules", message: message(&(&error).into()) })?;
        let set = Arc::new(set);
        let mut sets = self.sets.write().unwrap_or_else(PoisonError::into_inner);
        if sets.len() < SETS_MAX {
            sets.insert(numbers.to_vec(), Arc::clone(&set));
        }
        drop(sets);
        Ok(set)
    }

    /// Whether the head of a rule admits an action, and what the action is done with.
    pub(super) fn admits(&self, rule: &Rule, action: &Action) -> bool {
        let Action { uid, resource, .. } = action;
        let within = |group: &EntityUid| group == uid || self.model.hierarchy.is_ancestor_of(group, uid);
        let of_kind = match rule.policy.resource_constraint() {
            ResourceConstraint::Is(kind) | ResourceConstraint::IsIn(kind, _) => kind == *resource,
            ResourceConstraint::Any | ResourceConstraint::Eq(_) | ResourceConstraint::In(_) => true,
        };
        of_kind
            && match rule.policy.action_constraint() {
                ActionConstraint::Any => true,
                ActionConstraint::Eq(named) => named == *uid,
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
