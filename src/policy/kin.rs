//! Which rules concern a partner, and which partners get the same answers.
//!
//! The head of a rule names a partner, a group, or nobody in particular. Rules of the last kind are kept once, for all;
//! a partner has the others that name it or a group of its own. Two partners are *kin* if they have the same rules, and
//! are alike in all that the conditions of these, and of the rules for anybody, ask of them: attributes, groups, whom
//! they are compared with. Cedar would give them the same answers by the same rules, so it is asked about one of them.

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
    pub(super) fn of(partner: &Partner, asks: &Asks) -> Self {
        let named = asks.all || asks.partners.contains(&partner.id);
        Self {
            attributes: asks.attributes.iter().map(|name| partner.attributes.get(name).cloned()).collect(),
            groups: asks.groups.then(|| partner.groups.clone()),
            id: named.then(|| partner.id.clone()),
        }
    }
}

/// The rules that may apply to a class.
#[derive(Debug)]
pub(super) struct About {
    // By number of the rule.
    may: Vec<bool>,
    // By number of the action, those of the rules for anybody, and what they ask of a partner.
    anybody: Vec<(Vec<usize>, Asks)>,
}

impl About {
    /// What a partner is, as far as the rules for an action ask.
    pub(super) fn likeness(&self, policy: &Policy, partner: &Partner, action: &Action) -> Likeness {
        let mut asks = self.anybody.get(action.number).map(|(_, asks)| asks.clone()).unwrap_or_default();
        let own = partner.rules.get(action.number).into_iter().flatten();
        let own = own.filter(|&&rule| self.may.get(rule).copied().unwrap_or(true));
        own.filter_map(|&rule| policy.rules.numbered(rule)).for_each(|(_, rule)| asks.join(&rule.speaks.asks));
        Likeness::of(partner, &asks)
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
            let admits: Vec<bool> = actions.iter().map(|action| self.admits(rule, &action.uid)).collect();
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
        let numbered: Vec<&Rule> = self.rules.by_id.values().collect();
        let mut known: BTreeMap<(Vec<Vec<usize>>, Likeness), usize> = BTreeMap::new();
        for (place, partner) in partners.iter_mut().enumerate() {
            let groups = partner.groups.iter().filter_map(|group| self.model.group(group));
            let names = std::iter::once(partner.entity.uid()).chain(groups);
            let mine: BTreeSet<usize> = names.filter_map(|name| naming.get(&name)).flatten().copied().collect();
            let mut asked = asks.clone();
            mine.iter().filter_map(|&rule| numbered.get(rule)).for_each(|rule| asked.join(&rule.speaks.asks));
            let admits = |rule: usize, action| admitted.get(rule).and_then(|all| all.get(action)).copied();
            let of_action = |action| mine.iter().copied().filter(|&rule| admits(rule, action) == Some(true)).collect();
            partner.rules = (0..actions.len()).map(of_action).collect();
            let next = kin.first.len();
            let number = *known.entry((partner.rules.clone(), Likeness::of(partner, &asked))).or_insert(next);
            if number == next {
                kin.first.push(place);
            }
            kin.of.push(number);
        }
        kin
    }

    /// The rules that may apply to a class.
    pub(super) fn rules_about(&self, class: &Attributes<'_>) -> About {
        self.rules_where(|rule| rule.speaks.conditions.may_hold(class))
    }

    /// The rules of some kind.
    pub(super) fn rules_where(&self, may: impl Fn(&Rule) -> bool) -> About {
        let may: Vec<bool> = self.rules.by_id.values().map(may).collect();
        let holds = |rule: &usize| may.get(*rule).copied().unwrap_or(true);
        let of_action = |rules: &Vec<usize>| {
            let rules: Vec<usize> = rules.iter().copied().filter(holds).collect();
            let mut asks = Asks::default();
            rules
                .iter()
                .filter_map(|&rule| self.rules.numbered(rule))
                .for_each(|(_, rule)| asks.join(&rule.speaks.asks));
            (rules, asks)
        };
        let anybody = self.kin.anybody.iter().map(of_action).collect();
        About { may, anybody }
    }

    /// The numbers of the rules to ask, in order, when a partner asks for an action on a class.
    pub(super) fn rules_for(partner: &Partner, action: &Action, about: &About) -> Vec<usize> {
        let own = partner.rules.get(action.number).into_iter().flatten().copied();
        let own = own.filter(|&rule| about.may.get(rule).copied().unwrap_or(true));
        let mut rules: Vec<usize> =
            about.anybody.get(action.number).into_iter().flat_map(|(rules, _)| rules).copied().chain(own).collect();
        rules.sort_unstable();
        rules
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
