//! Random policies: whom and what rules may speak of, then rules.

use super::recording::{LABELS, OWNERS, SHARED};
use super::rules::{Names, Rule, Test, What, Who, Word};
use super::{Level, Partner, Period, Random, Row, World, Zone, micros};

/// What a rule is about.
#[derive(Clone, Copy, Debug, PartialEq)]
enum About {
    Detections,
    Tracks,
    /// Both: only zones and periods are attributes of either.
    Both,
}

/// A name that is not taken yet.
pub(super) fn fresh(random: &mut Random, stem: &str, taken: &[&str]) -> String {
    let is_free = |name: &str| !taken.iter().any(|other| other.eq_ignore_ascii_case(name));
    let name = if random.chance(0.5) { random.name(&SHARED) } else { format!("{stem}{}", taken.len()) };
    if is_free(&name) {
        return name;
    }
    (taken.len()..=2 * taken.len())
        .map(|n| format!("{stem}{n}"))
        .find(|name| is_free(name))
        .expect("more numbers than names")
}

impl Period {
    /// Anywhere, or with an end in the look in which something is first seen.
    pub(super) fn random(random: &mut Random, name: String, rows: &[Row]) -> Self {
        let whole = |us: i64| us.div_euclid(1_000_000) * 1_000_000;
        let (mut start_us, mut length_us) = (random.micros(-5.0, 8.0), random.micros(0.2, 8.0));
        if random.chance(0.5) && !rows.is_empty() {
            let sensor = random.pick(rows).sensor;
            let first_us = rows.iter().filter(|row| row.sensor == sensor).map(|row| row.time_us).min();
            let end_us = first_us.unwrap_or_default() - random.micros(-0.3, 0.8);
            start_us = if random.chance(0.7) { end_us - length_us } else { end_us };
        } else if random.chance(0.5) {
            (start_us, length_us) = (whole(start_us), whole(length_us) + 1_000_000);
        }
        // Some lie where nothing is.
        let far_s = if random.chance(0.1) { *random.pick(&[-1e2, -1e9, 1e9]) } else { 0.0 };
        let start_us = start_us + micros(far_s);
        Self { name, start_us, end_us: start_us + length_us }
    }
}

impl Partner {
    pub(super) fn random(random: &mut Random, id: String, groups: Vec<String>, zones: &[Zone]) -> Self {
        let area = random.chance(0.5).then(|| random.pick(zones).name.clone());
        Self {
            id,
            groups,
            clearance: i64::try_from(random.below(4)).expect("small"),
            trusted: random.chance(0.5),
            home: random.name(&OWNERS),
            area,
            nations: if random.chance(0.5) { random.some(&OWNERS) } else { Vec::new() },
        }
    }
}

impl Level {
    fn new(name: &str) -> Self {
        Self { name: name.to_owned(), delay_us: 0, cell_m: None, omit: Vec::new() }
    }

    /// A level of `fuse`; only a run that has a time can delay.
    pub(super) fn of_fuse(random: &mut Random, name: &str, as_of_us: Option<i64>) -> Self {
        let mut level = Self::new(name);
        if as_of_us.is_some() && random.chance(0.4) {
            level.delay_us = random.micros(0.5, 4.0);
        }
        level.cell_m = random.chance(0.4).then(|| random.between(20.0, 150.0).round());
        for part in ["height", "range_rate", "identity"] {
            if random.chance(0.3) {
                level.omit.push(part.to_owned());
            }
        }
        level
    }

    pub(super) fn of_receive(random: &mut Random, name: &str) -> Self {
        let mut level = Self::new(name);
        level.delay_us = if random.chance(0.5) { random.micros(0.5, 3.0) } else { 0 };
        level.cell_m = random.chance(0.5).then(|| random.between(20.0, 300.0).round());
        for part in ["velocity", "covariance", "contributors", "existence", "holders", "detections", "identity"] {
            if random.chance(0.2) {
                level.omit.push(part.to_owned());
            }
        }
        level
    }
}

impl World {
    /// What rules may speak of.
    pub(super) fn pool(&mut self, random: &mut Random) {
        for _ in 0..random.count(1, 4) {
            let taken: Vec<&str> = self.zones.iter().map(|zone| zone.name.as_str()).collect();
            let name = fresh(random, "z", &taken);
            self.zones.push(Zone::random(random, name));
        }
        for _ in 0..random.below(4) {
            let taken: Vec<&str> = self.periods.iter().map(|period| period.name.as_str()).collect();
            let name = fresh(random, "p", &taken);
            self.periods.push(Period::random(random, name, &self.rows));
        }
        self.groups = vec!["union".to_owned(), "others".to_owned(), "zz".to_owned()];
        let own: Vec<String> = self.groups.iter().filter(|_| random.chance(0.4)).cloned().collect();
        self.partners.push(Partner::random(random, self.subject.clone(), own, &self.zones));
        for _ in 0..random.count(1, self.size.others) {
            self.join(random);
        }
        self.fuse = vec![Level::new("fuse_full")];
        for name in ["fuse_late", "fuse_coarse", "fuse_flat"] {
            if random.chance(0.6) {
                let mut level = Level::of_fuse(random, name, self.as_of_us);
                match name {
                    "fuse_late" if self.as_of_us.is_some() => level.delay_us = random.micros(0.5, 3.5),
                    "fuse_coarse" => level.cell_m = Some(random.between(20.0, 150.0).round()),
                    "fuse_flat" => level.omit = vec!["height".to_owned()],
                    _ => {}
                }
                self.fuse.push(level);
            }
        }
        random.shuffle(&mut self.fuse);
        self.receive = vec![Level::new("receive_full"), Level::of_receive(random, "receive_coarse")];
        random.shuffle(&mut self.receive);
        self.acts = ["warn", "task", "see_authority"].map(|act| (act.to_owned(), random.chance(0.3))).to_vec();
        self.acts.iter_mut().for_each(|(act, exclusive)| *exclusive &= act != "see_authority");
    }

    /// One more partner, in groups of its own choice.
    pub(super) fn join(&mut self, random: &mut Random) {
        let taken: Vec<&str> = self.partners.iter().map(|partner| partner.id.as_str()).collect();
        let id = fresh(random, "other-", &taken);
        let groups = self.groups.iter().filter(|_| random.chance(0.4)).cloned().collect();
        let partner = Partner::random(random, id, groups, &self.zones);
        self.partners.insert(random.below(self.partners.len() + 1), partner);
    }

    /// Rules anew.
    pub(super) fn policy(&mut self, random: &mut Random) {
        self.rules.clear();
        for n in 0..random.count(1, self.size.rules) {
            let mut rule = self.permit(random, &format!("mine-{n}"), About::Detections);
            if !self.periods.is_empty() && random.chance(0.3) {
                rule.when = Some(self.sometimes(random));
            }
            self.rules.push(rule);
        }
        for n in 0..random.below(3) {
            let about = if random.chance(0.2) { About::Both } else { About::Detections };
            let rule = self.forbid(random, &format!("never-{n}"), about);
            self.rules.push(rule);
        }
        let mut best = self.permit(random, "rows", About::Tracks);
        if random.chance(0.7) {
            (best.when, best.unless) = (None, None);
            best.who = Who::Partner(self.subject.clone());
        }
        self.rules.push(best);
        if random.chance(0.4) {
            let rule = if random.chance(0.6) { Self::permit } else { Self::forbid };
            let rule = rule(self, random, "rows-too", About::Tracks);
            self.rules.push(rule);
        }
        let who = Who::Partner(self.subject.clone());
        for act in ["warn", "see_authority"] {
            if random.chance(0.5) {
                let (what, when) = (What::One(act.to_owned()), Some(self.test(random, About::Tracks, 1)));
                let (id, who) = (format!("may-{act}"), who.clone());
                self.rules.push(Rule { id, permit: true, who, what, when, unless: None });
            }
        }
        for other in self.others() {
            self.rights(random, &other);
        }
    }

    /// Ids of the other partners.
    pub(super) fn others(&self) -> Vec<String> {
        self.partners.iter().map(|partner| partner.id.clone()).filter(|id| *id != self.subject).collect()
    }

    /// Rules for another partner, in place of those that bear its name: who has gone may have left some to a group.
    pub(super) fn rights(&mut self, random: &mut Random, other: &str) {
        self.rules.retain(|rule| !rule.id.starts_with(&format!("{other}:")));
        let from = self.rules.len();
        for n in 0..random.below(self.size.rules) {
            let rule = if random.chance(0.8) { Self::permit } else { Self::forbid };
            let rule = rule(self, random, &format!("{other}:{n}"), About::Detections);
            self.rules.push(rule);
        }
        let rule = self.permit(random, &format!("{other}:rows"), About::Tracks);
        self.rules.push(rule);
        let (id, what) = (format!("{other}:acts"), What::One(random.name(&["warn", "task"])));
        let when = random.chance(0.5).then(|| self.test(random, About::Tracks, 1));
        self.rules.push(Rule { id, permit: true, who: Who::Anybody, what, when, unless: None });
        // Heads that leave the subject out.
        let others: Vec<String> =
            self.groups.iter().filter(|group| !self.me().groups.contains(group)).cloned().collect();
        for rule in &mut self.rules[from..] {
            rule.who = if !others.is_empty() && random.chance(0.3) {
                Who::Group(random.name(&others))
            } else {
                Who::Partner(other.to_owned())
            };
        }
    }

    fn permit(&self, random: &mut Random, id: &str, about: About) -> Rule {
        // A permit of all actions at once would leave no level to choose.
        self.rule(random, id, about, 0.12)
    }

    fn forbid(&self, random: &mut Random, id: &str, about: About) -> Rule {
        Rule { permit: false, ..self.rule(random, id, about, 0.6) }
    }

    /// A permit; `wide` is how likely it is of all actions.
    fn rule(&self, random: &mut Random, id: &str, about: About, wide: f64) -> Rule {
        let who = match random.below(10) {
            0..2 => Who::Anybody,
            2..5 if !self.me().groups.is_empty() => Who::Group(random.name(&self.me().groups)),
            _ => Who::Partner(self.subject.clone()),
        };
        let levels = |levels: &[Level]| levels.iter().map(|level| level.name.clone()).collect::<Vec<_>>();
        let (all, names) = match about {
            About::Detections => (What::Fuse, levels(&self.fuse)),
            About::Tracks => (What::Receive, levels(&self.receive)),
            About::Both => (What::Any, Vec::new()),
        };
        let what = match random.below(10) {
            _ if names.is_empty() || random.chance(wide) => all,
            0..2 => What::Among(random.some(&names)),
            _ => What::One(random.name(&names)),
        };
        let when = random.chance(0.95).then(|| self.test(random, about, 2));
        let unless = random.chance(0.2).then(|| self.test(random, about, 1));
        Rule { id: id.to_owned(), permit: true, who, what, when, unless }
    }

    fn test(&self, random: &mut Random, about: About, depth: usize) -> Test {
        if depth == 0 || random.chance(0.35) {
            return self.part(random, about);
        }
        let mut parts =
            |count: usize| -> Vec<Test> { (0..count).map(|_| self.test(random, about, depth - 1)).collect() };
        match parts(3) {
            three if random.chance(0.1) => Test::If(Box::new(three.try_into().expect("three"))),
            mut three if random.chance(0.2) => Test::Not(Box::new(three.remove(0))),
            mut three => {
                three.truncate(random.count(2, 3));
                if random.chance(0.5) { Test::All(three) } else { Test::Either(three) }
            }
        }
    }

    /// Where one may look depends on the time.
    fn sometimes(&self, random: &mut Random) -> Test {
        let period = Test::Has(Names::Periods, random.pick(&self.periods).name.clone());
        let zone = Test::Has(Names::Zones, random.pick(&self.zones).name.clone());
        let period = if random.chance(0.5) { Test::Not(Box::new(period)) } else { period };
        let of = self.word(random);
        match random.below(4) {
            0 => Test::All(vec![period, zone]),
            1 => Test::Either(vec![period, zone]),
            2 => Test::All(vec![of, Test::Either(vec![zone, period])]),
            _ => Test::If(Box::new([period, zone, of])),
        }
    }

    fn part(&self, random: &mut Random, about: About) -> Test {
        let zones: Vec<&str> = self.zones.iter().map(|zone| zone.name.as_str()).collect();
        let periods: Vec<&str> = self.periods.iter().map(|period| period.name.as_str()).collect();
        let (names, of) =
            if periods.is_empty() || random.chance(0.6) { (zones, Names::Zones) } else { (periods, Names::Periods) };
        let place = match random.below(10) {
            0..2 => Test::HasAny(of, random.some(&names)),
            2 => Test::HasAll(of, random.some(&names)),
            3 => Test::Area,
            _ => Test::Has(of, random.name(&names)),
        };
        match (about, random.below(10)) {
            (_, 3) => self.asker(random),
            (_, 0..3) | (About::Both, _) => place,
            (About::Detections, 4..8) => self.word(random),
            (About::Detections, 8) => match random.below(4) {
                0 if self.placed => Test::Placed,
                1 => Test::Home,
                2 => Test::Nations,
                _ => Test::Identified,
            },
            (About::Detections, _) => Test::Dated,
            (About::Tracks, 4..6) => Test::Is(Word::Status, random.name(&["confirmed", "tentative"])),
            (About::Tracks, 6) => Test::Has(Names::Contributors, random.name(&OWNERS)),
            (About::Tracks, 7) => Test::HasAny(Names::Labels, random.some(&LABELS)),
            (About::Tracks, _) => Test::Not(Box::new(Test::Has(Names::Labels, random.name(&LABELS[1..])))),
        }
    }

    fn word(&self, random: &mut Random) -> Test {
        let sensors: Vec<&str> = self.sensors.iter().map(|sensor| sensor.name.as_str()).collect();
        match random.below(12) {
            0..2 => Test::Is(Word::Owner, random.name(&OWNERS)),
            2..5 => Test::Among(random.some(&OWNERS), Word::Owner),
            5 => Test::IsNot(Word::Label, random.name(&LABELS)),
            6..8 => Test::Among(random.some(&LABELS), Word::Label),
            8 => Test::Is(Word::Kind, random.name(&["position", "radar"])),
            9 => Test::IsNot(Word::Sensor, random.name(&sensors)),
            10 => Test::Begins(Word::Label, random.name(&["r", "b", "we"])),
            _ => Test::Among(random.some(&sensors), Word::Sensor),
        }
    }

    /// About the partner that asks.
    fn asker(&self, random: &mut Random) -> Test {
        match random.below(4) {
            0 => Test::Clearance(i64::try_from(random.below(4)).expect("small")),
            1 => Test::Trusted,
            2 => Test::Principal(Who::Group(random.name(&self.groups))),
            _ => Test::Principal(Who::Partner(random.pick(&self.partners).id.clone())),
        }
    }
}
