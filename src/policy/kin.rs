//! Which rules concern a partner, and which partners get the same answers.
//!
//! The head of a rule names a partner, a group, or nobody in particular. Rules of the last kind are kept once, for all;
//! a partner has the others that name it or a group of its own. Two partners are *kin* if they have the same rules, and
//! are alike in all that the conditions of these, and of the rules for anybody, ask of them: attributes, groups, whom
//! they are compared with. Cedar would give them the same answers by the same rules, so it is asked about one of them.

use super::PolicyError;
use super::known::Attributes;
use super::partners::{Attribute, Partner};
use super::read::Policy;
use super::rules::Rule;
use super::schema::Action;
use super::speech::Asks;
use cedar_policy::{Effect, EntityUid, PrincipalConstraint};
use std::collections::{BTreeMap, BTreeSet};

/// Rules by their heads.
#[derive(Debug, Default)]
pub(super) struct Kin {
    /// By number of the action, the rules whose heads name nobody in particular.
    anybody: Vec<Vec<usize>>,
    /// By number of the rule, whether it permits.
    permits: Vec<bool>,
    /// Of each partner, which kin it is of.
    pub(super) of: Vec<usize>,
    /// Of each kin, its first partner.
    pub(super) first: Vec<usize>,
}

/// What partners of one kin have in common.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Likeness {
    attributes: Vec<Option<Attribute>>,
    groups: Option<BTreeSet<String>>,
    id: Option<String>,
}

impl Likeness {
    /// What a partner is, as far as it is asked.
    fn of<'a>(partner: &Partner, asks: &(impl Iterator<Item = &'a Asks> + Clone)) -> Self {
        let named = asks.clone().any(|asks| asks.all || asks.partners.contains(&partner.id));
        let attributes: BTreeSet<&String> = asks.clone().flat_map(|asks| &asks.attributes).collect();
        Self {
            attributes: attributes.into_iter().map(|name| partner.attributes.get(name).cloned()).collect(),
            groups: asks.clone().any(|asks| asks.groups).then(|| partner.groups.clone()),
            id: named.then(|| partner.id.clone()),
        }
    }
}

/// Rules of some kind: those for anybody are looked through once, those of a partner where it asks.
#[derive(Debug)]
pub(super) struct About<'a> {
    kind: Rules<'a>,
    // By number of the action, those of the rules for anybody, and what they ask of a partner.
    anybody: Vec<(Vec<usize>, Asks)>,
}

/// Which rules.
#[derive(Debug)]
enum Rules<'a> {
    /// Those that may apply to a class.
    Of(Attributes<'a>),
    /// Those that permit, or those that forbid.
    With(Effect),
}

impl Rules<'_> {
    fn hold(&self, rule: &Rule) -> bool {
        match self {
            Self::Of(class) => rule.speaks.conditions.may_hold(class),
            Self::With(effect) => rule.policy.effect() == *effect,
        }
    }
}

impl About<'_> {
    /// Those of a partner's own rules for an action, in order.
    pub(super) fn own(&self, policy: &Policy, partner: &Partner, action: &Action) -> Vec<usize> {
        let own = partner.rules.get(action.number).into_iter().flatten().copied();
        own.filter(|&rule| policy.rules.numbered(rule).is_none_or(|(_, rule)| self.kind.hold(rule))).collect()
    }

    /// The rules to ask, in order, when a partner with these rules of its own asks for an action.
    pub(super) fn with(&self, own: &[usize], action: &Action) -> Vec<usize> {
        let anybody = self.anybody.get(action.number).into_iter().flat_map(|(rules, _)| rules);
        let mut rules: Vec<usize> = anybody.chain(own).copied().collect();
        rules.sort_unstable();
        rules
    }

    /// What a partner with these rules of its own is, as far as the rules for an action ask.
    pub(super) fn likeness(&self, policy: &Policy, partner: &Partner, own: &[usize], action: &Action) -> Likeness {
        let anybody = self.anybody.get(action.number).into_iter().map(|(_, asks)| asks);
        let own = own.iter().filter_map(|&rule| policy.rules.numbered(rule)).map(|(_, rule)| &rule.speaks.asks);
        Likeness::of(partner, &anybody.chain(own))
    }
}

impl Policy {
    /// Gives each partner, for each action, the numbers of the rules that name it or a group of its own, and finds the kin.
    /// Rules that name others are never evaluated for it, so leaving them out changes no answer; it makes one partner
    /// cost what its own rules cost, however many others there are.
    pub(super) fn hand_out_rules(&self, partners: &mut [Partner]) -> Kin {
        let mut actions: Vec<&Action> = self.asked().collect();
        actions.sort_by_key(|action| action.number);
        let mut kin = Kin { anybody: vec![Vec::new(); actions.len()], ..Kin::default() };
        let mut naming: BTreeMap<EntityUid, Vec<usize>> = BTreeMap::new();
        let mut admitted = Vec::with_capacity(self.rules.by_id.len());
        let mut asks = Asks::default();
        for (number, rule) in self.rules.by_id.values().enumerate() {
            kin.permits.push(rule.policy.effect() == Effect::Permit);
            let admits: Vec<bool> = actions.iter().map(|action| self.admits(rule, action)).collect();
            match rule.policy.principal_constraint() {
                PrincipalConstraint::Eq(named)
                | PrincipalConstraint::In(named)
                | PrincipalConstraint::IsIn(_, named) => {
                    naming.entry(named).or_default().push(number);
                }
                PrincipalConstraint::Any | PrincipalConstraint::Is(_) => {
                    let lists = kin.anybody.iter_mut().zip(&admits).filter(|(_, admitted)| **admitted);
                    lists.for_each(|(list, _)| list.push(number));
                    asks.join(&rule.speaks.asks);
                }
            }
            admitted.push(admits);
        }
        let mut known: BTreeMap<(Vec<Vec<usize>>, Likeness), usize> = BTreeMap::new();
        for (place, partner) in partners.iter_mut().enumerate() {
            let groups = partner.groups.iter().filter_map(|group| self.model.group(group));
            let names = std::iter::once(partner.entity.uid()).chain(groups);
            let mine: BTreeSet<usize> = names.filter_map(|name| naming.get(&name)).flatten().copied().collect();
            let own = mine.iter().filter_map(|&rule| self.rules.numbered(rule)).map(|(_, rule)| &rule.speaks.asks);
            let likeness = Likeness::of(partner, &std::iter::once(&asks).chain(own));
            let admits = |rule: usize, action| admitted.get(rule).and_then(|all| all.get(action)).copied();
            let of_action = |action| mine.iter().copied().filter(|&rule| admits(rule, action) == Some(true)).collect();
            partner.rules = (0..actions.len()).map(of_action).collect();
            let next = kin.first.len();
            let number = *known.entry((partner.rules.clone(), likeness)).or_insert(next);
            if number == next {
                kin.first.push(place);
            }
            kin.of.push(number);
        }
        kin
    }

    /// Those of some partners that the rules tell apart, the first of each kin; and of every partner, which place in
    /// these its kin has.
    ///
    /// # Errors
    ///
    /// There is no such partner.
    pub fn alike(&self, partners: &[usize]) -> Result<(Vec<usize>, Vec<usize>), PolicyError> {
        let (mut first, mut of) = (Vec::new(), Vec::with_capacity(partners.len()));
        let mut places: BTreeMap<usize, usize> = BTreeMap::new();
        for &partner in partners {
            let unknown = PolicyError::UnknownPartner { partner, partners: self.kin.of.len() };
            let kin = self.kin.of.get(partner).ok_or(unknown)?;
            let place = *places.entry(*kin).or_insert(first.len());
            if place == first.len() {
                first.push(partner);
            }
            of.push(place);
        }
        Ok((first, of))
    }

    /// The rules that may apply to a class.
    pub(super) fn rules_about<'a>(&self, class: Attributes<'a>) -> About<'a> {
        self.rules_of(Rules::Of(class))
    }

    /// The rules that permit, or those that forbid.
    pub(super) fn rules_with(&self, effect: Effect) -> About<'static> {
        self.rules_of(Rules::With(effect))
    }

    fn rules_of<'a>(&self, kind: Rules<'a>) -> About<'a> {
        let of_action = |numbers: &Vec<usize>| {
            let (mut rules, mut asks) = (Vec::new(), Asks::default());
            for &number in numbers {
                let Some((_, rule)) = self.rules.numbered(number).filter(|(_, rule)| kind.hold(rule)) else { continue };
                rules.push(number);
                asks.join(&rule.speaks.asks);
            }
            (rules, asks)
        };
        let anybody = self.kin.anybody.iter().map(of_action).collect();
        About { kind, anybody }
    }

    /// Whether some permit could apply when a partner asks for an action.
    pub(super) fn could_get(&self, partner: &Partner, action: &Action) -> bool {
        let anybody = self.kin.anybody.get(action.number).into_iter().flatten();
        let mut rules = anybody.chain(partner.rules.get(action.number).into_iter().flatten());
        rules.any(|&rule| self.kin.permits.get(rule).copied().unwrap_or(false))
    }

    /// The rules that could apply when a partner asks for anything, by id.
    pub(super) fn concerning(&self, partner: &Partner) -> impl Iterator<Item = (&str, &Rule)> {
        let rules: BTreeSet<usize> = self.kin.anybody.iter().chain(&partner.rules).flatten().copied().collect();
        rules.into_iter().filter_map(|rule| self.rules.numbered(rule))
    }
}
