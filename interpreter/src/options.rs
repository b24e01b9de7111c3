//! What a device may do that WGSL allows, or that drivers do: each is on or off.

/// In which order invocations go on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Schedule {
    /// One workgroup after another, one invocation of it after another up to the next barrier.
    #[default]
    InOrder,
    /// By the seed: some workgroups at a time, in any order, each invocation for some accesses to shared memory.
    Seeded,
    /// All invocations of a dispatch at once, one access to shared memory each in turn.
    AllAtOnce,
}

/// What becomes of an index past the end of an array.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Bounds {
    /// It is a finding, and the last element is meant.
    #[default]
    Found,
    /// The last element is meant, as in wgpu's policy `Restrict`.
    Restricted,
}

/// When other invocations see what one wrote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stores {
    /// At once.
    #[default]
    AtOnce,
    /// Behind the barrier of its kind of memory, or at the end.
    AtBarriers,
    /// Of storage that is not `@coherent` only at the end; else behind the barrier.
    AtBarriersIfCoherent,
}

/// How a device computes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Decides whatever is left open.
    pub seed: u64,
    /// In which order invocations go on.
    pub schedule: Schedule,
    /// What becomes of an index past the end of an array.
    pub bounds: Bounds,
    /// When other invocations see what one wrote.
    pub stores: Stores,
    /// Half of the sums of a product, by the seed, are rounded once.
    pub contracts: bool,
    /// `!(a < b)` is computed as `a >= b`, false where a number is NaN.
    pub turns_comparisons: bool,
    /// `num_workgroups` is zero in indirect dispatches.
    pub forgets_num_workgroups: bool,
    /// Floats below the smallest normal one are zero.
    pub flushes_denormals: bool,
}

/// Numbers by a seed: SplitMix64.
#[derive(Clone, Debug)]
pub(crate) struct Random(pub u64);

impl Random {
    pub fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `end`, which is not zero.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from((u128::from(self.word()) * end as u128) >> 64).unwrap_or(0)
    }
}
