//! Policy folders, and outlines against plain geometry.

use super::folder::with_scratch;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use trackweave::policy::{ClassKey, Policy};
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

fn write(folder: &Path, text: &str) {
    for entry in fs::read_dir(folder).expect("a folder") {
        fs::remove_file(entry.expect("an entry").path()).expect("a file");
    }
    for (name, text) in FILES {
        fs::write(folder.join(name), text).expect("a file");
    }
    let plain =
        |name: &str| !name.is_empty() && name.len() < 64 && !name.contains(['/', '\0']) && !name.starts_with('.');
    for (name, text) in parts(text).filter(|(name, _)| plain(name)) {
        fs::write(folder.join(name), text).expect("a file");
    }
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

/// Outlines of bytes: a zone that is accepted holds the points that whole numbers say it holds.
pub fn zones(data: &[u8]) {
    let rings = outlines(data);
    let mut features = String::new();
    for (number, ring) in rings.iter().enumerate() {
        let corners: Vec<String> = ring.iter().chain(ring.first()).map(|[x, y]| format!("[{x},{y}]")).collect();
        let comma = if number > 0 { "," } else { "" };
        write!(
            features,
            r#"{comma}{{"type":"Feature","properties":{{"name":"z{number}"}},"geometry":{{"type":"Polygon","coordinates":[[{}]]}}}}"#,
            corners.join(",")
        )
        .expect("text");
    }
    let geojson = format!(
        r#"=== zones.geojson
{{"type":"FeatureCollection","features":[{features}]}}"#
    );
    with_scratch(|folder| {
        let folder = folder.join("zones");
        fs::create_dir_all(&folder).expect("a folder");
        write(&folder, &geojson);
        let Ok(policy) = Policy::read(&folder) else { return };
        let Ok(map) = policy.zone_map(Frame::Local) else { return };
        for step in 0..64 {
            // Points all over the grid, many of them near corners.
            let (x, y) = (step * 797 % 2041, step * 1229 % 2043);
            let found = map.zones_at([x as f64, y as f64]);
            for (number, ring) in rings.iter().enumerate() {
                if let Some(wanted) = inside(ring, [x, y]) {
                    assert_eq!(found.contains(&format!("z{number}")), wanted, "z{number} at {x} {y}");
                }
            }
        }
    });
}
