//! A file that is read byte by byte, by a reader who knows what has to come next.

use super::finding::{Beyond, Breaches};

/// A file that is read against what it has to hold, up to the first difference.
pub(super) struct Reading<'a> {
    all: &'a [u8],
    rest: &'a [u8],
    /// What the next bytes are, for people; empty: nothing that has a name.
    part: String,
    differs: Option<Difference>,
}

struct Difference {
    at: usize,
    part: String,
    found: String,
    wanted: String,
}

/// Bytes that are shown of a difference.
const SHOWN: usize = 60;

impl<'a> Reading<'a> {
    pub(super) fn of(all: &'a [u8]) -> Self {
        Self { all, rest: all, part: String::new(), differs: None }
    }

    fn read(&self) -> usize {
        self.all.len() - self.rest.len()
    }

    /// Says what the next bytes are.
    pub(super) fn enter(&mut self, part: impl Into<String>) {
        self.part = part.into();
    }

    /// The next bytes have to be these.
    pub(super) fn next(&mut self, wanted: impl AsRef<[u8]>) {
        let wanted = wanted.as_ref();
        if self.differs.is_some() {
            return;
        }
        if let Some(rest) = self.rest.strip_prefix(wanted) {
            self.rest = rest;
            return;
        }
        let same = self.rest.iter().zip(wanted).take_while(|(found, wanted)| found == wanted).count();
        let shown = |bytes: &[u8]| {
            let bytes = bytes.get(same.saturating_sub(SHOWN / 2)..).unwrap_or_default();
            format!("`{}`", bytes.get(..SHOWN).unwrap_or(bytes).escape_ascii())
        };
        self.differs(self.read() + same, shown(self.rest), shown(wanted));
    }

    /// The bytes up to the next one of this kind, still to be read.
    pub(super) fn before(&self, end: u8) -> &'a [u8] {
        self.rest.split(|byte| *byte == end).next().unwrap_or_default()
    }

    /// What stands here is wrong in itself.
    pub(super) fn wrong(&mut self, found: String, wanted: String) {
        if self.differs.is_none() {
            self.differs(self.read(), found, wanted);
        }
    }

    fn differs(&mut self, at: usize, found: String, wanted: String) {
        self.differs = Some(Difference { at, part: self.part.clone(), found, wanted });
    }

    /// The file has to end here; the first difference is a breach.
    pub(super) fn finish(mut self, beyond: Beyond, place: &str, breaches: &mut Breaches) {
        if self.differs.is_none() && !self.rest.is_empty() {
            let found = self.rest.get(..SHOWN).unwrap_or(self.rest).escape_ascii().to_string();
            self.differs(self.read(), format!("`{found}`"), "the end of the file".to_owned());
        }
        if let Some(Difference { at, part, found, wanted }) = self.differs {
            let line = 1 + self.all.iter().take(at).filter(|byte| **byte == b'\n').count();
            let part = if part.is_empty() { part } else { format!(", {part}") };
            breaches.add(beyond, &format!("{place}{part}, line {line}, byte {at}"), found, wanted);
        }
    }
}
