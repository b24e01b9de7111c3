//! A reader of XML, as far as exports need one: elements, attributes, text, five entities. Panics where XML is not well-formed.

use std::collections::BTreeMap;

#[derive(Debug, Default)]
pub(crate) struct Element {
    pub(crate) name: String,
    attributes: BTreeMap<String, String>,
    pub(crate) text: String,
    children: Vec<Element>,
}

impl Element {
    /// Every element of this name below, in the order of the document.
    pub(crate) fn all(&self, name: &str) -> Vec<&Self> {
        let of = |child| if Self::is(child, name) { vec![child] } else { child.all(name) };
        self.children.iter().flat_map(of).collect()
    }

    fn is(child: &Self, name: &str) -> bool {
        child.name == name
    }

    /// The only one of this name below.
    pub(crate) fn one(&self, name: &str) -> &Self {
        let found = self.all(name);
        assert_eq!(found.len(), 1, "elements `{name}` in `{}`", self.name);
        found[0]
    }

    pub(crate) fn attribute(&self, name: &str) -> &str {
        self.attributes.get(name).unwrap_or_else(|| panic!("attribute `{name}` of `{}`", self.name))
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.attributes.contains_key(name)
    }
}

/// The root of a document.
pub(crate) fn read(text: &str) -> Element {
    let mut rest = text.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n").expect("a declaration");
    let mut open = vec![Element::default()];
    while let Some((before, after)) = rest.split_once('<') {
        let here = open.last_mut().expect("the document");
        here.text.push_str(plain(before).trim());
        let (tag, behind) = after.split_once('>').expect("the end of a tag");
        rest = behind;
        if let Some(name) = tag.strip_prefix('/') {
            let done = open.pop().expect("an open element");
            assert_eq!(done.name, name, "elements nest");
            open.last_mut().expect("a parent").children.push(done);
            continue;
        }
        let (tag, empty) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
        let (name, mut attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        assert!(name.chars().all(|letter| letter.is_alphanumeric() || "_:".contains(letter)), "the name `{name}`");
        let mut element = Element { name: name.to_owned(), ..Element::default() };
        while !attributes.is_empty() {
            let (key, value) = attributes.split_once("=\"").expect("an attribute");
            let (value, behind) = value.split_once('"').expect("a quote");
            assert!(element.attributes.insert(key.to_owned(), plain(value)).is_none(), "`{key}` twice");
            attributes = behind.strip_prefix(' ').unwrap_or(behind);
        }
        if empty { open.last_mut().expect("a parent").children.push(element) } else { open.push(element) }
    }
    assert_eq!((open.len(), rest), (1, "\n"), "all elements are closed");
    let mut document = open.pop().expect("the document");
    assert_eq!(document.children.len(), 1, "one root");
    document.children.pop().expect("a root")
}

fn plain(text: &str) -> String {
    assert!(!text.contains('>'), "`{text}` is escaped");
    let mut parts = text.split('&');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (entity, rest) = part.split_once(';').expect("an entity");
        plain.push_str(match entity {
            "amp" => "&",
            "lt" => "<",
            "gt" => ">",
            "quot" => "\"",
            other => panic!("the entity `{other}`"),
        });
        plain.push_str(rest);
    }
    plain
}
