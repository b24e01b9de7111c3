//! The tutorial is run as it is written: its commands in order, its files as the page says; what they print is on the page.
#![cfg(unix)]

use std::collections::VecDeque;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

const PAGE: &str = "docs/tutorial.md";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What stands for what is not compared: lines where it is alone, else a part of a line.
const LEFT_OUT: &str = "…";

#[derive(Debug, PartialEq, Eq)]
enum Step<'a> {
    /// Commands, and what they must print.
    Run { commands: String, printed: Option<Vec<&'a str>> },
    /// A text, which begins or goes on with a file.
    Keep { path: &'a str, text: String, is_new: bool },
}

/// A fenced block: the line before it that is not empty, its language, its lines.
fn blocks(page: &str) -> Vec<(&str, &str, Vec<&str>)> {
    let (mut blocks, mut before, mut lines) = (Vec::new(), "", page.lines());
    while let Some(line) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            blocks.push((before, language, lines.by_ref().take_while(|line| *line != "```").collect()));
        } else if !line.is_empty() {
            before = line;
        }
    }
    blocks
}

/// The steps of a page: `sh` is run, a `text` that follows is what it prints, any other block that follows "Write to
/// `PATH`:" or "Add to `PATH`:" is a file. `bash` is for the reader: setting up.
fn steps(page: &str) -> Vec<Step<'_>> {
    let mut blocks: VecDeque<_> = blocks(page).into();
    let mut steps = Vec::new();
    while let Some((before, language, lines)) = blocks.pop_front() {
        let text = format!("{}\n", lines.join("\n"));
        let named = |verb: &str| before.rsplit_once(&format!("{verb} to `"))?.1.strip_suffix("`:");
        steps.push(match (language, named("Write"), named("Add")) {
            ("bash", ..) => continue,
            ("sh", ..) => {
                let printed = blocks.pop_front_if(|(_, language, _)| *language == "text");
                Step::Run { commands: text, printed: printed.map(|(_, _, lines)| lines) }
            }
            (_, Some(path), _) => Step::Keep { path, text, is_new: true },
            (_, _, Some(path)) => Step::Keep { path, text, is_new: false },
            _ => panic!("found a block of `{language}` after `{before}`, wanted commands, or a file that is named"),
        });
    }
    steps
}

/// Whether lines are what a page has.
fn fits(wanted: &[&str], found: &[&str]) -> bool {
    match (wanted, found) {
        ([], []) => true,
        ([wanted, rest @ ..], _) if *wanted == LEFT_OUT => {
            (0..=found.len()).any(|left_out| found.get(left_out..).is_some_and(|found| fits(rest, found)))
        }
        ([wanted, rest @ ..], [found, others @ ..]) => line_fits(wanted, found) && fits(rest, others),
        _ => false,
    }
}

fn line_fits(wanted: &str, found: &str) -> bool {
    match wanted.split_once(LEFT_OUT) {
        None => wanted == found,
        Some((start, end)) => found.strip_prefix(start).is_some_and(|rest| rest.ends_with(end)),
    }
}

fn run(commands: &str, printed: Option<&[&str]>, folder: &Path) {
    let bin = Path::new(env!("CARGO_BIN_EXE_trackweave")).parent().expect("a folder").display().to_string();
    let path = format!("{bin}:{}", std::env::var("PATH").unwrap_or_default());
    // Without drivers for Vulkan, so that the processor fuses: figures of a GPU may differ in last places.
    let mut shell = Command::new("bash");
    shell.args(["-euo", "pipefail", "-c", commands]).current_dir(folder).env("PATH", path);
    shell.env("VK_DRIVER_FILES", "/dev/null").env("VK_ICD_FILENAMES", "/dev/null").env("NO_COLOR", "1");
    let output = shell.output().expect("a shell");
    assert_eq!(output.status.code(), Some(0), "{commands}{}", String::from_utf8_lossy(&output.stderr));
    let found = String::from_utf8(output.stdout).expect("the program writes UTF-8");
    if let Some(wanted) = printed {
        let lines: Vec<&str> = found.lines().collect();
        assert!(fits(wanted, &lines), "{PAGE}: found\n{commands}{found}wanted\n{}", wanted.join("\n"));
    }
}

#[test]
fn the_tutorial_does_what_it_says() {
    let folder = tempfile::tempdir().expect("a folder");
    std::os::unix::fs::symlink(root().join("data"), folder.path().join("data")).expect("a link");
    let page = fs::read_to_string(root().join(PAGE)).expect("the page");
    let steps = steps(&page);
    for step in &steps {
        match step {
            Step::Run { commands, printed } => run(commands, printed.as_deref(), folder.path()),
            Step::Keep { path, text, is_new } => {
                let mut options = fs::OpenOptions::new();
                let file = if *is_new { options.write(true).create_new(true) } else { options.append(true) };
                let mut file = file.open(folder.path().join(path)).expect("a file to write");
                file.write_all(text.as_bytes()).expect("room");
            }
        }
    }
    let compared = steps.iter().filter(|step| matches!(step, Step::Run { printed: Some(_), .. })).count();
    assert!(compared >= 10, "{compared} commands of the tutorial have their output beside them");
}

#[test]
fn pages_and_outputs_are_told_apart() {
    let page = "```bash\nmake\n```\n\nWrite to `a`:\n\n```toml\nb = 1\n```\n```sh\ncat a\n```\n\nIt says\n```text\nb = …\n```\n";
    let kept = Step::Keep { path: "a", text: "b = 1\n".to_owned(), is_new: true };
    let ran = Step::Run { commands: "cat a\n".to_owned(), printed: Some(vec!["b = …"]) };
    assert_eq!(steps(page), [kept, ran]);
    let all = ["a", "b", "c"];
    for wanted in [&all[..], &["…"], &["a", "…"], &["…", "c"], &["a", "…", "c", "…"], &["a", "b", "…c"]] {
        assert!(fits(wanted, &all), "{wanted:?}");
    }
    for wanted in [&["a", "b"][..], &[], &["…", "b"], &["a", "c"], &["b", "…"], &["a", "b", "c", "d"], &["aa…", "…"]]
    {
        assert!(!fits(wanted, &all), "{wanted:?}");
    }
    assert!(line_fits("a … d", "a b d") && !line_fits("ab…ba", "aba"));
}
