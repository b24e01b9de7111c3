//! Offsets of sensors by weighted least squares over the innovations of objects, weights found again in every round.
//!
//! With offsets b, the innovations ν(b) of all objects (`path.rs`) have the squares Σ ν² / S; the least is found by
//! Gauss and Newton, the derivative of an innovation being that of the whole filter, by a difference. Which of the offsets can
//! be told from each other depends on who sees what: sensors that objects join are a group, and of each group one is the
//! reference, whose clock and place are taken to be right. An offset that is no more than three standard errors from 0 is taken
//! to be 0, the least certain first, those of the reference before any, and the others are told again without it.

use super::path::{Motion, Noise, Residual, residuals};
use super::plot::{Offsets, Plot, Quantity, Seen};
use super::solve::Normal;
use crate::inspect::median;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Rounds at most; they end once no offset moves by so much of its standard error.
const ROUNDS: usize = 30;
const SETTLED: f64 = 0.01;
/// Standard errors from 0 beyond which an offset counts.
const SIGNIFICANT: f64 = 3.0;
/// Median of the square of a standard normal number.
const MEDIAN: f64 = 0.454_936_4;
/// Detections that an object has of a sensor at least for it to count.
const LEAST: usize = 3;

/// A sensor, and what of it is asked.
#[derive(Clone, Debug)]
pub(super) struct Side {
    /// Whether it reports positions: of such a one is the reference, if there is one.
    pub(super) is_position: bool,
    pub(super) asked: Vec<Quantity>,
}

/// What is known of an offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// More than three standard errors from 0: it counts.
    Significant,
    /// No more than that: it is taken to be 0.
    NotSignificant,
    /// The sensor is the reference of its group: it is taken to be 0.
    Reference,
    /// What is seen does not tell it from the offsets of others.
    Untold,
}

/// An offset of a sensor.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Offset {
    /// What of the sensor.
    pub quantity: Quantity,
    /// How much too large it is, in its unit; absent where nothing is told.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub value: Option<f64>,
    /// Its standard error; absent where nothing is told.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<f64>,
    /// What is known of it.
    pub standing: Standing,
}

/// What was found of some sensors.
#[derive(Clone, Debug, Default)]
pub(super) struct Fit {
    /// By sensor: of those that objects join with others.
    pub(super) offsets: Vec<Option<Vec<Offset>>>,
    /// Whether a sensor is the reference of its group.
    pub(super) is_reference: Vec<bool>,
    /// Detections of each that counted.
    pub(super) detections: Vec<u64>,
    /// Objects that counted.
    pub(super) objects: u64,
    /// How many times the standard deviations that are said, and that motion makes, innovations have, before and after.
    pub(super) scale: [f64; 2],
    /// Whether the rounds came to an end.
    pub(super) is_settled: bool,
}

/// An unknown: a sensor and a quantity, by number.
type Unknown = (usize, usize);

/// Fits the offsets of sensors to objects; `wished` is to be the reference of its group.
pub(super) fn fit(sides: &[Side], objects: Vec<Vec<Plot>>, motion: &Motion, wished: Option<usize>) -> Fit {
    let objects: Vec<Vec<Plot>> = objects.into_iter().filter_map(joining).collect();
    let mut detections = vec![0; sides.len()];
    for plot in objects.iter().flatten() {
        detections.get_mut(plot.sensor).into_iter().for_each(|count| *count += 1);
    }
    let is_reference = references(sides, &objects, (&detections, wished));
    let (unknowns, order) = unknowns(sides, &detections, &is_reference);
    let numbers = |sensor: usize| unknowns.iter().enumerate().filter(move |(_, (of, _))| *of == sensor).map(|(k, _)| k);
    let of_object: Vec<Vec<usize>> =
        objects.iter().map(|plots| sensors(plots).into_iter().flat_map(numbers).collect()).collect();
    let mut offsets = vec![Offsets::default(); sides.len()];
    let (mut scale, mut first, mut is_settled) = (1.0, None, unknowns.is_empty());
    let mut normal = Normal::new(unknowns.len());
    for _ in 0..ROUNDS {
        let parts: Vec<Part> = objects
            .par_iter()
            .zip(&of_object)
            .map(|(plots, of)| part(plots, (of, &unknowns), &offsets, (motion, scale)))
            .collect();
        normal = Normal::new(unknowns.len());
        parts.iter().zip(&of_object).for_each(|(part, of)| normal.add(of, &part.square, &part.right));
        let mut squares: Vec<f64> = parts.into_iter().flat_map(|part| part.squares).collect();
        scale = (median(&mut squares) / MEDIAN).sqrt().max(1.0);
        first.get_or_insert(scale);
        if is_settled {
            break;
        }
        let mut step = normal.clone();
        step.take(&order);
        let by = step.solution();
        for (&(sensor, quantity), by) in unknowns.iter().zip(&by) {
            offsets.get_mut(sensor).and_then(|of| of.get_mut(quantity)).into_iter().for_each(|of| *of += by);
        }
        is_settled = by.iter().enumerate().all(|(k, by)| by.abs() <= SETTLED * step.variance(k).sqrt());
    }
    normal.about(&unknowns.iter().map(|unknown| value(&offsets, *unknown)).collect::<Vec<_>>());
    let found = judged(normal, (&unknowns, &order), &is_reference, scale);
    let of_sensor = |(sensor, side): (usize, &Side)| {
        let seen = detections.get(sensor).is_some_and(|count| *count > 0);
        seen.then(|| side.asked.iter().map(|quantity| offset(sensor, *quantity, (&unknowns, &found))).collect())
    };
    Fit {
        offsets: sides.iter().enumerate().map(of_sensor).collect(),
        is_reference,
        detections,
        objects: objects.len() as u64,
        scale: [first.unwrap_or(1.0), scale],
        is_settled,
    }
}

/// An object without the sensors of which it has too little; `None` if fewer than two are left.
fn joining(plots: Vec<Plot>) -> Option<Vec<Plot>> {
    let of = |sensor: usize| plots.iter().filter(|plot| plot.sensor == sensor).count();
    let kept: Vec<usize> = sensors(&plots).into_iter().filter(|sensor| of(*sensor) >= LEAST).collect();
    (kept.len() > 1).then(|| plots.into_iter().filter(|plot| kept.contains(&plot.sensor)).collect())
}

/// The sensors of an object, in order.
fn sensors(plots: &[Plot]) -> Vec<usize> {
    let mut all: Vec<usize> = plots.iter().map(|plot| plot.sensor).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Which sensors are the references of their groups.
fn references(sides: &[Side], objects: &[Vec<Plot>], (detections, wished): (&[u64], Option<usize>)) -> Vec<bool> {
    let mut group: Vec<usize> = (0..sides.len()).collect();
    for plots in objects {
        let joined = sensors(plots);
        let of: Vec<usize> = joined.iter().filter_map(|sensor| group.get(*sensor).copied()).collect();
        let least = of.iter().copied().min().unwrap_or_default();
        group.iter_mut().filter(|group| of.contains(group)).for_each(|group| *group = least);
    }
    let seen = |sensor: &usize| detections.get(*sensor).is_some_and(|count| *count > 0);
    let rank = |sensor: &usize| {
        let count = detections.get(*sensor).copied().unwrap_or_default();
        let is_position = sides.get(*sensor).is_some_and(|side| side.is_position);
        (Some(*sensor) == wished, is_position, count, core::cmp::Reverse(*sensor))
    };
    let best =
        |of: &usize| (0..sides.len()).filter(|sensor| group.get(*sensor) == Some(of)).filter(seen).max_by_key(rank);
    group.iter().enumerate().map(|(sensor, of)| best(of) == Some(sensor)).collect()
}

/// What is asked, and in which order: the reference's own last, so that it is its offsets that are not told where some cannot be.
fn unknowns(sides: &[Side], detections: &[u64], is_reference: &[bool]) -> (Vec<Unknown>, Vec<usize>) {
    let mut unknowns = Vec::new();
    for (sensor, side) in sides.iter().enumerate().filter(|(sensor, _)| detections.get(*sensor).is_some_and(|n| *n > 0))
    {
        let is_taken = is_reference.get(sensor) == Some(&true);
        let asked = side.asked.iter().filter(|quantity| !(is_taken && is_common(**quantity)));
        unknowns.extend(asked.map(|quantity| (sensor, *quantity as usize)));
    }
    let mut order: Vec<usize> = (0..unknowns.len()).collect();
    order.sort_by_key(|k| unknowns.get(*k).map(|(sensor, _)| is_reference.get(*sensor).copied()));
    (unknowns, order)
}

/// Whether all sensors may be off by it together, and nothing tells.
const fn is_common(quantity: Quantity) -> bool {
    matches!(quantity, Quantity::TimeS | Quantity::EastM | Quantity::NorthM)
}

fn value(offsets: &[Offsets], (sensor, quantity): Unknown) -> f64 {
    offsets.get(sensor).and_then(|of| of.get(quantity)).copied().unwrap_or_default()
}

/// What an object adds to the normal equations.
struct Part {
    square: Vec<Vec<f64>>,
    right: Vec<f64>,
    squares: Vec<f64>,
}

fn part(
    plots: &[Plot],
    (of, unknowns): (&[usize], &[Unknown]),
    offsets: &[Offsets],
    (motion, scale): (&Motion, f64),
) -> Part {
    let from_us = plots.first().map_or(0, |plot| plot.time_us);
    let none = Offsets::default();
    let without = |plot: &Plot, of: &Offsets| plot.without(of, from_us);
    let own = |plot: &Plot| offsets.get(plot.sensor).unwrap_or(&none);
    let mut ordered: Vec<(Seen, &Plot)> = plots.iter().map(|plot| (without(plot, own(plot)), plot)).collect();
    ordered.sort_by(|(a, _), (b, _)| a.at_s.total_cmp(&b.at_s));
    let up = ordered.first().map_or([0.0, 0.0, 1.0], |(_, plot)| plot.placed.level[2]);
    let seen: Vec<Seen> = ordered.iter().map(|(seen, _)| *seen).collect();
    let found = residuals(&seen, up, motion, Noise::Weighed(scale));
    let noise: Vec<f64> = found.iter().map(|row| row.noise_m2).collect();
    let derivative = |number: &usize| -> Vec<f64> {
        let Some(&(sensor, quantity)) = unknowns.get(*number) else { return Vec::new() };
        let part = Quantity::ALL.get(quantity).map_or(1.0, |quantity| quantity.part());
        let moved = |(seen, plot): &(Seen, &Plot)| {
            let mut of = *own(plot);
            of.get_mut(quantity).into_iter().for_each(|of| *of += part);
            if plot.sensor == sensor { without(plot, &of) } else { *seen }
        };
        let moved: Vec<Seen> = ordered.iter().map(moved).collect();
        let rows = residuals(&moved, up, motion, Noise::Known(&noise));
        rows.iter().zip(&found).map(|(moved, row)| (moved.off_m - row.off_m) / part).collect()
    };
    let columns: Vec<Vec<f64>> = of.iter().map(derivative).collect();
    let product = |a: &[f64], b: &dyn Fn(usize, &Residual) -> f64| -> f64 {
        a.iter().zip(&found).enumerate().map(|(k, (a, row))| a * b(k, row) / row.variance_m2).sum()
    };
    let times = |a: &Vec<f64>, b: &Vec<f64>| product(a, &|k, _| b.get(k).copied().unwrap_or_default());
    Part {
        square: columns.iter().map(|a| columns.iter().map(|b| times(a, b)).collect()).collect(),
        right: columns.iter().map(|a| -product(a, &|_, row| row.off_m)).collect(),
        squares: found.iter().map(|row| row.square).collect(),
    }
}

/// Value, standard error and standing of every unknown.
type Judged = (f64, f64, Standing);

fn judged(
    mut normal: Normal,
    (unknowns, order): (&[Unknown], &[usize]),
    is_reference: &[bool],
    scale: f64,
) -> Vec<Judged> {
    let told = normal.take(order);
    let standing = |told: &bool| if *told { Standing::Significant } else { Standing::Untold };
    let mut found: Vec<Judged> = told.iter().map(|told| (0.0, 0.0, standing(told))).collect();
    loop {
        let values = normal.solution();
        let mut weakest: Option<(bool, f64, usize)> = None;
        for (k, (value, judged)) in values.iter().zip(&mut found).enumerate().filter(|(k, _)| normal.has(*k)) {
            (judged.0, judged.1) = (*value, scale * normal.variance(k).sqrt());
            let errors = value.abs() / judged.1.max(f64::MIN_POSITIVE);
            let is_free = unknowns.get(k).is_none_or(|(sensor, _)| is_reference.get(*sensor) != Some(&true));
            let is_weaker = weakest.is_none_or(|(free, least, _)| (is_free, errors) < (free, least));
            if errors <= SIGNIFICANT && is_weaker {
                weakest = Some((is_free, errors, k));
            }
        }
        let Some((_, _, k)) = weakest else { return found };
        normal.leave(k);
        found.get_mut(k).into_iter().for_each(|judged| judged.2 = Standing::NotSignificant);
    }
}

fn offset(sensor: usize, quantity: Quantity, (unknowns, found): (&[Unknown], &[Judged])) -> Offset {
    let at = unknowns.iter().position(|unknown| *unknown == (sensor, quantity as usize));
    let Some((value, error, standing)) = at.and_then(|at| found.get(at)) else {
        return Offset { quantity, value: None, error: None, standing: Standing::Reference };
    };
    let told = |number: f64| (*standing != Standing::Untold).then_some(number / quantity.unit());
    Offset { quantity, value: told(*value), error: told(*error), standing: *standing }
}

#[cfg(test)]
#[path = "fit_tests.rs"]
mod tests;
