//! What innovations and errors mean, in words: which key to change, and to what.
//!
//! Innovations that are too large come of noise that is larger than said, of motion that is livelier, or of sensors that do not agree;
//! which of them it is the rows tell: their noise and turning from look to look need no filter ([`crate::inspect`]).

use super::RunConfig;
use super::innovations::{Consistency, Innovations};
use crate::fusion::motion::Noise;
use crate::inspect::{Inspection, Remark, rounded, short};

/// What is found is as it should be within these.
const WELL: [f64; 2] = [0.7, 1.4];
/// Noise differs from what is said by more than this factor.
const OTHER: f64 = 1.25;

/// What there is to change.
#[must_use]
pub fn verdicts(found: &Consistency, inspection: &Inspection, config: &RunConfig) -> Vec<Remark> {
    let mut verdicts: Vec<Remark> = found.innovations.iter().filter_map(|of| of_axis(of, inspection, config)).collect();
    once(&mut verdicts);
    let errors = found
        .errors
        .iter()
        .flat_map(|errors| [("position", Some(errors.nees_position)), ("velocity", errors.nees_velocity)]);
    for (what, nees) in errors {
        let Some(nees) = nees.filter(|nees| !(WELL[0]..=WELL[1]).contains(nees)) else { continue };
        let (than, wanted) = if nees > 1.0 {
            ("larger", "more noise, or a larger `fusion.motion.horizontal`, as the innovations have it")
        } else {
            ("smaller", "less noise, or a smaller `fusion.motion.horizontal`, as the innovations have it")
        };
        verdicts.push(Remark {
            at: format!("truth, {what}"),
            found: format!(
                "NEES {} per degree of freedom where 1 is expected: errors are {than} than said",
                rounded(nees)
            ),
            wanted: wanted.to_owned(),
            key: None,
        });
    }
    verdicts
}

/// Leaves one of several that want the same of the configuration.
fn once(verdicts: &mut Vec<Remark>) {
    let motion = |verdict: &Remark| verdict.wanted.contains("fusion.motion");
    let more = verdicts.iter().filter(|verdict| motion(verdict)).count().saturating_sub(1);
    let mut is_first = true;
    verdicts.retain_mut(|verdict| {
        let keeps = !motion(verdict) || std::mem::take(&mut is_first);
        if keeps && more > 0 && motion(verdict) {
            verdict.at.extend([format!(", and {more} more")]);
        }
        keeps
    });
}

fn of_axis(of: &Innovations, inspection: &Inspection, config: &RunConfig) -> Option<Remark> {
    if (WELL[0]..=WELL[1]).contains(&of.nis) {
        return None;
    }
    let sensor = inspection.sensors.iter().find(|sensor| sensor.name == of.sensor);
    let noise = sensor.map(|sensor| &sensor.figures.noise).and_then(|noise| match of.key {
        "horizontal_m" => noise.horizontal_m,
        "range_m" => noise.range_m,
        "azimuth_deg" => noise.azimuth_deg,
        "elevation_deg" => noise.elevation_deg,
        _ => noise.vertical_m,
    });
    let turning = inspection.sensors.iter().filter_map(|sensor| sensor.figures.turning_m2_s3).reduce(f64::max);
    let motion = config.fusion.motion.constant_velocity();
    let said = motion.filter(|motion| motion.noise == Noise::WhiteAcceleration).map(|motion| motion.horizontal);
    let livelier = turning.zip(said).is_some_and(|(found, said)| found > 2.0 * said);
    let calmer = turning.zip(said).is_some_and(|(found, said)| found < said / 2.0);
    let apart = inspection.pairs.iter().any(|pair| {
        pair.sensors.contains(&of.sensor)
            && libm::hypot(pair.east_m.value, pair.north_m.value)
                > 4.0 * libm::hypot(pair.east_m.error, pair.north_m.error)
    });
    let try_sigma = of.sigma_wanted.map(|sigma| format!("try {} = {}", of.key, short(sigma)));
    let try_motion =
        turning.filter(|_| motion.is_some()).map(|q| format!("try `fusion.motion.horizontal` = {}", short(q)));
    let other = |noise: f64| noise / of.sigma > OTHER || of.sigma / noise > OTHER;
    let (than, why, wanted) = if of.nis > 1.0 {
        let noise_is_larger = noise.is_none_or(|noise| noise.value > OTHER * of.sigma);
        if noise_is_larger {
            let found = noise.map(|noise| format!("try {} = {}", of.key, short(noise.value)));
            ("larger", "noise is larger than said", found.or(try_sigma))
        } else if livelier {
            (
                "larger",
                "noise is as said from row to row, and objects turn more sharply than the configuration says",
                try_motion,
            )
        } else if apart {
            let wanted = "the registration of the sensors first (see their pairs)".to_owned();
            (
                "larger",
                "noise is as said from row to row, and sensors see the same objects at different places",
                Some(wanted),
            )
        } else {
            ("larger", "noise is as said from row to row, so an error stays from look to look", try_sigma)
        }
    } else if noise.is_some_and(|noise| other(noise.value) && noise.value < of.sigma) {
        (
            "smaller",
            "noise is smaller than said",
            try_sigma.or_else(|| noise.map(|noise| format!("try {} = {}", of.key, short(noise.value)))),
        )
    } else if calmer {
        ("smaller", "noise is as said, and objects turn less sharply than the configuration says", try_motion)
    } else {
        ("smaller", "noise or motion is smaller than said", try_sigma)
    };
    Some(Remark {
        at: format!("sensor `{}`, {}", of.sensor, of.key),
        found: format!(
            "NIS {} per degree of freedom where 1 is expected: innovations are {than} than said, for {why}",
            rounded(of.nis)
        ),
        wanted: wanted.unwrap_or_else(|| "a look at both".to_owned()),
        key: Some(of.key),
    })
}
