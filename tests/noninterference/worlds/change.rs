//! A world and another one that is the same to the subject.

use super::rules::{Names, Rule};
use super::{Level, Period, Random, Row, Sensor, Size, World, Zone, beneath, hidden, others};

/// A change by name; it makes nothing that it must not, or it is taken back.
pub(super) type Change = (&'static str, fn(&mut World, &mut Random));

/// A world, and what was done to it.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    pub(crate) before: World,
    pub(crate) after: World,
    /// Changes that changed something.
    pub(crate) done: Vec<&'static str>,
    /// Whether rows that the subject sees were changed where its levels hide it.
    pub(crate) beneath: bool,
}

/// What a pair is made from.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    random: Random,
    world: World,
    chosen: Vec<Change>,
    beneath: bool,
}

/// Every change, in the order of the files that make them.
pub(crate) fn changes() -> impl Iterator<Item = &'static Change> {
    hidden::CHANGES.iter().chain(others::CHANGES)
}

impl Case {
    pub(crate) fn from_seed(seed: u64) -> Self {
        Self::random(&mut Random::from_seed(seed), Size::USUAL)
    }

    /// A small one, for a fuzzer: the first bytes choose, what follows from them chooses the rest.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Self {
        Self::random(&mut Random::from_bytes(bytes), Size::SMALL)
    }

    fn random(random: &mut Random, size: Size) -> Self {
        let all: Vec<Change> = changes().copied().collect();
        let mut chosen: Vec<Change> = (0..random.count(1, 4)).map(|_| *random.pick(&all)).collect();
        // Periods cut time for everybody: they get their share.
        let period: Vec<Change> = all.iter().filter(|(name, _)| name.contains("period")).copied().collect();
        if random.chance(0.5) {
            chosen.push(*random.pick(&period));
        }
        let beneath = random.chance(0.5);
        let world = World::random(random, size);
        Self { random: random.clone(), world, chosen, beneath }
    }

    /// With one kind of change alone.
    pub(crate) fn with(mut self, name: &str) -> Self {
        self.chosen = changes().filter(|(other, _)| *other == name).copied().collect();
        self.beneath = name == "beneath";
        self
    }

    /// Names of its changes.
    pub(crate) fn names(&self) -> Vec<&'static str> {
        let mut names: Vec<_> = self.chosen.iter().map(|(name, _)| *name).collect();
        names.extend(self.beneath.then_some("beneath"));
        names
    }

    pub(crate) fn pair(self) -> Pair {
        let Self { mut random, world: before, chosen, beneath } = self;
        let (mut after, mut done) = (before.clone(), Vec::new());
        for (name, change) in chosen {
            let mut next = after.clone();
            // By its name, so that it does the same where it is made alone.
            let salt = name.bytes().fold(1, |sum: u64, byte| sum.wrapping_mul(31) + u64::from(byte));
            change(&mut next, &mut random.fork(salt));
            if next != after && next.is_to_the_subject(&before) {
                done.push(name);
                after = next;
            }
        }
        let seen = |world: &World| world.view().into_iter().map(|(_, row, _)| row.clone()).collect::<Vec<_>>();
        let shown = seen(&after);
        if beneath {
            beneath::change(&mut after, &mut random.fork(0));
        }
        let beneath = shown != seen(&after);
        Pair { before, after, done, beneath }
    }
}

impl World {
    /// Whether the subject cannot tell this world from another: what it sees, and by which rules.
    fn is_to_the_subject(&self, other: &Self) -> bool {
        let clear = self.rows.iter().all(|row| !self.unclear(row));
        // Who may act is of concern to a subject that may see it.
        let company = !other.sees_holders() || (self.partners == other.partners && self.acts == other.acts);
        clear && company && self.me() == other.me() && self.terms() == other.terms() && self.seen() == other.seen()
    }

    /// Rows that the subject sees, with their sensors and levels.
    fn seen(&self) -> Vec<(Sensor, Row, Option<Level>)> {
        let mut view = Vec::new();
        for (_, row, level) in self.view() {
            let level = self.fuse.iter().find(|known| known.name == level).cloned();
            view.push((self.sensors[row.sensor].clone(), Row { sensor: 0, ..row.clone() }, level));
        }
        view
    }

    /// Rules that matter to the subject, and what they speak of: zones, periods, levels that they could give it.
    fn terms(&self) -> (Vec<Rule>, Vec<Zone>, Vec<Period>, Vec<Level>) {
        let mut rules: Vec<_> = self.rules.iter().filter(|rule| self.matters(rule)).cloned().collect();
        rules.sort_by(|a, b| a.id.cmp(&b.id));
        let (zones, periods) = (self.named(Names::Zones), self.named(Names::Periods));
        let mut zones: Vec<_> = self.zones.iter().filter(|zone| zones.contains(&zone.name.as_str())).cloned().collect();
        let mut periods: Vec<_> =
            self.periods.iter().filter(|period| periods.contains(&period.name.as_str())).cloned().collect();
        zones.sort_by(|a, b| a.name.cmp(&b.name));
        periods.sort_by(|a, b| a.name.cmp(&b.name));
        let fuse = self.fuse.iter().filter(|level| self.could(&level.name, "fuse"));
        let receive = self.receive.iter().filter(|level| self.could(&level.name, "receive"));
        (rules, zones, periods, fuse.chain(receive).cloned().collect())
    }

    /// Whether a rule could give the subject a level.
    pub(super) fn could(&self, level: &str, group: &str) -> bool {
        self.rules.iter().any(|rule| rule.permit && self.concerns(rule) && rule.what.covers(level, group))
    }
}
