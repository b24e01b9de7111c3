//! What may lie in the folder of a policy.
//!
//! A file that is not read does not forbid: `forbid.CEDAR`, `forbid.cedar.bak`, `more/forbid.cedar`, a link whose target
//! is gone. So every entry of the folder is one that is read, or one of the few companions below, and anything else is
//! an error. A link is taken for what it leads to, wherever that lies; what it leads to must be a file, so that nothing
//! is waited for, as it would be at a named pipe.

use super::PolicyError;
use crate::files::kind;
use std::collections::BTreeSet;
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

/// The files of rules in `folder`, by name.
pub(super) fn rule_files(folder: &Path) -> Result<Vec<PathBuf>, PolicyError> {
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
    let rules = name.strip_suffix(".cedar").is_some() && !name.starts_with('.');
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
