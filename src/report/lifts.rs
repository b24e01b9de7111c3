//! Pictures as they would be if one rule were lifted, for the switch of the operator's page.
//!
//! Of every run with a rule lifted only pictures that become others are read, equal ones are held once, and those beyond
//! a third of the rows that a page may have are left out, which the page says. They are in the operator's folder and its page, and nowhere else.

use super::folder::Folder;
use super::operator::{every, json_file, object};
use super::pages::key;
use super::picture::{self, Picture, rows_most};
use super::{ReportError, judged};
use crate::policy::Lift;
use crate::space::Frame;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a picture is under the policy as it is.
#[derive(Debug)]
struct Known {
    key: String,
    /// The digest of the detections that it is computed from: it has the tracks of all with the same.
    from: String,
}

/// The pictures under the policy as it is.
#[derive(Debug)]
pub struct Before {
    every: u64,
    /// Rows of all lifted pictures of a page.
    most: u64,
    known: BTreeMap<String, Known>,
}

/// What the pictures would be.
#[derive(Debug)]
pub struct Lifts {
    before: Arc<Before>,
    told: Vec<Value>,
    left_out: Vec<Value>,
    /// Where a picture is held: its lift and its partner.
    held: BTreeMap<String, (String, String)>,
    rows: u64,
    span_us: Option<[i64; 2]>,
    ground: BTreeSet<[i32; 2]>,
}

/// A picture that lifting a rule changes.
#[derive(Debug)]
pub struct Lifted {
    partner: String,
    key: String,
    /// A partner of the output whose tracks these are, too.
    alike: Option<String>,
    /// `None` where it has too many rows for any page.
    picture: Option<Picture>,
}

impl Before {
    /// The pictures of an output under the policy with a rule lifted that are others than without.
    ///
    /// # Errors
    /// An output that is not what a run writes.
    pub fn read(&self, out: &Path) -> Result<Vec<Lifted>, ReportError> {
        let manifests = manifests(out)?;
        let mut changed = Vec::new();
        for folder in folders(&manifests)? {
            let (partner, key, from) = (folder.partner().to_owned(), key(&folder), from(&folder));
            if self.known.get(&partner).is_none_or(|known| known.key == key) {
                continue;
            }
            let alike = self.known.iter().find(|(_, known)| known.from == from).map(|(partner, _)| partner.clone());
            let few = folder.rows() / self.every <= self.most;
            let picture = few.then(|| picture::read(&folder, self.every)).transpose()?;
            changed.push(Lifted { partner, key, alike, picture });
        }
        Ok(changed)
    }
}

impl Lifts {
    /// None yet, beside the pictures of an output, finished or still in its staging folder.
    ///
    /// # Errors
    /// As [`Before::read`].
    pub fn of(out: &Path) -> Result<Self, ReportError> {
        let manifests = manifests(out)?;
        let folders = folders(&manifests)?;
        let known = |folder: &Folder<'_>| (folder.partner().to_owned(), Known { key: key(folder), from: from(folder) });
        let most = rows_most(folders.first().map_or(Frame::Geodetic, Folder::frame)) / 3;
        let before = Before { every: every(&folders), most, known: folders.iter().map(known).collect() };
        Ok(Self {
            before: Arc::new(before),
            told: Vec::new(),
            left_out: Vec::new(),
            held: BTreeMap::new(),
            rows: 0,
            span_us: None,
            ground: BTreeSet::new(),
        })
    }

    /// What they are beside.
    #[must_use]
    pub fn before(&self) -> Arc<Before> {
        Arc::clone(&self.before)
    }

    /// Takes in what a lift changes, all of it or, where that is too much, nothing.
    pub fn add(&mut self, lift: &Lift, changed: Vec<Lifted>) {
        let told = serde_json::to_value(lift).unwrap_or_default();
        let rule = &judged::lift(told.get("lifted").and_then(Value::as_str).unwrap_or_default(), lift.name());
        let is_new = |lifted: &&Lifted| !self.held.contains_key(&lifted.key);
        let rows = |lifted: &Lifted| lifted.picture.as_ref().map_or(u64::MAX, |picture| picture.kept);
        let rows = changed.iter().filter(is_new).map(rows).fold(self.rows, u64::saturating_add);
        if rows > self.before.most {
            self.left_out.push(rule.as_str().into());
        } else if !changed.is_empty() {
            self.rows = rows;
            let pictures = changed.into_iter().map(|lifted| self.take(rule, lifted)).collect::<Vec<_>>();
            self.told.push(json!({ "rule": rule, "pictures": pictures }));
        }
    }

    fn take(&mut self, rule: &str, Lifted { partner, key, alike, picture }: Lifted) -> Value {
        let Some(Picture { mut document, span_us, ground, .. }) = picture else { return Value::Null };
        self.ground.extend(ground);
        let both = self.span_us.into_iter().chain(span_us);
        self.span_us = both.reduce(|[a, b], [c, d]| [a.min(c), b.max(d)]);
        if let Some((rule, partner)) = self.held.get(&key) {
            document = Map::from_iter([("same_as".to_owned(), json!({ "rule": rule, "partner": partner }))]);
        } else {
            self.held.insert(key, (rule.to_owned(), partner.clone()));
        }
        document.insert("partner".to_owned(), partner.into());
        if let Some(alike) = alike {
            document.insert("lane_of".to_owned(), alike.into());
        }
        document.into()
    }

    /// All of it, as the operator's folder has it.
    #[must_use]
    pub fn finish(self) -> Value {
        let Self { told, left_out, span_us, ground, .. } = self;
        json!({ "lifts": told, "left_out": left_out, "span_us": span_us, "ground": ground })
    }
}

/// The digest of the detections that a picture is computed from.
fn from(folder: &Folder<'_>) -> String {
    let digest = folder.manifest.get("computed_from").and_then(|from| from.get("detections")?.get("sha256")?.as_str());
    digest.unwrap_or_default().to_owned()
}

/// The folders of an output's partners, with their manifests.
type Manifests = Vec<(PathBuf, Map<String, Value>)>;

fn manifests(out: &Path) -> Result<Manifests, ReportError> {
    let report = json_file(&out.join("_operator/report.json"))?;
    let partners = report.get("partners").and_then(Value::as_array).into_iter().flatten();
    let names = partners.filter_map(|partner| partner.get("partner")?.as_str());
    let paths = names.map(|name| out.join(name));
    paths.map(|path| Ok((path.clone(), object(&path.join("manifest.json"))?))).collect()
}

fn folders(manifests: &Manifests) -> Result<Vec<Folder<'_>>, ReportError> {
    manifests.iter().map(|(path, manifest)| Folder::read(path, manifest)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: u64 = 400_000;

    fn lifted(key: &str, kept: u64) -> Lifted {
        let document = Map::from_iter([("rows".to_owned(), kept.into())]);
        let (levels, by_level, span_us, ground) = (Vec::new(), Vec::new(), Some([3, 5]), BTreeSet::from([[80, 470]]));
        let picture = Picture { document, levels, by_level, span_us, actionable: 0, tracks: 1, kept, ground };
        Lifted { partner: "birch".to_owned(), key: key.to_owned(), alike: None, picture: Some(picture) }
    }

    #[test]
    fn a_picture_is_held_once_and_what_does_not_fit_is_left_out_whole() {
        let before = Arc::new(Before { every: 1, most: MOST, known: BTreeMap::new() });
        let (held, ground) = (BTreeMap::new(), BTreeSet::new());
        let mut lifts = Lifts { before, told: Vec::new(), left_out: Vec::new(), held, rows: 0, span_us: None, ground };
        let permit = |name: &str| Lift::Permit(name.to_owned());
        lifts.add(&permit("a"), vec![lifted("x", MOST - 1)]);
        lifts.add(&permit("b"), vec![lifted("x", MOST - 1)]);
        lifts.add(&permit("c"), vec![lifted("y", 1), lifted("z", 1)]);
        lifts.add(&permit("d"), vec![lifted("y", 1)]);
        lifts.add(&permit("e"), Vec::new());
        lifts.add(&permit("f"), vec![Lifted { picture: None, ..lifted("w", 1) }]);
        let found = lifts.finish();
        assert_eq!(found["left_out"], json!(["permit of c", "permit of f"]));
        let told = found["lifts"].as_array().expect("lifts").iter();
        let told: Vec<(&Value, &Value)> = told.map(|lift| (&lift["rule"], &lift["pictures"][0])).collect();
        let same = json!({ "same_as": { "rule": "permit of a", "partner": "birch" }, "partner": "birch" });
        assert_eq!(
            told.iter().map(|(rule, _)| *rule).collect::<Vec<_>>(),
            ["permit of a", "permit of b", "permit of d"]
        );
        assert_eq!(told[1].1, &same);
        assert_eq!((&found["span_us"], &found["ground"]), (&json!([3, 5]), &json!([[80, 470]])));
    }
}
