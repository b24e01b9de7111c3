//! How much memory this process holds, where the system says: on Linux.

use std::fs;

/// Bytes resident now.
pub(crate) fn now() -> Option<u64> {
    bytes("VmRSS:")
}

/// The most that were resident so far.
pub(crate) fn peak() -> Option<u64> {
    bytes("VmHWM:")
}

fn bytes(name: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let kib: u64 = status.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()?.parse().ok()?;
    Some(kib * 1024)
}
