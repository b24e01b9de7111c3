//! The command line: arguments in, text or JSON out. Whatever a command does, the library does without it.
//!
//! Results go to stdout, as text or, with `--json`, as one JSON object; progress and errors go to stderr. Every way to
//! fail has its exit code (`failure`). For people: `docs/command-line.md`.

mod arguments; // what may be typed
mod failure; // errors -> exit codes, and one readable line
mod screen; // stdout and progress bars
mod signals; // SIGINT and SIGTERM, and when they wait
mod layout; // numbers and tables as text
mod executor; // which side fuses, and why

mod inspect; // what is in a recording
mod run; // recording and policy -> pictures
mod pictures; // a run's report as text
mod demo; // the same on the recording in data/
mod policy; // what a policy does, before anything is shared
mod policy_diff; // two policies beside each other
mod policy_explain; // why, in words
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

use arguments::{Arguments, Command};
use clap::{CommandFactory, FromArgMatches};
use failure::{Code, Failure};
use screen::Screen;
use std::ffi::OsString;
use std::process::ExitCode;

/// What `--help` of every command says about exit codes.
const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  `policy check` found an error, or `policy diff` found that more is granted
  2  the arguments are wrong
  3  the recording, the policy, the configuration or the scenario is wrong
  4  the output cannot be written, or the cache cannot be used; what was there is still there
  5  the device is not there, or failed
  6  the output is not what was written, or holds more than its partners may have
  7  the new output is in place, but could not be scored
  8  the new output is in place, but something beside it failed, which the message names
  130, 143  SIGINT or SIGTERM ended it; what was there is still there";

/// Runs the command that the arguments name, the program's own name first.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    crate::pages::contain::quietly();
    let command = Arguments::command().after_help(EXIT_CODES);
    let codes = |command: clap::Command| command.after_help(EXIT_CODES);
    let command = command.mut_subcommands(|command| codes(command).mut_subcommands(codes));
    let parsed = command.try_get_matches_from(arguments).and_then(|found| Arguments::from_arg_matches(&found));
    let Arguments { command, json } = match parsed {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version come this way, too, and go to stdout. Who has closed it wants no word of that.
            let _ = error.print();
            return if error.use_stderr() { Code::Usage.into() } else { ExitCode::SUCCESS };
        }
    };
    match execute(&command, if json { Screen::Json } else { Screen::Text }) {
        Ok(code) => code.into(),
        Err(failure) => failure.report(),
    }
}

fn execute(command: &Command, screen: Screen) -> Result<Code, Failure> {
    let done = match command {
        Command::Policy { command } => return policy::execute(command, screen),
        Command::Demo(demo) => return demo::execute(demo, screen),
        Command::Run(run) => return run::execute(run, screen),
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
    };
    done.map(|()| Code::Done)
}
