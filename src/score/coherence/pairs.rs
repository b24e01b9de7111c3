//! Two pictures beside each other, object by object and report by report: counts, distances, identities, delays.

use super::objects::{Objects, Present};
use super::{Shown, World, all_source, pairs_of};
use crate::score::identity::ratio;
use crate::score::pairs::distance;
use crate::score::spread::mahalanobis2;
use serde::Serialize;
use std::collections::BTreeMap;

/// Stretches of time that are told apart.
const STRETCHES_MAX: i64 = 120;

/// One number each, pooled over pairs of pictures. `None` where there is nothing to divide by.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// Of what both should see, the share that both see.
    pub shared: Option<f64>,
    /// Root mean square distance between their places, metres.
    pub apart_m: Option<f64>,
    /// The same in standard deviations an axis.
    pub apart_sigmas: Option<f64>,
    /// Share of what both see that is the same track to both.
    pub same_identity: Option<f64>,
    /// Mean time between who knows of an object first and who knows second, seconds.
    pub later_s: Option<f64>,
    /// Share of what somebody may act on that it does not see.
    pub blind_authority: Option<f64>,
    /// Of the all-source picture, the share that a picture of those who should see it has; pooled over pictures.
    pub of_all_source: Option<f64>,
    /// Mean time after which a picture has an object that the all-source picture has, seconds.
    pub after_all_source_s: Option<f64>,
}

/// Two pictures.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pair {
    /// Partners of the one.
    pub a: Vec<String>,
    /// Partners of the other; `None`: the all-source picture.
    pub b: Option<Vec<String>>,
    /// Everything.
    pub total: Agreement,
    /// By zone of the object; an object in several is in each, one in none is under no name.
    pub zones: Vec<InZone>,
    /// Over time.
    pub times: Vec<AtTime>,
}

/// Agreement in one zone.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct InZone {
    /// The zone; `None`: where there is none.
    pub zone: Option<String>,
    /// Agreement there.
    #[serde(flatten)]
    pub agreement: Agreement,
}

/// Agreement over a stretch of time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AtTime {
    /// Where it begins, microseconds.
    pub from_us: i64,
    /// Where the next one begins.
    pub to_us: i64,
    /// Agreement then.
    #[serde(flatten)]
    pub agreement: Agreement,
}

/// How far two pictures agree. Counts are of objects, once a report.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Agreement {
    /// What both should see.
    pub due: u64,
    /// Of it, what both see.
    pub both: u64,
    /// Of it, what a alone sees.
    pub only_a: u64,
    /// Of it, what b alone sees.
    pub only_b: u64,
    /// `both / due`.
    pub shared: Option<f64>,
    /// Mean distance between the places of what both see, metres.
    pub apart_mean_m: Option<f64>,
    /// Its root mean square.
    pub apart_rms_m: Option<f64>,
    /// Root mean square of the distance in standard deviations an axis.
    pub apart_sigmas: Option<f64>,
    /// Of what both see, what has no covariance in one of them.
    pub without_covariance: u64,
    /// Times that a track of one met another track of the other than before.
    pub switches: u64,
    /// Share of what both see that is of two tracks which are each other's most frequent one.
    pub same_identity: Option<f64>,
    /// Objects that both know at some time.
    pub objects: u64,
    /// Objects that a alone ever knows.
    pub objects_only_a: u64,
    /// Objects that b alone ever knows.
    pub objects_only_b: u64,
    /// Mean over objects that both know of the time by which a knows later than b, 0 where it does not, seconds.
    pub a_later_s: Option<f64>,
    /// The same of b after a.
    pub b_later_s: Option<f64>,
}

/// Sums that an agreement is made of.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    due: u64,
    both: u64,
    only: [u64; 2],
    metres: f64,
    metres2: f64,
    sigmas2: f64,
    /// Rows with a covariance in both, and the axes that have one.
    measured: u64,
    axes: u64,
    switches: u64,
    same: u64,
    objects: u64,
    objects_only: [u64; 2],
    later_s: [f64; 2],
}

impl Tally {
    fn add(&mut self, other: &Self) {
        self.due += other.due;
        self.both += other.both;
        self.metres += other.metres;
        self.metres2 += other.metres2;
        self.sigmas2 += other.sigmas2;
        self.measured += other.measured;
        self.axes += other.axes;
        self.switches += other.switches;
        self.same += other.same;
        self.objects += other.objects;
        for (mine, its) in
            self.only.iter_mut().zip(other.only).chain(self.objects_only.iter_mut().zip(other.objects_only))
        {
            *mine += its;
        }
        for (mine, its) in self.later_s.iter_mut().zip(other.later_s) {
            *mine += its;
        }
    }

    fn shared(&self) -> Option<f64> {
        ratio(self.both as f64, self.due as f64)
    }

    fn rms_m(&self) -> Option<f64> {
        ratio(self.metres2, self.both as f64).map(f64::sqrt)
    }

    fn sigmas(&self) -> Option<f64> {
        ratio(self.sigmas2, self.axes as f64).map(f64::sqrt)
    }

    /// `same`: how much is of one identity, where that was counted.
    fn agreement(&self, same: Option<u64>) -> Agreement {
        let ([only_a, only_b], [objects_only_a, objects_only_b]) = (self.only, self.objects_only);
        let (both, objects) = (self.both as f64, self.objects as f64);
        let [a_later_s, b_later_s] = self.later_s.map(|later_s| ratio(later_s, objects));
        Agreement {
            due: self.due,
            both: self.both,
            only_a,
            only_b,
            shared: self.shared(),
            apart_mean_m: ratio(self.metres, both),
            apart_rms_m: self.rms_m(),
            apart_sigmas: self.sigmas(),
            without_covariance: self.both - self.measured,
            switches: self.switches,
            same_identity: same.and_then(|same| ratio(same as f64, both)),
            objects: self.objects,
            objects_only_a,
            objects_only_b,
            a_later_s,
            b_later_s,
        }
    }
}

/// A pair of sides: numbers of pictures; the number after the last is the all-source picture.
type Sides = (usize, usize);

/// One pair so far.
#[derive(Debug, Default)]
struct Counts {
    total: Tally,
    zones: BTreeMap<Option<usize>, Tally>,
    /// By number of the stretch of time.
    times: BTreeMap<i64, Tally>,
    /// Whether both number tracks alike.
    one_lane: bool,
    /// How often two tracks met.
    met: BTreeMap<(u64, u64), u64>,
    /// By side and track, the track that it met last.
    last: [BTreeMap<u64, u64>; 2],
}

impl Counts {
    /// Adds to everything that a place and a time are part of.
    fn add(&mut self, zones: &[usize], stretch: i64, tally: &Tally) {
        self.total.add(tally);
        self.times.entry(stretch).or_default().add(tally);
        if zones.is_empty() {
            self.zones.entry(None).or_default().add(tally);
        }
        for zone in zones {
            self.zones.entry(Some(*zone)).or_default().add(tally);
        }
    }
}

/// All pairs.
#[derive(Debug)]
pub(super) struct Pairs {
    counts: BTreeMap<Sides, Counts>,
    /// Length of a stretch of time, microseconds.
    stretch_us: i64,
    first_us: Option<i64>,
    /// Objects of the all-source picture, once a report.
    points: u64,
}

impl Pairs {
    pub(super) fn new(world: &World) -> Self {
        let all = world.pictures.len();
        let lane = |side: usize| world.pictures.get(if side == all { world.complete? } else { side })?.lane;
        let mut counts = BTreeMap::new();
        for a in 0..all {
            let others = if pairs_of(world) { a + 1..all + 1 } else { all..all + 1 };
            for b in others {
                let one_lane = lane(a).is_some() && lane(a) == lane(b);
                counts.insert((a, b), Counts { one_lane, ..Counts::default() });
            }
        }
        Self { counts, stretch_us: world.period_us.max(1), first_us: None, points: 0 }
    }

    /// Takes in an object of a report.
    pub(super) fn take(&mut self, world: &World, objects: &Objects, time_us: i64, object: &Present<'_>) {
        let of_all = all_source(world, object);
        self.points += u64::from(of_all.is_some());
        let Some(class) = of_all.or(object.finest()).and_then(|row| world.classes.get(row.class)) else { return };
        let side = |side: usize| {
            let Some(picture) = world.pictures.get(side) else { return (of_all, of_all.is_some()) };
            let row = object.row(side);
            let delay_us = class.delay_us.get(side).copied().flatten();
            let arrived = |delay_us: i64| time_us <= picture.until_us.saturating_sub(delay_us);
            (row, row.is_some() || of_all.is_some() && delay_us.is_some_and(arrived))
        };
        let sides: Vec<(Option<&Shown>, bool)> = (0..=world.pictures.len()).map(side).collect();
        let stretch = time_us.div_euclid(self.stretch_us);
        for (&(a, b), counts) in &mut self.counts {
            let (Some(&(row_a, true)), Some(&(row_b, true))) = (sides.get(a), sides.get(b)) else { continue };
            let mut tally = Tally { due: 1, ..Tally::default() };
            match (row_a, row_b) {
                (Some(row_a), Some(row_b)) => {
                    let of_b = if b == world.pictures.len() && world.complete.is_none() {
                        object.id as u64
                    } else {
                        row_b.track
                    };
                    tally.both = 1;
                    tally.apart(row_a, row_b);
                    tally.switches = counts.meet((row_a.track, of_b), |known| {
                        if b == world.pictures.len() && world.complete.is_none() {
                            usize::try_from(known).map_or(known, |known| objects.root(known) as u64)
                        } else {
                            known
                        }
                    });
                }
                (Some(_), None) => tally.only = [1, 0],
                (None, Some(_)) => tally.only = [0, 1],
                (None, None) => {}
            }
            counts.add(&class.zones, stretch, &tally);
        }
    }

    /// Objects of the all-source picture, once a report.
    pub(super) fn all_source_points(&self) -> u64 {
        self.points
    }

    /// Takes note that a report is over: stretches of time become twice as long where there are too many.
    pub(super) fn passed(&mut self, time_us: i64) {
        let first_us = *self.first_us.get_or_insert(time_us);
        while time_us.div_euclid(self.stretch_us) - first_us.div_euclid(self.stretch_us) >= STRETCHES_MAX {
            self.stretch_us = self.stretch_us.saturating_mul(2);
            for counts in self.counts.values_mut() {
                for (stretch, tally) in std::mem::take(&mut counts.times) {
                    counts.times.entry(stretch.div_euclid(2)).or_default().add(&tally);
                }
            }
        }
    }

    /// Pairs of pictures, pictures beside the all-source picture, and all of it in one number each.
    pub(super) fn finish(
        mut self,
        world: &World,
        objects: &Objects,
        blind_authority: Option<f64>,
    ) -> (Vec<Pair>, Vec<Pair>, Summary) {
        self.know(world, objects);
        let all = world.pictures.len();
        let union = world.complete.is_none().then_some(objects);
        let (mut pairs, mut against, mut sums) = (Vec::new(), Vec::new(), [Tally::default(), Tally::default()]);
        for ((a, b), mut counts) in std::mem::take(&mut self.counts) {
            counts.total.same =
                if counts.one_lane { counts.total.both } else { counts.same(union.filter(|_| b == all)) };
            let [of_pairs, of_all] = &mut sums;
            let (sum, list) = if b == all { (of_all, &mut against) } else { (of_pairs, &mut pairs) };
            sum.add(&counts.total);
            list.push(self.pair((a, b), &counts, world));
        }
        let [sum, of_all] = sums;
        let [a_s, b_s] = sum.later_s;
        let summary = Summary {
            shared: sum.shared(),
            apart_m: sum.rms_m(),
            apart_sigmas: sum.sigmas(),
            same_identity: ratio(sum.same as f64, sum.both as f64),
            later_s: ratio(a_s + b_s, sum.objects as f64),
            blind_authority,
            of_all_source: of_all.shared(),
            after_all_source_s: ratio(of_all.later_s[0], of_all.objects as f64),
        };
        (pairs, against, summary)
    }

    /// Counts who knew of every object, and how much later than the other.
    fn know(&mut self, world: &World, objects: &Objects) {
        let all = world.pictures.len();
        for record in objects.different() {
            let known = |side: usize| match (side == all, world.complete) {
                (false, _) => record.known_us.get(&side).copied(),
                (true, Some(picture)) => record.known_us.get(&picture).copied(),
                (true, None) => record.known_us.values().min().copied(),
            };
            let (first_us, class) = record.first;
            let zones = world.classes.get(class).map_or(&[][..], |class| &class.zones);
            let stretch = first_us.div_euclid(self.stretch_us);
            for (&(a, b), counts) in &mut self.counts {
                let mut tally = Tally::default();
                match (known(a), known(b)) {
                    (Some(a_us), Some(b_us)) => {
                        let later = |mine: i64, its: i64| mine.saturating_sub(its).max(0) as f64 * 1e-6;
                        tally.objects = 1;
                        tally.later_s = [later(a_us, b_us), later(b_us, a_us)];
                    }
                    (Some(_), None) => tally.objects_only = [1, 0],
                    (None, Some(_)) => tally.objects_only = [0, 1],
                    (None, None) => continue,
                }
                counts.add(zones, stretch, &tally);
            }
        }
    }

    fn pair(&self, (a, b): Sides, counts: &Counts, world: &World) -> Pair {
        let partners = |side: usize| world.pictures.get(side).map(|picture| picture.partners.clone());
        let zone = |(zone, tally): (&Option<usize>, &Tally)| InZone {
            zone: zone.and_then(|zone| world.zones.get(zone).cloned()),
            agreement: tally.agreement(None),
        };
        let time = |(stretch, tally): (&i64, &Tally)| AtTime {
            from_us: stretch.saturating_mul(self.stretch_us),
            to_us: stretch.saturating_add(1).saturating_mul(self.stretch_us),
            agreement: tally.agreement(None),
        };
        Pair {
            a: partners(a).unwrap_or_default(),
            b: partners(b),
            total: counts.total.agreement(Some(counts.total.same)),
            zones: counts.zones.iter().map(zone).collect(),
            times: counts.times.iter().map(time).collect(),
        }
    }
}

/// What an object is now called.
fn root(objects: &Objects, id: u64) -> u64 {
    usize::try_from(id).map_or(id, |id| objects.root(id) as u64)
}

impl Tally {
    /// How far apart two rows are.
    fn apart(&mut self, a: &Shown, b: &Shown) {
        let metres = distance(a.position_m, b.position_m);
        (self.metres, self.metres2) = (metres, metres * metres);
        let covariances = a.covariance_m2.zip(b.covariance_m2);
        if let Some(apart) = covariances.and_then(|(p, q)| mahalanobis2([a.position_m, b.position_m], [p, q])) {
            (self.sigmas2, self.measured, self.axes) = (apart.squared, 1, u64::from(apart.axes));
        }
    }
}

impl Counts {
    /// Two tracks meet: 1 if one of them last met another, else 0. `now` is what a track of b is now called.
    fn meet(&mut self, (a, b): (u64, u64), now: impl Fn(u64) -> u64) -> u64 {
        if self.one_lane {
            return 0;
        }
        *self.met.entry((a, b)).or_default() += 1;
        let [of_a, of_b] = &mut self.last;
        let other = of_a.insert(a, b).is_some_and(|before| now(before) != b);
        u64::from(of_b.insert(b, a).is_some_and(|before| before != a) || other)
    }

    /// How much of what both see is of tracks that are each other's most frequent one; those of b are objects of a union, if
    /// it is given.
    fn same(&self, union: Option<&Objects>) -> u64 {
        let mut met: BTreeMap<(u64, u64), u64> = BTreeMap::new();
        for (&(a, b), count) in &self.met {
            let b = union.map_or(b, |objects| root(objects, b));
            *met.entry((a, b)).or_default() += count;
        }
        let (mut most_a, mut most_b): (BTreeMap<u64, u64>, BTreeMap<u64, u64>) = (BTreeMap::new(), BTreeMap::new());
        for (&(a, b), &count) in &met {
            for most in [most_a.entry(a).or_default(), most_b.entry(b).or_default()] {
                *most = count.max(*most);
            }
        }
        let mutual = met.iter().filter(|((a, b), count)| most_a.get(a) == Some(count) && most_b.get(b) == Some(count));
        mutual.map(|(_, count)| count).sum()
    }
}
