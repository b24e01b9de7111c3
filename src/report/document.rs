//! What a page holds, key by key.

use serde_json::{Map, Value};

/// A JSON object that is being made.
#[derive(Debug, Default)]
pub(super) struct Document(Map<String, Value>);

impl Document {
    /// Adds a part, if there is one.
    pub(super) fn put(&mut self, key: &str, part: impl Into<Option<Value>>) {
        if let Some(part) = part.into() {
            self.0.insert(key.to_owned(), part);
        }
    }

    /// All of it.
    pub(super) fn finish(self) -> Value {
        Value::Object(self.0)
    }
}
