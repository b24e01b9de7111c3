//! `trackweave price`: what each partner would gain or lose if one rule of a policy were lifted.

use super::arguments;
use super::executor::{attempt, choose};
use super::failure::{Code, Failure};
use super::layout::{count, paragraph, table_of};
use super::policy::as_of_us;
use super::screen::Screen;
use super::signals::Signals;
use crate::policy::Lift;
use crate::run::{Changed, Price, Prices, Progress, Request, RunConfig, price};

/// Runs the command.
pub(super) fn execute(arguments: &arguments::Price, screen: Screen) -> Result<(), Failure> {
    let arguments::Price { recording, policy, executor, config, as_of, cache } = arguments;
    let config = config.as_deref().map_or_else(RunConfig::air, RunConfig::chosen)?;
    let as_of_us = as_of_us(as_of.as_ref(), recording)?;
    let scratch = tempfile::tempdir().map_err(|error| Failure::new(Code::Output, error))?;
    let (kept, work, out) = (scratch.path().join("lanes"), scratch.path().join("runs"), scratch.path().join("out"));
    let request = Request { as_of_us, cache: cache.as_deref(), ..Request::new(recording, policy, &out, &config) };
    let signals = Signals::take()?;
    let bar = screen.bar(0);
    let priced = attempt(*executor, choose(*executor)?, |executor| {
        price(&request, (&work, &kept), &executor, &mut |progress| {
            if let Progress::Pricing(done, all) = progress {
                bar.set_length(all);
                bar.set_position(done);
                bar.set_message("pricing");
            }
            signals.check()
        })
    });
    bar.finish_and_clear();
    let (prices, _) = priced.map_err(|error| signals.name(error.into()))?;
    signals.finish();
    screen.publish(&prices, || describe(&prices))
}

/// The table of a negotiator: a rule and a partner a line.
pub(super) fn describe(prices: &Prices) -> String {
    let head =
        ["without", "partner", "detections", "tracks", "rows", "truth", "all", "late (s)", "apart (m)", "may act"];
    let rows: Vec<Vec<String>> = prices.prices.iter().flat_map(rows).collect();
    let mut text = table_of(2, &head, &rows);
    text += &paragraph(
        "",
        "what each partner would have more (+) or less (-) without a rule, without its conditions, or without what a level demands; truth \
         and all: points of the truth's and of the all-source picture's coverage; a dash: nobody has anything more or less; \
         docs/prices.md",
    );
    for price in &prices.prices {
        text.extend(price.refused.iter().map(|why| paragraph("no price  ", &format!("{}: {why}", words(&price.lift)))));
    }
    text
}

/// What is lifted, in words.
fn words(lift: &Lift) -> String {
    match lift {
        Lift::Forbid(rule) => format!("forbid `{rule}`"),
        Lift::Permit(rule) => format!("permit `{rule}`"),
        Lift::Conditions(rule) => format!("conditions of `{rule}`"),
        Lift::Level(level) => format!("demands of `{level}`"),
    }
}

fn rows(price: &Price) -> Vec<Vec<String>> {
    let mut lead = words(&price.lift);
    let row = |(partner, Changed { gain, .. }): (&String, &Changed)| {
        let points =
            |share: Option<f64>| share.map_or_else(|| "-".to_owned(), |share| format!("{:+.1}", 100.0 * share));
        let by = |by: Option<f64>, digits: usize| by.map_or_else(|| "-".to_owned(), |by| format!("{by:+.digits$}"));
        vec![
            std::mem::take(&mut lead),
            partner.clone(),
            signed(gain.detections),
            signed(gain.tracks),
            signed(gain.rows),
            points(gain.coverage),
            points(gain.of_all_source),
            by(gain.delay_mean_s, 1),
            by(gain.apart_m, 0),
            signed(gain.may_act),
        ]
    };
    let rows: Vec<Vec<String>> = price.partners.iter().map(row).collect();
    if rows.is_empty() { vec![vec![words(&price.lift), "-".to_owned()]] } else { rows }
}

/// A difference of counts, with its sign.
fn signed(by: i64) -> String {
    let sign = match by {
        0 => "",
        1.. => "+",
        _ => "-",
    };
    format!("{sign}{}", count(by.unsigned_abs()))
}
