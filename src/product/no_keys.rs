//! Keys in a program that does not sign: there are none.

use std::fmt;

/// The operator's secret key.
#[derive(Debug)]
pub enum SigningKey {}

impl SigningKey {
    pub(super) fn sign(&self, _bytes: &[u8]) -> String {
        match *self {}
    }
}

/// The key that an operator's signatures are checked with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublicKey {}

impl fmt::Display for PublicKey {
    fn fmt(&self, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

impl PublicKey {
    pub(super) fn signed(self, _bytes: &[u8], _signature: &str) -> bool {
        match self {}
    }
}
