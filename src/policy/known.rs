//! What a class alone says of the conditions of a rule: those that it makes false need not be asked about.
//!
//! A pool with hundreds of rules asks Cedar about few of them at a time: a rule that begins with
//! `resource.label == "national"` says nothing of a class with another label. Leaving it out changes no answer, no reason
//! and no failure, because a condition counts as known only where Cedar would come to it, in its order from left to
//! right, without having evaluated anything that is not known here, and so nothing that could fail.

use super::partners::strings;
use cedar_policy::RestrictedExpression;
use serde_json::Value;
use std::collections::BTreeSet;

/// An attribute of a class.
#[derive(Clone, Copy, Debug)]
pub(super) enum ClassValue<'a> {
    Text(&'a str),
    Names(&'a BTreeSet<String>),
    Flag(bool),
}

impl ClassValue<'_> {
    /// As Cedar wants it.
    pub(super) fn expression(self) -> RestrictedExpression {
        match self {
            Self::Text(text) => RestrictedExpression::new_string(text.to_owned()),
            Self::Names(names) => strings(names),
            Self::Flag(flag) => RestrictedExpression::new_bool(flag),
        }
    }
}

/// The attributes of a class, as rules name them.
pub(super) type Attributes<'a> = Vec<(&'static str, ClassValue<'a>)>;

/// The conditions of a rule in their order; those of `unless` are turned round.
#[derive(Clone, Debug, Default)]
pub(super) struct Conditions(Vec<(bool, Value)>);

impl Conditions {
    /// From a rule as JSON.
    pub(super) fn of(rule: &Value) -> Self {
        let clauses = rule.get("conditions").and_then(Value::as_array).into_iter().flatten();
        let clause = |clause: &Value| {
            let wanted = clause.get("kind").and_then(Value::as_str) == Some("when");
            (wanted, clause.get("body").cloned().unwrap_or(Value::Null))
        };
        Self(clauses.map(clause).collect())
    }

    /// Whether the rule may apply to a class: not if a condition is false before anything unknown is evaluated.
    pub(super) fn may_hold(&self, class: &Attributes<'_>) -> bool {
        for (wanted, body) in &self.0 {
            match truth(body, class) {
                Some(found) if found == *wanted => {}
                Some(_) => return false,
                None => return true,
            }
        }
        true
    }
}

/// What an expression evaluates to, if the class alone says so.
fn truth(expression: &Value, class: &Attributes<'_>) -> Option<bool> {
    let (operator, operands) = expression.as_object()?.iter().next()?;
    let [left, right] = ["left", "right"].map(|side| operands.get(side).unwrap_or(&Value::Null));
    match operator.as_str() {
        "&&" => {
            if truth(left, class)? {
                truth(right, class)
            } else {
                Some(false)
            }
        }
        "||" => {
            if truth(left, class)? {
                Some(true)
            } else {
                truth(right, class)
            }
        }
        "!" => Some(!truth(operands.get("arg")?, class)?),
        "==" => equal(left, right, class),
        "!=" => Some(!equal(left, right, class)?),
        "contains" => {
            let wanted = text(right, class)?;
            Some(names(left, class)?.contains(wanted))
        }
        "containsAny" => {
            let (some, others) = (names(left, class)?, names(right, class)?);
            Some(some.intersection(&others).next().is_some())
        }
        "." => match attribute(expression, class)? {
            ClassValue::Flag(flag) => Some(flag),
            ClassValue::Text(_) | ClassValue::Names(_) => None,
        },
        _ => None,
    }
}

fn equal(left: &Value, right: &Value, class: &Attributes<'_>) -> Option<bool> {
    Some(text(left, class)? == text(right, class)?)
}

fn attribute<'a>(expression: &Value, class: &Attributes<'a>) -> Option<ClassValue<'a>> {
    let access = expression.get(".")?;
    let of = access.get("left")?.get("Var")?.as_str()?;
    let name = access.get("attr")?.as_str()?;
    let found = class.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
    found.filter(|_| of == "resource")
}

fn text<'a>(expression: &'a Value, class: &Attributes<'a>) -> Option<&'a str> {
    match (expression.get("Value"), attribute(expression, class)) {
        (Some(literal), _) => literal.as_str(),
        (None, Some(ClassValue::Text(text))) => Some(text),
        _ => None,
    }
}

fn names<'a>(expression: &'a Value, class: &Attributes<'a>) -> Option<BTreeSet<&'a str>> {
    match (expression.get("Set").and_then(Value::as_array), attribute(expression, class)) {
        (Some(items), _) => items.iter().map(|item| text(item, class)).collect(),
        (None, Some(ClassValue::Names(names))) => Some(names.iter().map(String::as_str).collect()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(conditions: &str) -> bool {
        let text = format!("permit (principal, action, resource) {conditions};");
        let rule: cedar_policy::Policy = text.parse().expect("a rule");
        let zones = BTreeSet::from(["east".to_owned(), "west".to_owned()]);
        let class = vec![
            ("label", ClassValue::Text("red")),
            ("zones", ClassValue::Names(&zones)),
            ("identified", ClassValue::Flag(true)),
        ];
        Conditions::of(&rule.to_json().expect("JSON")).may_hold(&class)
    }

    #[test]
    fn a_condition_that_the_class_makes_false_is_known() {
        for conditions in [
            "when { resource.label == \"blue\" }",
            "when { \"red\" != resource.label }",
            "when { resource.zones.contains(\"north\") }",
            "when { [\"north\", \"south\"].containsAny(resource.zones) }",
            "when { !([\"red\"].contains(resource.label)) && principal.rank > 1 }",
            "when { !resource.identified || resource.label == \"blue\" }",
            "unless { resource.zones.contains(\"west\") }",
            "unless { resource.label == \"red\" || principal.rank > 1 }",
            "when { resource.label == \"red\" } when { resource.label == \"blue\" }",
        ] {
            assert!(!holds(conditions), "{conditions}");
        }
    }

    #[test]
    fn what_is_true_or_unknown_or_comes_after_the_unknown_is_asked_about() {
        for conditions in [
            "",
            "when { resource.label == \"red\" }",
            "when { resource.zones.contains(principal.zone) }",
            "when { principal.rank * 2 > 1 && resource.label == \"blue\" }",
            "when { principal.rank > 1 } when { resource.label == \"blue\" }",
            "when { principal.rank > 1 || resource.label == \"red\" }",
            "unless { principal.rank > 1 } unless { resource.label == \"red\" }",
            "when { resource.label == principal.label }",
            "when { principal.label == \"blue\" }",
            "when { resource.label like \"b*\" }",
            "when { if resource.identified then false else true }",
        ] {
            assert!(holds(conditions), "{conditions}");
        }
    }
}
