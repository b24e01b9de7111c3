//! A row as a partner may see it: obligations applied, engine coordinates turned into the picture's.
//!
//! Order: the position is snapped to its cell first, and velocity and covariances are then turned into the axes at
//! the position that is *shown*, so that axes do not tell what the cell hides. A field that is left out is not
//! computed at all. An exact velocity beside a coarse position lets a reader follow a track within its cell: a level
//! that must not allow this leaves out the velocity too.

use super::columns::SINGLES;
use crate::policy::{Field, Obligations, Status, geodetic_cell, local_cell};
use crate::space::{Frame, Geodetic};

/// A track at a time, in engine coordinates: ECEF or local metres.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// Microseconds since 1970 (geodetic) or since the recording's epoch (local).
    pub time_us: i64,
    /// Identity, the same over the track's life.
    pub track: u64,
    /// Tentative or confirmed.
    pub status: Status,
    /// Probability that the track is an object.
    pub existence: f64,
    /// Position in metres.
    pub position_m: [f64; 3],
    /// Velocity in metres a second.
    pub velocity_m_s: [f64; 3],
    /// Covariance of position and velocity, in that order, m², m²/s, m²/s².
    pub covariance: [[f64; 6]; 6],
    /// How many detections are counted to it.
    pub detections: u64,
    /// When the last of them was made, as `time_us`.
    pub last_detection_us: i64,
    /// Whether later detections made the row better.
    pub smoothed: bool,
    /// When the last detection was made that the row rests on, as `time_us`.
    pub as_known_at_us: i64,
    /// Where the filter had it then, metres, by what was detected up to then alone; `None` where it had no such track yet, or
    /// where the partner may not have it there at the same level.
    pub filtered_m: Option<[f64; 3]>,
    /// The address that it sends, and the probability that it is its own; `None` where none is known.
    pub identity: Option<(&'a str, f64)>,
    /// Owners whose detections made the track, as far as the partner may know them.
    pub contributors: &'a [String],
    /// What the partner may do with the track.
    pub authorities: &'a [String],
    /// Who may do what with it, `partner:action`; `None` unless the partner may see that.
    pub holders: Option<&'a [String]>,
}

/// A row as it is shown; numbers in the order of their columns.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shown<'a> {
    /// As in [`Row`].
    pub time_us: i64,
    /// As in [`Row`].
    pub track: u64,
    /// As in [`Row`].
    pub status: Status,
    /// Latitude, longitude, altitude; or x, y, z.
    pub position: [f64; 3],
    /// Existence, velocity (3), covariance of the position (6) and of the velocity (6).
    pub singles: [Option<f64>; SINGLES],
    /// `None` where they are withheld.
    pub detections: Option<u64>,
    /// `None` where it is withheld.
    pub last_detection_us: Option<i64>,
    /// As in [`Row`].
    pub smoothed: bool,
    /// `None` where it is withheld.
    pub as_known_at_us: Option<i64>,
    /// As `position`, of the filter; `None` where it is withheld or there was none.
    pub filtered: Option<[f64; 3]>,
    /// `None` where it is withheld or not known.
    pub identity: Option<(&'a str, f64)>,
    /// `None` where they are withheld.
    pub contributors: Option<&'a [String]>,
    /// As in [`Row`].
    pub authorities: &'a [String],
    /// `None` where they are withheld.
    pub holders: Option<&'a [String]>,
}

/// Unit vectors of the picture's axes in engine coordinates.
type Axes = [[f64; 3]; 3];

/// Applies `cut` to `row`. The size of the cells has been checked.
pub(super) fn show<'a>(frame: Frame, row: &Row<'a>, cut: &Obligations) -> Shown<'a> {
    let shows = |field| !cut.omit.contains(&field);
    let (position, axes, variance_m2) = place(frame, row.position_m, cut.coarsen_m);
    let velocity = axes.map(|axis| shows(Field::Velocity).then(|| dot(axis, row.velocity_m_s)));
    let [a, b, c, d, e, f] = row.covariance;
    let of_position = [a, b, c].map(|[x, y, z, _, _, _]| [x, y, z]);
    let of_velocity = [d, e, f].map(|[_, _, _, x, y, z]| [x, y, z]);

    let mut singles = [None; SINGLES];
    let [existence, vx, vy, vz, covariances @ ..] = &mut singles;
    *existence = shows(Field::Existence).then_some(row.existence);
    [*vx, *vy, *vz] = velocity;
    if shows(Field::Covariance) {
        // The covariance of a velocity that is left out would tell how it was measured: it goes, too.
        let of_velocity = shows(Field::Velocity).then(|| upper(axes, of_velocity, [0.0; 3]));
        let elements = upper(axes, of_position, variance_m2).into_iter().chain(of_velocity.into_iter().flatten());
        for (to, from) in covariances.iter_mut().zip(elements) {
            *to = Some(from);
        }
    }
    // When a turning radar sees something tells in which direction it is, and whose radar it was; and a filter's place tells by
    // its jumps when something was seen.
    let says_when =
        cut.coarsen_m.is_none() && [Field::Detections, Field::Existence, Field::Contributors].into_iter().all(shows);
    Shown {
        time_us: row.time_us,
        track: row.track,
        status: row.status,
        position,
        singles,
        detections: shows(Field::Detections).then_some(row.detections).filter(|_| shows(Field::Existence)),
        last_detection_us: says_when.then_some(row.last_detection_us),
        smoothed: row.smoothed,
        as_known_at_us: says_when.then_some(row.as_known_at_us),
        filtered: row.filtered_m.filter(|_| says_when).map(|position_m| place(frame, position_m, None).0),
        identity: row.identity.filter(|_| shows(Field::Identity)),
        contributors: shows(Field::Contributors).then_some(row.contributors),
        authorities: row.authorities,
        holders: row.holders.filter(|_| shows(Field::Holders)),
    }
}

/// The position that is shown, the axes there, and the variance that coarsening adds along them.
fn place(frame: Frame, position_m: [f64; 3], coarsen_m: Option<f64>) -> ([f64; 3], Axes, [f64; 3]) {
    match frame {
        Frame::Local => {
            let axes = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
            let Some(size_m) = coarsen_m else { return (position_m, axes, [0.0; 3]) };
            let cell = local_cell(position_m, size_m);
            (cell.centre, axes, cell.variance_m2)
        }
        Frame::Geodetic => {
            let exact = Geodetic::from_ecef(position_m);
            let (at, variance_m2) = coarsen_m.map_or((exact, [0.0; 3]), |size_m| {
                let cell = geodetic_cell(exact, size_m);
                (cell.centre, cell.variance_m2)
            });
            ([at.latitude_deg, at.longitude_deg, at.altitude_m], at.enu_axes(), variance_m2)
        }
    }
}

/// The upper triangle of A P Aᵀ + diag(added), row by row. The rows of A are the axes.
fn upper(axes: Axes, p: [[f64; 3]; 3], added: [f64; 3]) -> [f64; 6] {
    let turned_columns = axes.map(|axis| p.map(|row| dot(row, axis)));
    let [[xx, xy, xz], [_, yy, yz], [_, _, zz]] = axes.map(|axis| turned_columns.map(|column| dot(axis, column)));
    let [x, y, z] = added;
    [xx + x, xy, xz, yy + y, yz, zz + z]
}

fn dot([a, b, c]: [f64; 3], [x, y, z]: [f64; 3]) -> f64 {
    a * x + b * y + c * z
}
