//! Changes of a world that one partner must not notice.

use crate::world::{CELL_M, Grant, LABELS, Level, OWNERS, Row, Sensor, World, Zone};
use proptest::prelude::*;

/// A change to what the subject may not see, or to what its levels hide of what it sees.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    DeleteHidden,
    MoveHidden([f64; 2]),
    DelayHidden(f64),
    RelabelHidden,
    AddHidden(Vec<([f64; 2], f64)>),
    AddSensor {
        place: [f64; 2],
        period_s: f64,
        first: bool,
    },
    DropHiddenSensors,
    AddZone([f64; 2]),
    AddPartner,
    DropOthers,
    /// Others join or leave the subject's group.
    Regroup,
    /// A level, a period and a group more, for others.
    AddMore,
    ShuffleSensors,
    /// Within its cell, a place that is given coarse.
    MoveInCells([f64; 2]),
    /// A height that is left out.
    LiftFlat(f64),
}

pub(crate) fn changes() -> impl Strategy<Value = Change> {
    let place = [0.0..1000.0f64, 0.0..1000.0f64];
    prop_oneof![
        Just(Change::DeleteHidden),
        [-80.0..80.0f64, -80.0..80.0f64].prop_map(Change::MoveHidden),
        (0.0..3.0f64).prop_map(Change::DelayHidden),
        Just(Change::RelabelHidden),
        proptest::collection::vec((place.clone(), 0.0..15.0f64), 1..60).prop_map(Change::AddHidden),
        (place.clone(), 0.3..4.0f64, any::<bool>()).prop_map(|(place, period_s, first)| Change::AddSensor {
            place,
            period_s,
            first
        }),
        Just(Change::DropHiddenSensors),
        place.prop_map(Change::AddZone),
        Just(Change::AddPartner),
        Just(Change::DropOthers),
        Just(Change::Regroup),
        Just(Change::AddMore),
        Just(Change::ShuffleSensors),
    ]
}

/// Changes to what the subject sees, where its levels hide them; or none.
pub(crate) fn beneath() -> impl Strategy<Value = Vec<Change>> {
    let both = ([0.0..1.0f64, 0.0..1.0f64], -40.0..40.0f64);
    prop_oneof![Just(Vec::new()), both.prop_map(|(share, by)| vec![Change::MoveInCells(share), Change::LiftFlat(by)]),]
}

impl World {
    /// The same world to the subject, another one to others.
    pub(crate) fn changed(&self, change: &Change) -> Self {
        let mut to = self.clone();
        match change {
            // Who may act is of concern to a subject that may see it.
            Change::AddPartner | Change::DropOthers | Change::Regroup if self.sees_holders => {}
            Change::DeleteHidden => to.rows.retain(|row| self.sees(row).is_some()),
            Change::MoveHidden(by) => to.edit(self, |row| row.place = [0, 1].map(|k| row.place[k] + by[k])),
            Change::DelayHidden(by) => to.edit(self, |row| row.time_s += by),
            Change::RelabelHidden => to.edit(self, |row| row.label = (row.label + 1) % LABELS.len()),
            Change::AddHidden(extra) => {
                for &(place, time_s) in extra {
                    for (sensor, label) in (0..self.sensors.len()).flat_map(|sensor| [(sensor, 0), (sensor, 2)]) {
                        let row = Row { time_s, sensor, place, height: 20.0, label, identified: true };
                        if self.sees(&row).is_none() {
                            to.rows.push(row);
                        }
                    }
                }
            }
            Change::AddSensor { place, period_s, first } => {
                to.add_sensor(*place, *period_s, if *first { 0 } else { to.sensors.len() });
            }
            Change::DropHiddenSensors => to.drop_sensors(self),
            Change::AddZone(low) => {
                to.zones.push(Zone { name: "also".to_owned(), low: *low, high: low.map(|x| x + 300.0) });
            }
            Change::AddPartner => to.grants.push(vec![Grant {
                level: Level::Full,
                owners: (0..OWNERS.len()).collect(),
                labels: (0..LABELS.len()).collect(),
                zone: None,
                period: None,
                identified_only: false,
                by_group: false,
            }]),
            Change::DropOthers => to.grants.truncate(1),
            Change::Regroup => to.together = !to.together,
            Change::AddMore => to.more = true,
            Change::ShuffleSensors => {
                let last = self.sensors.len() - 1;
                to.sensors.reverse();
                to.rows.iter_mut().for_each(|row| row.sensor = last - row.sensor);
            }
            Change::MoveInCells(to_share) => to.move_in_cells(self, *to_share),
            Change::LiftFlat(by) => {
                for row in to.rows.iter_mut().filter(|row| self.sees(row) == Some(Level::Flat)) {
                    row.height += by;
                }
            }
        }
        // The order of rows with equal times is that of before: it tells where nothing was.
        to.rows.sort_by(|a, b| a.time_s.total_cmp(&b.time_s));
        to
    }

    /// Edits hidden rows; an edit that would show a row to the subject is not made.
    fn edit(&mut self, world: &Self, edit: impl Fn(&mut Row)) {
        for row in self.rows.iter_mut().filter(|row| world.sees(row).is_none()) {
            let mut edited = row.clone();
            edit(&mut edited);
            if world.sees(&edited).is_none() {
                *row = edited;
            }
        }
    }

    /// Moves places that are given coarse within their cells, cubes about multiples of the edge; not out of a zone.
    fn move_in_cells(&mut self, world: &Self, share: [f64; 2]) {
        for row in self.rows.iter_mut().filter(|row| world.sees(row) == Some(Level::Coarse)) {
            let place = [0, 1].map(|k| ((row.place[k] / CELL_M).round() + 0.98 * (share[k] - 0.5)) * CELL_M);
            if world.zones.iter().all(|zone| zone.holds(place) == zone.holds(row.place)) {
                row.place = place;
            }
        }
    }

    /// A sensor of an owner that the subject has no right to, busy and full of clutter.
    fn add_sensor(&mut self, place: [f64; 2], period_s: f64, index: usize) {
        let granted =
            |owner: &usize| self.grants.first().is_some_and(|all| all.iter().any(|g| g.owners.contains(owner)));
        let Some(owner) = (0..OWNERS.len()).find(|owner| !granted(owner)) else { return };
        let sensor = Sensor { name: if index == 0 { "a0" } else { "z9" }.to_owned(), owner, period_s, clutter: 9.0 };
        for row in self.rows.iter_mut().filter(|row| row.sensor >= index) {
            row.sensor += 1;
        }
        self.sensors.insert(index, sensor);
        for k in 0..40u32 {
            let (time_s, place) = (f64::from(k) * 0.29, place.map(|x| x + f64::from(k)));
            self.rows.push(Row { time_s, sensor: index, place, height: 9.0, label: 1, identified: true });
        }
    }

    /// Removes the sensors of which the subject sees nothing.
    fn drop_sensors(&mut self, world: &Self) {
        let used: Vec<bool> = (0..world.sensors.len())
            .map(|sensor| world.rows.iter().any(|row| row.sensor == sensor && world.sees(row).is_some()))
            .collect();
        // A recording without any sensor is none.
        if !used.contains(&true) {
            return;
        }
        let place = |sensor: usize| used[..sensor].iter().filter(|used| **used).count();
        self.rows.retain(|row| used[row.sensor]);
        self.rows.iter_mut().for_each(|row| row.sensor = place(row.sensor));
        let mut used = used.iter();
        self.sensors.retain(|_| *used.next().expect("one a sensor"));
    }
}
