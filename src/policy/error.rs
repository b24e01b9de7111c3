//! What can be wrong with a policy: where, what was found, what was wanted.
//!
//! An error is told once, in these parts; its line of text and the findings of a check are made of them.

use super::class::ClassKey;
use crate::secret::hidden;
use std::fmt;
use std::path::{Path, PathBuf};

/// Why a policy cannot be used, or why a decision failed. Nothing is released after any of these.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// A file or folder could not be read.
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The folder has no rules.
    NoRules {
        /// The folder.
        path: PathBuf,
    },
    /// Something in the folder that no policy has, or that is no file: it would be ignored.
    Entry {
        /// Where it is.
        path: PathBuf,
        /// What it is.
        found: String,
        /// What to do.
        wanted: &'static str,
    },
    /// A file does not parse, or has a key that is not known.
    Syntax {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What the parser says.
        message: String,
    },
    /// A value is not of its kind.
    Value {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// Which value.
        key: String,
        /// What is there.
        found: String,
        /// What would be right.
        wanted: &'static str,
    },
    /// Two entries have one name.
    Duplicate {
        /// The file of the second entry.
        path: PathBuf,
        /// Its line.
        line: usize,
        /// The kind of entry.
        what: &'static str,
        /// The name.
        name: String,
        /// The file of the first entry.
        first_path: PathBuf,
        /// Its line.
        first_line: usize,
    },
    /// A rule has no `@id`.
    MissingId {
        /// The file.
        path: PathBuf,
        /// Where the rule starts.
        line: usize,
    },
    /// A rule with places for names that nobody fills in.
    Template {
        /// The file.
        path: PathBuf,
        /// Where the rule starts.
        line: usize,
    },
    /// Text that is nested more deeply than a parser should follow.
    Nesting {
        /// The file.
        path: PathBuf,
        /// Where it goes too deep.
        line: usize,
        /// How deep it may be.
        most: usize,
    },
    /// A period in a scale of time that the recording does not have.
    Scale {
        /// The file.
        path: PathBuf,
        /// Where the time stands.
        line: usize,
        /// The period.
        period: String,
        /// What is there.
        found: String,
        /// What would be right.
        wanted: &'static str,
    },
    /// A rule does not fit the schema, or can never apply.
    Invalid {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// The rule's `@id`.
        rule: String,
        /// What Cedar's validator says.
        message: String,
    },
    /// A rule names something that does not exist, so that it would silently never apply.
    UnknownName {
        /// The file.
        path: PathBuf,
        /// Where the rule starts.
        line: usize,
        /// The rule's `@id`.
        rule: String,
        /// The kind of thing named.
        what: &'static str,
        /// The name.
        name: String,
        /// The names that exist.
        known: Box<str>,
    },
    /// The schema lacks something that the engine asks about, or has it in another form.
    Schema {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What is there.
        found: String,
        /// What would be right.
        wanted: String,
    },
    /// `levels.toml` has a level that the schema lacks.
    UnknownLevel {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// `fuse` or `receive`.
        group: &'static str,
        /// The level.
        level: String,
    },
    /// The schema has a level that `levels.toml` does not rank.
    UnrankedLevel {
        /// The schema.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// `fuse` or `receive`.
        group: &'static str,
        /// The level.
        level: String,
    },
    /// A rule asks about the attributes or groups of somebody else than the partner in question.
    Bystander {
        /// The file.
        path: PathBuf,
        /// Where the rule starts.
        line: usize,
        /// The rule's `@id`.
        rule: String,
        /// Whom it asks about.
        entity: String,
    },
    /// A zone's outline cannot be used.
    Zone {
        /// The file.
        path: PathBuf,
        /// Where the zone's name stands.
        line: usize,
        /// The zone.
        zone: String,
        /// What is there.
        found: String,
        /// What would be right.
        wanted: &'static str,
    },
    /// A rule failed while it was evaluated. Cedar skips such a rule, also when it forbids, so the run ends here.
    RuleFailed {
        /// The file.
        path: PathBuf,
        /// Where the rule starts.
        line: usize,
        /// The rule's `@id`.
        rule: Box<str>,
        /// Whom the question was about.
        partner: Box<str>,
        /// What the question was about.
        action: Box<str>,
        /// The class that the question was about.
        class: Box<str>,
        /// What Cedar says.
        message: Box<str>,
    },
    /// The schema wants the time of the run and the run has none.
    AsOfMissing {
        /// The action.
        action: String,
    },
    /// A level of `fuse` delays and the run has no time.
    DelayWithoutTime {
        /// The level.
        level: String,
    },
    /// The time of the run is beyond what can be written.
    AsOfRange {
        /// The time.
        as_of_us: i64,
    },
    /// A partner was asked for that does not exist.
    UnknownPartner {
        /// The number asked for.
        partner: usize,
        /// How many partners there are.
        partners: usize,
    },
    /// A batch of detections does not hold together.
    Detection {
        /// Counted from 0 in the batch.
        row: usize,
        /// What is there.
        found: String,
        /// What would be right.
        wanted: &'static str,
    },
    /// A detection is of a class that nothing was decided about.
    UnmetClass {
        /// Counted from 0 in the batch.
        row: usize,
        /// What the rules may know about it.
        class: Box<ClassKey>,
    },
    /// Cedar refused something that the engine built.
    Refused {
        /// What was built.
        what: &'static str,
        /// What Cedar says.
        message: String,
    },
}

impl PolicyError {
    /// The file and the line that are to blame, where one is.
    pub(super) fn place(&self) -> Option<(&Path, usize)> {
        match self {
            Self::Unreadable { path, .. } | Self::NoRules { path } | Self::Entry { path, .. } => Some((path, 1)),
            Self::Syntax { path, line, .. }
            | Self::Value { path, line, .. }
            | Self::Duplicate { path, line, .. }
            | Self::MissingId { path, line }
            | Self::Template { path, line }
            | Self::Nesting { path, line, .. }
            | Self::Scale { path, line, .. }
            | Self::Invalid { path, line, .. }
            | Self::UnknownName { path, line, .. }
            | Self::Schema { path, line, .. }
            | Self::UnknownLevel { path, line, .. }
            | Self::UnrankedLevel { path, line, .. }
            | Self::Bystander { path, line, .. }
            | Self::Zone { path, line, .. }
            | Self::RuleFailed { path, line, .. } => Some((path, *line)),
            Self::AsOfMissing { .. }
            | Self::DelayWithoutTime { .. }
            | Self::AsOfRange { .. }
            | Self::UnknownPartner { .. }
            | Self::Detection { .. }
            | Self::UnmetClass { .. }
            | Self::Refused { .. } => None,
        }
    }

    /// What is there, and what would be right where more can be said than that it is not this.
    pub(super) fn parts(&self) -> (String, Option<String>) {
        let (found, wanted) = self.said();
        (hidden(&found).into_owned(), wanted.map(|wanted| hidden(&wanted).into_owned()))
    }

    fn said(&self) -> (String, Option<String>) {
        let (found, wanted): (String, String) = match self {
            Self::Unreadable { .. } => return ("cannot be read".to_owned(), None),
            Self::Syntax { message, .. } => return (message.clone(), None),
            Self::Invalid { rule, message, .. } => {
                return (format!("rule `{rule}` is not valid under schema.cedarschema: {message}"), None);
            }
            Self::RuleFailed { rule, partner, action, class, message, .. } => {
                let asked = format!("partner `{partner}`, action `{action}`, {class}");
                return (format!("rule `{rule}` failed for {asked}: {message}"), None);
            }
            Self::Refused { what, message } => return (format!("cedar refused {what}: {message}"), None),
            Self::NoRules { .. } => ("found no `*.cedar` file".to_owned(), "at least one".to_owned()),
            Self::Entry { found, wanted, .. } => (format!("found {found}"), (*wanted).to_owned()),
            Self::Value { key, found, wanted, .. } => (format!("`{key}` is {found}"), (*wanted).to_owned()),
            Self::Duplicate { what, name, first_path, first_line, .. } => {
                let first = format!("{}:{first_line}", first_path.display());
                (format!("{what} `{name}` is there already, at {first}"), "unique names".to_owned())
            }
            Self::MissingId { .. } => ("found a rule without `@id`".to_owned(), "`@id(\"…\")` before it".to_owned()),
            Self::Template { .. } => {
                ("found a template".to_owned(), "rules without `?principal` and `?resource`".to_owned())
            }
            Self::Nesting { most, .. } => (
                format!("found text nested more than {most} deep"),
                "less; of many names make a set, of one rule several".to_owned(),
            ),
            Self::Scale { period, found, wanted, .. } => (format!("period `{period}`: {found}"), (*wanted).to_owned()),
            Self::UnknownName { rule, what, name, known, .. } => {
                (format!("rule `{rule}` names {what} `{name}`"), format!("one of: {known}"))
            }
            Self::Schema { found, wanted, .. } => (found.clone(), wanted.clone()),
            Self::UnknownLevel { group, level, .. } => (
                format!("level `{level}` is no action of the schema in group `{group}`"),
                format!("`action {level} in [{group}] …` there"),
            ),
            Self::UnrankedLevel { group, level, .. } => (
                format!("action `{level}` of group `{group}` has no rank"),
                format!("an entry `[[{group}]]` for it in levels.toml"),
            ),
            Self::Bystander { rule, entity, .. } => (
                format!("rule `{rule}` asks about {entity}"),
                "questions about `principal`: no partner's rights may hang on what another one is".to_owned(),
            ),
            Self::Zone { zone, found, wanted, .. } => (format!("zone `{zone}`: {found}"), (*wanted).to_owned()),
            Self::AsOfMissing { action } => {
                (format!("action `{action}` needs `context.as_of`, found a run without `as_of`"), "a time".to_owned())
            }
            Self::DelayWithoutTime { level } => (
                format!("level `{level}` of group `fuse` has a delay, found a run without `as_of`"),
                "a time".to_owned(),
            ),
            Self::AsOfRange { as_of_us } => {
                (format!("`as_of` is {as_of_us} µs"), "a time in the years 0000 to 9999".to_owned())
            }
            Self::UnknownPartner { partner, partners } => {
                (format!("found partner number {partner}"), format!("one below {partners}"))
            }
            Self::UnmetClass { row, class } => (
                format!("detection {row} of the batch: found {class}"),
                "one of the classes that were met before".to_owned(),
            ),
            Self::Detection { row, found, wanted } => {
                (format!("detection {row} of the batch: found {found}"), (*wanted).to_owned())
            }
        };
        (found, Some(wanted))
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, self.place()) {
            (Self::Unreadable { .. } | Self::NoRules { .. } | Self::Entry { .. }, Some((path, _))) => {
                write!(f, "{}: ", path.display())?;
            }
            (_, Some((path, line))) => write!(f, "{}:{line}: ", path.display())?,
            (_, None) => {}
        }
        match self.parts() {
            (found, Some(wanted)) => write!(f, "{found}, wanted {wanted}"),
            (found, None) => write!(f, "{found}"),
        }
    }
}
