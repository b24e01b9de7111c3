//! A folder to a checked policy. Nothing is decided before everything in it has been checked.

use super::PolicyError;
use super::authority;
use super::levels::{Level, Levels};
use super::names::Names;
use super::partners::{self, Partner};
use super::periods::Periods;
use super::rules::{Rule, Rules};
use super::schema::{Action, FUSE, Model, RECEIVE};
use super::source::{Source, message};
use super::zones::{ZoneMap, Zones};
use crate::space::Frame;
use cedar_policy::{EntityUid, PolicySet, PrincipalConstraint};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};

/// A policy, checked: who may have what fused, receive what, and act on what.
pub struct Policy {
    folder: PathBuf,
    partners: Vec<Partner>,
    pub(super) fuse: Vec<(Level, Action)>,
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
        let mut partners: Vec<Partner> =
            partners::read(&partner_file, &model)?.into_iter().map(|(partner, _)| partner).collect();
        let levels = Levels::read(Source::read(folder.join("levels.toml"))?)?;
        let fuse = matched(&levels.source, levels.fuse, &model, FUSE)?;
        let receive = matched(&levels.source, levels.receive, &model, RECEIVE)?;
        let zones = match Source::read_optional(folder.join("zones.geojson"))? {
            Some(source) => Zones::read(&source)?,
            None => Zones::none(),
        };
        let periods = match Source::read_optional(folder.join("periods.toml"))? {
            Some(source) => Periods::read(&source)?,
            None => Periods::none(),
        };
        let rules = Rules::read(folder)?;
        rules.validate(&model)?;
        Names { partners: &partners, zones: zones.names(), periods: periods.names() }.check(&rules)?;
        for partner in &mut partners {
            partner.rules = concerning(&partner.entity.uid(), rules.rules.values())?;
        }
        let (authorities, see) = authority::split(&model);
        let exclusive = authority::exclusive(&levels.source, levels.authority, &authorities)?;
        let folder = folder.to_path_buf();
        Ok(Self { folder, partners, fuse, receive, authorities, exclusive, see, model, rules, zones, periods })
    }

    /// Where the policy was read.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The partners, by id. A partner's number in the engine is its place here.
    #[must_use]
    pub fn partners(&self) -> &[Partner] {
        &self.partners
    }

    /// The levels of group `fuse`, highest first.
    pub fn fuse_levels(&self) -> impl Iterator<Item = &Level> {
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
        let levels = self.fuse.iter().chain(&self.receive).map(|(_, action)| action);
        levels.chain(&self.authorities).chain(&self.see)
    }
}

/// The levels with their actions; the schema and `levels.toml` must name the same ones.
pub(super) fn matched(
    source: &Source,
    levels: Vec<(Level, usize)>,
    model: &Model,
    group: &'static str,
) -> Result<Vec<(Level, Action)>, PolicyError> {
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

/// The rules that could apply to a partner. Those whose scope names another one are never evaluated for it, and a
/// partner is in no group, so leaving them out changes no answer.
fn concerning<'a>(partner: &EntityUid, rules: impl Iterator<Item = &'a Rule>) -> Result<PolicySet, PolicyError> {
    let concerned = rules.filter(|rule| match rule.policy.principal_constraint() {
        PrincipalConstraint::Eq(named) | PrincipalConstraint::In(named) | PrincipalConstraint::IsIn(_, named) => {
            named == *partner
        }
        PrincipalConstraint::Any | PrincipalConstraint::Is(_) => true,
    });
    PolicySet::from_policies(concerned.map(|rule| rule.policy.clone()))
        .map_err(|error| PolicyError::Refused { what: "the rules", message: message(&(&error).into()) })
}
