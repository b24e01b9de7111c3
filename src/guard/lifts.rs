//! Pictures as they would be if a rule were lifted, against the policy with that rule lifted and the prices beside them.
//!
//! No picture of a lifted policy is recomputed. What can be known without a filter is: which changes the policy has, whose
//! pictures there can be, how many rows and tracks `prices.json` says each would have, how many detections the lifted rules
//! give, and that every track began in one of them.

use super::change::Change;
use super::error::GuardError;
use super::evidence::{Recording, Sight};
use super::finding::{Beyond, Breaches};
use super::folder::no_file;
use super::looks::Forming;
use super::rules::Book;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

const LIFTS: &str = "_operator/lifts.json";
const PRICES: &str = "_operator/prices.json";

/// What a picture holds: rows, and the numbers of its tracks.
#[derive(Clone, Debug)]
struct Picture {
    rows: u64,
    tracks: Vec<u64>,
}

/// A picture that a change makes another one: the number of the change, and the partner.
type Place = (usize, String);

/// What is held against what.
struct Holding<'a> {
    changes: &'a [Change],
    book: &'a Book,
    prices: &'a Value,
    breaches: &'a mut Breaches,
    pictures: BTreeMap<Place, Picture>,
}

/// Holds the lifted pictures of an output, if there are any.
///
/// # Errors
/// A file that cannot be read, or a rule that fails. What is found is no error.
pub(super) fn inspect(
    out: &Path,
    (book, recording, forming): (&Book, &Recording, Forming),
    breaches: &mut Breaches,
) -> Result<(), GuardError> {
    if no_file(&out.join(LIFTS)).is_some() {
        return Ok(());
    }
    let [said, prices] = [LIFTS, PRICES].map(|name| json(&out.join(name)));
    let (said, prices) = (said?, prices?);
    let changes = book.changes();
    let mut holding = Holding { changes: &changes, book, prices: &prices, breaches, pictures: BTreeMap::new() };
    let told = holding.told(&said);
    for (change, pictures) in &told {
        for picture in pictures {
            holding.picture(*change, picture);
        }
    }
    let left_out = holding.order("left_out", list(&said, "left_out").filter_map(Value::as_str));
    let told: BTreeSet<usize> = told.into_iter().map(|(change, _)| change).collect();
    for change in left_out.intersection(&told) {
        let place = holding.place(*change);
        holding.breaches.add(Beyond::Lifts, &place, "in `lifts` and in `left_out`", "in one of them");
    }
    for (number, change) in changes.iter().enumerate().filter(|(number, _)| !left_out.contains(number)) {
        holding.missing(number, change);
    }
    let pictures = std::mem::take(&mut holding.pictures);
    holding.births(&pictures, recording, forming)
}

/// What a file says; null if it is none, or no JSON.
fn json(path: &Path) -> Result<Value, GuardError> {
    if no_file(path).is_some() {
        return Ok(Value::Null);
    }
    let bytes = fs::read(path).map_err(|source| GuardError::Read { path: path.to_owned(), source })?;
    Ok(serde_json::from_slice(&bytes).unwrap_or_default())
}

fn list<'a>(of: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    of.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn text<'a>(of: &'a Value, key: &str) -> &'a str {
    of.get(key).and_then(Value::as_str).unwrap_or_default()
}

impl Holding<'_> {
    fn place(&self, change: usize) -> String {
        let change = self.changes.get(change).map(ToString::to_string).unwrap_or_default();
        format!("{LIFTS}, `{change}`")
    }

    /// The changes that are told of, each with its pictures.
    fn told<'v>(&mut self, said: &'v Value) -> Vec<(usize, Vec<&'v Value>)> {
        let rules = list(said, "lifts").map(|lift| text(lift, "rule"));
        let known = self.order("lifts", rules);
        let number = |lift: &Value| self.changes.iter().position(|change| change.to_string() == text(lift, "rule"));
        let told = list(said, "lifts").filter_map(|lift| Some((number(lift)?, list(lift, "pictures").collect())));
        told.filter(|(change, _)| known.contains(change)).collect()
    }

    /// The numbers of changes, which must be those of the policy, in its order.
    fn order<'v>(&mut self, key: &str, rules: impl Iterator<Item = &'v str>) -> BTreeSet<usize> {
        let (mut known, mut least) = (BTreeSet::new(), 0);
        for rule in rules {
            match self.changes.iter().position(|change| change.to_string() == rule) {
                Some(number) if number >= least => {
                    least = number + 1;
                    known.insert(number);
                }
                found => {
                    let found = if found.is_some() { "out of order, or twice" } else { "no change of this policy" };
                    let place = format!("{LIFTS}, `{key}`, `{rule}`");
                    self.breaches.add(Beyond::Lifts, &place, found, "changes of the policy, each once, in their order");
                }
            }
        }
        known
    }

    /// The price of a change.
    fn price(&self, change: &Change) -> Option<&Value> {
        list(self.prices, "prices").find(|price| change.is(text(price, "lifted"), text(price, "name")))
    }

    /// A figure of a partner under a change: what it would have, or what it has where that is no other.
    fn figure(&self, change: usize, partner: &str, key: &str) -> Option<u64> {
        let price = self.changes.get(change).and_then(|change| self.price(change))?;
        let would_have = price.get("partners").and_then(|partners| partners.get(partner)?.get("would_have"));
        would_have.or_else(|| self.prices.get("as_it_is")?.get(partner)).and_then(|figures| figures.get(key)?.as_u64())
    }

    /// Takes in one picture.
    fn picture(&mut self, change: usize, said: &Value) {
        let partner = text(said, "partner").to_owned();
        let place = format!("{}, `{partner}`", self.place(change));
        if !self.book.partners.iter().any(|known| known.id == partner) {
            self.breaches.add(Beyond::Lifts, &place, "a picture of nobody", "one of a partner of the policy");
            return;
        }
        let Some(picture) = self.resolved(said) else {
            let wanted = "rows and tracks, or `same_as` an earlier picture that has them";
            self.breaches.add(Beyond::Lifts, &place, "no picture", wanted);
            return;
        };
        let found = [("rows", picture.rows), ("tracks", picture.tracks.len() as u64)];
        for (key, found) in found {
            let wanted = self.figure(change, &partner, key);
            if wanted != Some(found) {
                let wanted =
                    wanted.map_or_else(|| "a price".to_owned(), |wanted| format!("{wanted}, as {PRICES} has it"));
                self.breaches.add(Beyond::Lifts, &place, format!("{found} {key}"), wanted);
            }
        }
        if self.pictures.insert((change, partner), picture).is_some() {
            self.breaches.add(Beyond::Lifts, &place, "two pictures", "one for each partner");
        }
    }

    /// A picture, or the earlier one that it is the same as.
    fn resolved(&self, said: &Value) -> Option<Picture> {
        if let Some(same) = said.get("same_as") {
            let change = self.changes.iter().position(|change| change.to_string() == text(same, "rule"))?;
            return self.pictures.get(&(change, text(same, "partner").to_owned())).cloned();
        }
        let rows = said.get("rows_of").or_else(|| said.get("rows"))?.as_u64()?;
        let ids = list(said.get("tracks")?, "ids").map(|id| id.as_str()?.parse().ok());
        let tracks = ids.collect::<Option<Vec<u64>>>()?;
        let different: BTreeSet<&u64> = tracks.iter().collect();
        (different.len() == tracks.len()).then_some(Picture { rows, tracks })
    }

    /// Partners whose price says that they would have other rows, and who have no picture.
    fn missing(&mut self, number: usize, change: &Change) {
        let partners = self.price(change).and_then(|price| price.get("partners")?.as_object()).into_iter().flatten();
        let changes = |of: &Value| {
            let gain = |key: &str| of.get("gain").and_then(|gain| gain.get(key)?.as_i64()).unwrap_or(0);
            gain("rows") != 0 || gain("tracks") != 0
        };
        let changed = partners.filter(|(_, of)| changes(of)).map(|(partner, _)| partner.clone());
        for partner in changed.collect::<Vec<_>>() {
            if !self.pictures.contains_key(&(number, partner.clone())) {
                let place = format!("{}, `{partner}`", self.place(number));
                self.breaches.add(Beyond::Lifts, &place, "no picture", "the one with other rows, of its price");
            }
        }
    }

    /// That tracks began in detections which the lifted policy gives, and that there are as many of these as the price says.
    fn births(
        &mut self,
        pictures: &BTreeMap<Place, Picture>,
        recording: &Recording,
        forming: Forming,
    ) -> Result<(), GuardError> {
        for partner in &self.book.partners {
            let of_partner = || pictures.iter().filter(|((_, of), _)| *of == partner.id);
            // A change that is not of `fuse` leaves it the detections that it has.
            let of_fuse = |change: usize| self.changes.get(change).is_some_and(|change| self.book.is_of_fuse(change));
            let plain = of_partner().any(|((change, _), _)| !of_fuse(*change));
            let plain = if plain { Some(Sight::of(recording, self.book, partner, forming)?) } else { None };
            for ((number, _), picture) in of_partner() {
                let Some(change) = self.changes.get(*number) else { continue };
                let lifted = if of_fuse(*number) {
                    Some(Sight::of(recording, &self.book.lifted(change)?, partner, forming)?)
                } else {
                    None
                };
                let Some(sight) = lifted.as_ref().or(plain.as_ref()) else { continue };
                let place = format!("{}, `{}`", self.place(*number), partner.id);
                let wanted = self.figure(*number, &partner.id, "detections");
                if wanted != Some(sight.rows.len() as u64) {
                    let found = wanted.map_or_else(|| "no number".to_owned(), |found| found.to_string());
                    let wanted = format!("{} that the lifted policy gives", sight.rows.len());
                    self.breaches.add(Beyond::Lifts, &place, format!("a price with {found} detections"), wanted);
                }
                for track in picture.tracks.iter().filter(|track| sight.birth(**track).is_none()) {
                    let wanted = "scan and detection, in this order, of one that the lifted policy gives";
                    self.breaches.add(Beyond::Lifts, &place, format!("track {track}"), wanted);
                }
            }
        }
        Ok(())
    }
}
