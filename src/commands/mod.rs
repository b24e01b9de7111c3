//! The command line: arguments in, text or JSON out. Whatever a command does, the library does without it.
//!
//! Results go to stdout, as text or, with `--json`, as one JSON value; progress and errors go to stderr. Every way to
//! fail has its exit code (`failure`). For people: `docs/command-line.md`.

mod arguments; // what may be typed
mod run_arguments; // the same of track, run, fuse, calibrate and assemble
mod examples; // what help ends with
mod failure; // errors -> exit codes, and one readable line
mod screen; // stdout and progress bars
mod signals; // SIGINT and SIGTERM, and when they wait
mod layout; // numbers and tables as text
mod executor; // which side fuses, and why

mod import; // files of others -> recording
mod inspect; // what is in a recording
mod track; // recording -> one picture
mod run; // recording and policy -> pictures
mod fuse; // lanes of it -> logs
mod calibrate; // logs -> what sensors are off by
mod assemble; // logs -> pictures
mod pictures; // a run's report as text
mod demo; // the same on the recording in data/
mod policy; // what a policy does, before anything is shared
mod policy_new; // a policy to begin with
mod policy_diff; // two policies beside each other
mod policy_explain; // why, in words
mod policy_elsewhere; // why a track of one picture is not in another
mod policy_html; // a matrix as a page
mod policy_matrix; // a matrix as text
mod simulate; // scenario -> recording
mod score; // finished pictures against truth
mod coherence; // finished pictures against each other
mod price; // what each rule costs whom
mod verify; // finished pictures against what was written, and against the policy
mod export; // finished pictures for other tools
mod report; // finished pictures as pages
mod keygen; // a key that signs
mod bench; // throughput
mod devices; // adapters
mod info; // what something is
mod show; // rows of pictures, lines of audits
mod config; // configurations
mod manual; // completions and manual pages

/// What the Python package has of the command line: the same words, and the same choice of what computes.
pub use self::{
    executor::{Choice, Wish, attempt, choose},
    failure::{Code, Failure},
    pictures::describe_run,
    policy_elsewhere::describe_elsewhere,
    policy_explain::describe_explained,
};

use arguments::{Arguments, Command};
use clap::error::{ContextKind, ContextValue};
use clap::{ColorChoice, CommandFactory, FromArgMatches};
use examples::after_help;
use failure::Body;
use screen::Screen;
use std::ffi::OsString;
use std::process::ExitCode;

/// Runs the command that the arguments name, the program's own name first.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    crate::pages::contain::quietly();
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    // Where arguments are wrong, only the words tell how to say so.
    let wants_json = arguments.iter().take_while(|word| *word != "--").any(|word| word == "--json");
    let parsed = whole().try_get_matches_from(arguments).and_then(|found| Arguments::from_arg_matches(&found));
    let Arguments { command, json } = match parsed {
        Ok(arguments) => arguments,
        Err(error) if wants_json && error.use_stderr() => {
            usage(&error).print();
            return Code::Usage.into();
        }
        Err(error) => {
            // Help and version come this way, too, and go to stdout. Who has closed it wants no word of that.
            let _ = error.print();
            return if error.use_stderr() { Code::Usage.into() } else { ExitCode::SUCCESS };
        }
    };
    let screen = if json { Screen::Json } else { Screen::Text };
    match execute(&command, screen) {
        Ok(code) => code.into(),
        Err(failure) => failure.report(screen),
    }
}

/// No colour where the terminal has none or nobody wants any, in continuous integration too: clap's own choice overlooks
/// `TERM=dumb` where `CI` is set.
fn colour() -> ColorChoice {
    let is =
        |name: &str, wanted: fn(&std::ffi::OsStr) -> bool| std::env::var_os(name).is_some_and(|value| wanted(&value));
    let plain = is("NO_COLOR", |value| !value.is_empty()) || is("TERM", |value| value == "dumb");
    if plain { ColorChoice::Never } else { ColorChoice::Auto }
}

/// The commands as clap knows them, with what their help ends with.
fn whole() -> clap::Command {
    let ended = |command: clap::Command, before: &str| {
        let name = format!("{before}{}", command.get_name());
        command.after_help(after_help(&name))
    };
    let command = Arguments::command().term_width(layout::width()).color(colour()).after_help(after_help(""));
    command.mut_subcommands(|command| {
        let before = format!("{} ", command.get_name());
        ended(command, "").mut_subcommands(|below| ended(below, &before))
    })
}

/// Wrong arguments, in parts.
fn usage(error: &clap::Error) -> Body {
    let text = error.render().to_string();
    let message = text.lines().next().unwrap_or_default();
    let message = message.strip_prefix("error: ").unwrap_or(message).trim_end_matches(':').to_owned();
    let of = |kind: ContextKind| {
        error.get(kind).map(|value| match value {
            ContextValue::Strings(all) => all.join(", "),
            value => value.to_string(),
        })
    };
    let mut body = Body::of(Code::Usage, message, "trackweave --help");
    body.place = of(ContextKind::InvalidArg).or_else(|| of(ContextKind::InvalidSubcommand));
    body.found = of(ContextKind::InvalidValue);
    let wanted = [ContextKind::ValidValue, ContextKind::ValidSubcommand, ContextKind::SuggestedSubcommand];
    body.wanted = wanted.into_iter().filter_map(of).find(|all| !all.is_empty());
    body
}

fn execute(command: &Command, screen: Screen) -> Result<Code, Failure> {
    let done = match command {
        Command::Policy { command } => return policy::execute(command, screen),
        Command::Demo(demo) => return demo::execute(demo, screen),
        Command::Track(track) => return track::execute(track, screen),
        Command::Run(run) => return run::execute(run, screen),
        Command::Assemble(assemble) => return assemble::execute(assemble, screen),
        Command::Fuse(fuse) => fuse::execute(fuse, screen),
        Command::Calibrate(calibrate) => calibrate::execute(calibrate, screen),
        Command::Import(arguments) => import::execute(arguments, screen),
        Command::Inspect(inspect) => inspect::execute(inspect, screen),
        Command::Simulate(simulate) => simulate::execute(simulate, screen),
        Command::Score(score) => score::execute(score, screen),
        Command::Coherence(coherence) => coherence::execute(coherence, screen),
        Command::Price(price) => price::execute(price, screen),
        Command::Verify(verify) => verify::execute(verify, screen),
        Command::Export(export) => export::execute(export, screen),
        Command::Report(report) => report::execute(report, screen),
        Command::Keygen(keygen) => keygen::execute(keygen, screen),
        Command::Bench(bench) => bench::execute(bench, screen),
        Command::Devices => devices::execute(screen),
        Command::Info(info) => info::execute(info, screen),
        Command::Show(show) => show::execute(show, screen),
        Command::Config(config) => config::execute(config, screen),
        Command::Completions(completions) => manual::completions(completions, screen),
        Command::Man(man) => manual::man(man, screen),
    };
    done.map(|()| Code::Done)
}

#[cfg(test)]
mod tests {
    use super::examples::EXAMPLES;
    use super::*;

    #[test]
    fn every_example_is_a_command_that_clap_takes() {
        for (name, examples) in EXAMPLES {
            for example in *examples {
                let words = example.split_whitespace().filter(|word| *word != "\\");
                let words: Vec<&str> = words.take_while(|word| *word != ">" && *word != "|").collect();
                let found = whole().try_get_matches_from(&words);
                assert!(found.is_ok(), "{example}: {:?}", found.err());
                assert!(words.join(" ").starts_with(&format!("trackweave {name}")), "{example} is of {name}");
            }
        }
    }

    #[test]
    fn every_command_has_examples() {
        let all = whole();
        let below = all.get_subcommands().flat_map(|command| {
            let before = command.get_name().to_owned();
            let below = command.get_subcommands().map(move |below| format!("{before} {}", below.get_name()));
            std::iter::once(command.get_name().to_owned()).chain(below)
        });
        for name in below {
            assert!(EXAMPLES.iter().any(|(of, examples)| *of == name && !examples.is_empty()), "{name}");
        }
    }
}
