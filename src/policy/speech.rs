//! What the conditions of a rule speak of, read from the rule itself and not from a class.
//!
//! Four things hang on it: which names must exist, which names a partner's audit may tell, which rules hide where an
//! attribute is hidden, and which partners get the same answers. So what is not a plain access, `resource.zones`,
//! counts as reading everything: `{r: resource}.r.zones` or `(if true then resource else resource).zones` hide nothing.

use super::PolicyError;
use super::known::Conditions;
use super::source::message;
use serde_json::Value;
use std::collections::BTreeSet;

/// What matters to the engine beyond what Cedar decides.
#[expect(clippy::struct_excessive_bools, reason = "each is there or not, independently of the others")]
#[derive(Clone, Debug, Default)]
pub(super) struct Speech {
    /// Its conditions, in their order.
    pub(super) conditions: Conditions,
    /// Whether it names `resource.placed`: only such a rule permits detections without a place.
    pub(super) placed: bool,
    /// A partner or group named in the rule whose own attributes or groups it asks for. A question holds one partner,
    /// so the answer would be wrong, and it would hang on what another partner is.
    pub(super) bystander: Option<String>,
    /// What it compares with an attribute of `resource`, in the order of the text.
    pub(super) compared: Vec<(String, Named)>,
    /// The attributes of `resource` that it reads.
    pub(super) reads: BTreeSet<String>,
    /// Whether it may read any of them.
    pub(super) reads_all: bool,
    /// Whether its conditions name the action.
    pub(super) names_action: bool,
    /// What it asks of `principal`, beyond what its head names.
    pub(super) asks: Asks,
}

/// What is compared with an attribute of `resource`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Named {
    /// A text of the rule.
    Text(String),
    /// What an attribute of the partner holds.
    Held(String),
}

/// What conditions ask of a partner: partners that are alike in it get the same answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Asks {
    /// The attributes that are read.
    pub(super) attributes: BTreeSet<String>,
    /// Whether its groups matter.
    pub(super) groups: bool,
    /// The partners that it is compared with, by id.
    pub(super) partners: BTreeSet<String>,
    /// Whether anything about it may matter.
    pub(super) all: bool,
}

impl Asks {
    /// Takes in what another rule asks.
    pub(super) fn join(&mut self, other: &Self) {
        self.attributes.extend(other.attributes.iter().cloned());
        self.partners.extend(other.partners.iter().cloned());
        self.groups |= other.groups;
        self.all |= other.all;
    }
}

impl Speech {
    /// Of a rule in its JSON form.
    pub(super) fn of(json: &Value) -> Self {
        let mut speech = Self { conditions: Conditions::of(json), ..Self::default() };
        // A head that names a class, or a group of classes, has read which one it is.
        let head = json.get("resource").unwrap_or(&Value::Null);
        let plain = head.get("op").is_none_or(|op| op == "All" || (op == "is" && head.get("in").is_none()));
        speech.reads_all = !plain;
        speech.hear(json.get("conditions").unwrap_or(&Value::Null));
        speech
    }

    /// Whether it reads one of some attributes of `resource`.
    pub(super) fn reads_any(&self, attributes: &[&str]) -> bool {
        !attributes.is_empty() && (self.reads_all || attributes.iter().any(|name| self.reads.contains(*name)))
    }

    fn hear(&mut self, expression: &Value) {
        match expression {
            Value::Array(items) => items.iter().for_each(|item| self.hear(item)),
            Value::Object(members) => members.iter().for_each(|(operator, operands)| self.operator(operator, operands)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn operator(&mut self, operator: &str, operands: &Value) {
        let side = |side| operands.get(side).unwrap_or(&Value::Null);
        let (left, right) = (side("left"), side("right"));
        if matches!(operator, "." | "has" | "in" | "getTag" | "hasTag") && self.bystander.is_none() {
            self.bystander = entity_in(left);
        }
        if matches!(operator, "==" | "!=" | "contains" | "containsAll" | "containsAny") {
            self.compare(left, right);
            self.compare(right, left);
        }
        match operator {
            "Var" => {
                self.reads_all |= operands == "resource";
                self.asks.all |= operands == "principal";
                self.names_action |= operands == "action";
            }
            "." | "has" => match (variable(left), operands.get("attr").and_then(Value::as_str)) {
                (Some("resource"), Some(attribute)) => {
                    self.placed |= operator == "." && attribute == "placed";
                    self.reads.insert(attribute.to_owned());
                }
                (Some("principal"), Some(attribute)) => {
                    self.asks.attributes.insert(attribute.to_owned());
                }
                _ => self.hear(operands),
            },
            "==" | "!=" | "in" | "is" if self.is_plain(operator, operands) => {}
            _ => self.hear(operands),
        }
    }

    /// Whether a comparison asks no more than who the principal is, or of what type it or the class is.
    fn is_plain(&mut self, operator: &str, operands: &Value) -> bool {
        let side = |side| operands.get(side).unwrap_or(&Value::Null);
        let (left, right) = (side("left"), side("right"));
        let is = |side| variable(side) == Some("principal");
        match operator {
            "is" => (is(left) || variable(left) == Some("resource")) && operands.get("in").is_none(),
            _ if is(left) => self.is_asked(right),
            "in" => false,
            _ => is(right) && self.is_asked(left),
        }
    }

    /// Notes that the principal is compared with entities, or asked whether it is in them; false if they are not
    /// written out.
    fn is_asked(&mut self, entities: &Value) -> bool {
        if let Some(items) = entities.get("Set").and_then(Value::as_array) {
            let plain = items.iter().all(|item| entity(item).is_some());
            return plain && items.iter().all(|item| self.is_asked(item));
        }
        match entity(entities) {
            Some(("Partner", id)) => {
                self.asks.partners.insert(id.to_owned());
                true
            }
            Some(_) => {
                self.asks.groups = true;
                true
            }
            None => false,
        }
    }

    fn compare(&mut self, with: &Value, other: &Value) {
        if let Some(attribute) = attribute_of("resource", with) {
            named(other, &mut |name| self.compared.push((attribute.to_owned(), name)));
        }
    }
}

/// The names that an expression can stand for: its texts, and what attributes of the partner hold.
fn named(expression: &Value, found: &mut dyn FnMut(Named)) {
    if let Some(Value::String(text)) = expression.get("Value") {
        found(Named::Text(text.clone()));
    } else if let Some(Value::Array(items)) = expression.get("Set") {
        for item in items {
            named(item, found);
        }
    } else if let Some(branches) = expression.get("if-then-else") {
        for branch in ["then", "else"].iter().filter_map(|branch| branches.get(branch)) {
            named(branch, found);
        }
    } else if let Some(attribute) = attribute_of("principal", expression) {
        found(Named::Held(attribute.to_owned()));
    }
}

/// A rule in Cedar's JSON form.
pub(super) fn json(rule: &cedar_policy::Policy) -> Result<Value, PolicyError> {
    rule.to_json().map_err(|error| PolicyError::Refused { what: "a rule as JSON", message: message(&(&error).into()) })
}

fn variable(expression: &Value) -> Option<&str> {
    expression.get("Var")?.as_str()
}

fn attribute_of<'a>(of: &str, expression: &'a Value) -> Option<&'a str> {
    let access = expression.get(".")?;
    (variable(access.get("left")?)? == of).then(|| access.get("attr")?.as_str())?
}

/// The type and the id of an entity that is written out.
fn entity(expression: &Value) -> Option<(&str, &str)> {
    let entity = expression.get("Value")?.get("__entity")?;
    Some((entity.get("type")?.as_str()?, entity.get("id")?.as_str()?))
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
        Speech::of(&json(&text.parse().expect("a rule")).expect("JSON"))
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

    #[test]
    fn what_is_no_plain_access_reads_everything() {
        for when in [
            "{r: resource}.r.zones.contains(\"a\")",
            "(if true then resource else resource).label == \"a\"",
            "resource == DetectionClass::\"a\"",
            "resource in DetectionClass::\"a\"",
            "[resource].contains(resource)",
            "resource.getTag(\"a\") == \"b\"",
            "resource is DetectionClass in DetectionClass::\"a\"",
        ] {
            let heard = speech(when);
            assert!(heard.reads_all && heard.reads_any(&["labels"]) && !heard.reads_any(&[]), "{when}");
            assert_eq!(heard.compared, [], "{when}");
        }
        let plain = speech("resource.zones.contains(\"a\") && resource has label && resource is DetectionClass");
        assert!(!plain.reads_all);
        assert_eq!(plain.reads, ["label", "zones"].map(str::to_owned).into());
        let head = "permit (principal, action, resource == DetectionClass::\"a\");";
        assert!(Speech::of(&json(&head.parse().expect("a rule")).expect("JSON")).reads_all);
    }

    #[test]
    fn what_a_rule_asks_of_its_partner_is_known_or_is_everything() {
        let asks = |when: &str| speech(when).asks;
        let of = |attributes: &[&str], partners: &[&str], groups| Asks {
            attributes: attributes.iter().map(|name| (*name).to_owned()).collect(),
            partners: partners.iter().map(|name| (*name).to_owned()).collect(),
            groups,
            all: false,
        };
        assert_eq!(asks("resource.label == \"a\" && context has as_of"), of(&[], &[], false));
        assert_eq!(asks("principal has zone && principal.rank > 1"), of(&["rank", "zone"], &[], false));
        assert_eq!(asks("principal == Partner::\"b\" || Partner::\"c\" != principal"), of(&[], &["b", "c"], false));
        assert_eq!(asks("principal in [Group::\"g\", Partner::\"b\"]"), of(&[], &["b"], true));
        for when in ["[Partner::\"b\"].contains(principal)", "{p: principal}.p.rank > 1", "principal == principal"] {
            assert!(asks(when).all, "{when}");
        }
    }
}
