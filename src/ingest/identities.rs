//! Addresses that targets send, numbered as they turn up.

use std::collections::BTreeMap;
use std::sync::Arc;

/// The addresses met so far; number 0 is none. Only whether two are equal means anything: numbers depend on what came before.
#[derive(Clone, Debug)]
pub struct Identities {
    names: Vec<Arc<str>>,
    numbers: BTreeMap<Arc<str>, u32>,
}

impl Default for Identities {
    fn default() -> Self {
        let none: Arc<str> = Arc::from("");
        Self { names: vec![Arc::clone(&none)], numbers: BTreeMap::from([(none, 0)]) }
    }
}

impl Identities {
    /// The number of an address; empty text is none.
    pub fn number(&mut self, name: &Arc<str>) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        // Rows are counted in 32 bits long before.
        let number = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.names.push(Arc::clone(name));
        self.numbers.insert(Arc::clone(name), number);
        number
    }

    /// The address with a number; empty for none.
    #[must_use]
    pub fn name(&self, number: u32) -> &str {
        self.names.get(number as usize).map_or("", AsRef::as_ref)
    }

    /// All of them by number.
    #[must_use]
    pub fn names(&self) -> &[Arc<str>] {
        &self.names
    }
}
