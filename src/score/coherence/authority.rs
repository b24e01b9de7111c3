//! Who may act on what it does not see, or sees late or coarse.
//!
//! On every object of the all-source picture the rules say who may act, whether or not it sees the object. *Blind* is who
//! may act and has no row of it at that time; a *spell* is blindness in reports one after the other.

use super::objects::{Present, Track};
use super::{Shown, World, all_source};
use crate::score::identity::ratio;
use serde::Serialize;
use std::collections::BTreeMap;

/// Spells that are listed, the first ones.
const SPELLS_MAX: usize = 1000;

/// Who may act on what it does not see.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct BlindAuthority {
    /// Share of all that anybody may act on, object by object and report by report, that it does not see then.
    pub share: Option<f64>,
    /// Share of it that it sees, but late or coarse.
    pub late_or_coarse_share: Option<f64>,
    /// By partners that have one picture, and authority.
    pub actions: Vec<Action>,
    /// When they did not see what: the first ones, by their beginning.
    pub spells: Vec<Spell>,
    /// Spells that are not listed.
    pub spells_left_out: u64,
}

/// One authority of partners that have one picture.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Action {
    /// The partners.
    pub partners: Vec<String>,
    /// The authority.
    pub action: String,
    /// Counts over everything.
    #[serde(flatten)]
    pub total: Blind,
    /// The same by zone.
    pub zones: BTreeMap<String, Blind>,
}

/// Objects that a partner may act on, each counted once a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Blind {
    /// All of them.
    pub held: u64,
    /// Those that it does not see.
    pub blind: u64,
    /// Those that it sees late.
    pub late: u64,
    /// Those that it sees in cells.
    pub coarse: u64,
    /// Those that it sees late, in cells, or both.
    pub late_or_coarse: u64,
}

/// Somebody may act on an object and does not see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Spell {
    /// The partners.
    pub partners: Vec<String>,
    /// The authority.
    pub action: String,
    /// The lane of the track, as the report numbers it.
    pub lane: usize,
    /// The track, as that lane numbers it.
    pub track: u64,
    /// The first report of it, microseconds.
    pub first_us: i64,
    /// The last one.
    pub last_us: i64,
    /// How many.
    pub reports: u64,
}

type Holder = (usize, usize);

/// Counts so far.
#[derive(Debug)]
pub(super) struct Authority {
    counts: BTreeMap<Holder, (Blind, BTreeMap<usize, Blind>)>,
    /// Spells that go on, by holder and track: first report, last report, reports.
    open: BTreeMap<(Holder, Track), (i64, i64, u64)>,
    over: Vec<(i64, Holder, Track, i64, u64)>,
    left_out: u64,
}

impl Authority {
    pub(super) fn new(world: &World) -> Self {
        let held = world.classes.iter().flat_map(|class| class.holders.iter().copied());
        let counts = held.map(|holder| (holder, Default::default())).collect();
        Self { counts, open: BTreeMap::new(), over: Vec::new(), left_out: 0 }
    }

    /// Takes in an object of a report.
    pub(super) fn take(&mut self, world: &World, time_us: i64, object: &Present<'_>) {
        let Some(class) = all_source(world, object).and_then(|row| world.classes.get(row.class)) else { return };
        for &holder in &class.holders {
            let row = object.row(holder.0);
            let (total, zones) = self.counts.entry(holder).or_default();
            total.add(row);
            for zone in &class.zones {
                zones.entry(*zone).or_default().add(row);
            }
            let key = (holder, object.track);
            if row.is_none() {
                let (_, last_us, reports) = self.open.entry(key).or_insert((time_us, time_us, 0));
                (*last_us, *reports) = (time_us, *reports + 1);
            }
        }
    }

    /// Takes note that a report is over: what nobody was blind to in it is a spell no more, also where the object is gone or
    /// others may act on it.
    pub(super) fn passed(&mut self, time_us: i64) {
        let over = self.open.iter().filter(|(_, (_, last_us, _))| *last_us < time_us);
        for key in over.map(|(key, _)| *key).collect::<Vec<_>>() {
            self.close(key);
        }
    }

    fn close(&mut self, (holder, track): (Holder, Track)) {
        let Some((first_us, last_us, reports)) = self.open.remove(&(holder, track)) else { return };
        self.over.push((first_us, holder, track, last_us, reports));
        // The first ones stay; sorting now and then keeps their number bounded.
        if self.over.len() >= 4 * SPELLS_MAX {
            self.trim();
        }
    }

    fn trim(&mut self) {
        self.over.sort_unstable();
        self.left_out += self.over.len().saturating_sub(SPELLS_MAX) as u64;
        self.over.truncate(SPELLS_MAX);
    }

    pub(super) fn finish(mut self, world: &World) -> BlindAuthority {
        let open: Vec<_> = self.open.keys().copied().collect();
        for key in open {
            self.close(key);
        }
        self.trim();
        let partners =
            |picture: usize| world.pictures.get(picture).map(|picture| picture.partners.clone()).unwrap_or_default();
        let name = |names: &[String], number: usize| names.get(number).cloned().unwrap_or_default();
        let spell = |(first_us, (picture, action), (lane, track), last_us, reports)| Spell {
            partners: partners(picture),
            action: name(&world.actions, action),
            lane,
            track,
            first_us,
            last_us,
            reports,
        };
        let action = |((picture, action), (total, zones)): (Holder, (Blind, BTreeMap<usize, Blind>))| Action {
            partners: partners(picture),
            action: name(&world.actions, action),
            total,
            zones: zones.into_iter().map(|(zone, blind)| (name(&world.zones, zone), blind)).collect(),
        };
        let actions: Vec<Action> = self.counts.into_iter().map(action).collect();
        let sum = |of: fn(&Blind) -> u64| actions.iter().map(|action| of(&action.total)).sum::<u64>() as f64;
        BlindAuthority {
            share: ratio(sum(|blind| blind.blind), sum(|blind| blind.held)),
            late_or_coarse_share: ratio(sum(|blind| blind.late_or_coarse), sum(|blind| blind.held)),
            actions,
            spells: self.over.into_iter().map(spell).collect(),
            spells_left_out: self.left_out,
        }
    }
}

impl Blind {
    fn add(&mut self, row: Option<&Shown>) {
        self.held += 1;
        let Some(row) = row else {
            self.blind += 1;
            return;
        };
        let (late, coarse) = (row.delay_us > 0, row.cell_m > 0.0);
        self.late += u64::from(late);
        self.coarse += u64::from(coarse);
        self.late_or_coarse += u64::from(late || coarse);
    }
}
