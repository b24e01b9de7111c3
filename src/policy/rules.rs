//! `*.cedar`: the rules, each with its own `@id`, valid under the schema in strict mode.
//!
//! Annotations are never validated by Cedar, so nothing hangs on one but the id, which names the rule in the audit.
//! Cedar's warnings are errors here: a rule that can never apply is most often a `forbid` with a slip in it.

use super::PolicyError;
use super::schema::Model;
use super::source::{Source, message, rule_files};
use cedar_policy::ffi::DetailedError;
use cedar_policy::{PolicyId, PolicySet, ValidationMode, Validator};
use std::collections::BTreeMap;
use std::path::Path;

/// All rules by id.
#[derive(Debug)]
pub(super) struct Rules {
    pub(super) rules: BTreeMap<String, Rule>,
    sources: Vec<Source>,
}

/// One rule and where it stands.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) policy: cedar_policy::Policy,
    pub(super) line: usize,
    source: usize,
}

impl Rules {
    pub(super) fn read(folder: &Path) -> Result<Self, PolicyError> {
        let mut all = Self { rules: BTreeMap::new(), sources: Vec::new() };
        for path in rule_files(folder)? {
            all.add(Source::read(path)?)?;
        }
        if all.rules.is_empty() {
            return Err(PolicyError::NoRules { path: folder.to_path_buf() });
        }
        Ok(all)
    }

    /// Where a rule stands.
    pub(super) fn place(&self, rule: &Rule) -> (&Path, usize) {
        (self.sources.get(rule.source).map_or(Path::new(""), |source| &source.path), rule.line)
    }

    fn add(&mut self, source: Source) -> Result<(), PolicyError> {
        let set: PolicySet = source
            .text
            .parse()
            .map_err(|error| source.cedar(&DetailedError::from(&error as &cedar_policy::ParseErrors)))?;
        if let Some(template) = set.templates().next() {
            let line = source.line_with(&template.to_cedar());
            return Err(source.syntax(line, "found a template, wanted rules without `?principal` and `?resource`"));
        }
        let mut cursor = 0;
        for number in 0..set.num_of_policies() {
            // Cedar numbers the rules of a file in their order.
            let Some(policy) = set.policy(&PolicyId::new(format!("policy{number}"))) else { continue };
            let text = policy.to_cedar().unwrap_or_default();
            let start = source.text.get(cursor..).and_then(|rest| rest.find(&text)).map_or(cursor, |at| cursor + at);
            cursor = start + text.len();
            let line = source.line_at(start);
            let Some(id) = policy.annotation("id").filter(|id| !id.trim().is_empty()) else {
                return Err(PolicyError::MissingId { path: source.path, line });
            };
            if let Some(first) = self.rules.get(id) {
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
            self.rules.insert(policy.id().to_string(), Rule { policy, line, source: self.sources.len() });
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
        let set = PolicySet::from_policies(self.rules.values().map(|rule| rule.policy.clone()))
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
        let rule = self.rules.get(&id.to_string())?;
        let source = self.sources.get(rule.source)?;
        let line = error.source_locations.first().map_or(rule.line, |label| source.line_at(label.loc.start));
        Some((&source.path, line, id.to_string(), message(error)))
    }
}
