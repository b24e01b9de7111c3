//! What may lie in the folder of a policy.
//!
//! A file that is not read does not forbid: `forbid.CEDAR`, `forbid.cedar.bak`, `more/forbid.cedar`, a link whose target
//! is gone. So every entry of the folder is one that is read, or one of the few companions below, and anything else is
//! an error. A link is taken for what it leads to, wherever that lies; what it leads to must be a file, so that nothing
//! is waited for, as it would be at a named pipe.

use super::PolicyError;
use super::source::Source;
use crate::files::kind;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

/// The files that are read, beside the rules.
const FILES: [&str; 5] = ["schema.cedarschema", "partners.toml", "levels.toml", "zones.geojson", "periods.toml"];

/// What may lie beside them, and is not read: words to people, alone or with one of these ends.
const WORDS: [&str; 4] = ["README", "LICENSE", "NOTICE", "CHANGELOG"];
const ENDS: [&str; 3] = ["", ".md", ".txt"];

/// And what version control and a file manager leave.
const HIDDEN: [&str; 4] = [".git", ".gitattributes", ".gitignore", ".DS_Store"];

const WANTED: &str = "`schema.cedarschema`, `partners.toml`, `levels.toml`, `zones.geojson`, `periods.toml`, rules in \
    `*.cedar`, and beside them README, LICENSE, NOTICE and CHANGELOG only: rename it, or move it out of the folder";

/// Where the files of a policy are.
#[derive(Clone, Copy, Debug)]
pub enum Files<'a> {
    /// In a folder.
    Folder(&'a Path),
    /// In memory: their names, as in a folder, and their texts.
    Memory(&'a [(&'a str, &'a str)]),
}

impl<'a> From<&'a Path> for Files<'a> {
    fn from(folder: &'a Path) -> Self {
        Self::Folder(folder)
    }
}

impl<'a> Files<'a> {
    /// The folder, or what errors call it.
    pub(super) fn folder(self) -> &'a Path {
        match self {
            Self::Folder(folder) => folder,
            Self::Memory(_) => Path::new("policy in memory"),
        }
    }

    /// Names and texts, where they are in memory.
    pub(super) fn texts(self) -> BTreeMap<String, String> {
        let Self::Memory(files) = self else { return BTreeMap::new() };
        files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    /// A file that a policy has.
    pub(super) fn read(self, name: &str) -> Result<Source, PolicyError> {
        let path = self.folder().join(name);
        match self {
            Self::Folder(_) => Source::read(path),
            Self::Memory(files) => match files.iter().find(|(known, _)| *known == name) {
                Some((_, text)) => Ok(Source::new(path, (*text).to_owned())),
                None => Err(PolicyError::Unreadable { path, source: io::ErrorKind::NotFound.into() }),
            },
        }
    }

    /// One that it may have.
    pub(super) fn read_optional(self, name: &str) -> Result<Option<Source>, PolicyError> {
        match self.read(name) {
            Ok(source) => Ok(Some(source)),
            Err(PolicyError::Unreadable { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The names of its files of rules, in their order; nothing else is there that a policy does not have.
    pub(super) fn rules(self) -> Result<Vec<String>, PolicyError> {
        let files = match self {
            Self::Folder(folder) => return Ok(rule_files(folder)?.iter().filter_map(|path| name_of(path)).collect()),
            Self::Memory(files) => files,
        };
        let rules = |name: &str| is_rules(name).then(|| name.to_owned());
        let of = |(name, _): &(&str, &str)| match rules(name) {
            None if !FILES.contains(name) => {
                let (path, found) = (self.folder().join(name), format!("{name:?}, which no policy has"));
                Err(PolicyError::Entry { path, found, wanted: WANTED })
            }
            rules => Ok(rules),
        };
        let names: BTreeSet<Option<String>> = files.iter().map(of).collect::<Result<_, _>>()?;
        Ok(names.into_iter().flatten().collect())
    }
}

fn name_of(path: &Path) -> Option<String> {
    Some(path.file_name()?.to_str()?.to_owned())
}

fn is_rules(name: &str) -> bool {
    name.strip_suffix(".cedar").is_some() && !name.starts_with('.')
}

/// The files of rules in `folder`, by name.
fn rule_files(folder: &Path) -> Result<Vec<PathBuf>, PolicyError> {
    let (files, complaints) = entries(folder)?;
    complaints.into_iter().next().map_or(Ok(files), Err)
}

/// The files of rules in `folder`, by name, and what is wrong with its other entries, each.
pub(super) fn entries(folder: &Path) -> Result<(Vec<PathBuf>, Vec<PolicyError>), PolicyError> {
    let unreadable = |source| PolicyError::Unreadable { path: folder.to_path_buf(), source };
    let paths = std::fs::read_dir(folder).map_err(unreadable)?.map(|entry| entry.map(|entry| entry.path()));
    let (mut rules, mut complaints) = (Vec::new(), Vec::new());
    for path in paths.collect::<io::Result<BTreeSet<PathBuf>>>().map_err(unreadable)? {
        match entry(&path) {
            Ok(true) => rules.push(path),
            Ok(false) => {}
            Err(complaint) => complaints.push(complaint),
        }
    }
    Ok((rules, complaints))
}

/// Whether an entry is a file of rules.
fn entry(path: &Path) -> Result<bool, PolicyError> {
    let wrong = |found, wanted| Err(PolicyError::Entry { path: path.to_path_buf(), found, wanted });
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
        return wrong("a name that is not UTF-8".to_owned(), WANTED);
    };
    if HIDDEN.contains(&name) || WORDS.iter().any(|word| name.strip_prefix(word).is_some_and(|end| ENDS.contains(&end)))
    {
        return Ok(false);
    }
    let rules = is_rules(name);
    if !rules && !FILES.contains(&name) {
        let hidden = if name.starts_with('.') { "hidden, and so not read" } else { "which no policy has" };
        let folder = path.metadata().is_ok_and(|found| found.is_dir());
        let found = if folder { "a folder: none is looked into".to_owned() } else { format!("{name:?}, {hidden}") };
        return wrong(found, WANTED);
    }
    file(path).map(|()| rules)
}

/// Checks that this is a file, which can be read to its end.
pub(super) fn file(path: &Path) -> Result<(), PolicyError> {
    let wrong =
        |found: &str, wanted| Err(PolicyError::Entry { path: path.to_path_buf(), found: found.to_owned(), wanted });
    match path.metadata() {
        Ok(found) if found.is_file() => Ok(()),
        Ok(found) => wrong(kind(found.file_type()), "a file"),
        Err(error) if error.kind() == io::ErrorKind::NotFound && path.is_symlink() => {
            wrong("a link that leads nowhere", "a file: put it there, or remove the link")
        }
        Err(source) => Err(PolicyError::Unreadable { path: path.to_path_buf(), source }),
    }
}
