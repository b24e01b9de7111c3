//! Scores over time, how far pictures agree, and what rules cost whom, as a page shows them.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What a pair of pictures is told by: the key, its title, its unit.
const AGREEMENT: [(&str, &str, &str); 7] = [
    ("shared", "Both see, of what both should", "share"),
    ("apart_rms_m", "Apart, root mean square", "m"),
    ("apart_sigmas", "Apart, in standard deviations", "sigma"),
    ("same_identity", "As the same track", "share"),
    ("a_later_s", "The first later by", "s"),
    ("b_later_s", "The second later by", "s"),
    ("due", "Rows that both should have", ""),
];
/// Pairs that charts over time show.
const DRAWN: usize = 6;

/// The table of pairs, from `coherence.json`.
pub(super) fn coherence(coherence: &Value) -> Value {
    let keys = AGREEMENT.map(|(key, title, unit)| (key.to_owned(), json!({ "title": title, "unit": unit })));
    let note = "Each number by its definition in docs/coherence.md; what is not told does not apply.";
    let told = pairs(coherence).map(|(a, b, pair)| {
        let mut told = Map::from_iter([("a".to_owned(), Value::from(a)), ("b".to_owned(), Value::from(b))]);
        for (key, ..) in AGREEMENT {
            told.insert(
                key.to_owned(),
                pair.get("total").and_then(|total| total.get(key)).cloned().unwrap_or_default(),
            );
        }
        Value::Object(told)
    });
    json!({ "pairs": told.collect::<Vec<_>>(), "keys": Map::from_iter(keys), "note": note })
}

/// Every pair, and every picture beside the all-source one, with their names.
fn pairs(coherence: &Value) -> impl Iterator<Item = (String, String, &Value)> {
    let of = |key: &str| coherence.get(key).and_then(Value::as_array).into_iter().flatten();
    let names = |partners: Option<&Value>| {
        let partners = partners.and_then(Value::as_array)?;
        Some(partners.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "))
    };
    let all = of("pairs").chain(of("against_all_source"));
    all.map(move |pair| {
        let [a, b] = ["a", "b"].map(|side| names(pair.get(side)).unwrap_or_else(|| "all sources".to_owned()));
        (a, b, pair)
    })
}

/// What rules cost whom, from `prices.json`, and the pictures of `lifts.json`; `lane_of`: the number of a partner's lane.
pub(super) fn prices(prices: &Value, lifts: Option<&Value>, lane_of: &dyn Fn(&str) -> Option<usize>) -> Value {
    let of = |key: &str| prices.get(key).and_then(Value::as_array).into_iter().flatten();
    let (mut rows, mut texts, mut refused) = (Vec::new(), BTreeMap::new(), Vec::new());
    for price in of("prices") {
        let text = |key: &str| price.get(key).and_then(Value::as_str).unwrap_or_default();
        let (rule, title) = (lift(text("lifted"), text("name")), title(text("lifted"), text("name")));
        if price.get("refused").is_some() {
            refused.push(format!("{title}: {}", text("refused")));
        }
        let partners = price.get("partners").and_then(Value::as_object).into_iter().flatten();
        let mut told = Vec::new();
        for (partner, figures) in partners {
            let gain = figures.get("gain").and_then(Value::as_object);
            let left = figures.get("would_have").and_then(|has| has.get("rows")?.as_u64()).unwrap_or_default();
            told.extend(gain.and_then(|gain| gained(gain, left)).map(|gained| format!("{partner} {gained}")));
            let gains = gain.into_iter().flatten().filter(|(_, gain)| !gain.is_null());
            let unit = |key: &String| match key.as_str() {
                "coverage" | "of_all_source" => format!("{key}_share"),
                _ => key.clone(),
            };
            let gains: Map<String, Value> = gains.map(|(key, gain)| (unit(key), gain.clone())).collect();
            rows.push(json!({ "rule": rule, "title": title, "partner": partner, "gains": gains }));
        }
        texts.insert(rule, (title, told.join("; ")));
    }
    let list = |key: &str| lifts.and_then(|lifts| lifts.get(key)?.as_array()).into_iter().flatten();
    let lifts = list("lifts").filter_map(|lift| {
        let rule = lift.get("rule")?.as_str()?;
        let (title, text) = texts.get(rule)?;
        let pictures = lift.get("pictures")?.as_array()?.iter().map(|picture| placed(picture, lane_of));
        Some(json!({ "rule": rule, "title": title, "text": text, "pictures": pictures.collect::<Vec<_>>() }))
    });
    let lifts: Vec<Value> = lifts.collect();
    let left_out = list("left_out").filter_map(|rule| Some(texts.get(rule.as_str()?)?.0.clone()));
    let left_out: Vec<String> = left_out.collect();
    json!({ "rows": rows, "lifts": lifts, "left_out": left_out, "refused": refused })
}

/// What a lift is called by: the kind of change, and the rule's or the level's name.
pub(super) fn lift(kind: &str, name: &str) -> String {
    format!("{kind} of {name}")
}

/// The same for people.
fn title(kind: &str, name: &str) -> String {
    match kind {
        "forbid" => format!("Without the prohibition `{name}`"),
        "permit" => format!("Without the permission `{name}`"),
        "conditions" => format!("`{name}` without its conditions"),
        _ => format!("`{name}` without delay, cells or omissions"),
    }
}

/// What a partner, which would have so many rows, gains of what its picture shows, in words; `None` where that is nothing.
fn gained(gain: &Map<String, Value>, rows: u64) -> Option<String> {
    let counted = |(key, unit, rest): (&str, &str, &str)| {
        let by = gain.get(key).and_then(Value::as_i64).filter(|by| *by != 0)?;
        let (sign, plural) = (if by < 0 { "−" } else { "+" }, if by.abs() == 1 { "" } else { "s" });
        Some(format!("{sign}{} {unit}{plural}{rest}", super::words::count(by.unsigned_abs())))
    };
    let units = [
        ("detections", "detection", ""),
        ("tracks", "track", ""),
        ("rows", "row", ""),
        ("may_act", "row", " to act on"),
    ];
    let mut words: Vec<String> = units.into_iter().filter_map(counted).collect();
    let late_s = gain.get("delay_mean_s").and_then(Value::as_f64).filter(|late_s| rows > 0 && late_s.abs() >= 1.0);
    words.extend(late_s.map(|late_s| {
        let how = if late_s < 0.0 { "earlier" } else { "later" };
        format!("{} {how} in the mean", super::words::seconds(late_s.abs()))
    }));
    (!words.is_empty()).then(|| words.join(", "))
}

/// A lifted picture with the number of its lane.
fn placed(picture: &Value, lane_of: &dyn Fn(&str) -> Option<usize>) -> Value {
    let mut picture = picture.clone();
    if let Value::Object(picture) = &mut picture
        && let Some(of) = picture.remove("lane_of")
        && let Some(lane) = of.as_str().and_then(lane_of)
    {
        picture.insert("lane".to_owned(), lane.into());
    }
    picture
}

/// Charts over time and tables that have no section of their own.
pub(super) fn panels(scores: Option<&Value>, coherence: Option<&Value>) -> Value {
    let mut panels = Vec::new();
    let partners = scores.and_then(Value::as_object).into_iter().flatten();
    let partners: Vec<(&String, &Vec<Value>)> =
        partners.filter_map(|(name, score)| Some((name, score.get("over_time")?.as_array()?))).collect();
    if let Some((_, first)) = partners.first() {
        let chart = |title: &str, unit: &str, of: fn(&Value) -> Option<&Value>| {
            let series = partners.iter().map(|(name, times)| series(name, times, of));
            json!({ "title": title, "unit": unit, "time": middles(first), "series": series.collect::<Vec<_>>() })
        };
        let charts = [
            chart("Coverage of the truth, by the exact measure", "share", |time| time.get("coverage")),
            chart("GOSPA, root mean square", "m", |time| time.get("gospa_rms_m")?.get("total")),
        ];
        panels.push(json!({ "id": "scores", "title": "Scores over time", "charts": charts }));
    }
    if let Some(coherence) = coherence {
        panels.extend(agreement(coherence));
        panels.extend(blind(coherence));
    }
    panels.into()
}

/// How much both of a pair see, over time.
fn agreement(coherence: &Value) -> Option<Value> {
    let pairs =
        pairs(coherence).filter_map(|(a, b, pair)| Some((format!("{a} and {b}"), pair.get("times")?.as_array()?)));
    let pairs: Vec<(String, &Vec<Value>)> = pairs.take(DRAWN).collect();
    let (_, first) = pairs.first()?;
    let series: Vec<Value> = pairs.iter().map(|(name, times)| series(name, times, |time| time.get("shared"))).collect();
    let title = "Both see, of what both should";
    let chart = json!({ "title": title, "unit": "share", "time": middles(first), "series": series });
    Some(json!({
        "id": "agreement", "title": "Agreement over time", "after": "coherence", "charts": [chart]
    }))
}

/// Authority over what its holder does not see, or sees late or coarse.
fn blind(coherence: &Value) -> Option<Value> {
    let of = coherence.get("blind_authority")?;
    let rows: Vec<Value> = of
        .get("actions")?
        .as_array()?
        .iter()
        .filter_map(|action| {
            let partners: Vec<&str> = action.get("partners")?.as_array()?.iter().filter_map(Value::as_str).collect();
            let counts = ["held", "blind", "late", "coarse"].map(|key| action.get(key).cloned().unwrap_or_default());
            let mut row = vec![Value::from(partners.join(", ")), action.get("action")?.clone()];
            row.extend(counts);
            Some(Value::from(row))
        })
        .collect();
    let names = ["Holder", "May", "Rows", "of tracks it does not see", "it sees late", "it sees coarse"];
    let columns: Vec<Value> = names
        .iter()
        .enumerate()
        .map(|(n, name)| json!({ "name": name, "kind": if n < 2 { "text" } else { "number" } }))
        .collect();
    Some(json!({
        "id": "blind-authority", "title": "Authority without sight", "after": "authority",
        "text": "Who may act on tracks that its own picture lacks, or has late or coarse.",
        "tables": [{ "columns": columns, "rows": rows }]
    }))
}

fn series(name: &str, times: &[Value], of: fn(&Value) -> Option<&Value>) -> Value {
    let values: Vec<Value> = times.iter().map(|time| of(time).cloned().unwrap_or_default()).collect();
    json!({ "name": name, "values": values })
}

/// The middle of every span of time.
fn middles(times: &[Value]) -> Vec<i64> {
    let middle = |time: &Value| {
        let [from, to] = ["from_us", "to_us"].map(|key| time.get(key).and_then(Value::as_i64).unwrap_or_default());
        i64::midpoint(from, to)
    };
    times.iter().map(middle).collect()
}
