//! Findings of a policy that a person should look at, each with its place.
//!
//! An *error* is what a run would refuse, or end with. A *warning* is what a run would take and somebody may not have
//! meant: a rule that never applies, a level that nobody gets, a zone or a period that no rule uses, a partner that no
//! rule reaches. Without a recording only the text is looked at; with one, the rules are tried on every class of its
//! detections and on the classes of tracks that could be made of them.

use super::PolicyError;
use super::class::ClassKey;
use super::folder::{Files, entries};
use super::levels::Levels;
use super::names::Names;
use super::nesting::on_a_deep_stack;
use super::partners::{self, Partner};
use super::periods::Periods;
use super::probe::{Asked, Probe, note};
use super::read::{Policy, matched};
use super::rules::Rules;
use super::schema::{Action, FUSE, Model, RECEIVE};
use super::source::Source;
use super::survey::{Survey, SurveyError};
use super::zones::Zones;
use crate::space::Frame;
use cedar_policy::{Effect, EntityUid};
use rayon::prelude::*;
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// A run refuses the policy, or ends.
    Error,
    /// A run takes it; somebody may not have meant it.
    Warning,
}

/// Something that a person should look at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// The file; the folder where no file is to blame.
    pub file: PathBuf,
    /// Counted from 1.
    pub line: usize,
    /// How bad it is.
    pub severity: Severity,
    /// What is there.
    pub found: String,
    /// What would be right.
    pub wanted: String,
}

/// What was looked at, and what was found.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Check {
    /// Rules read.
    pub rules: usize,
    /// Partners read.
    pub partners: usize,
    /// Classes of detections that the rules were tried on.
    pub detection_classes: usize,
    /// Classes of tracks that the rules were tried on.
    pub track_classes: usize,
    /// By file and line.
    pub findings: Vec<Finding>,
}

impl Check {
    /// Whether a run would refuse the policy, or end.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Error)
    }
}

/// Looks at the policy in a folder, and tries it on a recording if there is one.
///
/// # Errors
/// A recording that cannot be read. What is wrong with the policy is no error here: it is a finding.
pub fn check(folder: &Path, recording: Option<&Path>, as_of_us: Option<i64>) -> Result<Check, SurveyError> {
    let mut findings: Vec<Finding> =
        on_a_deep_stack(|| Ok(problems(folder)))?.iter().map(|error| error_at(folder, error)).collect();
    let policy = match Policy::read(folder) {
        Ok(policy) if findings.is_empty() => policy,
        outcome => {
            if findings.is_empty() {
                findings.extend(outcome.err().map(|error| error_at(folder, &error)));
            }
            findings.sort();
            return Ok(Check { findings, ..Check::default() });
        }
    };
    let mut check = Check { rules: policy.rules.by_id.len(), partners: policy.partners().len(), ..Check::default() };
    let places = match Places::read(&policy) {
        Ok(places) => places,
        Err(error) => return Ok(Check { findings: vec![error_at(folder, &error)], ..check }),
    };
    // Without a recording nothing says which coordinates these are.
    if let (None, Err(geodetic), Err(local)) =
        (recording, policy.zone_map(Frame::Geodetic), policy.zone_map(Frame::Local))
    {
        let beyond = local.parts().0 != geodetic.parts().0 && geodetic.parts().0.contains("longitude");
        findings.push(error_at(folder, if beyond { &local } else { &geodetic }));
    }
    let mut seen = Seen::in_text(&policy, &places, &mut findings);
    if let Some(recording) = recording {
        match Survey::read(recording, &policy, as_of_us) {
            Ok(survey) => {
                check.detection_classes = survey.classes.len();
                check.track_classes = survey.tracks.len();
                match Trial::run(&policy, &survey, as_of_us) {
                    Ok(trial) => {
                        let recorded: Vec<&ClassKey> = survey.classes.iter().map(|(key, _)| key).collect();
                        trial.findings(&policy, (&places, &recorded), &mut seen, &mut findings);
                    }
                    Err(error) => findings.push(error_at(folder, &error)),
                }
            }
            Err(SurveyError::Policy(error)) => findings.push(error_at(folder, &error)),
            Err(error) => return Err(error),
        }
    }
    findings.sort();
    Ok(Check { findings, ..check })
}

/// Everything that reading the folder complains of: its entries, or else the first of each file, and all about the
/// rules.
fn problems(folder: &Path) -> Vec<PolicyError> {
    let mut problems = match entries(folder) {
        Ok((_, complaints)) => complaints,
        Err(error) => return vec![error],
    };
    if problems.is_empty() {
        problems = problems_in_files(folder);
    }
    problems
}

fn problems_in_files(folder: &Path) -> Vec<PolicyError> {
    let files = Files::Folder(folder);
    let file = |name: &str| files.read(name);
    let model = match file("schema.cedarschema").and_then(Model::read) {
        Ok(model) => model,
        Err(error) => return vec![error],
    };
    let optional = |name: &str| files.read_optional(name);
    let partners = file("partners.toml").and_then(|source| partners::read(&source, &model));
    let zones = optional("zones.geojson").and_then(|source| source.map_or(Ok(Zones::none()), |s| Zones::read(&s)));
    let periods = optional("periods.toml").and_then(|source| source.map_or(Ok(Periods::none()), |s| Periods::read(&s)));
    let levels = file("levels.toml").and_then(Levels::read).and_then(|levels| {
        matched(&levels.source, levels.fuse, &model, FUSE)?;
        matched(&levels.source, levels.receive, &model, RECEIVE).map(drop)
    });
    let rules = Rules::read(files);
    let mut problems: Vec<PolicyError> = levels.err().into_iter().collect();
    match (rules, partners, zones, periods) {
        (Ok(rules), Ok((partners, groups)), Ok(zones), Ok(periods)) => {
            let (zones, periods) = (zones.names(), periods.names());
            match rules.complaints(&model) {
                Ok(found) => problems.extend(found),
                Err(error) => problems.push(error),
            }
            problems.extend(Names::new(&partners, &groups, zones, periods).complaints(&rules));
        }
        (rules, partners, zones, periods) => {
            match rules.map(|rules| rules.complaints(&model)) {
                Ok(Ok(found)) => problems.extend(found),
                Ok(Err(error)) | Err(error) => problems.push(error),
            }
            problems.extend(partners.err().into_iter().chain(zones.err()).chain(periods.err()));
        }
    }
    problems
}

/// An error as a finding.
fn error_at(folder: &Path, error: &PolicyError) -> Finding {
    let (file, line) = error.place().unwrap_or((folder, 1));
    let (found, wanted) = error.parts();
    let found = std::error::Error::source(error).map_or(found.clone(), |source| format!("{found}: {source}"));
    Finding {
        file: file.to_path_buf(),
        line,
        severity: Severity::Error,
        found,
        wanted: wanted.unwrap_or_else(|| "what docs/policy.md says".to_owned()),
    }
}

/// Where things stand in the files.
struct Places {
    levels: Levels,
    partners: PathBuf,
    periods: Option<Source>,
}

impl Places {
    fn read(policy: &Policy) -> Result<Self, PolicyError> {
        let (folder, files) = (policy.folder(), Files::Folder(policy.folder()));
        Ok(Self {
            levels: Levels::read(files.read("levels.toml")?)?,
            partners: folder.join("partners.toml"),
            periods: files.read_optional("periods.toml")?,
        })
    }

    /// A level stands in `levels.toml`, an authority in the schema.
    fn of_action(&self, policy: &Policy, action: &Action) -> (PathBuf, usize) {
        let fuse = self.levels.fuse.iter().map(|(level, line)| (&level.name, *line));
        let mut levels = fuse.chain(self.levels.receive.iter().map(|(level, line)| (&level.name, *line)));
        match levels.find(|(name, _)| **name == action.name) {
            Some((_, line)) => (self.levels.source.path.clone(), line),
            None => (policy.model.source.path.clone(), policy.model.source.line_with(&action.name)),
        }
    }

    fn of_partner(&self, partner: &Partner) -> (PathBuf, usize) {
        (self.partners.clone(), partner.line)
    }
}

/// What has a finding already, so that it does not get a second one for the same reason.
struct Seen {
    actions: BTreeSet<String>,
    partners: BTreeSet<usize>,
}

fn warning((file, line): (PathBuf, usize), found: String, wanted: &str) -> Finding {
    Finding { file, line, severity: Severity::Warning, found, wanted: wanted.to_owned() }
}

impl Seen {
    /// What the text alone shows.
    fn in_text(policy: &Policy, places: &Places, findings: &mut Vec<Finding>) -> Self {
        let mut seen = Self { actions: BTreeSet::new(), partners: BTreeSet::new() };
        let permits: Vec<_> =
            policy.rules.by_id.values().filter(|rule| rule.policy.effect() == Effect::Permit).collect();
        for action in policy.asked() {
            if !permits.iter().any(|rule| policy.admits(rule, action)) {
                let found = format!("no rule permits `{}` to anybody", action.name);
                findings.push(warning(places.of_action(policy, action), found, "a rule that does, or no such action"));
                seen.actions.insert(action.name.clone());
            }
        }
        for (number, partner) in policy.partners().iter().enumerate() {
            if !policy.asked().any(|action| policy.could_get(partner, action)) {
                let found = format!("no rule permits anything to partner `{}`", partner.id);
                findings.push(warning(places.of_partner(partner), found, "a rule that does, or no such partner"));
                seen.partners.insert(number);
            }
        }
        groups_in_text(policy, places, findings);
        findings.extend(policy.permits_of_everything());
        let (zones, periods) = (policy.zones.names(), policy.periods().names());
        let names = Names::new(policy.partners(), &policy.groups, zones, periods);
        let used = |attribute| names.used(&policy.rules, attribute);
        let file = policy.folder().join("zones.geojson");
        for zone in names.zones.difference(&used("zones")) {
            let place = (file.clone(), policy.zones.line(zone));
            findings.push(warning(place, format!("no rule uses zone `{zone}`"), "a rule that does, or no such zone"));
        }
        for period in names.periods.difference(&used("periods")) {
            let Some(source) = &places.periods else { continue };
            let place = (source.path.clone(), source.line_with(&format!("\"{period}\"")));
            let found = format!("no rule uses period `{period}`");
            findings.push(warning(place, found, "a rule that does, or no such period"));
        }
        seen
    }
}

/// Groups that no rule names or that no partner is in. One that is not declared is an error of reading.
fn groups_in_text(policy: &Policy, places: &Places, findings: &mut Vec<Finding>) {
    let rules = policy.rules.by_id.values();
    let named: BTreeSet<EntityUid> = rules.flat_map(|rule| rule.policy.entity_literals()).collect();
    for group in &policy.groups {
        let place = || (places.partners.clone(), group.line);
        if !named.contains(&group.uid) {
            let found = format!("no rule names group `{}`", group.id);
            findings.push(warning(place(), found, "a rule that does, or no such group"));
        }
        if !policy.partners().iter().any(|partner| partner.groups.contains(&group.id)) {
            let found = format!("no partner is in group `{}`", group.id);
            findings.push(warning(place(), found, "a partner that is, or no such group"));
        }
    }
}

/// What became of all questions about a recording.
#[derive(Debug, Default)]
struct Trial {
    /// Rules that applied to some question, whether they decided it or not.
    applied: BTreeSet<String>,
    /// Actions that somebody was permitted.
    granted: BTreeSet<String>,
    /// Kin of partners that may have something fused, and that would receive some track.
    fusing: BTreeSet<usize>,
    receiving: BTreeSet<usize>,
}

impl Trial {
    fn run(policy: &Policy, survey: &Survey, as_of_us: Option<i64>) -> Result<Self, PolicyError> {
        let probe = Probe::new(policy, as_of_us)?;
        let fuse: Vec<&Action> = policy.fuse.iter().map(|(_, action)| action).collect();
        let receive = policy.receive.iter().map(|(_, action)| action);
        let others: Vec<&Action> = receive.chain(&policy.authorities).chain(&policy.see).collect();
        let of = |class: Result<Asked, PolicyError>, actions| Self::class(policy, &probe, &class?, actions);
        let detections = survey.classes.par_iter().map(|(key, _)| of(Asked::detections(policy, key), &fuse));
        let tracks = survey.tracks.par_iter().map(|class| of(Asked::tracks(policy, class), &others));
        let all: Vec<Result<Self, PolicyError>> = detections.chain(tracks).collect();
        let mut trial = Self::default();
        for one in all {
            let Self { applied, granted, fusing, receiving } = one?;
            trial.applied.extend(applied);
            trial.granted.extend(granted);
            trial.fusing.extend(fusing);
            trial.receiving.extend(receiving);
        }
        Ok(trial)
    }

    fn class(policy: &Policy, probe: &Probe<'_>, class: &Asked, actions: &[&Action]) -> Result<Self, PolicyError> {
        let mut trial = Self::default();
        for (kin, &partner) in policy.kin.first.iter().enumerate() {
            for action in actions {
                let applying = probe.applying(partner, action, class)?;
                note(&mut trial.applied, &applying);
                if applying.allowed() {
                    trial.granted.insert(action.name.clone());
                    if policy.model.fuse.contains_key(&action.name) {
                        trial.fusing.insert(kin);
                    } else if policy.model.receive.contains_key(&action.name) {
                        trial.receiving.insert(kin);
                    }
                }
            }
        }
        Ok(trial)
    }

    fn findings(
        &self,
        policy: &Policy,
        (places, recorded): (&Places, &[&ClassKey]),
        seen: &mut Seen,
        findings: &mut Vec<Finding>,
    ) {
        for (id, rule) in policy.rules.by_id.iter().filter(|(id, _)| !self.applied.contains(*id)) {
            findings.push(policy.idle(id, rule, recorded));
        }
        for action in policy.asked().filter(|action| !self.granted.contains(&action.name)) {
            if seen.actions.insert(action.name.clone()) {
                let found = format!("`{}` is granted to nobody for any class of this recording", action.name);
                findings.push(warning(places.of_action(policy, action), found, "somebody who gets it"));
            }
        }
        for ((number, partner), kin) in policy.partners().iter().enumerate().zip(&policy.kin.of) {
            let lacks = match (self.fusing.contains(kin), self.receiving.contains(kin)) {
                (true, true) => continue,
                (false, _) => "may have nothing of this recording fused",
                (true, false) => "would receive no track of this recording",
            };
            if seen.partners.insert(number) {
                let found = format!("partner `{}` {lacks}", partner.id);
                findings.push(warning(places.of_partner(partner), found, "a rule that permits something"));
            }
        }
    }
}
