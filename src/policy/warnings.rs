//! What a run takes, and somebody may not have meant: it says so itself, not only a check that nobody has to make.
//!
//! - A rule that forbids and applied to nothing: a zone with latitude first, a period of another year, a label that
//!   nobody gives. The recording may hold nothing of the kind; whoever wrote the rule knows.
//! - A permit of everything, `permit (principal, action, resource)`: whatever is asked, about whatever there is, also
//!   actions and sensors that come later. A rule that names its actions is not one, however much they give, since all
//!   may be meant to share all; nor is one whose conditions ask about the class.
//!
//! They hang on all data, so they are for the operator; no partner's folder has any of it.

use super::check::{Finding, Severity};
use super::class::{ClassKey, ClassSummary};
use super::decide::Decisions;
use super::read::Policy;
use super::rules::Rule;
use super::speech::{Asks, Named};
use cedar_policy::{ActionConstraint, Effect, PrincipalConstraint};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

impl Policy {
    /// The warnings of a run, by file and line; files by their names in the folder of the policy.
    ///
    /// `denied_tracks` are the rules that forbade something of tracks, `None` where no track was asked about.
    #[must_use]
    pub fn warnings(
        &self,
        decisions: &Decisions,
        summaries: &[ClassSummary],
        denied_tracks: Option<&BTreeSet<String>>,
    ) -> Vec<Finding> {
        let recorded: Vec<&ClassKey> = decisions.recorded(summaries).map(|(_, key)| key).collect();
        let mut applied = decisions.deniers(summaries);
        applied.extend(denied_tracks.into_iter().flatten().map(String::as_str));
        let mut findings = self.permits_of_everything();
        for (id, rule) in self.rules.by_id.iter().filter(|(_, rule)| rule.policy.effect() == Effect::Forbid) {
            let of_detections = self.fuse.iter().any(|(_, action)| self.admits(rule, action));
            if !applied.contains(id.as_str()) && (of_detections || denied_tracks.is_some()) {
                findings.push(self.idle(id, rule, &recorded));
            }
        }
        for finding in &mut findings {
            finding.file = finding.file.file_name().map(PathBuf::from).unwrap_or_default();
        }
        findings.sort();
        findings
    }

    /// The permits that give everything.
    pub(super) fn permits_of_everything(&self) -> Vec<Finding> {
        let all = self.rules.by_id.iter().filter(|(_, rule)| {
            let speaks = &rule.speaks;
            let nobody_asked = speaks.reads.is_empty() && !speaks.reads_all && !rule.asks_for_an_action();
            rule.policy.effect() == Effect::Permit
                && matches!(rule.policy.action_constraint(), ActionConstraint::Any)
                && nobody_asked
        });
        let finding = |(id, rule): (&String, &Arc<Rule>)| {
            let whom = match rule.policy.principal_constraint() {
                PrincipalConstraint::Any | PrincipalConstraint::Is(_) if rule.speaks.asks == Asks::default() => {
                    "everybody"
                }
                _ => "whom it names",
            };
            let found = format!("rule `{id}` permits {whom} every action on everything, also what comes later");
            self.warning(rule, found, "a rule that names its actions, or asks about the class")
        };
        all.map(finding).collect()
    }

    /// That a rule applied to nothing in a recording, and why, as far as one can see.
    pub(super) fn idle(&self, id: &str, rule: &Rule, recorded: &[&ClassKey]) -> Finding {
        let causes: BTreeSet<String> =
            rule.speaks.compared.iter().filter_map(|(attribute, name)| self.cause(attribute, name, recorded)).collect();
        let causes = causes.into_iter().collect::<Vec<_>>().join(", ");
        let why = if causes.is_empty() { String::new() } else { format!(": {causes}") };
        let verb = if rule.policy.effect() == Effect::Forbid { "forbids" } else { "permits" };
        let found = format!("rule `{id}` {verb} nothing in this recording{why}");
        self.warning(rule, found, "a rule that applies to something: in zones longitude stands first, then latitude")
    }

    fn warning(&self, rule: &Rule, found: String, wanted: &str) -> Finding {
        let (path, line) = self.rules.place(rule);
        let file = path.to_path_buf();
        Finding { file, line, severity: Severity::Warning, found, wanted: wanted.to_owned() }
    }

    /// What a rule compares with that no class of a recording has.
    fn cause(&self, attribute: &str, name: &Named, recorded: &[&ClassKey]) -> Option<String> {
        let names: BTreeSet<&str> = match name {
            Named::Text(text) => BTreeSet::from([text.as_str()]),
            Named::Held(of) => self
                .partners()
                .iter()
                .filter_map(|partner| partner.attributes.get(of))
                .flat_map(|of| of.names())
                .collect(),
        };
        let has = |key: &ClassKey, name: &str| match attribute {
            "zones" => key.zones.contains(name),
            "periods" => key.periods.contains(name),
            "label" | "labels" => key.label == name,
            "sensor" => key.sensor == name,
            "owner" | "contributors" => key.owner == name,
            _ => true,
        };
        let lacking = names.into_iter().find(|name| !recorded.iter().any(|key| has(key, name)))?;
        Some(match attribute {
            "zones" => format!("zone `{lacking}` holds no detection"),
            "periods" => format!("period `{lacking}` holds no detection"),
            "label" | "labels" => format!("no detection has label `{lacking}`"),
            "sensor" => format!("no detection is of sensor `{lacking}`"),
            _ => format!("no detection is of owner `{lacking}`"),
        })
    }
}
