//! A value against a JSON Schema: the words of 2020-12 that docs/json.schema.json uses. Here an object has no other keys than
//! those of its `properties`: what a command prints is in the schema, or the schema is not complete.

use serde_json::{Map, Value};

pub(crate) struct Schema {
    all: Value,
}

impl Schema {
    pub(crate) fn read() -> Self {
        let text = std::fs::read_to_string(crate::root().join("docs/json.schema.json")).expect("the schema");
        Self { all: serde_json::from_str(&text).expect("JSON") }
    }

    pub(crate) fn entries(&self) -> &Map<String, Value> {
        self.all["$defs"].as_object().expect("entries")
    }

    /// What of a value is not as an entry has it.
    pub(crate) fn faults(&self, value: &Value, entry: &str) -> Vec<String> {
        let schema = self.entries().get(entry).unwrap_or_else(|| panic!("an entry `{entry}`"));
        let mut faults = Vec::new();
        self.check(value, schema, entry, &mut faults);
        faults
    }

    fn check(&self, value: &Value, schema: &Value, at: &str, faults: &mut Vec<String>) {
        let words = schema.as_object().expect("a schema");
        let known = [
            "description",
            "$ref",
            "anyOf",
            "type",
            "enum",
            "properties",
            "required",
            "additionalProperties",
            "items",
            "prefixItems",
            "minItems",
            "maxItems",
            "minimum",
        ];
        for word in words.keys() {
            assert!(known.contains(&word.as_str()), "`{word}` at {at} is checked by nobody");
        }
        if let Some(reference) = words.get("$ref").and_then(Value::as_str) {
            let name = reference.strip_prefix("#/$defs/").expect("an entry");
            let of = self.entries().get(name).unwrap_or_else(|| panic!("an entry `{name}`"));
            return self.check(value, of, at, faults);
        }
        if let Some(ways) = words.get("anyOf").and_then(Value::as_array) {
            let tried: Vec<Vec<String>> = ways
                .iter()
                .map(|way| {
                    let mut faults = Vec::new();
                    self.check(value, way, at, &mut faults);
                    faults
                })
                .collect();
            if tried.iter().all(|faults| !faults.is_empty()) {
                faults.push(format!("{at}: none of {} ways: {tried:?}", ways.len()));
            }
            return;
        }
        if let Some(types) = words.get("type").filter(|types| !is_of(value, types)) {
            faults.push(format!("{at}: found {value}, wanted {types}"));
            return;
        }
        if let Some(all) = words.get("enum").and_then(Value::as_array)
            && !all.contains(value)
        {
            faults.push(format!("{at}: found {value}, wanted one of {all:?}"));
        }
        if let Some(least) = words.get("minimum").and_then(Value::as_f64)
            && value.as_f64().is_some_and(|number| number < least)
        {
            faults.push(format!("{at}: found {value}, wanted at least {least}"));
        }
        self.check_object(value, words, at, faults);
        self.check_list(value, words, at, faults);
    }

    fn check_object(&self, value: &Value, words: &Map<String, Value>, at: &str, faults: &mut Vec<String>) {
        let Some(object) = value.as_object() else { return };
        let properties = words.get("properties").and_then(Value::as_object);
        for key in words.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
            if !object.contains_key(key) {
                faults.push(format!("{at}: no key `{key}`"));
            }
        }
        for (key, value) in object {
            let place = format!("{at}.{key}");
            match (properties.and_then(|all| all.get(key)), words.get("additionalProperties")) {
                (Some(schema), _) | (None, Some(schema)) => self.check(value, schema, &place, faults),
                (None, None) if properties.is_some() => {
                    faults.push(format!("{at}: a key `{key}` that the schema lacks"));
                }
                (None, None) => {}
            }
        }
    }

    fn check_list(&self, value: &Value, words: &Map<String, Value>, at: &str, faults: &mut Vec<String>) {
        let Some(list) = value.as_array() else { return };
        let bound = |word: &str| words.get(word).and_then(Value::as_u64);
        let length = list.len() as u64;
        if bound("minItems").is_some_and(|least| length < least) || bound("maxItems").is_some_and(|most| length > most)
        {
            faults.push(format!("{at}: {length} items"));
        }
        let fixed = words.get("prefixItems").and_then(Value::as_array);
        for (place, item) in list.iter().enumerate() {
            let schema = fixed.and_then(|all| all.get(place)).or_else(|| words.get("items"));
            if let Some(schema) = schema {
                self.check(item, schema, &format!("{at}[{place}]"), faults);
            }
        }
    }
}

/// Whether a value is of one of some types.
fn is_of(value: &Value, types: &Value) -> bool {
    let names = types.as_str().into_iter().chain(types.as_array().into_iter().flatten().filter_map(Value::as_str));
    names.into_iter().any(|name| match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        // What is infinite or none is null, as the page says.
        "number" => value.is_number() || value.is_null(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("type `{other}`"),
    })
}
