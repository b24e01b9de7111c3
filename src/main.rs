//! The program `trackweave`: `src/commands/` is its command line, the library does the work.

use std::process::ExitCode;

fn main() -> ExitCode {
    trackweave::commands::main(std::env::args_os())
}
