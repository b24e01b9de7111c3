//! The form of the house, read from its text: the map, the flow of imports, the place of `wgpu`, heads, sizes,
//! markers, and the commands and links of the documents.
//!
//! Every check takes a [`Tree`] and gives complaints, `file:line: what`. So the same check that finds nothing in the
//! house is shown to find a fault that is planted in a small tree of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::{fs, iter};

/// Path, with `/`, from the root of the package, to text; binary files have none.
type Tree = BTreeMap<String, String>;

/// One line each, ready to print.
type Complaints = Vec<String>;

/// Longest Rust file in lines.
const RUST_LINES_MAX: usize = 600;

/// Longest shader in lines.
const WGSL_LINES_MAX: usize = 200;

/// Unfinished work and unchecked promises, spelled apart so that this file has none.
const MARKERS: [&str; 4] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X"), concat!("keep ", "in sync")];

/// Folders of which the map names every file.
const MAPPED_WHOLE: [&str; 2] = ["src/", "shaders/"];

/// Folders of which the map names every entry.
const MAPPED_BY_ENTRY: [&str; 5] = ["tests/", "benches/", "examples/", "data/", "docs/"];

#[test]
fn the_map_and_the_tree_agree() {
    assert_clean(&map(&house()));
}

#[test]
fn imports_run_with_the_flow() {
    assert_clean(&flow(&house()));
}

#[test]
fn only_the_device_names_wgpu() {
    assert_clean(&device(&house()));
}

#[test]
fn every_rust_file_opens_with_its_meaning() {
    assert_clean(&heads(&house()));
}

#[test]
fn no_file_is_too_long() {
    assert_clean(&sizes(&house()));
}

#[test]
fn no_marker_of_unfinished_work_is_left() {
    assert_clean(&markers(&house()));
}

#[test]
fn every_command_and_link_of_the_documents_exists() {
    assert_clean(&documents(&house(), &help_of_the_program));
}

fn assert_clean(complaints: &Complaints) {
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

/// Everything that belongs to the package: no build outputs, of hidden folders only those named here.
fn house() -> Tree {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut tree = Tree::new();
    collect(root, root, &mut tree);
    for hidden in [".ci", ".cargo"] {
        collect(root, &root.join(hidden), &mut tree);
    }
    tree
}

fn collect(root: &Path, folder: &Path, tree: &mut Tree) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("a readable folder").path();
        let name = path.file_name().expect("an entry has a name").to_string_lossy().into_owned();
        if name.starts_with('.') || ["target", "out", "__pycache__"].contains(&name.as_str()) {
            continue;
        }
        if path.is_dir() {
            collect(root, &path, tree);
        } else {
            let key = path.strip_prefix(root).expect("found below the root").to_string_lossy().replace('\\', "/");
            tree.insert(key, String::from_utf8(fs::read(&path).expect("a readable file")).unwrap_or_default());
        }
    }
}

fn help_of_the_program(subcommand: &str) -> Option<String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trackweave"));
    let output = command.args(subcommand.split(' ')).arg("--help").output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

fn has_extension(path: &str, extension: &str) -> bool {
    Path::new(path).extension().is_some_and(|found| found == extension)
}

fn rust_files(tree: &Tree) -> impl Iterator<Item = (&String, &String)> {
    tree.iter().filter(|(path, _)| has_extension(path, "rs"))
}

/// ARCHITECTURE.md has one row, `` - `path`: text ``, for everything that must be mapped, rows of `src/` in the order of
/// the flow, and names no path that is not there.
fn map(tree: &Tree) -> Complaints {
    let mut complaints = Complaints::new();
    let mut rows = BTreeSet::new();
    let rooms = rooms(tree);
    let mut last = 0;
    for (line, text) in numbered(tree.get("ARCHITECTURE.md").map_or("", String::as_str)) {
        let quoted = text.split('`').skip(1).step_by(2);
        for path in quoted.filter(|path| path.contains('/') && !path.contains([' ', '<', '*', ':'])) {
            if !tree.keys().any(|key| key == path || path.ends_with('/') && key.starts_with(path)) {
                complaints.push(format!("ARCHITECTURE.md:{line}: `{path}` does not exist"));
            }
        }
        let Some((path, _)) = text.strip_prefix("- `").and_then(|row| row.split_once('`')) else { continue };
        if !rows.insert(path) {
            complaints.push(format!("ARCHITECTURE.md:{line}: `{path}` has a row already"));
        }
        if let Some(rank) = room_of(path).and_then(|room| rooms.iter().position(|known| *known == room)) {
            if rank < last {
                complaints.push(format!("ARCHITECTURE.md:{line}: `{path}` stands after a room that follows it"));
            }
            last = last.max(rank);
        }
    }
    let wanted: BTreeSet<String> = tree.keys().filter_map(|path| mapped_as(path)).collect();
    for path in wanted.iter().filter(|path| !rows.contains(path.as_str())) {
        let head = tree.get(path).and_then(|text| text.strip_prefix("//! ")?.lines().next()).unwrap_or("what it is");
        complaints.push(format!("{path}: has no row in ARCHITECTURE.md, such as\n- `{path}`: {head}"));
    }
    complaints
}

/// The row that a file must have: its own, or that of its folder; none outside the mapped folders.
fn mapped_as(path: &str) -> Option<String> {
    if MAPPED_WHOLE.iter().any(|folder| path.starts_with(folder)) {
        return Some(path.to_owned());
    }
    let folder = MAPPED_BY_ENTRY.iter().find(|folder| path.starts_with(**folder))?;
    let (entry, slash) =
        path[folder.len()..].split_once('/').map_or((&path[folder.len()..], ""), |(name, _)| (name, "/"));
    Some(format!("{folder}{entry}{slash}"))
}

/// The rooms in the order in which `src/lib.rs` declares them, which is the flow.
fn rooms(tree: &Tree) -> Vec<String> {
    declared(tree, "src/lib.rs")
}

/// The modules that a file declares as files of their own.
fn declared(tree: &Tree, path: &str) -> Vec<String> {
    let code = tree.get(path).map_or_else(String::new, |source| code_of(source));
    let names = code.lines().filter_map(|line| line.trim().trim_start_matches("pub ").strip_prefix("mod "));
    names
        .filter_map(|name| name.strip_suffix(';').or_else(|| name.split_once(';').map(|(name, _)| name)))
        .map(str::to_owned)
        .collect()
}

fn room_of(path: &str) -> Option<String> {
    let (room, _) = path.strip_prefix("src/")?.split_once(['/', '.'])?;
    Some(room.to_owned())
}

/// A room imports from itself and from rooms that `src/lib.rs` declares above it.
fn flow(tree: &Tree) -> Complaints {
    let mut complaints = Complaints::new();
    let rooms = rooms(tree);
    let rank = |room: &str| rooms.iter().position(|known| known == room);
    let of_the_program = declared(tree, "src/main.rs");
    for (path, source) in rust_files(tree) {
        let Some(room) = room_of(path).filter(|room| !["lib", "main"].contains(&room.as_str())) else { continue };
        let Some(own) = rank(&room) else {
            if !of_the_program.contains(&room) {
                complaints.push(format!("{path}:1: neither src/lib.rs nor src/main.rs declares `{room}`"));
            }
            continue;
        };
        for (line, import) in imports(&code_of(source), path) {
            if rank(&import).is_some_and(|rank| rank > own) {
                complaints.push(format!("{path}:{line}: imports `{import}`, which src/lib.rs declares after `{room}`"));
            }
        }
    }
    complaints
}

/// First names behind `crate::`, also in a group, and behind a chain of `super::` that ends at the root of the crate.
fn imports(code: &str, path: &str) -> Vec<(usize, String)> {
    let depth = path.trim_end_matches("/mod.rs").matches('/').count();
    let to_root = "super::".repeat(depth);
    let outside_tests = code.split("#[cfg(test)]").next().unwrap_or_default();
    let found = code.match_indices("crate::").chain(outside_tests.match_indices(&to_root));
    let mut imports = Vec::new();
    for (start, root) in found {
        let line = code[..start].matches('\n').count() + 1;
        let rest = &code[start + root.len()..];
        let group = rest.strip_prefix('{').map(|group| top_level(group));
        imports.extend(group.unwrap_or_else(|| vec![rest]).into_iter().map(|item| (line, first_name(item))));
    }
    imports
}

/// The items of a braced group, given what follows its opening brace.
fn top_level(group: &str) -> Vec<&str> {
    let (mut items, mut depth, mut start) = (Vec::new(), 0_usize, 0);
    for (i, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' if depth == 0 => {
                items.push(&group[start..i]);
                start = i + 1;
            }
            '}' => {
                items.push(&group[start..i]);
                return items;
            }
            _ => {}
        }
    }
    items
}

fn first_name(text: &str) -> String {
    text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// `wgpu` and the crates of its family are named in code under `src/fusion/device/` alone.
fn device(tree: &Tree) -> Complaints {
    // The interpreter is a device.
    let within = ["src/fusion/device/", "interpreter/"];
    let elsewhere = rust_files(tree).filter(|(path, _)| !within.iter().any(|own| path.starts_with(own)));
    let mut complaints = Complaints::new();
    for (path, source) in elsewhere {
        for (line, text) in numbered(&code_of(source)) {
            let mut words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
            if words.any(|word| word.starts_with("wgpu")) {
                complaints.push(format!("{path}:{line}: names `wgpu` outside src/fusion/device/"));
            }
        }
    }
    complaints
}

/// Every Rust file starts with a module doc.
fn heads(tree: &Tree) -> Complaints {
    let headless = rust_files(tree).filter(|(_, source)| !source.starts_with("//! "));
    headless.map(|(path, _)| format!("{path}:1: does not open with `//! ` and its meaning")).collect()
}

/// Rust files and shaders stay readable in one go.
fn sizes(tree: &Tree) -> Complaints {
    let limits = [("rs", RUST_LINES_MAX), ("wgsl", WGSL_LINES_MAX)];
    let of = |(path, text): (&String, &String)| {
        let (_, limit) = limits.iter().find(|(extension, _)| has_extension(path, extension))?;
        let lines = text.lines().count();
        (lines > *limit).then(|| format!("{path}:{lines}: {lines} lines, at most {limit} wanted"))
    };
    tree.iter().filter_map(of).collect()
}

/// Unfinished work is an issue or is done; a mirror is checked, not promised.
fn markers(tree: &Tree) -> Complaints {
    let mut complaints = Complaints::new();
    for (path, text) in tree.iter().filter(|(path, _)| !has_extension(path, "lock") && !path.starts_with("LICENSE-")) {
        for (line, text) in numbered(text) {
            let found = MARKERS.iter().filter(|marker| text.contains(**marker));
            complaints.extend(found.map(|marker| format!("{path}:{line}: `{marker}`")));
        }
    }
    complaints
}

/// Every command in the documents, fenced or quoted, names a target, an example, a file or a subcommand that exists, and
/// only options that the subcommand's help knows; every link leads to a file or folder of the tree, and to a heading of it.
fn documents(tree: &Tree, help: &dyn Fn(&str) -> Option<String>) -> Complaints {
    let mut complaints = Complaints::new();
    for (path, document) in tree.iter().filter(|(path, _)| has_extension(path, "md")) {
        let mut fenced = None;
        for (line, text) in numbered(document) {
            if let Some(language) = text.trim_start().strip_prefix("```") {
                fenced = if fenced.is_some() { None } else { Some(language) };
                continue;
            }
            let commands = match fenced {
                Some("sh") => vec![text],
                Some(_) => continue,
                None => text.split('`').skip(1).step_by(2).collect(),
            };
            let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
            let wrong = commands.into_iter().map(|command| (command, known(tree, command, help)));
            let wrong = wrong.chain(targets.map(|target| (target, link(tree, path, target))));
            let found = wrong.filter_map(|(quoted, found)| Some((quoted, found.err()?)));
            complaints.extend(found.map(|(quoted, found)| format!("{path}:{line}: `{quoted}`: {found}")));
        }
    }
    complaints
}

/// A link to the outside, or from the document's own folder to a file or folder of the tree, and to a heading of a document.
fn link(tree: &Tree, document: &str, target: &str) -> Result<(), String> {
    let (target, heading) = target.split_once('#').unwrap_or((target, ""));
    let folder = document.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
    let folders = target.matches("../").count();
    let kept: Vec<&str> = folder.split_inclusive('/').collect();
    let base = kept[..kept.len().saturating_sub(folders)].concat();
    let named = format!("{base}{}", target.trim_start_matches("../").trim_end_matches('/'));
    let path = if target.is_empty() { document } else { &named };
    let inside = |key: &String| key == path || key.starts_with(&format!("{path}/"));
    if target.contains("://") {
        return Ok(());
    }
    if !tree.keys().any(inside) {
        return Err(format!("`{path}` does not exist"));
    }
    let text = tree.get(path).filter(|_| has_extension(path, "md") && !heading.is_empty());
    if text.is_none_or(|text| headings(text).any(|known| known == heading)) {
        return Ok(());
    }
    Err(format!("`{path}` has no heading `{heading}`"))
}

/// The headings of a document, as links name them.
fn headings(document: &str) -> impl Iterator<Item = String> {
    let outside_fences = document.split("```").step_by(2).flat_map(str::lines);
    outside_fences.filter(|line| line.starts_with('#')).map(|line| {
        let words = line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
        words.chars().filter(|c| c.is_alphanumeric() || ['-', '_'].contains(c)).collect()
    })
}

fn known(tree: &Tree, command: &str, help: &dyn Fn(&str) -> Option<String>) -> Result<(), String> {
    let words: Vec<&str> = command.split_whitespace().take_while(|word| !word.starts_with('#')).collect();
    match words.as_slice() {
        ["make", target] => {
            let head = format!("{target}:");
            let found = tree.get("Makefile").is_some_and(|file| file.lines().any(|line| line.starts_with(&head)));
            if found { Ok(()) } else { Err(format!("the Makefile has no target `{target}`")) }
        }
        ["cargo", "run", "--release", "--example", name, ..] => exists(tree, &format!("examples/{name}.rs")),
        ["cargo", "bench", "--bench", name, ..] => {
            exists(tree, &format!("benches/{name}.rs")).or_else(|_| exists(tree, &format!("benches/{name}/main.rs")))
        }
        ["cargo", "run", "--release", "--manifest-path", path, ..] => exists(tree, path),
        ["cargo", "run", "--release", "--", arguments @ ..] | ["trackweave", arguments @ ..] => {
            let [subcommand, options @ ..] = arguments else { return Ok(()) };
            if *subcommand == "COMMAND" {
                return Ok(());
            }
            // `policy` has subcommands of its own.
            let nested = options.first().filter(|_| *subcommand == "policy").map(|word| format!("{subcommand} {word}"));
            let subcommand = nested.as_deref().unwrap_or(subcommand);
            let text = help(subcommand).ok_or_else(|| format!("the program has no subcommand `{subcommand}`"))?;
            let names = options.iter().map(|word| word.trim_matches(['[', ']'])).filter(|word| word.starts_with("--"));
            let mut unknown = names.filter(|name| !text.contains(*name));
            unknown.next().map_or(Ok(()), |name| Err(format!("`{subcommand}` has no option `{name}`")))
        }
        [path, ..] if path.starts_with("./") => exists(tree, &path[2..]),
        ["cargo", "test", "--release", ..] => Ok(()),
        ["cargo", ..] => Err("no known form of a cargo command".to_owned()),
        _ => Ok(()),
    }
}

fn exists(tree: &Tree, path: &str) -> Result<(), String> {
    if tree.contains_key(path) { Ok(()) } else { Err(format!("`{path}` does not exist")) }
}

fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    (1..).zip(text.lines())
}

/// Rust source with comments and the insides of literals taken out, line for line.
fn code_of(source: &str) -> String {
    let mut code = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(character) = rest.chars().next() {
        let skipped = literal(rest, code.chars().last());
        if skipped == 0 {
            code.push(character);
            rest = &rest[character.len_utf8()..];
        } else {
            code.extend(iter::repeat_n('\n', rest[..skipped].matches('\n').count()));
            code.push(' ');
            rest = &rest[skipped..];
        }
    }
    code
}

/// Bytes of the comment or literal that `rest` starts with; 0 where it starts with code.
fn literal(rest: &str, before: Option<char>) -> usize {
    let up_to = |from: usize, end: &str| rest[from..].find(end).map_or(rest.len(), |at| from + at + end.len());
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return up_to(2, "*/");
    }
    if rest.starts_with('"') {
        return quoted(rest, '"');
    }
    if rest.starts_with(r"'\") || rest.starts_with('\'') && rest.chars().nth(2) == Some('\'') {
        return quoted(rest, '\'');
    }
    let hashes = rest.strip_prefix('r').map_or(0, |raw| raw.chars().take_while(|c| *c == '#').count());
    let raw = rest.starts_with('r') && rest[1 + hashes..].starts_with('"');
    if raw && !before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
        return up_to(2 + hashes, &format!("\"{}", "#".repeat(hashes)));
    }
    0
}

/// Bytes up to and with the closing quote, escapes passed over.
fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (i, character) in rest.char_indices().skip(1) {
        if character == quote && !escaped {
            return i + 1;
        }
        escaped = character == '\\' && !escaped;
    }
    rest.len()
}

mod planted {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> Tree {
        files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
    }

    const LIB: (&str, &str) = ("src/lib.rs", "//! x\npub mod space; // where\npub mod ingest;\nmod score;\n");

    #[test]
    fn a_faulty_map_is_seen() {
        let files = [
            LIB,
            ("src/space.rs", ""),
            ("src/ingest/mod.rs", ""),
            ("tests/oracle/a.py", ""),
            ("tests/b.rs", "//! Promises.\n"),
        ];
        let rows = "- `src/lib.rs`: x\n- `src/space.rs`: x\n- `src/ingest/mod.rs`: x\n- `tests/oracle/`: x\n- `tests/b.rs`: x\n";
        let with = |map: &str| super::map(&tree(&[&files[..], &[("ARCHITECTURE.md", map)]].concat()));
        assert_eq!(with(rows), Complaints::new());
        assert_eq!(
            with(&rows.replace("- `tests/b.rs`: x\n", "")),
            ["tests/b.rs: has no row in ARCHITECTURE.md, such as\n- `tests/b.rs`: Promises."]
        );
        assert_eq!(with(&format!("{rows}See `docs/gone.md`.")), ["ARCHITECTURE.md:6: `docs/gone.md` does not exist"]);
        assert_eq!(with(&format!("{rows}- `tests/b.rs`: y")), ["ARCHITECTURE.md:6: `tests/b.rs` has a row already"]);
        let turned = rows.replace("space.rs", "_").replace("ingest/mod.rs", "space.rs").replace('_', "ingest/mod.rs");
        assert_eq!(with(&turned), ["ARCHITECTURE.md:3: `src/space.rs` stands after a room that follows it"]);
    }

    #[test]
    fn an_import_against_the_flow_is_seen() {
        let with = |path: &str, source: &str| flow(&tree(&[LIB, (path, source)]));
        let complaint = "src/ingest/a.rs:2: imports `score`, which src/lib.rs declares after `ingest`";
        for import in
            ["use crate::score::Gospa;", "fn f() { crate::score::g() }", "use crate::{\nspace::{A, B}, score};"]
        {
            assert_eq!(with("src/ingest/a.rs", &format!("//! x\n{import}")), [complaint], "{import}");
        }
        assert_eq!(with("src/ingest/a.rs", "\nuse super::super::score::Gospa;"), [complaint]);
        let harmless = "//! [`crate::score`]\nuse crate::{space::Place, ingest};\nuse super::score;\nconst A: &str = \"crate::score\";";
        assert_eq!(with("src/ingest/a.rs", harmless), Complaints::new());
        let orphan = "src/report.rs:1: neither src/lib.rs nor src/main.rs declares `report`";
        assert_eq!(with("src/report.rs", "//! x"), [orphan]);
    }

    #[test]
    fn a_stray_wgpu_is_seen() {
        let with = |path: &str, source: &str| device(&tree(&[(path, source)]));
        let complaint = "src/run.rs:2: names `wgpu` outside src/fusion/device/";
        assert_eq!(with("src/run.rs", "//! wgpu\nuse wgpu::Device;"), [complaint]);
        assert_eq!(with("src/fusion/device/mod.rs", "use wgpu::Device;"), Complaints::new());
        assert_eq!(with("src/run.rs", "let a = r#\"wgpu\"#; let b = '\"'; // \" wgpu\n/* wgpu */"), Complaints::new());
        assert_eq!(with("src/run.rs", "let b = '\"';\nwgpu::f::<'a>('\\'')"), [complaint]);
    }

    #[test]
    fn a_missing_head_an_overlong_file_and_a_marker_are_seen() {
        assert_eq!(
            heads(&tree(&[("src/a.rs", "use b;\n//! late")])),
            ["src/a.rs:1: does not open with `//! ` and its meaning"]
        );
        let long =
            tree(&[("src/a.rs", &"\n".repeat(601)), ("src/b.rs", &"\n".repeat(600)), ("c.wgsl", &"\n".repeat(201))]);
        assert_eq!(
            sizes(&long),
            ["c.wgsl:201: 201 lines, at most 200 wanted", "src/a.rs:601: 601 lines, at most 600 wanted"]
        );
        for marker in MARKERS {
            let found = markers(&tree(&[("shaders/a.wgsl", &format!("x\n// {marker}: later"))]));
            assert_eq!(found, [format!("shaders/a.wgsl:2: `{marker}`")]);
        }
    }

    #[test]
    fn a_command_or_link_to_nothing_is_seen() {
        let help = |name: &str| (name == "demo").then(|| "--out <DIR>".to_owned());
        let with = |readme: &str| documents(&tree(&[("README.md", readme), ("Makefile", "test: x\n")]), &help);
        assert_eq!(with("`make test`, `trackweave demo [--out DIR]`\n```rust\nmake(x)\n```"), Complaints::new());
        assert_eq!(with("```sh\nmake all\n```"), ["README.md:2: `make all`: the Makefile has no target `all`"]);
        let unknown = "README.md:1: `cargo run --release -- dmeo`: the program has no subcommand `dmeo`";
        assert_eq!(with("`cargo run --release -- dmeo`"), [unknown]);
        let option = "README.md:1: `trackweave demo [--outt DIR]`: `demo` has no option `--outt`";
        assert_eq!(with("`trackweave demo [--outt DIR]`"), [option]);
        let example = "cargo run --release --example gone";
        assert_eq!(
            with(&format!("`{example}`")),
            [format!("README.md:1: `{example}`: `examples/gone.rs` does not exist")]
        );
        let bench = "cargo bench --bench gone";
        assert_eq!(
            with(&format!("`{bench}`")),
            [format!("README.md:1: `{bench}`: `benches/gone/main.rs` does not exist")]
        );
        assert_eq!(
            with("[a](gone.md#b) [c](Makefile) [d](https://e)"),
            ["README.md:1: `gone.md#b`: `gone.md` does not exist"]
        );
        assert_eq!(link(&tree(&[("docs/a.md", "")]), "docs/b.md", "../docs/a.md"), Ok(()));
        let headed = tree(&[("docs/a.md", "# One `two`, 3\n```\n# four\n```\n"), ("docs/a.rs", "")]);
        for target in ["a.md#one-two-3", "a.rs#L1", "#one-two-3", "a.md", "https://e#f"] {
            assert_eq!(link(&headed, "docs/a.md", target), Ok(()), "{target}");
        }
        for target in ["a.md#one", "a.md#four", "#five"] {
            assert!(link(&headed, "docs/a.md", target).is_err_and(|found| found.contains("no heading")), "{target}");
        }
        assert_eq!(with("`./gone`"), ["README.md:1: `./gone`: `gone` does not exist"]);
    }
}
