//! Choices, from the bytes of a seed or of a fuzzer.

/// Takes choices from bytes while there are any, then from numbers that follow from all of them (SplitMix64).
#[derive(Clone, Debug)]
pub(crate) struct Random {
    given: Vec<u8>,
    at: usize,
    state: u64,
}

impl Random {
    pub(crate) fn from_seed(seed: u64) -> Self {
        Self { given: Vec::new(), at: 0, state: seed }
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Self {
        // FNV-1a: any mixing would do.
        let mixed = bytes
            .iter()
            .fold(0xcbf2_9ce4_8422_2325, |sum: u64, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
        Self { given: bytes.to_vec(), at: 0, state: mixed }
    }

    /// Another stream: what is taken from one leaves the other as it is.
    pub(crate) fn fork(&mut self, salt: u64) -> Self {
        let state = self.state ^ salt.wrapping_mul(0xd6e8_feb8_6659_fd93);
        Self { given: Vec::new(), at: 0, state }
    }

    pub(crate) fn next(&mut self) -> u64 {
        if let Some(bytes) = self.given.get(self.at..self.at + 2) {
            self.at += 2;
            // The high bits count in what is made of it.
            return u64::from(bytes[0]) << 56 | u64::from(bytes[1]) << 48;
        }
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.state;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    /// From 0 to 1, without 1.
    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.share() < probability
    }

    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.share()
    }

    pub(crate) fn micros(&mut self, low_s: f64, high_s: f64) -> i64 {
        super::micros(self.between(low_s, high_s))
    }

    /// A year to a lifetime, before or after, microseconds.
    pub(crate) fn years(&mut self) -> i64 {
        let years = self.micros(3e7, 2e9);
        if self.chance(0.5) { years } else { -years }
    }

    /// From 0 to `end`, without it.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let end = u128::from(u64::try_from(end).expect("a count"));
        usize::try_from((u128::from(self.next()) * end) >> 64).expect("below a count")
    }

    pub(crate) fn count(&mut self, low: usize, high: usize) -> usize {
        low + self.below(high - low + 1)
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    pub(crate) fn name<T: AsRef<str>>(&mut self, from: &[T]) -> String {
        self.pick(from).as_ref().to_owned()
    }

    /// Some of them, at least one, in their order.
    pub(crate) fn some<T: AsRef<str>>(&mut self, from: &[T]) -> Vec<String> {
        let mut some: Vec<String> = from.iter().map(|name| name.as_ref().to_owned()).collect();
        some.retain(|_| self.chance(0.5));
        if some.is_empty() {
            some.push(self.name(from));
        }
        some
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}
