//! `schema.cedarschema`: what the rules may speak of, and which of its actions are levels and which are authorities.
//!
//! The engine asks `Partner` × action × `DetectionClass` for actions in group `fuse`, and `Partner` × action ×
//! `TrackClass` for those in group `receive` and for all others, the authorities. `Group` is optional. Names have no
//! namespace.

use super::PolicyError;
use super::class::ClassKey;
use super::nesting;
use super::release::TrackClass;
use super::source::{Source, message};
use cedar_policy::ffi::DetailedError;
use cedar_policy::{Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, RestrictedExpression, Schema};
use std::collections::BTreeMap;

/// The group whose levels say what may be fused.
pub(super) const FUSE: &str = "fuse";
/// The group whose levels say what may be received.
pub(super) const RECEIVE: &str = "receive";
/// The entity type of groups of partners.
const GROUP: &str = "Group";

/// The schema, checked against what the engine asks.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) source: Source,
    pub(super) schema: Schema,
    /// The actions with their groups, which Cedar needs for `action in …`.
    pub(super) hierarchy: Entities,
    pub(super) fuse: BTreeMap<String, Action>,
    pub(super) receive: BTreeMap<String, Action>,
    pub(super) authorities: BTreeMap<String, Action>,
    pub(super) types: Types,
}

/// The names of the entity types that the engine builds.
#[derive(Clone, Debug)]
pub(super) struct Types {
    pub(super) partner: EntityTypeName,
    pub(super) detections: EntityTypeName,
    pub(super) tracks: EntityTypeName,
    /// Groups of partners, where the schema has them.
    pub(super) group: Option<EntityTypeName>,
    /// Whether rules may ask if a detection has a place.
    pub(super) placed: bool,
}

/// An action that partners are asked about.
#[derive(Clone, Debug)]
pub(super) struct Action {
    pub(super) name: String,
    pub(super) uid: EntityUid,
    /// What it is done with.
    pub(super) resource: EntityTypeName,
    pub(super) as_of: AsOf,
    /// Its place among the actions that partners are asked about.
    pub(super) number: usize,
}

/// Whether the rules of an action see the time of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AsOf {
    Absent,
    Optional,
    Required,
}

impl Model {
    pub(super) fn read(source: Source) -> Result<Self, PolicyError> {
        nesting::check(&source, nesting::Language::Schema)?;
        let (schema, mut warnings) =
            Schema::from_cedarschema_str(&source.text).map_err(|error| source.cedar(&(&error).into()))?;
        if let Some(warning) = warnings.next() {
            return Err(source.cedar(&DetailedError::from(&warning)));
        }
        drop(warnings);
        if !schema.is_complete() {
            return Err(wrong(
                &source,
                "external",
                "found an `external` declaration",
                "every declaration in this file",
            ));
        }
        let types = Types {
            partner: entity_type(&source, &schema, "Partner")?,
            detections: entity_type(&source, &schema, "DetectionClass")?,
            tracks: entity_type(&source, &schema, "TrackClass")?,
            group: schema.entity_types().find(|found| found.to_string() == GROUP).cloned(),
            placed: false,
        };
        let hierarchy = schema.action_entities().map_err(|error| source.cedar(&(&error).into()))?;
        let mut model = Self {
            source,
            schema,
            hierarchy,
            fuse: BTreeMap::new(),
            receive: BTreeMap::new(),
            authorities: BTreeMap::new(),
            types,
        };
        model.sort_actions()?;
        let placed = Types { placed: true, ..model.types.clone() };
        model.types.placed = model.probe(ClassKey::probe().entity(&placed)?).is_ok();
        model.probe(ClassKey::probe().entity(&model.types)?)?;
        model.probe(TrackClass::default().entity(&model.types)?)?;
        Ok(model)
    }

    /// The name of a partner in the rules.
    pub(super) fn partner(&self, id: &str) -> EntityUid {
        EntityUid::from_type_name_and_id(self.types.partner.clone(), EntityId::new(id))
    }

    /// The name of a group of partners in the rules; `None` where the schema has no groups.
    pub(super) fn group(&self, id: &str) -> Option<EntityUid> {
        let kind = self.types.group.clone()?;
        Some(EntityUid::from_type_name_and_id(kind, EntityId::new(id)))
    }

    fn sort_actions(&mut self) -> Result<(), PolicyError> {
        let mut actions: BTreeMap<String, EntityUid> = BTreeMap::new();
        for uid in self.schema.actions() {
            if uid.type_name().namespace_components().next().is_some() {
                let found = format!("found action `{uid}` in a namespace");
                return Err(wrong(&self.source, uid.id().unescaped(), &found, "actions without a namespace"));
            }
            actions.insert(uid.id().unescaped().to_owned(), uid.clone());
        }
        for group in [FUSE, RECEIVE] {
            let uid = actions.get(group);
            let applies =
                uid.and_then(|uid| self.schema.principals_for_action(uid)).is_some_and(|mut all| all.next().is_some());
            if uid.is_none() || applies {
                let found = if applies {
                    format!("action `{group}` has `appliesTo`")
                } else {
                    format!("found no action `{group}`")
                };
                return Err(wrong(&self.source, group, &found, &format!("`action {group};`, the group of its levels")));
            }
        }
        for (name, uid) in &actions {
            let inside = |group| actions.get(group).is_some_and(|group| self.hierarchy.is_ancestor_of(group, uid));
            let (fuse, receive) = (inside(FUSE), inside(RECEIVE));
            if fuse && receive {
                let found = format!("action `{name}` is in both groups");
                return Err(wrong(&self.source, name, &found, "each level in `fuse` or in `receive`"));
            }
            if self.schema.action_groups().any(|group| group == uid) || name == FUSE || name == RECEIVE {
                continue;
            }
            let action = self.action(name, uid, if fuse { &self.types.detections } else { &self.types.tracks })?;
            let role = match (fuse, receive) {
                (true, _) => &mut self.fuse,
                (_, true) => &mut self.receive,
                (false, false) => &mut self.authorities,
            };
            role.insert(name.clone(), action);
        }
        Ok(())
    }

    fn action(&self, name: &str, uid: &EntityUid, resource: &EntityTypeName) -> Result<Action, PolicyError> {
        let partner = &self.types.partner;
        let principals: Vec<_> = self.schema.principals_for_action(uid).into_iter().flatten().collect();
        let resources: Vec<_> = self.schema.resources_for_action(uid).into_iter().flatten().collect();
        if principals != [partner] || resources != [resource] {
            let list = |types: &[&EntityTypeName]| types.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let found = format!("action `{name}` applies to [{}] and [{}]", list(&principals), list(&resources));
            let wanted = format!("`appliesTo {{ principal: {partner}, resource: {resource} }}`");
            return Err(wrong(&self.source, name, &found, &wanted));
        }
        let bare = Context::empty().validate(&self.schema, uid).is_ok();
        let timed = as_of_context(0)?.validate(&self.schema, uid).is_ok();
        let as_of = match (bare, timed) {
            (true, false) => AsOf::Absent,
            (true, true) => AsOf::Optional,
            (false, true) => AsOf::Required,
            (false, false) => {
                let found = format!("action `{name}` has a context that the engine cannot give");
                return Err(wrong(&self.source, name, &found, "no context, or `context: { as_of: datetime }`"));
            }
        };
        let number = self.fuse.len() + self.receive.len() + self.authorities.len();
        Ok(Action { name: name.to_owned(), uid: uid.clone(), resource: resource.clone(), as_of, number })
    }

    /// Whether what the engine will build fits the schema.
    fn probe(&self, entity: Entity) -> Result<(), PolicyError> {
        let kind = entity.uid().type_name().to_string();
        Entities::from_entities([entity], Some(&self.schema)).map(drop).map_err(|error| {
            let text = message(&(&error).into());
            wrong(
                &self.source,
                &kind,
                &format!("entity `{kind}` does not fit: {text}"),
                "the attributes in docs/policy.md",
            )
        })
    }
}

/// The context that tells the rules the time of the run.
pub(super) fn as_of_context(as_of_us: i64) -> Result<Context, PolicyError> {
    let instant = jiff::Timestamp::from_microsecond(as_of_us)
        .map_err(|error| PolicyError::Refused { what: "the time of the run", message: error.to_string() })?;
    // Cedar keeps milliseconds; the run's time is cut to them.
    let milliseconds = as_of_us.div_euclid(1000).rem_euclid(1000);
    let text = format!("{}.{milliseconds:03}Z", instant.strftime("%Y-%m-%dT%H:%M:%S"));
    let pair = ("as_of".to_owned(), RestrictedExpression::new_datetime(text));
    Context::from_pairs([pair])
        .map_err(|error| PolicyError::Refused { what: "the time of the run", message: message(&(&error).into()) })
}

fn entity_type(source: &Source, schema: &Schema, name: &str) -> Result<EntityTypeName, PolicyError> {
    schema.entity_types().find(|found| found.to_string() == name).cloned().ok_or_else(|| {
        wrong(source, name, &format!("found no entity type `{name}`"), "the entity types in docs/policy.md")
    })
}

fn wrong(source: &Source, word: &str, found: &str, wanted: &str) -> PolicyError {
    let declared = ["action", "entity"].map(|keyword| format!("{keyword} {word}"));
    let place = declared.iter().find(|declaration| source.text.contains(declaration.as_str()));
    PolicyError::Schema {
        path: source.path.clone(),
        line: source.line_with(place.map_or(word, String::as_str)),
        found: found.to_owned(),
        wanted: wanted.to_owned(),
    }
}
