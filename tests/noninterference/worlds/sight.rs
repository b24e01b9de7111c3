//! What the subject may see: by the rules that concern it, at the highest level that one permits and none forbids.

use super::rules::{Facts, Names, Rule, Test, Who};
use super::{Level, Row, World};

/// A row that the subject sees, as its picture may depend on it: sensor, row, level.
type Seen<'a> = (&'a str, &'a Row, &'a str);

impl World {
    fn facts<'a>(&'a self, row: &'a Row) -> Facts<'a> {
        let sensor = &self.sensors[row.sensor];
        let [x, y, _] = row.place;
        Facts {
            sensor: &sensor.name,
            owner: &sensor.owner,
            kind: if sensor.site.is_some() { "radar" } else { "position" },
            label: &row.label,
            place: [x, y],
            time_us: row.time_us,
            identified: row.identified,
        }
    }

    /// Rules about detections.
    fn fusing(&self) -> impl Iterator<Item = &Rule> {
        let covers = |rule: &&Rule| self.fuse.iter().any(|level| rule.what.covers(&level.name, "fuse"));
        self.rules.iter().filter(covers)
    }

    /// The highest level of `fuse` that the rules give the subject of a row.
    pub(crate) fn granted(&self, row: &Row) -> Option<&Level> {
        let (me, facts) = (self.me(), self.facts(row));
        let applying: Vec<&Rule> = self.fusing().filter(|rule| self.applies(rule, me, &facts)).collect();
        self.fuse.iter().find(|level| {
            let mut covering = applying.iter().filter(|rule| rule.what.covers(&level.name, "fuse")).peekable();
            covering.peek().is_some() && covering.all(|rule| rule.permit)
        })
    }

    /// The level at which the subject has a row fused by now.
    pub(crate) fn sees(&self, row: &Row) -> Option<&Level> {
        let level = if row.bad || !self.looked(row) { None } else { self.granted(row) }?;
        self.as_of_us.is_none_or(|as_of_us| row.time_us <= as_of_us - level.delay_us).then_some(level)
    }

    /// Whether a row is permitted by one rule and withheld by another that forbids.
    pub(crate) fn overridden(&self, row: &Row) -> bool {
        let (me, facts) = (self.me(), self.facts(row));
        let permits = |permit| self.fusing().any(|rule| rule.permit == permit && self.applies(rule, me, &facts));
        self.granted(row).is_none() && permits(true) && permits(false)
    }

    /// Whether rounding may decide what the subject sees of a row.
    pub(crate) fn unclear(&self, row: &Row) -> bool {
        let ([x, y, _], named) = (row.place, self.named(Names::Zones));
        self.zones.iter().any(|zone| named.contains(&zone.name.as_str()) && zone.grazes([x, y]))
    }

    /// Rows that certainly are hidden.
    pub(crate) fn hides(&self, row: &Row) -> bool {
        self.sees(row).is_none() && !self.unclear(row)
    }

    /// Takes the rows out of which rounding may make anything.
    pub(crate) fn settle(&mut self) {
        let clear: Vec<bool> = self.rows.iter().map(|row| !self.unclear(row)).collect();
        let mut clear = clear.iter();
        self.rows.retain(|_| *clear.next().expect("one a row"));
    }

    /// All that the subject may see of the recording.
    pub(crate) fn view(&self) -> Vec<Seen<'_>> {
        let seen = |row: &'_ Row| Some((self.sensors[row.sensor].name.as_str(), self.sees(row)?.name.as_str()));
        self.rows.iter().filter_map(|row| seen(row).map(|(sensor, level)| (sensor, row, level))).collect()
    }

    /// Whether a rule concerns the subject: its head names it, a group of its own, or anybody.
    pub(crate) fn concerns(&self, rule: &Rule) -> bool {
        rule.who.is(self.me())
    }

    /// Whether the subject may see who else may act.
    pub(crate) fn sees_holders(&self) -> bool {
        self.rules.iter().any(|rule| rule.permit && self.concerns(rule) && rule.what.covers("see_authority", ""))
    }

    /// Rules that the subject's folder may depend on: those that concern it; with the right to see who may act, also
    /// those about authorities.
    pub(crate) fn matters(&self, rule: &Rule) -> bool {
        let acts = || self.acts.iter().any(|(act, _)| rule.what.covers(act, ""));
        self.concerns(rule) || (self.sees_holders() && acts())
    }

    /// Zones or periods that those rules compare with just that attribute, and names in the subject's own attributes.
    pub(crate) fn named(&self, of: Names) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for rule in self.rules.iter().filter(|rule| self.matters(rule)) {
            names.extend(rule.names(of));
            // Whose area it is depends on who asks: where it matters who may act, on everybody.
            let mut areas = false;
            rule.walk(&mut |test| areas |= *test == Test::Area);
            if areas && of == Names::Zones {
                names.extend(self.partners.iter().filter_map(|partner| partner.area.as_deref()));
            }
        }
        let me = self.me();
        names.extend(me.area.as_deref());
        names.push(&me.home);
        names.extend(me.nations.iter().map(String::as_str));
        names
    }

    /// Whether a rule that matters names a partner or a group.
    pub(crate) fn calls(&self, who: &Who) -> bool {
        self.rules.iter().any(|rule| self.matters(rule) && rule.principals().contains(&who))
    }
}
