//! What the conditions of a rule speak of, read from the rule itself and not from a class.

use super::PolicyError;
use super::known::Conditions;
use super::source::message;
use serde_json::Value;

/// What matters to the engine beyond what Cedar decides.
#[derive(Clone, Debug)]
pub(super) struct Speech {
    /// Its conditions, in their order.
    pub(super) conditions: Conditions,
    /// Whether it names `resource.placed`: only such a rule permits detections without a place.
    pub(super) placed: bool,
    /// A partner or group named in the rule whose own attributes or groups it asks for. A question holds one partner,
    /// so the answer would be wrong, and it would hang on what another partner is.
    pub(super) bystander: Option<String>,
}

impl Speech {
    pub(super) fn of(rule: &cedar_policy::Policy) -> Result<Self, PolicyError> {
        let json = json(rule)?;
        let mut speech = Self { conditions: Conditions::of(&json), placed: false, bystander: None };
        speech.hear(json.get("conditions").unwrap_or(&Value::Null));
        Ok(speech)
    }

    fn hear(&mut self, expression: &Value) {
        match expression {
            Value::Array(items) => items.iter().for_each(|item| self.hear(item)),
            Value::Object(members) => {
                for (operator, operands) in members {
                    let left = operands.get("left").unwrap_or(&Value::Null);
                    let attribute = operands.get("attr").and_then(Value::as_str);
                    let of_resource = left.get("Var").and_then(Value::as_str) == Some("resource");
                    self.placed |= operator == "." && of_resource && attribute == Some("placed");
                    if matches!(operator.as_str(), "." | "has" | "in" | "getTag" | "hasTag") && self.bystander.is_none()
                    {
                        self.bystander = entity_in(left);
                    }
                    self.hear(operands);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

/// A rule in Cedar's JSON form.
pub(super) fn json(rule: &cedar_policy::Policy) -> Result<Value, PolicyError> {
    rule.to_json().map_err(|error| PolicyError::Refused { what: "a rule as JSON", message: message(&(&error).into()) })
}

/// The first entity, other than an action, that an expression names.
fn entity_in(expression: &Value) -> Option<String> {
    match expression {
        Value::Array(items) => items.iter().find_map(entity_in),
        Value::Object(members) => match members.get("__entity") {
            Some(entity) => {
                let part = |name| entity.get(name).and_then(Value::as_str).unwrap_or_default();
                (part("type") != "Action").then(|| format!("{}::\"{}\"", part("type"), part("id")))
            }
            None => members.values().find_map(entity_in),
        },
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn speech(when: &str) -> Speech {
        let text = format!("permit (principal in Group::\"g\", action, resource) when {{ {when} }};");
        Speech::of(&text.parse().expect("a rule")).expect("JSON")
    }

    #[test]
    fn a_rule_may_compare_with_others_and_ask_about_nobody_but_the_principal() {
        for when in [
            "principal == Partner::\"b\" && resource.zones.contains(\"west\")",
            "principal in Group::\"g\" || [Partner::\"b\"].contains(principal)",
            "action in Action::\"fuse\" && principal.rank > 1",
        ] {
            let heard = speech(when);
            assert_eq!((heard.placed, heard.bystander), (false, None), "{when}");
        }
        for when in [
            "Partner::\"b\" in Group::\"g\"",
            "Partner::\"b\".rank > 1",
            "1 < (if principal.big then principal else Partner::\"b\").rank",
            "!(Partner::\"b\" has zone)",
        ] {
            assert_eq!(speech(when).bystander.as_deref(), Some("Partner::\"b\""), "{when}");
        }
    }

    #[test]
    fn only_the_attribute_of_the_resource_speaks_of_places() {
        assert!(speech("!resource.placed").placed);
        assert!(speech("resource.owner == \"a\" || (resource has placed && resource.placed)").placed);
        for when in ["principal.placed", "resource.label == \"placed\"", "resource has placed"] {
            assert!(!speech(when).placed, "{when}");
        }
    }
}
