//! The policy as the guard reads it: all rules in one set, every question with the whole of it.

use super::GuardError;
use super::places::{Periods, Zones};
use super::view;
use crate::space::Frame;
use crate::time::{format_timestamp, parse_duration};
use cedar_policy::{
    ActionConstraint, Authorizer, Context, Decision, Effect, Entities, Entity, EntityId, EntityUid, Policy, PolicyId,
    PolicySet, Request, RestrictedExpression, Schema,
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A policy.
#[derive(Clone, Debug)]
pub(super) struct Book {
    pub(super) partners: Vec<Partner>,
    pub(super) fuse: Vec<Level>,
    pub(super) receive: Vec<Level>,
    pub(super) authorities: Vec<Deed>,
    /// The action that shows who may act.
    pub(super) see: Option<Deed>,
    pub(super) zones: Zones,
    pub(super) periods: Periods,
    pub(super) rules: PolicySet,
    /// The same in Cedar's JSON form, by id.
    pub(super) forms: BTreeMap<String, Value>,
    hierarchy: Entities,
    as_of: Option<Context>,
    pub(super) as_of_us: Option<i64>,
}

/// A partner.
#[derive(Clone, Debug)]
pub(super) struct Partner {
    pub(super) id: String,
    /// Whether nothing that a rule could permit it to receive carries an obligation.
    pub(super) plain: bool,
    entity: Entity,
    /// What the rules that concern it compare with each attribute of `resource`.
    pub(super) names: Named,
    /// Attributes of `resource` that each rule reads; [`ALL`] where it may read any.
    pub(super) reads: BTreeMap<String, BTreeSet<String>>,
    /// Its entry in `partners.toml`.
    pub(super) entry: Value,
}

/// Texts by attribute.
type Named = BTreeMap<String, BTreeSet<String>>;

/// Stands for all attributes; none has such a name.
const ALL: &str = "*";

/// An action.
#[derive(Clone, Debug)]
pub(super) struct Deed {
    pub(super) name: String,
    pub(super) uid: EntityUid,
    knows_as_of: bool,
}

/// A level with its obligations.
#[derive(Clone, Debug)]
pub(super) struct Level {
    pub(super) deed: Deed,
    pub(super) demands: Demands,
}

/// Obligations.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Demands {
    pub(super) delay_us: i64,
    pub(super) coarsen_m: Option<f64>,
    pub(super) omit: BTreeSet<String>,
}

pub(super) fn text(path: &Path) -> Result<String, GuardError> {
    std::fs::read_to_string(path).map_err(|source| GuardError::Read { path: path.to_owned(), source })
}

pub(super) fn table(path: &Path) -> Result<toml::Table, GuardError> {
    let wrong = |error: &toml::de::Error| GuardError::Policy {
        path: path.to_owned(),
        found: error.message().to_owned(),
        wanted: "TOML",
    };
    text(path)?.parse().map_err(|error| wrong(&error))
}

impl Book {
    pub(super) fn read(folder: &Path, frame: Frame, as_of_us: Option<i64>) -> Result<Self, GuardError> {
        let (schema, _) = Schema::from_cedarschema_str(&text(&folder.join("schema.cedarschema"))?)
            .map_err(GuardError::cedar("read the schema"))?;
        let hierarchy = schema.action_entities().map_err(GuardError::cedar("read the actions of the schema"))?;
        let as_of = as_of_us.map(time_of_run).transpose()?;
        let deed = |uid: &EntityUid| Deed {
            name: uid.id().unescaped().to_owned(),
            uid: uid.clone(),
            knows_as_of: as_of.as_ref().is_some_and(|context| context.validate(&schema, uid).is_ok()),
        };
        let deeds: BTreeMap<String, Deed> = schema.actions().map(deed).map(|deed| (deed.name.clone(), deed)).collect();
        let path = folder.join("levels.toml");
        let file = table(&path)?;
        let mut book = Self {
            partners: Vec::new(),
            fuse: levels(&path, &file, "fuse", &deeds)?,
            receive: levels(&path, &file, "receive", &deeds)?,
            authorities: Vec::new(),
            see: None,
            zones: Zones::read(folder, frame)?,
            periods: Periods::read(folder)?,
            rules: rules(folder)?,
            forms: BTreeMap::new(),
            hierarchy,
            as_of,
            as_of_us,
        };
        for rule in book.rules.policies() {
            let form = rule.to_json().map_err(GuardError::cedar("take a rule apart"))?;
            book.forms.insert(rule.id().to_string(), form);
        }
        if as_of_us.is_none() && book.fuse.iter().any(|level| level.demands.delay_us > 0) {
            let found = "a delay of what is fused, and no time of the run".to_owned();
            return Err(GuardError::Policy { path, found, wanted: "the time that the run was given" });
        }
        let groups: BTreeSet<&EntityUid> = schema.action_groups().collect();
        let leveled = |deed: &&Deed| book.fuse.iter().chain(&book.receive).any(|level| level.deed.name == deed.name);
        let free = |deed: &&Deed| !groups.contains(&deed.uid) && !["fuse", "receive"].contains(&deed.name.as_str());
        let others = deeds.values().filter(|deed| free(deed) && !leveled(deed)).cloned();
        let (see, authorities): (Vec<Deed>, Vec<Deed>) = others.partition(|deed| deed.name == "see_authority");
        (book.see, book.authorities) = (see.into_iter().next(), authorities);
        book.partners = book.read_partners(folder)?;
        Ok(book)
    }

    /// Who may do what with a class of tracks, `partner:action`.
    pub(super) fn holders(&self, class: &Entity) -> Result<Vec<String>, GuardError> {
        let mut holders = Vec::new();
        for partner in &self.partners {
            for deed in &self.authorities {
                if self.grants(partner, deed, class)?.is_some() {
                    holders.push(format!("{}:{}", partner.id, deed.name));
                }
            }
        }
        holders.sort();
        Ok(holders)
    }

    /// The rules that grant this, if it is granted.
    pub(super) fn grants(
        &self,
        partner: &Partner,
        deed: &Deed,
        class: &Entity,
    ) -> Result<Option<Vec<String>>, GuardError> {
        let asking = "ask Cedar";
        let context = self.as_of.clone().filter(|_| deed.knows_as_of).unwrap_or_else(Context::empty);
        let request = Request::new(partner.entity.uid(), deed.uid.clone(), class.uid(), context, None)
            .map_err(GuardError::cedar(asking))?;
        let entities = self.hierarchy.clone().add_entities([partner.entity.clone(), class.clone()], None);
        let entities = entities.map_err(GuardError::cedar(asking))?;
        let answer = Authorizer::new().is_authorized(&request, &self.rules, &entities);
        if let Some(error) = answer.diagnostics().errors().next() {
            return Err(GuardError::Cedar { doing: "evaluate a rule", message: error.to_string() });
        }
        let mut rules: Vec<String> = answer.diagnostics().reason().map(ToString::to_string).collect();
        rules.sort();
        Ok((answer.decision() == Decision::Allow).then_some(rules))
    }

    fn read_partners(&self, folder: &Path) -> Result<Vec<Partner>, GuardError> {
        let path = folder.join("partners.toml");
        let file = table(&path)?;
        let mut partners = Vec::new();
        for entry in file.get("partner").and_then(toml::Value::as_array).into_iter().flatten() {
            let wrong = || GuardError::Policy {
                path: path.clone(),
                found: format!("`{entry}`"),
                wanted: "a partner with an id and attributes",
            };
            let id = entry.get("id").and_then(toml::Value::as_str).ok_or_else(wrong)?.to_owned();
            let mut held = Named::new();
            let mut attributes = Vec::new();
            for (name, value) in entry.get("attributes").and_then(toml::Value::as_table).into_iter().flatten() {
                let texts = held.entry(name.clone()).or_default();
                attributes.push((name.clone(), expression(value, texts).ok_or_else(wrong)?));
            }
            let groups = entry.get("groups").and_then(toml::Value::as_array).into_iter().flatten();
            let groups = groups.map(|group| uid("Group", group.as_str().ok_or_else(wrong)?));
            let groups = groups.collect::<Result<BTreeSet<EntityUid>, GuardError>>()?;
            let entity = Entity::new_with_tags(uid("Partner", &id)?, attributes, groups, []);
            let entity = entity.map_err(GuardError::cedar("make a partner"))?;
            let view = view::entry(&id, entry);
            partners.push(Partner { entry: view, ..self.partner(id, entity, &held) });
        }
        partners.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(partners)
    }

    /// A partner with what its audit may name; `held`: the texts of its attributes.
    fn partner(&self, id: String, entity: Entity, held: &Named) -> Partner {
        let groups = entity.clone().into_inner().2.into_iter().collect();
        let (mut plain, mut reads, mut names) = (true, BTreeMap::new(), Named::new());
        for rule in self.rules.policies() {
            let json = self.forms.get(&rule.id().to_string()).unwrap_or(&Value::Null);
            let named = ["/principal/entity", "/principal/in/entity"].iter().find_map(|at| json.pointer(at));
            if named.is_some_and(|named| !stands_for(named, &id, &groups)) {
                continue;
            }
            let mut words = Words { held, names: &mut names, read: BTreeSet::new() };
            words.take(json.get("conditions").unwrap_or(&Value::Null));
            let head = json.get("resource").unwrap_or(&Value::Null);
            if head.get("op").is_some_and(|op| op != "All" && (op != "is" || head.get("in").is_some())) {
                words.read.insert(ALL.to_owned());
            }
            let read = words.read;
            reads.insert(rule.id().to_string(), read);
            let obliged = |level: &Level| level.demands != Demands::default() && self.applies(rule, &level.deed.uid);
            plain &= rule.effect() == Effect::Forbid || !self.fuse.iter().chain(&self.receive).any(obliged);
        }
        Partner { id, plain, entity, names, reads, entry: Value::Null }
    }

    pub(super) fn applies(&self, rule: &Policy, action: &EntityUid) -> bool {
        let covers = |named: &EntityUid| named == action || self.hierarchy.is_ancestor_of(named, action);
        match rule.action_constraint() {
            ActionConstraint::Any => true,
            ActionConstraint::Eq(named) => covers(&named),
            ActionConstraint::In(named) => named.iter().any(covers),
        }
    }
}

impl Partner {
    /// Those of some names of an attribute that its audit may hold.
    pub(super) fn among<'a>(&self, attribute: &str, names: &'a BTreeSet<String>) -> Vec<&'a str> {
        names.iter().map(String::as_str).filter(|name| self.knows(attribute, name)).collect()
    }

    /// Whether its audit may hold the name of a sensor or a label of this owner's detections.
    pub(super) fn reads(&self, owner: &str, attribute: &str, name: &str) -> bool {
        owner == self.id || self.knows(attribute, name)
    }

    fn knows(&self, attribute: &str, name: &str) -> bool {
        self.names.get(attribute).is_some_and(|names| names.contains(name))
    }

    /// Those of some rules that read nothing hidden.
    pub(super) fn rules<'a>(&self, ids: &'a [String], hidden: &[&str]) -> Vec<&'a str> {
        let reads =
            |id: &str, name: &str| self.reads.get(id).is_none_or(|read| read.contains(name) || read.contains(ALL));
        ids.iter().map(String::as_str).filter(|id| !hidden.iter().any(|name| reads(id, name))).collect()
    }
}

/// Whether a name in a rule's head is a partner's own, or that of a group that it is in.
fn stands_for(named: &Value, partner: &str, groups: &BTreeSet<EntityUid>) -> bool {
    let part = |key| named.get(key).and_then(Value::as_str).unwrap_or_default();
    match part("type") {
        "Partner" => part("id") == partner,
        _ => groups.iter().any(|group| group.id().unescaped() == part("id")),
    }
}

/// The class that a question is about.
pub(super) fn class(kind: &str, attributes: Vec<(&str, RestrictedExpression)>) -> Result<Entity, GuardError> {
    let attributes = attributes.into_iter().map(|(name, value)| (name.to_owned(), value));
    Entity::new_with_tags(uid(kind, "class")?, attributes, [], []).map_err(GuardError::cedar("make a class"))
}

/// A set of texts, as Cedar has it.
pub(super) fn set(names: &BTreeSet<String>) -> RestrictedExpression {
    RestrictedExpression::new_set(names.iter().cloned().map(RestrictedExpression::new_string))
}

fn uid(kind: &str, id: &str) -> Result<EntityUid, GuardError> {
    let kind = kind.parse().map_err(GuardError::cedar("name a type"))?;
    Ok(EntityUid::from_type_name_and_id(kind, EntityId::new(id)))
}

fn time_of_run(as_of_us: i64) -> Result<Context, GuardError> {
    let within_us = as_of_us.rem_euclid(1_000_000);
    let second = format_timestamp(as_of_us - within_us);
    let text = format!("{}.{:03}Z", second.trim_end_matches('Z'), within_us / 1000);
    Context::from_pairs([("as_of".to_owned(), RestrictedExpression::new_datetime(text))])
        .map_err(GuardError::cedar("give the time of the run"))
}

fn levels(
    path: &Path,
    file: &toml::Table,
    group: &str,
    deeds: &BTreeMap<String, Deed>,
) -> Result<Vec<Level>, GuardError> {
    let mut levels = Vec::new();
    for entry in file.get(group).and_then(toml::Value::as_array).into_iter().flatten() {
        let wrong = |found: String| GuardError::Policy {
            path: path.to_owned(),
            found,
            wanted: "a level of the schema with `delay`, `coarsen_m` and `omit`, all that the guard knows",
        };
        let mut demands = Demands::default();
        let mut name = None;
        for (key, value) in entry.as_table().into_iter().flatten() {
            let read = match key.as_str() {
                "level" => value.as_str().map(|level| name = Some(level)),
                "delay" => value.as_str().and_then(parse_duration).map(|us| demands.delay_us = us),
                "coarsen_m" => {
                    let integer = value.as_integer().and_then(|metres| i32::try_from(metres).ok()).map(f64::from);
                    value.as_float().or(integer).map(|metres| demands.coarsen_m = Some(metres))
                }
                "omit" => value.as_array().map(|fields| {
                    demands.omit = fields.iter().filter_map(toml::Value::as_str).map(str::to_owned).collect();
                }),
                _ => None,
            };
            read.ok_or_else(|| wrong(format!("`{key} = {value}`")))?;
        }
        let deed = name.and_then(|name| deeds.get(name)).cloned();
        levels.push(Level { deed: deed.ok_or_else(|| wrong(format!("`{entry}`")))?, demands });
    }
    Ok(levels)
}

/// All rules of a folder, each under its `@id`.
fn rules(folder: &Path) -> Result<PolicySet, GuardError> {
    let reading = "read the rules";
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|source| GuardError::Read { path: folder.to_owned(), source })? {
        let path = entry.map_err(|source| GuardError::Read { path: folder.to_owned(), source })?.path();
        if path.extension().is_some_and(|extension| extension == "cedar") {
            paths.push(path);
        }
    }
    paths.sort();
    let mut all = PolicySet::new();
    for path in paths {
        let set: PolicySet = text(&path)?.parse().map_err(GuardError::cedar(reading))?;
        for rule in set.policies() {
            let id = rule.annotation("id").ok_or_else(|| GuardError::Policy {
                path: path.clone(),
                found: format!("rule `{}` without an id", rule.id()),
                wanted: "`@id(\"…\")` on every rule",
            })?;
            all.add(rule.new_id(PolicyId::new(id))).map_err(GuardError::cedar(reading))?;
        }
    }
    Ok(all)
}

fn expression(value: &toml::Value, names: &mut BTreeSet<String>) -> Option<RestrictedExpression> {
    match value {
        toml::Value::String(text) => {
            names.insert(text.clone());
            Some(RestrictedExpression::new_string(text.clone()))
        }
        toml::Value::Boolean(flag) => Some(RestrictedExpression::new_bool(*flag)),
        toml::Value::Integer(number) => Some(RestrictedExpression::new_long(*number)),
        toml::Value::Array(items) => {
            let items: Option<Vec<_>> = items.iter().map(|item| expression(item, names)).collect();
            items.map(RestrictedExpression::new_set)
        }
        toml::Value::Float(_) | toml::Value::Datetime(_) | toml::Value::Table(_) => None,
    }
}

/// What a rule says of `resource`.
struct Words<'a> {
    held: &'a Named,
    names: &'a mut Named,
    read: BTreeSet<String>,
}

impl Words<'_> {
    fn take(&mut self, json: &Value) {
        for item in json.as_array().into_iter().flatten() {
            self.take(item);
        }
        for (operator, operands) in json.as_object().into_iter().flatten() {
            let [left, right] = ["left", "right"].map(|side| operands.get(side).unwrap_or(&Value::Null));
            let of_resource = left.get("Var").and_then(Value::as_str) == Some("resource");
            match operator.as_str() {
                // Anything but a plain access may read everything.
                "Var" if operands == "resource" => {
                    self.read.insert(ALL.to_owned());
                }
                "." | "has" if of_resource => {
                    self.read.extend(operands.get("attr").and_then(Value::as_str).map(str::to_owned));
                }
                "is" if of_resource && operands.get("in").is_none() => {}
                "==" | "!=" | "contains" | "containsAll" | "containsAny" => {
                    for (with, other) in [(left, right), (right, left)] {
                        if let Some(attribute) = attribute("resource", with) {
                            // The labels of a track are those of its detections.
                            let attribute = if attribute == "labels" { "label" } else { attribute };
                            let texts = self.texts(other);
                            self.names.entry(attribute.to_owned()).or_default().extend(texts);
                        }
                    }
                    self.take(operands);
                }
                _ => self.take(operands),
            }
        }
    }

    /// The texts that an expression can stand for: its own, and those that an attribute of the partner holds.
    fn texts(&self, expression: &Value) -> BTreeSet<String> {
        let parts = expression.get("Set").and_then(Value::as_array).into_iter().flatten();
        let branches = expression.get("if-then-else");
        let branches = branches.into_iter().flat_map(|branches| ["then", "else"].map(|branch| branches.get(branch)));
        let mut texts: BTreeSet<String> = parts.chain(branches.flatten()).flat_map(|part| self.texts(part)).collect();
        texts.extend(expression.get("Value").and_then(Value::as_str).map(str::to_owned));
        let held = attribute("principal", expression).and_then(|attribute| self.held.get(attribute));
        texts.extend(held.into_iter().flatten().cloned());
        texts
    }
}

/// The attribute of a variable that an expression is.
fn attribute<'a>(of: &str, expression: &'a Value) -> Option<&'a str> {
    let access = expression.get(".")?;
    let var = access.pointer("/left/Var").and_then(Value::as_str);
    access.get("attr").and_then(Value::as_str).filter(|_| var == Some(of))
}
