//! Changes of what the policy has for others, and of how the files are written.

use super::change::Change;
use super::policy::fresh;
use super::recording::OWNERS;
use super::rules::{Names, Test, Who};
use super::{Layout, Level, Partner, Period, Random, World, Zone};

pub(super) const CHANGES: &[Change] = &[
    ("add a zone", |world, random| {
        let taken: Vec<&str> = world.zones.iter().map(|zone| zone.name.as_str()).collect();
        let named = world.named(Names::Zones);
        let stem = *random.pick(&["a", "z"]);
        let name = fresh(random, stem, &[taken, named].concat());
        let mut zone = Zone::random(random, name);
        if random.chance(0.2) {
            zone.corners.iter_mut().flatten().for_each(|x| *x *= 8.0);
        }
        world.zones.insert(random.below(world.zones.len() + 1), zone);
    }),
    ("redraw a zone", |world, random| {
        if let Some(at) = unnamed_zone(world, random) {
            world.zones[at] = Zone::random(random, world.zones[at].name.clone());
        }
    }),
    ("drop a zone", |world, random| {
        let Some(at) = unnamed_zone(world, random) else { return };
        let name = world.zones.remove(at).name;
        let Some(first) = world.zones.first().map(|zone| zone.name.clone()) else {
            return world.zones.insert(at, Zone::random(random, name));
        };
        world.rules.retain(|rule| !rule.names(Names::Zones).contains(&name.as_str()));
        for partner in &mut world.partners {
            if partner.area.as_ref() == Some(&name) {
                partner.area = Some(first.clone());
            }
        }
    }),
    ("add a period", |world, random| {
        let taken: Vec<&str> = world.periods.iter().map(|period| period.name.as_str()).collect();
        let named = world.named(Names::Periods);
        let stem = *random.pick(&["a", "z"]);
        let name = fresh(random, stem, &[taken, named].concat());
        let period = Period::random(random, name, &world.rows);
        world.periods.insert(random.below(world.periods.len() + 1), period);
    }),
    ("retime a period", |world, random| {
        if let Some(at) = unnamed_period(world, random) {
            world.periods[at] = Period::random(random, world.periods[at].name.clone(), &world.rows);
        }
    }),
    ("drop a period", |world, random| {
        if let Some(at) = unnamed_period(world, random) {
            let name = world.periods.remove(at).name;
            world.rules.retain(|rule| !rule.names(Names::Periods).contains(&name.as_str()));
        }
    }),
    ("add a partner", |world, random| {
        let before = world.others();
        world.join(random);
        let new = world.others().into_iter().find(|id| !before.contains(id)).expect("one more");
        world.rights(random, &new);
    }),
    ("add a partner with equal rights", add_equal),
    ("drop a partner", |world, random| {
        let Some(other) = uncalled(world, random) else { return };
        world.rules.retain(|rule| !rule.principals().contains(&&Who::Partner(other.clone())));
        world.partners.retain(|partner| partner.id != other);
    }),
    ("rename a partner", |world, random| {
        let Some(other) = uncalled(world, random) else { return };
        let taken: Vec<&str> = world.partners.iter().map(|partner| partner.id.as_str()).collect();
        let id = fresh(random, "new-", &taken);
        world.rules.retain(|rule| rule.who == Who::Partner(other.clone()) || !names(rule, &other));
        for rule in world.rules.iter_mut().filter(|rule| rule.who == Who::Partner(other.clone())) {
            rule.who = Who::Partner(id.clone());
        }
        world.rules.retain(|rule| !names(rule, &other));
        world.partners.iter_mut().filter(|partner| partner.id == other).for_each(|partner| partner.id.clone_from(&id));
    }),
    ("remake others", |world, random| {
        let (zones, subject) = (world.zones.clone(), world.subject.clone());
        for partner in world.partners.iter_mut().filter(|partner| partner.id != subject) {
            *partner = Partner::random(random, partner.id.clone(), partner.groups.clone(), &zones);
        }
    }),
    ("regroup others", |world, random| {
        let (groups, subject) = (world.groups.clone(), world.subject.clone());
        for partner in world.partners.iter_mut().filter(|partner| partner.id != subject) {
            partner.groups = groups.iter().filter(|_| random.chance(0.5)).cloned().collect();
        }
    }),
    ("add a group", |world, random| {
        let taken: Vec<&str> = world.groups.iter().map(String::as_str).collect();
        let group = fresh(random, "g", &taken);
        world.groups.insert(random.below(world.groups.len() + 1), group);
    }),
    ("shuffle partners", |world, random| {
        random.shuffle(&mut world.partners);
        random.shuffle(&mut world.groups);
    }),
    ("other rules for others", |world, random| {
        for other in world.others() {
            world.rights(random, &other);
        }
    }),
    ("no rules for others", |world, _| {
        let mine: Vec<bool> = world.rules.iter().map(|rule| world.matters(rule)).collect();
        let mut mine = mine.iter();
        world.rules.retain(|_| *mine.next().expect("one a rule"));
    }),
    ("add a level of fuse", |world, random| {
        let mut level = Level::of_fuse(random, "fuse_x", world.as_of_us);
        if world.as_of_us.is_some() && random.chance(0.7) {
            level.delay_us = random.micros(0.5, 14.0);
        }
        if world.fuse.iter().all(|other| other.name != level.name) {
            world.fuse.insert(random.below(world.fuse.len() + 1), level);
            for other in world.others() {
                world.rights(random, &other);
            }
        }
    }),
    ("add a level of receive", |world, random| {
        let level = Level::of_receive(random, "receive_x");
        if world.receive.iter().all(|other| other.name != level.name) {
            world.receive.insert(random.below(world.receive.len() + 1), level);
        }
    }),
    ("remake others' levels", |world, random| {
        let levels = world.fuse.len() + world.receive.len();
        for _ in 0..levels {
            let at = random.below(levels);
            if at < world.fuse.len() {
                let name = world.fuse[at].name.clone();
                if !world.could(&name, "fuse") {
                    world.fuse[at] = Level::of_fuse(random, &name, world.as_of_us);
                }
            } else {
                let name = world.receive[at - world.fuse.len()].name.clone();
                if !world.could(&name, "receive") {
                    world.receive[at - world.fuse.len()] = Level::of_receive(random, &name);
                }
            }
        }
    }),
    ("drop others' levels", drop_levels),
    ("add an action", |world, random| {
        if world.acts.iter().all(|(act, _)| act != "ask") {
            world.acts.push(("ask".to_owned(), random.chance(0.5)));
        }
    }),
    ("write otherwise", |world, random| world.layout = Layout::random(random)),
];

/// Whether a rule names a partner.
fn names(rule: &super::rules::Rule, partner: &str) -> bool {
    rule.principals().iter().any(|who| matches!(who, Who::Partner(id) if id == partner))
}

fn unnamed_zone(world: &World, random: &mut Random) -> Option<usize> {
    let named = world.named(Names::Zones);
    let unnamed = |at: &usize| !named.contains(&world.zones[*at].name.as_str());
    let found: Vec<usize> = (0..world.zones.len()).filter(unnamed).collect();
    (!found.is_empty()).then(|| *random.pick(&found))
}

fn unnamed_period(world: &World, random: &mut Random) -> Option<usize> {
    let named = world.named(Names::Periods);
    let unnamed = |at: &usize| !named.contains(&world.periods[*at].name.as_str());
    let found: Vec<usize> = (0..world.periods.len()).filter(unnamed).collect();
    (!found.is_empty()).then(|| *random.pick(&found))
}

/// Another partner that no rule that matters names.
fn uncalled(world: &World, random: &mut Random) -> Option<String> {
    let others = world.others();
    let found: Vec<&String> = others.iter().filter(|id| !world.calls(&Who::Partner((*id).clone()))).collect();
    (!found.is_empty()).then(|| (*random.pick(&found)).clone())
}

/// A partner that shares the subject's computation.
fn add_equal(world: &mut World, random: &mut Random) {
    let taken: Vec<&str> = world.partners.iter().map(|partner| partner.id.as_str()).collect();
    let (id, subject) = (fresh(random, "equal-", &taken), Who::Partner(world.subject.clone()));
    let mut partner = Partner { id: id.clone(), ..world.me().clone() };
    if random.chance(0.2) {
        partner.home = random.name(&OWNERS);
    }
    let own = world.rules.iter().filter(|rule| rule.who == subject);
    let mut equal = Vec::new();
    for rule in own {
        let mut rule = rule.clone();
        rule.who = Who::Partner(id.clone());
        rule.id = format!("{id}:{}", rule.id);
        // A rule that asks for the subject itself gives its equal nothing.
        let mut asks = false;
        rule.walk(&mut |test| asks |= *test == Test::Principal(subject.clone()));
        if !asks {
            equal.push(rule);
        }
    }
    world.rules.extend(equal);
    world.partners.insert(random.below(world.partners.len() + 1), partner);
}

/// Drops levels that no rule could give the subject, and the rules that name them.
fn drop_levels(world: &mut World, _: &mut Random) {
    let gone = |world: &World, levels: &[Level], group: &str| -> Vec<String> {
        let names = levels.iter().map(|level| level.name.clone());
        let mut gone: Vec<String> = names.filter(|name| !world.could(name, group)).collect();
        // Some level must remain.
        gone.truncate(levels.len() - 1);
        gone
    };
    let gone = [gone(world, &world.fuse, "fuse"), gone(world, &world.receive, "receive")].concat();
    let named = |what: &super::rules::What| match what {
        super::rules::What::One(name) => gone.contains(name),
        super::rules::What::Among(names) => names.iter().any(|name| gone.contains(name)),
        _ => false,
    };
    world.rules.retain(|rule| !named(&rule.what));
    world.fuse.retain(|level| !gone.contains(&level.name));
    world.receive.retain(|level| !gone.contains(&level.name));
}
