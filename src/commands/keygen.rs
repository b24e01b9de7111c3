//! `trackweave keygen`: a key that signs outputs.

use super::arguments::Keygen;
use super::failure::Failure;
use super::screen::Screen;
use super::signals::Signals;
use crate::product::SigningKey;
use crate::run::RunError;
use serde::Serialize;
use std::borrow::Cow;

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Done<'a> {
    out: Cow<'a, str>,
    public_key: String,
}

/// Runs the command.
pub(super) fn execute(arguments: &Keygen, screen: Screen) -> Result<(), Failure> {
    let Keygen { out } = arguments;
    // A key is made in no time, so a signal may wait for it.
    let signals = Signals::take()?;
    if signals.wait().is_break() {
        return Err(signals.name(RunError::Stopped.into()));
    }
    let public_key = SigningKey::generate(out)?.public().to_string();
    signals.finish();
    let text = format!("secret: {0}\npublic: {0}.pub\n{public_key}\n", out.display());
    screen.publish(&Done { out: out.to_string_lossy(), public_key }, || text)
}
