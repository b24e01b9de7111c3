//! What the library promises: every public item that is not hidden from the documentation, with its fields, variants, functions
//! and traits, as `tests/surface.txt` has it. `SURFACE=write cargo test --test surface` writes it anew: a change is then seen in
//! review, and `CONTRIBUTING.md` says which are breaking.
//!
//! It is read from the sources, as rustfmt leaves them: items begin in the first column, their parts in the fifth. What macros
//! declare (`config::NAMED`) is not seen.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// Items at most: what is more is hidden, or is not needed.
const ITEMS_MAX: usize = 80;

#[test]
fn what_is_public_is_what_is_written_down() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let found = Crate::read(&root.join("src")).surface();
    let path = root.join("tests/surface.txt");
    if env::var_os("SURFACE").is_some_and(|wish| wish == "write") {
        fs::write(&path, &found).expect("a file that can be written");
    }
    let wanted = fs::read_to_string(&path).expect("a readable file");
    for (line, (found, wanted)) in found.lines().zip(wanted.lines()).enumerate() {
        assert_eq!(found, wanted, "tests/surface.txt:{}; SURFACE=write writes it anew", line + 1);
    }
    assert_eq!(found.lines().count(), wanted.lines().count(), "lines; SURFACE=write writes tests/surface.txt anew");
    let items = found.lines().filter(|line| line.starts_with("pub ")).count();
    assert!((20..=ITEMS_MAX).contains(&items), "{items} items");
}

/// The sources of a crate, without tests.
struct Crate {
    src: PathBuf,
    files: BTreeMap<PathBuf, String>,
}

/// A statement that begins in the first column, with the attributes and without the comments before it.
struct Item<'a> {
    attributes: Vec<&'a str>,
    lines: Vec<&'a str>,
}

impl Crate {
    fn read(src: &Path) -> Self {
        let mut files = BTreeMap::new();
        collect(src, &mut files);
        Self { src: src.to_owned(), files }
    }

    /// Every public item, module by module.
    fn surface(&self) -> String {
        let mut text = String::from("# Written by `SURFACE=write cargo test --test surface`.\n");
        let root = self.src.join("lib.rs");
        let mut modules = vec![("trackweave".to_owned(), root.clone())];
        modules
            .extend(self.rooms().into_iter().filter_map(|name| Some((name.clone(), self.module(&self.src, &name)?))));
        for (module, file) in modules {
            let names = self.public(&file);
            let _ = writeln!(text, "\n# {module}");
            for (name, shown) in names {
                match self.definition(&file, &name, 0) {
                    Some(found) if shown.is_none() => text += &self.item(&name, &found),
                    _ => drop(writeln!(text, "{}", shown.unwrap_or(name))),
                }
            }
        }
        text
    }

    /// The names that a file makes public and does not hide; those that are said to be elsewhere with the place.
    fn public(&self, file: &Path) -> BTreeMap<String, Option<String>> {
        let mut names = BTreeMap::new();
        for item in self.items(file).iter().filter(|item| !item.is_hidden()) {
            let head = item.head();
            if let Some(used) = head.strip_prefix("pub use ") {
                for path in paths(used) {
                    let name = path.last().cloned().unwrap_or_default();
                    let elsewhere = self.elsewhere(file, &path);
                    names.insert(name, elsewhere);
                }
            } else if let Some(name) = defined(head) {
                names.insert(name.to_owned(), None);
            }
        }
        names
    }

    /// How a path is written, if it leads to a crate of others or to an item of another public module.
    fn elsewhere(&self, file: &Path, path: &[String]) -> Option<String> {
        let first = path.first()?;
        let room = if first == "crate" { path.get(1)? } else { first };
        let is_ours = first == "crate" || self.step(file, first).is_some();
        let of_room = first == "crate" || file.ends_with("lib.rs");
        (!is_ours || of_room && self.rooms().contains(room)).then(|| path.join("::"))
    }

    /// The modules that are public and not hidden.
    fn rooms(&self) -> Vec<String> {
        let items = self.items(&self.src.join("lib.rs"));
        let shown = items.iter().filter(|item| !item.is_hidden());
        let names = shown.filter_map(|item| item.head().strip_prefix("pub mod ")?.split(';').next());
        names.map(str::to_owned).collect()
    }

    /// The file that defines an item, by way of re-exports, and the item.
    fn definition(&self, file: &Path, name: &str, depth: usize) -> Option<(PathBuf, String)> {
        if depth > 8 {
            return None;
        }
        let items = self.items(file);
        if items.iter().any(|item| defined(item.head()) == Some(name)) {
            return Some((file.to_owned(), name.to_owned()));
        }
        let used =
            items.iter().filter_map(|item| item.head().strip_prefix("pub use ").or(item.head().strip_prefix("use ")));
        let path = used.flat_map(paths).find(|path| path.last().is_some_and(|last| last == name))?;
        self.follow(file, &path, depth)
    }

    fn follow(&self, file: &Path, path: &[String], depth: usize) -> Option<(PathBuf, String)> {
        let (name, modules) = path.split_last()?;
        let mut at = file.to_owned();
        for module in modules {
            at = self.step(&at, module)?;
        }
        (at != file).then(|| self.definition(&at, name, depth + 1))?
    }

    /// One step of a path from a file.
    fn step(&self, file: &Path, module: &str) -> Option<PathBuf> {
        let own = file.file_stem().is_some_and(|stem| stem == "mod" || stem == "lib");
        let folder = if own { file.parent()?.to_owned() } else { file.with_extension("") };
        match module {
            "crate" => Some(self.src.join("lib.rs")),
            "self" => Some(file.to_owned()),
            "super" => {
                let above = folder.parent()?;
                [above.join("mod.rs"), above.join("lib.rs"), above.with_extension("rs")]
                    .into_iter()
                    .find(|at| self.files.contains_key(at))
            }
            name => self.module(&folder, name),
        }
    }

    fn module(&self, folder: &Path, name: &str) -> Option<PathBuf> {
        [folder.join(format!("{name}.rs")), folder.join(name).join("mod.rs")]
            .into_iter()
            .find(|at| self.files.contains_key(at))
    }

    fn items(&self, file: &Path) -> Vec<Item<'_>> {
        self.files.get(file).map_or_else(Vec::new, |text| items(text))
    }

    /// An item with its parts, and its functions and traits wherever these are.
    fn item(&self, name: &str, found: &(PathBuf, String)) -> String {
        let (file, defined_as) = found;
        let items = self.items(file);
        let Some(item) = items.iter().find(|item| defined(item.head()) == Some(defined_as)) else {
            return String::new();
        };
        let mut text = format!("{}\n", item.signature());
        if item.attributes.iter().any(|attribute| attribute.starts_with("#[non_exhaustive")) {
            text += "    non_exhaustive\n";
        }
        text += &item.parts();
        let mut of_it = BTreeSet::new();
        for (at, source) in &self.files {
            if !source.contains(name) {
                continue;
            }
            for item in self.items(at) {
                let Some((of, for_type)) = implemented(item.head()) else { continue };
                if for_type != name || self.definition(at, name, 0).as_ref() != Some(found) {
                    continue;
                }
                match of {
                    Some(of) => drop(of_it.insert(format!("    impl {of}"))),
                    None => of_it.extend(item.functions()),
                }
            }
        }
        for derived in item.attributes.iter().filter_map(|attribute| attribute.strip_prefix("#[derive(")) {
            of_it.extend(derived.trim_end_matches(")]").split(", ").map(|name| format!("    impl {name}")));
        }
        text + &of_it.into_iter().map(|line| line + "\n").collect::<String>()
    }
}

impl<'a> Item<'a> {
    fn head(&self) -> &'a str {
        self.lines.first().copied().unwrap_or_default()
    }

    fn is_hidden(&self) -> bool {
        self.attributes.iter().any(|attribute| ["#[doc(hidden)]", "#[cfg(doctest)]"].contains(attribute))
    }

    /// Up to the body, in one line.
    fn signature(&self) -> String {
        let head: Vec<&str> = self.lines.iter().copied().take_while(|line| !line.starts_with('}')).collect();
        let text = one_line(&head);
        let is_whole =
            !self.head().contains('{') || self.head().starts_with("pub const") || self.head().starts_with("pub type");
        let end = if self.head().contains("fn ") {
            text.find(" {")
        } else if is_whole {
            text.find(';')
        } else {
            text.find('{')
        };
        end.map_or(text.as_str(), |end| &text[..end]).trim_end().to_owned()
    }

    /// Public fields, or variants.
    fn parts(&self) -> String {
        let is_enum = self.head().starts_with("pub enum");
        let is_struct = self.head().starts_with("pub struct");
        let mut text = String::new();
        for line in self.lines.iter().skip(1).filter(|_| is_enum || is_struct) {
            let part = line.trim_start();
            let depth = line.len() - part.len();
            let is_field = part.starts_with("pub ") && depth == 4;
            let is_variant = is_enum && (depth == 4 || depth == 8) && part.starts_with(char::is_alphabetic);
            if is_field || is_variant {
                text.push_str(line);
                text.push('\n');
            }
        }
        text
    }

    /// Its public functions and constants.
    fn functions(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut hidden = false;
        for (place, line) in self.lines.iter().enumerate() {
            if line.starts_with("    #[doc(hidden)]") {
                hidden = true;
            } else if line.starts_with("    pub fn ")
                || line.starts_with("    pub const ")
                || line.starts_with("    pub async ")
            {
                let rest: Vec<&str> = self.lines.iter().skip(place).copied().collect();
                let text = one_line(&rest);
                let end = if line.contains(" fn ") { text.find(" {") } else { text.find(" =") };
                if !std::mem::take(&mut hidden) {
                    found.push(format!("    {}", end.map_or(text.as_str(), |end| &text[..end])));
                }
            }
        }
        found
    }
}

/// Of `impl Trait for Type` the two, of `impl Type` the latter; without what they are generic over.
fn implemented(head: &str) -> Option<(Option<String>, String)> {
    let rest = head.strip_prefix("impl")?;
    let rest = if rest.starts_with('<') { &rest[closing(rest)? + 1..] } else { rest };
    let rest = rest.trim_start().split(" {").next()?;
    let plain = |name: &str| name.split(['<', ' ']).next().unwrap_or(name).trim_start_matches('&').to_owned();
    match rest.split_once(" for ") {
        Some((of, for_type)) => Some((Some(of.to_owned()), plain(for_type))),
        None => Some((None, plain(rest))),
    }
}

/// Where the first angle bracket closes.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0;
    text.char_indices().find_map(|(place, character)| {
        depth += i32::from(character == '<') - i32::from(character == '>');
        (depth == 0).then_some(place)
    })
}

/// The name that a public item defines.
fn defined(head: &str) -> Option<&str> {
    let rest = head.strip_prefix("pub ")?;
    let rest = rest.strip_prefix("const fn ").or_else(|| {
        ["struct ", "enum ", "trait ", "fn ", "const ", "type ", "static "]
            .iter()
            .find_map(|kind| rest.strip_prefix(kind))
    })?;
    rest.split(|c: char| !c.is_alphanumeric() && c != '_').next()
}

/// The paths of a use, each whole: `a::{b, c::d};`.
fn paths(used: &str) -> Vec<Vec<String>> {
    let used = used.trim().trim_end_matches(';');
    let Some((head, rest)) = used.split_once('{') else {
        let last = used.rsplit(" as ").next().unwrap_or(used);
        let mut path: Vec<String> =
            used.split(" as ").next().unwrap_or(used).split("::").map(|part| part.trim().to_owned()).collect();
        if last != used
            && let Some(name) = path.last_mut()
        {
            last.clone_into(name);
        }
        return vec![path];
    };
    let head: Vec<String> =
        head.split("::").map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect();
    let inner = rest.rsplit_once('}').map_or(rest, |(inner, _)| inner);
    let (mut parts, mut depth, mut start) = (Vec::new(), 0, 0);
    for (place, character) in inner.char_indices() {
        depth += i32::from(character == '{') - i32::from(character == '}');
        if character == ',' && depth == 0 {
            parts.push(&inner[start..place]);
            start = place + 1;
        }
    }
    parts.push(&inner[start..]);
    let whole = parts.into_iter().filter(|part| !part.trim().is_empty()).flat_map(paths);
    whole.map(|path| head.iter().cloned().chain(path).collect()).collect()
}

/// The statements of a file, those of uses in one line each.
fn items(text: &str) -> Vec<Item<'_>> {
    let mut items: Vec<Item<'_>> = Vec::new();
    let (mut attributes, mut open) = (Vec::new(), false);
    for line in text.lines() {
        let begins = !line.is_empty() && !line.starts_with([' ', '}', ')', '/', '#', ']']);
        if line.starts_with("#[") {
            attributes.push(line);
        } else if begins {
            items.push(Item { attributes: std::mem::take(&mut attributes), lines: vec![line] });
            open = true;
        } else if let Some(item) = items.last_mut().filter(|_| open && !line.trim_start().starts_with("//")) {
            item.lines.push(line);
            open = !line.starts_with('}');
        }
    }
    items
}

fn one_line(lines: &[&str]) -> String {
    let mut text = String::new();
    for line in lines.iter().filter(|line| !line.trim_start().starts_with("//")) {
        let line = line.trim();
        let close = line.starts_with([')', '>']) || text.ends_with('(') || text.is_empty();
        text = format!(
            "{}{}{line}",
            text.trim_end_matches(if line.starts_with(')') { "," } else { "\u{0}" }),
            if close { "" } else { " " }
        );
    }
    text
}

fn collect(folder: &Path, files: &mut BTreeMap<PathBuf, String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap_or_default();
            files.insert(path, joined(text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default()));
        }
    }
}

/// The same with uses of several lines in one.
fn joined(text: &str) -> String {
    let (mut whole, mut within) = (String::new(), false);
    for line in text.lines() {
        within |= (line.starts_with("use ") || line.starts_with("pub use ")) && !line.contains(';');
        whole += if within { line.trim_start() } else { line };
        let goes_on = within && !line.contains(';');
        whole += if goes_on { " " } else { "\n" };
        within = goes_on;
    }
    whole
}
