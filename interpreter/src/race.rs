//! Conflicting accesses to a word, found with a state of constant size.
//!
//! Two accesses of a word conflict if one of them writes and they are not ordered. Nothing orders workgroups of one dispatch;
//! invocations of one workgroup are ordered by the barriers of the word's kind of memory: accesses before and behind one are of
//! different epochs. In WGSL a word is atomic for a whole kernel or not at all, so atomic accesses need no state.

/// Who accesses a word, and in which epoch of its workgroup.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Who {
    /// Its number in the dispatch.
    pub number: u32,
    /// Its workgroup.
    pub group: u32,
    /// Barriers of its workgroup so far.
    pub epoch: u32,
}

#[derive(Clone, Copy, Debug, Default)]
enum Readers {
    #[default]
    None,
    One(Who),
    /// Several of a workgroup, in an epoch.
    Several {
        group: u32,
        epoch: u32,
    },
    /// Of several workgroups.
    Groups,
}

/// What a dispatch did with a word.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Shadow {
    /// The dispatch.
    dispatch: u64,
    writer: Option<Who>,
    readers: Readers,
}

/// What two accesses are that conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Conflict {
    /// Of different workgroups.
    BetweenGroups,
    /// Of one workgroup, without a barrier between them.
    WithinGroup,
}

impl Who {
    fn conflict(self, other: Self) -> Option<Conflict> {
        if other.group != self.group {
            return Some(Conflict::BetweenGroups);
        }
        (other.number != self.number && other.epoch == self.epoch).then_some(Conflict::WithinGroup)
    }
}

impl Shadow {
    fn of(&mut self, dispatch: u64) -> &mut Self {
        if self.dispatch != dispatch {
            *self = Self { dispatch, ..Self::default() };
        }
        self
    }

    /// Notes that the word is read.
    pub fn read(&mut self, dispatch: u64, who: Who) -> Option<Conflict> {
        let own = self.of(dispatch);
        own.readers = match own.readers {
            Readers::None => Readers::One(who),
            Readers::Groups => Readers::Groups,
            Readers::One(one) if one.group != who.group => Readers::Groups,
            Readers::Several { group, .. } if group != who.group => Readers::Groups,
            Readers::One(one) if one.number == who.number || one.epoch != who.epoch => Readers::One(who),
            Readers::Several { epoch, .. } if epoch != who.epoch => Readers::One(who),
            _ => Readers::Several { group: who.group, epoch: who.epoch },
        };
        own.writer.and_then(|writer| who.conflict(writer))
    }

    /// Notes that the word is written; says first whether reads conflict, then whether writes do.
    pub fn write(&mut self, dispatch: u64, who: Who) -> (Option<Conflict>, Option<Conflict>) {
        let own = self.of(dispatch);
        let reads = match own.readers {
            Readers::None => None,
            Readers::One(one) => who.conflict(one),
            Readers::Groups => Some(Conflict::BetweenGroups),
            Readers::Several { group, .. } if group != who.group => Some(Conflict::BetweenGroups),
            Readers::Several { epoch, .. } => (epoch == who.epoch).then_some(Conflict::WithinGroup),
        };
        let writes = own.writer.and_then(|writer| who.conflict(writer));
        own.writer = Some(who);
        (reads, writes)
    }
}
