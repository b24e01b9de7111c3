//! What was found, and what was counted.

use std::collections::BTreeMap;
use std::fmt;

/// What is wrong with a kernel.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// Two workgroups of a dispatch access a word of an array, and one of them writes it.
    RaceBetweenWorkgroups {
        /// The array.
        array: String,
    },
    /// Two invocations of a workgroup do, without a barrier between.
    RaceWithinWorkgroup {
        /// The array, or `workgroup`.
        array: String,
    },
    /// Two invocations write the same value to a word that nobody reads.
    EqualWrites {
        /// The array, or `workgroup`.
        array: String,
    },
    /// An index past the end.
    OutOfBounds,
    /// A barrier that not all invocations of a workgroup reach.
    DivergentBarrier,
    /// An invocation that did not end.
    Endless,
}

/// A fault, and where it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The kernel.
    pub kernel: String,
    /// What is wrong.
    pub fault: Fault,
    /// The line of its text.
    pub line: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "`{}`: {:?} in `{}`", self.kernel, self.fault, self.line)
    }
}

/// What dispatches of a kernel did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Dispatches.
    pub dispatches: u64,
    /// Invocations.
    pub invocations: u64,
    /// Instructions.
    pub instructions: u64,
    /// Words read from bindings.
    pub words_read: u64,
    /// Words written to bindings.
    pub words_written: u64,
    /// Atomic operations on bindings.
    pub atomics: u64,
}

/// Findings and counts of all dispatches so far.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    /// What was found, and how often.
    pub findings: BTreeMap<Finding, u64>,
    /// What was counted, by kernel.
    pub counts: BTreeMap<String, Counts>,
}

impl Counts {
    pub(crate) fn add(&mut self, other: &Self) {
        self.dispatches += other.dispatches;
        self.invocations += other.invocations;
        self.instructions += other.instructions;
        self.words_read += other.words_read;
        self.words_written += other.words_written;
        self.atomics += other.atomics;
    }
}
