//! Rules of a random policy: as a tree, as Cedar, and what they say of a detection, worked out without Cedar.

use super::{Partner, World};

/// Whom the head of a rule names.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Who {
    Anybody,
    Partner(String),
    Group(String),
}

/// Which actions.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum What {
    Any,
    Fuse,
    Receive,
    One(String),
    Among(Vec<String>),
}

/// An attribute of `resource` that is a text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Word {
    Sensor,
    Owner,
    Kind,
    Label,
    Status,
}

/// One that is a set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Names {
    Zones,
    Periods,
    Contributors,
    Labels,
}

/// A condition.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Test {
    All(Vec<Test>),
    Either(Vec<Test>),
    Not(Box<Test>),
    If(Box<[Test; 3]>),
    Is(Word, String),
    IsNot(Word, String),
    Among(Vec<String>, Word),
    Begins(Word, String),
    Has(Names, String),
    HasAny(Names, Vec<String>),
    HasAll(Names, Vec<String>),
    Identified,
    Placed,
    Principal(Who),
    Clearance(i64),
    Trusted,
    /// The zone in the partner's own attribute.
    Area,
    Home,
    Nations,
    /// The run has a time.
    Dated,
}

/// A rule.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rule {
    pub(crate) id: String,
    pub(crate) permit: bool,
    pub(crate) who: Who,
    pub(crate) what: What,
    pub(crate) when: Option<Test>,
    pub(crate) unless: Option<Test>,
}

/// A detection as rules see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts<'a> {
    pub(crate) sensor: &'a str,
    pub(crate) owner: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) label: &'a str,
    pub(crate) place: [f64; 2],
    pub(crate) time_us: i64,
    pub(crate) identified: bool,
}

impl Who {
    pub(crate) fn is(&self, partner: &Partner) -> bool {
        match self {
            Self::Anybody => true,
            Self::Partner(id) => *id == partner.id,
            Self::Group(id) => partner.groups.contains(id),
        }
    }

    fn cedar(&self) -> String {
        match self {
            Self::Anybody => "principal".to_owned(),
            Self::Partner(id) => format!("principal == Partner::{id:?}"),
            Self::Group(id) => format!("principal in Group::{id:?}"),
        }
    }
}

impl What {
    /// Whether it covers an action that is in `group` (`fuse`, `receive`) or in none.
    pub(crate) fn covers(&self, action: &str, group: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Fuse => group == "fuse",
            Self::Receive => group == "receive",
            Self::One(one) => one == action,
            Self::Among(some) => some.iter().any(|one| one == action),
        }
    }

    fn cedar(&self) -> String {
        let one = |name: &str| format!("Action::{name:?}");
        match self {
            Self::Any => "action".to_owned(),
            Self::Fuse => format!("action in {}", one("fuse")),
            Self::Receive => format!("action in {}", one("receive")),
            Self::One(name) => format!("action == {}", one(name)),
            Self::Among(names) => {
                format!("action in [{}]", names.iter().map(|name| one(name)).collect::<Vec<_>>().join(", "))
            }
        }
    }
}

impl Word {
    fn name(self) -> &'static str {
        match self {
            Self::Sensor => "sensor",
            Self::Owner => "owner",
            Self::Kind => "kind",
            Self::Label => "label",
            Self::Status => "status",
        }
    }

    fn of<'a>(self, facts: &Facts<'a>) -> &'a str {
        match self {
            Self::Sensor => facts.sensor,
            Self::Owner => facts.owner,
            Self::Kind => facts.kind,
            Self::Label => facts.label,
            Self::Status => unreachable!("a detection has no status"),
        }
    }
}

impl Names {
    fn name(self) -> &'static str {
        match self {
            Self::Zones => "zones",
            Self::Periods => "periods",
            Self::Contributors => "contributors",
            Self::Labels => "labels",
        }
    }
}

impl Test {
    pub(crate) fn cedar(&self) -> String {
        let joined =
            |tests: &[Self], by: &str| format!("({})", tests.iter().map(Self::cedar).collect::<Vec<_>>().join(by));
        match self {
            Self::All(tests) => joined(tests, " && "),
            Self::Either(tests) => joined(tests, " || "),
            Self::Not(test) => format!("!({})", test.cedar()),
            Self::If(three) => {
                let [asked, yes, no] = &**three;
                format!("(if {} then {} else {})", asked.cedar(), yes.cedar(), no.cedar())
            }
            Self::Is(word, value) => format!("resource.{} == {value:?}", word.name()),
            Self::IsNot(word, value) => format!("resource.{} != {value:?}", word.name()),
            Self::Among(values, word) => format!("{values:?}.contains(resource.{})", word.name()),
            Self::Begins(word, start) => format!("resource.{} like \"{start}*\"", word.name()),
            Self::Has(names, value) => format!("resource.{}.contains({value:?})", names.name()),
            Self::HasAny(names, values) => format!("resource.{}.containsAny({values:?})", names.name()),
            Self::HasAll(names, values) => format!("resource.{}.containsAll({values:?})", names.name()),
            Self::Identified => "resource.identified".to_owned(),
            Self::Placed => "resource.placed".to_owned(),
            Self::Principal(who) => who.cedar(),
            Self::Clearance(least) => format!("principal.clearance >= {least}"),
            Self::Trusted => "principal.trusted".to_owned(),
            Self::Area => "(principal has area && resource.zones.contains(principal.area))".to_owned(),
            Self::Home => "resource.owner == principal.home".to_owned(),
            Self::Nations => "(principal has nations && principal.nations.contains(resource.owner))".to_owned(),
            Self::Dated => "(context has as_of && context.as_of < datetime(\"2999-01-01\"))".to_owned(),
        }
    }

    /// Every part, and itself.
    pub(crate) fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Self)) {
        visit(self);
        match self {
            Self::All(tests) | Self::Either(tests) => tests.iter().for_each(|test| test.walk(visit)),
            Self::Not(test) => test.walk(visit),
            Self::If(tests) => tests.iter().for_each(|test| test.walk(visit)),
            _ => {}
        }
    }
}

impl Rule {
    pub(crate) fn cedar(&self) -> String {
        let (effect, who, what) = (if self.permit { "permit" } else { "forbid" }, self.who.cedar(), self.what.cedar());
        let part = |word: &str, test: &Option<Test>| {
            test.as_ref().map(|test| format!("\n{word} {{ {} }}", test.cedar())).unwrap_or_default()
        };
        let (when, unless) = (part("when", &self.when), part("unless", &self.unless));
        format!("@id({:?})\n{effect} ({who}, {what}, resource){when}{unless};\n", self.id)
    }

    pub(crate) fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Test)) {
        self.when.iter().chain(&self.unless).for_each(|test| test.walk(visit));
    }

    /// Names of a kind that it speaks of.
    pub(crate) fn names(&self, of: Names) -> Vec<&str> {
        let mut found = Vec::new();
        self.walk(&mut |test| match test {
            Test::Has(names, value) if *names == of => found.push(value.as_str()),
            Test::HasAny(names, values) | Test::HasAll(names, values) if *names == of => {
                found.extend(values.iter().map(String::as_str));
            }
            _ => {}
        });
        found
    }

    /// Partners and groups that it speaks of.
    pub(crate) fn principals(&self) -> Vec<&Who> {
        let mut found = vec![&self.who];
        self.walk(&mut |test| {
            if let Test::Principal(who) = test {
                found.push(who);
            }
        });
        found
    }
}

impl World {
    /// Whether a rule applies to a detection, for a partner and an action that its head covers.
    pub(crate) fn applies(&self, rule: &Rule, partner: &Partner, facts: &Facts<'_>) -> bool {
        rule.who.is(partner)
            && rule.when.as_ref().is_none_or(|test| self.holds(test, partner, facts))
            && !rule.unless.as_ref().is_some_and(|test| self.holds(test, partner, facts))
    }

    fn holds(&self, test: &Test, partner: &Partner, facts: &Facts<'_>) -> bool {
        let holds = |test: &Test| self.holds(test, partner, facts);
        let within = |names: Names, name: &str| match names {
            Names::Zones => self.zones.iter().any(|zone| zone.name == name && zone.holds(facts.place)),
            Names::Periods => self
                .periods
                .iter()
                .any(|period| period.name == name && period.start_us <= facts.time_us && facts.time_us < period.end_us),
            Names::Contributors | Names::Labels => unreachable!("attributes of tracks"),
        };
        match test {
            Test::All(tests) => tests.iter().all(holds),
            Test::Either(tests) => tests.iter().any(holds),
            Test::Not(test) => !holds(test),
            Test::If(three) => holds(&three[if holds(&three[0]) { 1 } else { 2 }]),
            Test::Is(word, value) => word.of(facts) == value,
            Test::IsNot(word, value) => word.of(facts) != value,
            Test::Among(values, word) => values.iter().any(|value| value == word.of(facts)),
            Test::Begins(word, start) => word.of(facts).starts_with(start.as_str()),
            Test::Has(names, value) => within(*names, value),
            Test::HasAny(names, values) => values.iter().any(|value| within(*names, value)),
            Test::HasAll(names, values) => values.iter().all(|value| within(*names, value)),
            Test::Identified => facts.identified,
            // No kind of sensor measures directions alone.
            Test::Placed => true,
            Test::Principal(who) => who.is(partner),
            Test::Clearance(least) => partner.clearance >= *least,
            Test::Trusted => partner.trusted,
            Test::Area => partner.area.as_ref().is_some_and(|area| within(Names::Zones, area)),
            Test::Home => partner.home == facts.owner,
            Test::Nations => partner.nations.iter().any(|nation| nation == facts.owner),
            Test::Dated => self.as_of_us.is_some(),
        }
    }
}
