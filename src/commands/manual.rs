//! `trackweave completions` and `trackweave man`: what clap knows of the commands, for shells and for `man`.

use super::arguments::{Completions, Man};
use super::failure::{Code, Failure};
use super::screen::Screen;
use super::whole;
use clap_complete::aot::generate;
use serde::Serialize;
use std::fs;
use std::path::Path;

/// What `completions --json` prints.
#[derive(Debug, Serialize)]
struct Script {
    shell: String,
    script: String,
}

/// What `man --json` prints.
#[derive(Debug, Serialize)]
struct Pages<'a> {
    out: &'a Path,
    pages: Vec<String>,
}

/// Prints completions.
pub(super) fn completions(Completions { shell }: &Completions, screen: Screen) -> Result<(), Failure> {
    let mut script = Vec::new();
    generate(*shell, &mut whole(), "trackweave", &mut script);
    let script = String::from_utf8(script).map_err(|error| Failure::new(Code::Output, error))?;
    let done = Script { shell: shell.to_string(), script };
    screen.publish_before(&done, || (String::new(), done.script.clone()))
}

/// Writes a page for every command.
pub(super) fn man(Man { out }: &Man, screen: Screen) -> Result<(), Failure> {
    let failed = |path: &Path, error: std::io::Error| {
        Failure::new(Code::Output, format!("{}: cannot be written: {error}", path.display()))
    };
    fs::create_dir_all(out).map_err(|error| failed(out, error))?;
    let mut command = whole();
    command.build();
    let mut pages = Vec::new();
    for (name, command) in named(&command, "") {
        let page = format!("{name}.1");
        let path = out.join(&page);
        let mut text = Vec::new();
        clap_mangen::Man::new(command.clone()).title(name).render(&mut text).map_err(|error| failed(&path, error))?;
        fs::write(&path, text).map_err(|error| failed(&path, error))?;
        pages.push(page);
    }
    let done = Pages { out, pages };
    screen.publish(&done, || {
        let pages = done.pages.len();
        format!("{}: {pages} pages; `man -l {}/trackweave.1` shows the first\n", out.display(), out.display())
    })
}

/// Every command with the names of those around it, but for `help`.
fn named<'a>(command: &'a clap::Command, before: &str) -> Vec<(String, &'a clap::Command)> {
    let name =
        if before.is_empty() { command.get_name().to_owned() } else { format!("{before}-{}", command.get_name()) };
    let below = command.get_subcommands().filter(|below| below.get_name() != "help");
    let below: Vec<_> = below.flat_map(|below| named(below, &name)).collect();
    std::iter::once((name, command)).chain(below).collect()
}
