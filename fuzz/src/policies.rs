//! Policy folders, and outlines against plain geometry.

use super::folder::with_scratch;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use trackweave::policy::{ClassKey, Policy, ZoneMap};
use trackweave::space::Frame;

/// Files that a mutation leaves alone unless the input has them.
const FILES: [(&str, &str); 4] = [
    ("schema.cedarschema", include_str!("../world/policy/schema.cedarschema")),
    ("partners.toml", include_str!("../world/policy/partners.toml")),
    ("levels.toml", include_str!("../world/policy/levels.toml")),
    ("rules.cedar", include_str!("../world/policy/rules.cedar")),
];

/// The parts of an input: after a line `=== NAME` the text of that file.
fn parts(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let parts = text.split("=== ").skip(1);
    parts.filter_map(|part| part.split_once('\n')).map(|(name, text)| (name.trim(), text))
}

/// Makes a folder hold the files of an input; those that it holds already are left as they are.
fn write(folder: &Path, text: &str) {
    thread_local!(static HELD: RefCell<BTreeMap<String, String>> = const { RefCell::new(BTreeMap::new()) });
    let plain =
        |name: &str| !name.is_empty() && name.len() < 64 && !name.contains(['/', '\0']) && !name.starts_with('.');
    let wanted: BTreeMap<&str, &str> = FILES.into_iter().chain(parts(text).filter(|(name, _)| plain(name))).collect();
    HELD.with_borrow_mut(|held| {
        for (name, _) in held.extract_if(.., |name, _| !wanted.contains_key(name.as_str())) {
            fs::remove_file(folder.join(name)).expect("a file");
        }
        for (name, text) in wanted {
            if held.get(name).is_none_or(|known| known != text) {
                fs::write(folder.join(name), text).expect("a file");
                held.insert(name.to_owned(), text.to_owned());
            }
        }
    });
}

fn class(zones: &[&str], label: &str) -> ClassKey {
    ClassKey {
        sensor: "mast".to_owned(),
        owner: "ash".to_owned(),
        kind: "position".to_owned(),
        label: label.to_owned(),
        zones: zones.iter().map(|&zone| zone.to_owned()).collect(),
        periods: BTreeSet::new(),
        identified: false,
        placed: true,
        waited_us: Some(0),
    }
}

/// A whole folder: what is accepted can be decided with, or fails with a rule's id.
pub fn policy_folder(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    with_scratch(|folder| {
        let folder = folder.join("policy");
        fs::create_dir_all(&folder).expect("a folder");
        write(&folder, text);
        let Ok(policy) = Policy::read(&folder) else { return };
        for frame in [Frame::Local, Frame::Geodetic] {
            let _ = policy.zone_map(frame);
        }
        let classes = [class(&[], ""), class(&["west"], ""), class(&["west", "vault"], "secret")];
        let as_of_us = Some(40_000_000);
        let Ok(decisions) = policy.decide(&classes, as_of_us) else { return };
        let _ = decisions.segments();
        for partner in 0..policy.partners().len() {
            let _ = policy.disclosure(partner);
        }
    });
}

/// Corners of rings, on a grid: twice a byte for x and one for y; 255 ends a ring, two of them a zone.
fn outlines(data: &[u8]) -> Vec<Vec<[i64; 2]>> {
    let rings = data.split(|byte| *byte == 255).take(6);
    let corner = |xy: &[u8]| [i64::from(xy[0]) * 8, i64::from(xy[1]) * 8];
    rings
        .map(|ring| ring.chunks_exact(2).take(64).map(corner).collect())
        .filter(|ring: &Vec<_>| ring.len() > 2)
        .collect()
}

/// Whether a ray to the east crosses the outline an odd number of times; `None` on the outline.
fn inside(ring: &[[i64; 2]], [x, y]: [i64; 2]) -> Option<bool> {
    let mut odd = false;
    for (&a, &b) in ring.iter().zip(ring.iter().cycle().skip(1)) {
        let ([ax, ay], [bx, by]) = if a[1] <= b[1] { (a, b) } else { (b, a) };
        let cross = (bx - ax) * (y - ay) - (by - ay) * (x - ax);
        let within = ax.min(bx) <= x && x <= ax.max(bx) && ay <= y && y <= by;
        if cross == 0 && within {
            return None;
        }
        odd ^= ay <= y && y < by && cross > 0;
    }
    Some(odd)
}

/// The text of a file with an outline a zone.
fn geojson(rings: &[Vec<[i64; 2]>], write: impl Fn(&[i64; 2]) -> String) -> String {
    let mut features = String::new();
    for (number, ring) in rings.iter().enumerate() {
        let corners: Vec<String> = ring.iter().chain(ring.first()).map(&write).collect();
        let comma = if number > 0 { "," } else { "" };
        write!(
            features,
            r#"{comma}{{"type":"Feature","properties":{{"name":"z{number}"}},"geometry":{{"type":"Polygon","coordinates":[[{}]]}}}}"#,
            corners.join(",")
        )
        .expect("text");
    }
    format!(r#"{{"type":"FeatureCollection","features":[{features}]}}"#)
}

/// Outlines of bytes: a zone that is accepted holds the points that whole numbers say it holds. The same on the Earth,
/// where an outline may go round it, is read and asked.
pub fn zones(data: &[u8]) {
    let rings = outlines(data);
    let path = Path::new("zones.geojson");
    // Points all over the grid, many of them near corners.
    let points = || (0..64).map(|step| [step * 797 % 2041, step * 1229 % 2043]);
    let degrees = |[x, y]: [i64; 2]| [x as f64 * (360.0 / 2048.0) - 180.0, y as f64 * (180.0 / 2048.0) - 90.0];
    let on_earth = geojson(&rings, |corner| format!("{:?}", degrees(*corner)));
    if let Ok(map) = ZoneMap::parse(&on_earth, path, Frame::Geodetic) {
        points().for_each(|point| drop(map.zones_at(degrees(point))));
    }
    let flat = geojson(&rings, |corner| format!("{corner:?}"));
    let Ok(map) = ZoneMap::parse(&flat, path, Frame::Local) else { return };
    for [x, y] in points() {
        let found = map.zones_at([x as f64, y as f64]);
        for (number, ring) in rings.iter().enumerate() {
            if let Some(wanted) = inside(ring, [x, y]) {
                assert_eq!(found.contains(&format!("z{number}")), wanted, "z{number} at {x} {y}");
            }
        }
    }
}
