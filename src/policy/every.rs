//! Whether a partner may have everything fused that a sensor could ever detect at a place and a time.
//!
//! It is the rules that answer, never the rows: whether some were withheld must not show. Of what a sensor detects they
//! know, beside place and time, the label and whether there was an address. A label can matter in two ways: as one that a
//! rule, or an attribute of the partner or of the class, names, or as none of them. So every such text is asked about, and
//! one that nobody names. A rule that takes labels apart in another way (`like`) may tell any two of them apart: then the
//! answer is no.

use super::PolicyError;
use super::class::ClassKey;
use super::decide::FuseRights;
use super::partners::Partner;
use super::rules::Rule;
use serde_json::Value;
use std::collections::BTreeSet;

impl FuseRights<'_> {
    /// Whether each partner may have every class fused that is like `like` but for its label and its address.
    ///
    /// # Errors
    ///
    /// A rule that fails while it is evaluated.
    pub fn of_every(&self, like: &ClassKey) -> Result<Vec<bool>, PolicyError> {
        let policy = self.policy();
        let mut may: Vec<bool> = Vec::with_capacity(self.partners().len());
        let (mut labels, mut addresses) = (BTreeSet::from([like.label.clone()]), false);
        for partner in self.partners() {
            let mut told = true;
            for (_, rule) in policy.concerning(partner) {
                let reads = |attribute: &str| rule.speaks.reads_any(&[attribute]);
                addresses |= reads("identified");
                if reads("label") {
                    told &= !takes_apart(&rule.form);
                    texts(rule, partner, &mut labels);
                }
            }
            may.push(told);
        }
        if labels.len() > 1 || may.contains(&false) {
            labels.extend([&like.sensor, &like.owner, &like.kind].into_iter().cloned());
            labels.extend(like.zones.iter().chain(&like.periods).cloned());
            labels.insert(unnamed(&labels));
        }
        for identified in if addresses { [false, true].as_slice() } else { &[false] } {
            for label in &labels {
                if !may.contains(&true) {
                    return Ok(may);
                }
                let class = ClassKey { label: label.clone(), identified: *identified, ..like.clone() };
                let answers = self.of_any([class])?;
                may.iter_mut().zip(answers).for_each(|(may, answer)| *may &= answer);
            }
        }
        Ok(may)
    }
}

/// The texts that a rule, asked about a partner, can compare a label with.
fn texts(rule: &Rule, partner: &Partner, to: &mut BTreeSet<String>) {
    written(&rule.form, to);
    to.extend(partner.attributes.values().flat_map(|attribute| attribute.names()).map(str::to_owned));
}

/// All texts that are written in a rule.
fn written(expression: &Value, to: &mut BTreeSet<String>) {
    match expression {
        Value::Array(items) => items.iter().for_each(|item| written(item, to)),
        Value::Object(members) => {
            for (operator, operand) in members {
                match operand.as_str() {
                    Some(text) if operator == "Value" => drop(to.insert(text.to_owned())),
                    _ => written(operand, to),
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Whether a rule asks more of a text than which one it is.
fn takes_apart(expression: &Value) -> bool {
    match expression {
        Value::Array(items) => items.iter().any(takes_apart),
        Value::Object(members) => members.iter().any(|(operator, value)| operator == "like" || takes_apart(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// A text that is none of these.
fn unnamed(texts: &BTreeSet<String>) -> String {
    let longest = texts.iter().map(String::len).max().unwrap_or_default();
    "?".repeat(longest + 1)
}
