//! Changes of one rule or level of a policy, in the order and by the names of docs/prices.md.

use super::error::GuardError;
use super::rules::{Book, Demands};
use cedar_policy::{Policy, PolicyId};
use serde_json::{Value, json};
use std::fmt;

/// A change: what is lifted, and the id of the rule or the name of the level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    kind: &'static str,
    name: String,
}

impl Change {
    pub(super) fn is(&self, kind: &str, name: &str) -> bool {
        self.kind == kind && self.name == name
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.kind, self.name)
    }
}

impl Book {
    /// Every change: rules by id, a permit with conditions once more without them; then levels, highest first.
    pub(super) fn changes(&self) -> Vec<Change> {
        let mut changes = Vec::new();
        for (id, form) in &self.forms {
            let change = |kind| Change { kind, name: id.clone() };
            if form.get("effect").and_then(Value::as_str) == Some("forbid") {
                changes.push(change("forbid"));
                continue;
            }
            changes.push(change("permit"));
            let conditions = form.get("conditions").and_then(Value::as_array);
            changes.extend(conditions.filter(|conditions| !conditions.is_empty()).map(|_| change("conditions")));
        }
        let levels = self.fuse.iter().chain(&self.receive).filter(|level| level.demands != Demands::default());
        changes.extend(levels.map(|level| Change { kind: "level", name: level.deed.name.clone() }));
        changes
    }

    /// Whether a change is of what may be fused at all.
    pub(super) fn is_of_fuse(&self, change: &Change) -> bool {
        if change.kind == "level" {
            return self.fuse.iter().any(|level| level.deed.name == change.name);
        }
        let rule = self.rules.policy(&PolicyId::new(&change.name));
        rule.is_some_and(|rule| self.fuse.iter().any(|level| self.applies(rule, &level.deed.uid)))
    }

    /// The policy with a change.
    ///
    /// # Errors
    /// A rule that Cedar does not take apart.
    pub(super) fn lifted(&self, change: &Change) -> Result<Self, GuardError> {
        let mut lifted = self.clone();
        if change.kind == "level" {
            let levels = lifted.fuse.iter_mut().chain(&mut lifted.receive);
            levels.filter(|level| level.deed.name == change.name).for_each(|level| level.demands = Demands::default());
            return Ok(lifted);
        }
        let id = PolicyId::new(&change.name);
        lifted.rules.remove_static(id.clone()).map_err(GuardError::cedar("lift a rule"))?;
        if change.kind == "conditions" {
            let mut form = self.forms.get(&change.name).cloned().unwrap_or_default();
            form.as_object_mut().and_then(|form| form.insert("conditions".to_owned(), json!([])));
            let bare = Policy::from_json(Some(id), form).map_err(GuardError::cedar("lift a rule"))?;
            lifted.rules.add(bare).map_err(GuardError::cedar("lift a rule"))?;
        }
        Ok(lifted)
    }
}
