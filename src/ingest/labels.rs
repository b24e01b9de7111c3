//! Markings, numbered in order of appearance.

use std::collections::BTreeMap;

/// The markings met so far; number 0 is the empty one.
#[derive(Debug)]
pub(super) struct Labels {
    names: Vec<String>,
    numbers: BTreeMap<String, u32>,
}

impl Default for Labels {
    fn default() -> Self {
        Self { names: vec![String::new()], numbers: BTreeMap::from([(String::new(), 0)]) }
    }
}

impl Labels {
    /// Markings are few; a column with more different values is something else.
    pub(super) const MOST: u32 = 65_536;

    /// The number of a marking; `None` if it is one too many.
    pub(super) fn number(&mut self, name: &str) -> Option<u32> {
        // Most rows have none, and need no search.
        if name.is_empty() {
            return Some(0);
        }
        if let Some(number) = self.numbers.get(name) {
            return Some(*number);
        }
        let number = u32::try_from(self.names.len()).ok().filter(|number| *number < Self::MOST)?;
        self.names.push(name.to_owned());
        self.numbers.insert(name.to_owned(), number);
        Some(number)
    }

    pub(super) fn names(&self) -> &[String] {
        &self.names
    }
}
