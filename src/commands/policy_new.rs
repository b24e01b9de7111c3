//! `trackweave policy new`: a policy to begin with, from a template; nothing that is there is overwritten.
//!
//! Templates are the folders of `data/policies/` and the demo's policy, as they are in the tree that the program was built from.

use super::arguments::PolicyNew;
use super::failure::{Code, Failure};
use super::layout::{count, paragraph};
use super::screen::Screen;
use crate::ingest::Catalogue;
use crate::policy::{Check, check};
use crate::product::{not_free, replace};
use serde::Serialize;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// What stands before the partners, and what of each of them.
type Partners = (&'static str, fn(&str) -> String);

/// A policy to begin with.
#[derive(Debug)]
pub(super) struct Template {
    pub(super) name: &'static str,
    /// What it shows, in a few words.
    pub(super) shows: &'static str,
    files: &'static [(&'static str, &'static str)],
    /// What stands in `partners.toml` before its partners, and of each of them after its id; `None`: rules name partners.
    partners: Option<Partners>,
}

/// Declares a template: its folder below `data/` and its files.
macro_rules! template {
    ($name:literal, $folder:literal, $shows:literal, $partners:expr, [$($file:literal),+]) => {
        Template {
            name: $name,
            shows: $shows,
            files: &[$(($file, include_str!(concat!("../../data/", $folder, "/", $file)))),+],
            partners: $partners,
        }
    };
}

/// All of them.
pub(super) const TEMPLATES: &[Template] = &[
    template!(
        "open",
        "policies/all-to-all",
        "everybody shares everything, with a group",
        Some(("[[group]]\nid = \"pool\"\n", |_| "groups = [\"pool\"]\n".to_owned())),
        ["schema.cedarschema", "rules.cedar", "partners.toml", "levels.toml", "README.md"]
    ),
    template!(
        "owner-only",
        "policies/owner-only",
        "need to know: everybody has its own, and nothing else",
        Some(("", |id| format!("attributes = {{ owner = \"{id}\" }}\n"))),
        ["schema.cedarschema", "rules.cedar", "partners.toml", "levels.toml", "README.md"]
    ),
    template!(
        "caveats",
        "policies/national-caveats",
        "what an owner marks as its own never leaves it",
        None,
        ["schema.cedarschema", "rules.cedar", "partners.toml", "levels.toml", "README.md"]
    ),
    template!(
        "hub-and-spoke",
        "policies/hub-and-spoke",
        "one runs the pool, the others see a coarse whole",
        None,
        ["schema.cedarschema", "rules.cedar", "partners.toml", "levels.toml", "README.md"]
    ),
    template!(
        "by-region",
        "policies/by-region",
        "who is responsible for a region sees it",
        None,
        ["schema.cedarschema", "rules.cedar", "partners.toml", "levels.toml", "zones.geojson", "README.md"]
    ),
    template!(
        "embargo",
        "policies/time-and-embargo",
        "agreements begin and end, some data wait",
        None,
        ["schema.cedarschema", "rules.cedar", "partners.toml", "levels.toml", "periods.toml", "README.md"]
    ),
    template!(
        "demo",
        "demo/policy",
        "the demo's: zones, coarse and late levels, authority",
        None,
        [
            "schema.cedarschema",
            "fuse.cedar",
            "receive.cedar",
            "authority.cedar",
            "partners.toml",
            "levels.toml",
            "zones.geojson"
        ]
    ),
];

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Done<'a> {
    out: &'a Path,
    template: &'a str,
    files: Vec<&'a str>,
    check: Check,
}

/// Runs the command.
pub(super) fn execute(arguments: &PolicyNew, screen: Screen) -> Result<(), Failure> {
    let PolicyNew { folder, template: name, recording } = arguments;
    let unknown = || Failure::new(Code::Usage, format!("`--template` is `{name}`, wanted the name of one"));
    let template = TEMPLATES.iter().find(|template| template.name == *name).ok_or_else(unknown)?;
    if let Some(found) = not_free(folder) {
        let text = format!("{}: found {found}, wanted a folder that is new or empty", folder.display());
        return Err(Failure::new(Code::Output, text));
    }
    let partners = recording.as_ref().map(|recording| template.partners_of(recording)).transpose()?;
    let disk = |path: &Path| {
        let path = path.display().to_string();
        move |error: std::io::Error| Failure::new(Code::Output, format!("{path}: cannot be written: {error}"))
    };
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(disk(parent))?;
    let around = tempfile::Builder::new().prefix(".trackweave-").tempdir_in(parent).map_err(disk(parent))?;
    let new = around.path().join("new");
    fs::create_dir(&new).map_err(disk(&new))?;
    // The page of a template tells of its own partners.
    let files = template.files.iter().filter(|(file, _)| partners.is_none() || *file != "README.md");
    let mut written = Vec::new();
    for (file, text) in files {
        let text = partners.as_deref().filter(|_| *file == "partners.toml").unwrap_or(text);
        fs::write(new.join(file), text).map_err(disk(&new.join(file)))?;
        written.push(*file);
    }
    let found = check(&new, recording.as_deref(), None)?;
    if let Some(finding) = found.findings.iter().find(|_| found.has_errors()) {
        let text = format!("template `{name}`: {}, wanted {}", finding.found, finding.wanted);
        return Err(Failure::new(Code::Input, text));
    }
    replace(around, folder).map_err(|error| Failure::new(Code::Output, error))?;
    // Once more where it is now, for the places of what it finds.
    let check = check(folder, recording.as_deref(), None)?;
    let done = Done { out: folder, template: name, files: written, check };
    screen.publish(&done, || describe(&done))
}

impl Template {
    /// The partners of a policy for a recording: the owners of its sensors.
    fn partners_of(&self, recording: &Path) -> Result<String, Failure> {
        let Some((head, of_each)) = self.partners else {
            let wanted = TEMPLATES.iter().filter(|other| other.partners.is_some()).map(|other| other.name);
            let wanted = wanted.collect::<Vec<_>>().join(" or ");
            let text =
                format!("`--recording` with template `{}`, whose rules name partners; wanted {wanted}", self.name);
            return Err(Failure::new(Code::Usage, text));
        };
        let catalogue = Catalogue::read(recording)?;
        let owners: BTreeSet<&String> = catalogue.sensors.iter().map(|sensor| &sensor.owner).collect();
        let partner = |id: &&String| format!("\n[[partner]]\nid = \"{id}\"\n{}", of_each(id));
        let partners = owners.iter().map(partner).collect::<String>();
        Ok(format!("# The owners of {}.\n{head}{partners}", catalogue.name))
    }
}

fn describe(Done { out, template, files, check }: &Done<'_>) -> String {
    let out = out.display();
    let from = paragraph("", &format!("{out}: from template `{template}`: {}", files.join(", ")));
    let [rules, partners] = [check.rules, check.partners].map(|n| count(n as u64));
    format!(
        "{from}checked: {rules} rules, {partners} partners\n\nnext\n  edit partners.toml and the rules; docs/policy.md\n  \
         trackweave policy check {out}\n  trackweave policy matrix {out} --recording RECORDING\n  \
         trackweave run RECORDING --policy {out} --out OUT\n"
    )
}
