//! `*.cedar`: the rules, each with its own `@id`, valid under the schema in strict mode.
//!
//! Annotations are never validated by Cedar, so nothing hangs on one but the id, which names the rule in the audit.
//! Cedar's warnings are errors here: a rule that can never apply is most often a `forbid` with a slip in it.

use super::PolicyError;
use super::folder::Files;
use super::nesting::{self, Language, on_deep_stacks};
use super::schema::Model;
use super::source::{Source, message};
use super::speech::{Speech, json};
use crate::digest::FileDigest;
use cedar_policy::ffi::DetailedError;
use cedar_policy::{PolicyId, PolicySet, ValidationMode, Validator};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// All rules by id.
#[derive(Debug)]
pub(super) struct Rules {
    pub(super) by_id: BTreeMap<String, Arc<Rule>>,
    // The same by number: in the order of their ids.
    numbered: Vec<(String, Arc<Rule>)>,
    sources: Vec<Source>,
}

/// One rule and where it stands.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) policy: cedar_policy::Policy,
    pub(super) line: usize,
    source: usize,
    /// It in Cedar's JSON form. Cedar makes that by parsing the rule again, which takes a deep stack: it is made once.
    pub(super) form: Value,
    /// The same as compact text with sorted keys, without annotations, once it is wanted.
    text: OnceLock<String>,
    /// What its conditions speak of.
    pub(super) speaks: Speech,
}

impl Rule {
    /// Whether its conditions ask which action it is.
    pub(super) fn asks_for_an_action(&self) -> bool {
        self.speaks.names_action
    }

    /// It as compact JSON with sorted keys, without annotations.
    pub(super) fn text(&self) -> &str {
        self.text.get_or_init(|| {
            let mut form = self.form.clone();
            form.as_object_mut().map(|form| form.remove("annotations"));
            form.sort_all_objects();
            form.to_string()
        })
    }
}

impl Rules {
    pub(super) fn read(files: Files<'_>) -> Result<Self, PolicyError> {
        let mut all = Self { by_id: BTreeMap::new(), numbered: Vec::new(), sources: Vec::new() };
        for name in files.rules()? {
            all.add(files.read(&name)?)?;
        }
        if all.by_id.is_empty() {
            return Err(PolicyError::NoRules { path: files.folder().to_path_buf() });
        }
        all.numbered = all.by_id.iter().map(|(id, rule)| (id.clone(), Arc::clone(rule))).collect();
        Ok(all)
    }

    /// The rule with a number, and its id.
    pub(super) fn numbered(&self, number: usize) -> Option<(&str, &Rule)> {
        self.numbered.get(number).map(|(id, rule)| (id.as_str(), rule.as_ref()))
    }

    /// The files that were read.
    pub(super) fn files(&self) -> impl Iterator<Item = FileDigest> + '_ {
        self.sources.iter().map(Source::digest)
    }

    /// Where a rule stands.
    pub(super) fn place(&self, rule: &Rule) -> (&Path, usize) {
        (self.sources.get(rule.source).map_or(Path::new(""), |source| &source.path), rule.line)
    }

    /// Whether a rule names `resource.placed`: only such a rule permits detections without a place.
    pub(super) fn speaks_of_places(&self, id: &str) -> bool {
        self.by_id.get(id).is_some_and(|rule| rule.speaks.placed)
    }

    fn add(&mut self, source: Source) -> Result<(), PolicyError> {
        nesting::check(&source, Language::Rules)?;
        let set: PolicySet = source
            .text
            .parse()
            .map_err(|error| source.cedar(&DetailedError::from(&error as &cedar_policy::ParseErrors)))?;
        if let Some(template) = set.templates().next() {
            let line = source.line_with(&template.to_cedar());
            return Err(PolicyError::Template { path: source.path, line });
        }
        let all = in_order(&set)?;
        let forms = on_deep_stacks(&all, |rule| json(rule).map(|form| (Speech::of(&form), form)))?;
        let mut cursor = 0;
        for (policy, (speaks, form)) in all.into_iter().zip(forms) {
            let text = policy.to_cedar().unwrap_or_default();
            let start = source.text.get(cursor..).and_then(|rest| rest.find(&text)).map_or(cursor, |at| cursor + at);
            cursor = start + text.len();
            let line = source.line_at(start);
            let Some(id) = policy.annotation("id").filter(|id| !id.trim().is_empty()) else {
                return Err(PolicyError::MissingId { path: source.path, line });
            };
            if let Some(first) = self.by_id.get(id) {
                let (path, first_line) = self.place(first);
                let first_path = if first.source == self.sources.len() { &source.path } else { path }.to_path_buf();
                let name = id.to_owned();
                return Err(PolicyError::Duplicate {
                    path: source.path,
                    line,
                    what: "rule",
                    name,
                    first_path,
                    first_line,
                });
            }
            let policy = policy.new_id(PolicyId::new(id));
            let rule = Rule { policy, line, source: self.sources.len(), form, text: OnceLock::new(), speaks };
            self.by_id.insert(rule.policy.id().to_string(), Arc::new(rule));
        }
        self.sources.push(source);
        Ok(())
    }

    /// Strict validation. Of several complaints the first by file and line is given.
    pub(super) fn validate(&self, model: &Model) -> Result<(), PolicyError> {
        self.complaints(model)?.into_iter().next().map_or(Ok(()), Err)
    }

    /// Everything that strict validation complains of, by file and line.
    pub(super) fn complaints(&self, model: &Model) -> Result<Vec<PolicyError>, PolicyError> {
        let set = PolicySet::from_policies(self.by_id.values().map(|rule| rule.policy.clone()))
            .map_err(|error| PolicyError::Refused { what: "the rules", message: message(&(&error).into()) })?;
        let result = Validator::new(model.schema.clone()).validate(&set, ValidationMode::Strict);
        let errors = result.validation_errors().map(|error| (error.policy_id(), DetailedError::from(error)));
        let warnings = result.validation_warnings().map(|warning| (warning.policy_id(), DetailedError::from(warning)));
        let mut complaints: Vec<_> =
            errors.chain(warnings).filter_map(|(id, error)| self.complaint(id, &error)).collect();
        complaints.sort();
        let invalid = |(path, line, rule, message): (&Path, usize, String, String)| PolicyError::Invalid {
            path: path.to_path_buf(),
            line,
            rule,
            message,
        };
        Ok(complaints.into_iter().map(invalid).collect())
    }

    fn complaint(&self, id: &PolicyId, error: &DetailedError) -> Option<(&Path, usize, String, String)> {
        let rule = self.by_id.get(&id.to_string())?;
        let source = self.sources.get(rule.source)?;
        let line = error.source_locations.first().map_or(rule.line, |label| source.line_at(label.loc.start));
        Some((&source.path, line, id.to_string(), message(error)))
    }
}

/// The rules of a file in their order, which Cedar numbers from 0. A rule that was left out could be one that forbids,
/// so a numbering of another kind is an error.
fn in_order(set: &PolicySet) -> Result<Vec<&cedar_policy::Policy>, PolicyError> {
    let numbered = |number| {
        let id = format!("policy{number}");
        let message = || format!("found no rule `{id}` among {}, wanted all in order", set.num_of_policies());
        let refused = || PolicyError::Refused { what: "the numbers of the rules", message: message() };
        set.policy(&PolicyId::new(&id)).ok_or_else(refused)
    };
    (0..set.num_of_policies()).map(numbered).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use cedar_policy::Effect;

    #[test]
    fn a_rule_that_cedar_numbers_otherwise_is_an_error_and_not_left_out() {
        let set: PolicySet =
            "permit (principal, action, resource); forbid (principal, action, resource);".parse().expect("two rules");
        let effects: Vec<_> = in_order(&set).expect("both").iter().map(|rule| rule.effect()).collect();
        assert_eq!(effects, [Effect::Permit, Effect::Forbid]);
        let renamed = set.policies().map(|rule| match rule.effect() {
            Effect::Permit => rule.clone(),
            Effect::Forbid => rule.new_id(PolicyId::new("rule1")),
        });
        let text = in_order(&PolicySet::from_policies(renamed).expect("a set")).expect_err("a gap").to_string();
        assert_eq!(
            text,
            "cedar refused the numbers of the rules: found no rule `policy1` among 2, wanted all in order"
        );
    }
}
