//! Keys that sign outputs: Ed25519, each in a file of one line.
//!
//! ```text
//! ed25519-secret:<64 lower-case hexadecimal digits>
//! ed25519-public:<64 lower-case hexadecimal digits>
//! ```
//!
//! The word before the digits keeps one from being given for the other. A new secret key comes from the system's
//! randomness; it is the only thing of this program that does, with the encryption of folders, and reaches no
//! picture. A file that is there is never overwritten.

use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use ed25519_dalek::{Signature, Signer};
use rand::TryRng;
use rand::rngs::SysRng;
use tempfile::NamedTempFile;

use super::digest::{hex_of, unhex};
use crate::secret::{has_secret, hidden};

const SECRET: &str = "ed25519-secret:";
const PUBLIC: &str = "ed25519-public:";

/// Why a key could not be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// A key could not be read or written.
    #[error("{}: cannot {doing}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// A file that is no key of this kind. What it holds is not said: it may be a secret.
    #[error("{}: found {found}, wanted one line `{wanted}<64 lower-case hexadecimal digits>`", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        found: &'static str,
        /// The word that it should begin with.
        wanted: &'static str,
    },
    /// A secret key that others can read.
    #[error(
        "{0}: found a secret key that others than its owner may read (mode {mode:03o}), wanted 600: run \
        `chmod 600 {0}`, and make a new key if somebody may have read it", path.display()
    )]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The system gives no randomness.
    #[error("{}: cannot make a key: the system gives no randomness", path.display())]
    Randomness {
        /// Where the key was to go.
        path: PathBuf,
        /// What the system said.
        source: rand::rngs::SysError,
    },
}

/// The operator's secret key.
pub struct SigningKey(ed25519_dalek::SigningKey);

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SigningKey").field(&self.public()).finish()
    }
}

impl SigningKey {
    /// Reads a secret key.
    ///
    /// # Errors
    /// A file that cannot be read, that others can read, or that is no secret key.
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        let seed = read(path, SECRET)?;
        private(path)?;
        Ok(Self(ed25519_dalek::SigningKey::from_bytes(&seed)))
    }

    /// Makes a new key: the secret one in `path`, for its owner's eyes only, the public one in `path` with `.pub`.
    ///
    /// # Errors
    /// A file that is there already, a disk that refuses, or a system without randomness. Then there is neither half.
    pub fn generate(path: &Path) -> Result<Self, KeyError> {
        let mut seed = [0; 32];
        SysRng.try_fill_bytes(&mut seed).map_err(|source| KeyError::Randomness { path: path.to_owned(), source })?;
        let key = Self(ed25519_dalek::SigningKey::from_bytes(&seed));
        let mut public = path.as_os_str().to_owned();
        public.push(".pub");
        write_pair([
            (path, format!("{SECRET}{}\n", hex_of(&seed))),
            (Path::new(&public), format!("{}\n", key.public())),
        ])?;
        Ok(key)
    }

    /// The key that its signatures are checked with.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// The signature of some bytes: always the same one (RFC 8032).
    pub(super) fn sign(&self, bytes: &[u8]) -> String {
        hex_of(&self.0.sign(bytes).to_bytes())
    }
}

/// The key that an operator's signatures are checked with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey(ed25519_dalek::VerifyingKey);

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PUBLIC}{}", hex_of(self.0.as_bytes()))
    }
}

impl PublicKey {
    /// A public key that is given: as the line that [`keygen`](SigningKey::generate) makes, or as the file that has it.
    ///
    /// # Errors
    /// What is no public key, or a file that cannot be read.
    pub fn given(given: &Path) -> Result<Self, KeyError> {
        let text = given.to_str().map(str::trim).filter(|text| text.starts_with(PUBLIC) || has_secret(text));
        let Some(text) = text else { return Self::read(given) };
        let shown = PathBuf::from(hidden(text).into_owned());
        Self::from_bytes(line(text, &shown, PUBLIC)?, &shown)
    }

    /// Reads a public key.
    ///
    /// # Errors
    /// A file that cannot be read or is no public key.
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        Self::from_bytes(read(path, PUBLIC)?, path)
    }

    fn from_bytes(bytes: [u8; 32], path: &Path) -> Result<Self, KeyError> {
        let malformed =
            |_| KeyError::Malformed { path: path.to_owned(), found: "no point of the curve", wanted: PUBLIC };
        ed25519_dalek::VerifyingKey::from_bytes(&bytes).map(Self).map_err(malformed)
    }

    /// Whether `signature`, 128 hexadecimal digits, is that of these bytes.
    pub(super) fn signed(&self, bytes: &[u8], signature: &str) -> bool {
        let signature = unhex::<64>(signature).map(|bytes| Signature::from_bytes(&bytes));
        signature.is_some_and(|signature| self.0.verify_strict(bytes, &signature).is_ok())
    }
}

fn read(path: &Path, word: &'static str) -> Result<[u8; 32], KeyError> {
    let text =
        fs::read(path).map_err(|source| KeyError::Io { path: path.to_owned(), doing: "read the key", source })?;
    line(String::from_utf8(text).unwrap_or_default().trim_end(), path, word)
}

/// The bytes of a key in a line of text, from `path`.
fn line(line: &str, path: &Path, word: &'static str) -> Result<[u8; 32], KeyError> {
    let found = match line.strip_prefix(word).map(unhex) {
        Some(Some(bytes)) => return Ok(bytes),
        Some(None) => "other digits",
        None if line.starts_with(SECRET) || (word == PUBLIC && has_secret(line)) => "a secret key",
        None if line.starts_with(PUBLIC) => "a public key",
        None => "something else",
    };
    Err(KeyError::Malformed { path: path.to_owned(), found, wanted: word })
}

/// Refuses a secret key that is open to others. Where the system knows no such thing nothing is asked.
fn private(path: &Path) -> Result<(), KeyError> {
    #[cfg(unix)]
    if let Ok(found) = fs::metadata(path) {
        let mode = std::os::unix::fs::PermissionsExt::mode(&found.permissions()) & 0o777;
        if mode & 0o077 != 0 {
            return Err(KeyError::Exposed { path: path.to_owned(), mode });
        }
    }
    Ok(())
}

/// Writes two files that are not there yet and that only their owner may read: both, or neither. Killed half way, it
/// may leave the second without the first, which is the one that holds the secret, but never the first alone.
fn write_pair([(first, secret), (second, public)]: [(&Path, String); 2]) -> Result<(), KeyError> {
    refuse(first)?;
    write(second, &public)?;
    write(first, &secret).inspect_err(|_| {
        // What went wrong with the first is what there is to say.
        let _ = fs::remove_file(second);
    })
}

fn refuse(path: &Path) -> Result<(), KeyError> {
    if fs::symlink_metadata(path).is_err() {
        return Ok(());
    }
    let source = io::ErrorKind::AlreadyExists.into();
    Err(KeyError::Io { path: path.to_owned(), doing: "write the key", source })
}

/// Writes a file that is not there yet and that only its owner may read, whole or not at all.
fn write(path: &Path, text: &str) -> Result<(), KeyError> {
    refuse(path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let written = NamedTempFile::new_in(folder).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist_noclobber(path).map(drop).map_err(|error| error.error)
    });
    written.map_err(|source| KeyError::Io { path: path.to_owned(), doing: "write the key", source })
}
