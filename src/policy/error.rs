//! What can be wrong with a policy: where, what was found, what was wanted.

use super::class::ClassKey;
use std::path::{Path, PathBuf};

/// Why a policy cannot be used, or why a decision failed. Nothing is released after any of these.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// A file or folder could not be read.
    #[error("{}: cannot be read", path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The folder has no rules.
    #[error("{}: found no `*.cedar` file, wanted at least one", path.display())]
    NoRules {
        /// The folder.
        path: PathBuf,
    },
    /// A file does not parse, or has a key that is not known.
    #[error("{}:{line}: {message}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What the parser says.
        message: String,
    },
    /// A value is not of its kind.
    #[error("{}:{line}: `{key}` is {found}, wanted {wanted}", path.display())]
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
    #[error("{}:{line}: {what} `{name}` is there already, at {}:{first_line}; wanted unique names", path.display(), first_path.display())]
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
    #[error("{}:{line}: found a rule without `@id`, wanted `@id(\"…\")` before it", path.display())]
    MissingId {
        /// The file.
        path: PathBuf,
        /// Where the rule starts.
        line: usize,
    },
    /// A rule does not fit the schema, or can never apply.
    #[error("{}:{line}: rule `{rule}` is not valid under schema.cedarschema: {message}", path.display())]
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
    #[error("{}:{line}: rule `{rule}` names {what} `{name}`, wanted one of: {known}", path.display())]
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
    #[error("{}:{line}: {found}, wanted {wanted}", path.display())]
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
    #[error("{}:{line}: level `{level}` is no action of the schema in group `{group}`, wanted `action {level} in [{group}] …` there", path.display())]
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
    #[error("{}:{line}: action `{level}` of group `{group}` has no rank, wanted an entry `[[{group}]]` for it in levels.toml", path.display())]
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
    #[error("{}:{line}: rule `{rule}` asks about {entity}, wanted questions about `principal`: no partner's rights may hang on what another one is", path.display())]
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
    #[error("{}:{line}: zone `{zone}`: {found}, wanted {wanted}", path.display())]
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
    #[error("{}:{line}: rule `{rule}` failed for partner `{partner}`, action `{action}`, {class}: {message}", path.display())]
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
    #[error("action `{action}` needs `context.as_of`, found a run without `as_of`, wanted a time")]
    AsOfMissing {
        /// The action.
        action: String,
    },
    /// A level of `fuse` delays and the run has no time.
    #[error("level `{level}` of group `fuse` has a delay, found a run without `as_of`, wanted a time")]
    DelayWithoutTime {
        /// The level.
        level: String,
    },
    /// The time of the run is beyond what can be written.
    #[error("`as_of` is {as_of_us} µs, wanted a time in the years 0000 to 9999")]
    AsOfRange {
        /// The time.
        as_of_us: i64,
    },
    /// A partner was asked for that does not exist.
    #[error("found partner number {partner}, wanted one below {partners}")]
    UnknownPartner {
        /// The number asked for.
        partner: usize,
        /// How many partners there are.
        partners: usize,
    },
    /// A batch of detections does not hold together.
    #[error("detection {row} of the batch: found {found}, wanted {wanted}")]
    Detection {
        /// Counted from 0 in the batch.
        row: usize,
        /// What is there.
        found: String,
        /// What would be right.
        wanted: &'static str,
    },
    /// A detection is of a class that nothing was decided about.
    #[error("detection {row} of the batch: found {class}, wanted one of the classes that were met before")]
    UnmetClass {
        /// Counted from 0 in the batch.
        row: usize,
        /// What the rules may know about it.
        class: Box<ClassKey>,
    },
    /// Cedar refused something that the engine built.
    #[error("cedar refused {what}: {message}")]
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
            Self::Unreadable { path, .. } | Self::NoRules { path } => Some((path, 1)),
            Self::Syntax { path, line, .. }
            | Self::Value { path, line, .. }
            | Self::Duplicate { path, line, .. }
            | Self::MissingId { path, line }
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
}
