//! gzip in a program that does not unpack it: an error that says so.

use std::io::{self, Read};
use std::marker::PhantomData;

/// Whether octets begin a file in gzip.
pub(crate) fn begins(octets: &[u8]) -> bool {
    octets.starts_with(&[0x1f, 0x8b, 8])
}

/// A stream in gzip: nothing of it can be read.
#[derive(Debug)]
pub(crate) struct Gunzip<R>(PhantomData<fn() -> R>);

impl<R> Gunzip<R> {
    pub(crate) fn new(_source: R) -> Self {
        Self(PhantomData)
    }
}

impl<R> Read for Gunzip<R> {
    fn read(&mut self, _into: &mut [u8]) -> io::Result<usize> {
        Err(super::not_built("gzip"))
    }
}
