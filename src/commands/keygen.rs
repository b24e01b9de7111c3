//! `trackweave keygen`: a key that signs outputs.

use super::arguments::Keygen;
use super::failure::Failure;
use super::screen::Screen;
use crate::product::SigningKey;
use serde::Serialize;
use std::path::Path;

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Done<'a> {
    out: &'a Path,
    public_key: String,
}

/// Runs the command.
pub(super) fn execute(arguments: &Keygen, screen: Screen) -> Result<(), Failure> {
    let Keygen { out } = arguments;
    let public_key = SigningKey::generate(out)?.public().to_string();
    let text = format!("secret: {0}\npublic: {0}.pub\n{public_key}\n", out.display());
    screen.publish(&Done { out, public_key }, || text)
}
