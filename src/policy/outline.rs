//! Rings as they are written to polygons in the plane of a recording's coordinates.
//!
//! Longitudes are unwrapped, so that no ring jumps at the antimeridian; a ring that goes once round the Earth becomes a
//! band to beyond its pole; what does not make simple polygons is an error that says where.

use super::polygon::{Polygon, Ring};
use super::simple::{self, Fault};
use crate::space::Frame;

/// What was found, and what was wanted.
pub(super) type Complaint = (String, &'static str);

/// Turns, in degrees, at which copies of a ring cover longitudes -180 to 180 wherever it was written.
const TURNS: [f64; 5] = [0.0, -360.0, 360.0, -720.0, 720.0];

/// Farthest from the origin of a local recording, in metres: as for the coverage of its sensors.
const LOCAL_MAX_M: f64 = 1e9;

/// The polygons of some rings; in a geodetic frame all copies, a turn apart, that touch longitudes -180 to 180.
pub(super) fn placed(rings: &[Ring], frame: Frame) -> Result<Vec<Polygon>, Complaint> {
    let flat = rings.iter().map(|ring| Outline::of(ring, frame)).collect::<Result<Vec<_>, _>>()?;
    let Some((outer, holes)) = flat.split_first() else { return Ok(Vec::new()) };
    let mut all: Vec<Ring> = vec![outer.ring().clone()];
    // What is checked differs where a band lies in a band: it must not stick out of the other's ends.
    let (mut checked, mut numbers) = (all.clone(), vec![0]);
    if let Some(fault) = simple::fault(&checked) {
        return Err(in_words(&fault, &numbers));
    }
    for (number, hole) in (1..).zip(holes) {
        let copies = inside(hole, outer, frame)?;
        match hole {
            Outline::Polar { narrow, .. } => checked.push(narrow.clone()),
            Outline::Plain(_) => checked.extend(copies.iter().cloned()),
        }
        numbers.resize(checked.len(), number);
        all.extend(copies);
    }
    if let Some(fault) = simple::fault(&checked).filter(|_| !holes.is_empty()) {
        return Err(in_words(&fault, &numbers));
    }
    let polygon = Polygon::new(&all);
    // A band around a pole already has its copies side by side.
    let turns: &[f64] = if frame == Frame::Local || matches!(outer, Outline::Polar { .. }) { &[0.0] } else { &TURNS };
    let [west, east] = [polygon.min[0], polygon.max[0]];
    let touches = |turn: &&f64| frame == Frame::Local || (west + **turn <= 180.0 && east + **turn >= -180.0);
    Ok(turns.iter().filter(touches).map(|&turn| polygon.shifted(turn)).collect())
}

/// A fault with its place; the number of each ring as it is written, 0 for the outline.
fn in_words(fault: &Fault, numbers: &[usize]) -> Complaint {
    let ring = |ring: &usize| match numbers.get(*ring) {
        None | Some(0) => "the outline".to_owned(),
        Some(hole) => format!("hole {hole}"),
    };
    let edge = |(of, [from, to]): &(usize, [[f64; 2]; 2])| format!("the edge from {from:?} to {to:?} of {}", ring(of));
    match fault {
        Fault::Few { ring: of } => {
            (format!("found {} with fewer than 3 corners that differ", ring(of)), "rings that enclose an area")
        }
        Fault::Twice { ring: of, at } => (
            format!("found {} at {at:?} twice", ring(of)),
            "rings that do not meet themselves: two areas are two polygons",
        ),
        Fault::Meet([a, b]) => {
            let wanted = "edges that meet at shared corners only: an outline that crosses itself has a hole in it";
            (format!("found {} and {} meeting", edge(a), edge(b)), wanted)
        }
        Fault::Outside(of) => {
            (format!("found {} where it and a hole are not one in the other", edge(of)), "holes within the outline")
        }
        Fault::Within(of) => (format!("found {} within another hole", edge(of)), "holes that are apart"),
    }
}

/// A ring in the plane of its coordinates.
enum Outline {
    /// Closed as it is.
    Plain(Ring),
    /// Once round the Earth: a band from the ring to beyond its pole, over so many turns that no end of it is seen; and
    /// a narrower one, which fits into any.
    Polar { band: Ring, narrow: Ring },
}

impl Outline {
    fn of(ring: &Ring, frame: Frame) -> Result<Self, Complaint> {
        match frame {
            Frame::Local => match ring.iter().flatten().find(|value| value.is_nan() || value.abs() > LOCAL_MAX_M) {
                None => Ok(Self::Plain(ring.clone())),
                Some(value) => Err((format!("found a coordinate of {value} m"), "metres between -1e9 and 1e9")),
            },
            Frame::Geodetic => unwrapped(ring),
        }
    }

    fn ring(&self) -> &Ring {
        match self {
            Self::Plain(ring) | Self::Polar { band: ring, .. } => ring,
        }
    }
}

/// A ring whose longitudes do not jump at the antimeridian.
fn unwrapped(ring: &[[f64; 2]]) -> Result<Outline, Complaint> {
    let mut turned = Vec::with_capacity(ring.len());
    let mut turn = 0.0;
    let mut before: Option<f64> = None;
    for &[longitude, latitude] in ring.iter().chain(ring.first()) {
        if !(longitude.abs() <= 360.0 && latitude.abs() <= 90.0) {
            let found = format!("found longitude {longitude}, latitude {latitude}");
            let wanted = "longitudes from -360 to 360, then latitudes from -90 to 90 degrees";
            return Err((found, wanted));
        }
        let step = before.map_or(0.0, |before| longitude - before);
        if (step.abs() % 360.0 - 180.0).abs() == 0.0 {
            let found = format!("found an edge of {step} degrees of longitude to longitude {longitude}");
            return Err((found, "edges of less than 180 degrees: a corner more decides which way round"));
        }
        turn -= 360.0 * (step / 360.0).round();
        before = Some(longitude);
        turned.push([longitude + turn, latitude]);
    }
    turned.pop();
    match turn.abs() {
        0.0 => Ok(Outline::Plain(turned)),
        360.0 => around_a_pole(turned, turn),
        _ => Err(("found a ring that goes round the Earth more than once".to_owned(), "once, or not at all")),
    }
}

/// The band between a ring that goes once round the Earth, by `turn`, and the pole of its hemisphere.
fn around_a_pole(mut ring: Ring, turn: f64) -> Result<Outline, Complaint> {
    let on_side = |side: f64| ring.iter().all(|&[_, latitude]| latitude * side > 0.0);
    let side = match (on_side(1.0), on_side(-1.0)) {
        (true, _) => 1.0,
        (_, true) => -1.0,
        _ => {
            let found = "found a ring round the Earth that meets the equator".to_owned();
            return Err((found, "one on one side of it, which says which pole is inside"));
        }
    };
    // From the corner next to the pole, from where the end of the band meets nothing of it on its way there.
    let nearest = ring.iter().enumerate().max_by(|(_, a), (_, b)| (a[1] * side).total_cmp(&(b[1] * side)));
    let nearest = nearest.map_or(0, |(at, _)| at);
    let rest = ring.split_off(nearest);
    let before = ring.into_iter().map(|[longitude, latitude]| [longitude + turn, latitude]);
    let mut ring: Ring = rest.into_iter().chain(before).collect();
    if turn < 0.0 {
        ring.reverse();
        ring.rotate_right(1);
        if let Some(first) = ring.first_mut() {
            first[0] += turn;
        }
    }
    let first = ring.first().map_or(0.0, |&[longitude, _]| longitude);
    let start = (first + 180.0).rem_euclid(360.0) - 180.0 - first;
    // Turn after turn eastwards, and beyond the pole, so that the pole itself is inside: an edge does not hold its upper
    // end.
    let band = |turns: &[f64], beyond: f64| {
        let at = |by: f64| ring.iter().map(move |&[longitude, latitude]| [longitude + start + by, latitude]);
        let mut band: Ring = turns.iter().flat_map(|&by| at(by)).collect();
        if let (Some(&[west, latitude]), Some(last)) = (band.first(), turns.last()) {
            let east = first + start + last + 360.0;
            band.extend([[east, latitude], [east, side * beyond], [west, side * beyond]]);
        }
        band
    };
    Ok(Outline::Polar { band: band(&[-720.0, -360.0, 0.0, 360.0], 91.0), narrow: band(&[-360.0, 0.0], 90.5) })
}

/// A hole, a whole number of turns away from where it was written, so that it lies in its outer ring: all such copies
/// where that goes round the Earth.
fn inside(hole: &Outline, outer: &Outline, frame: Frame) -> Result<Vec<Ring>, Complaint> {
    let around = Polygon::new(std::slice::from_ref(outer.ring()));
    let [[west, south], [east, north]] = [around.min, around.max];
    let fits = |&[x, y]: &[f64; 2]| x >= west && x <= east && y >= south && y <= north;
    let copies: Vec<Ring> = match (hole, outer) {
        // Both bands are seen from -180 to 180 only, where neither has an end.
        (Outline::Polar { band: ring, .. }, Outline::Polar { .. }) => {
            Some(ring).filter(|ring| ring.iter().all(|&[_, y]| y >= south && y <= north)).cloned().into_iter().collect()
        }
        (Outline::Polar { .. }, Outline::Plain(_)) => Vec::new(),
        (Outline::Plain(ring), _) => {
            let turns: &[f64] = if frame == Frame::Geodetic { &TURNS } else { &[0.0] };
            let copies = turns.iter().map(|turn| ring.iter().map(|&[x, y]| [x + turn, y]).collect::<Ring>());
            let most = if matches!(outer, Outline::Polar { .. }) { TURNS.len() } else { 1 };
            copies.filter(|ring| ring.iter().all(fits)).take(most).collect()
        }
    };
    if copies.is_empty() {
        let at = hole.ring().first().map_or([f64::NAN; 2], |corner| *corner);
        return Err((format!("found a hole at {at:?} outside its outline"), "holes within the first ring"));
    }
    Ok(copies)
}
