//! docs/pictures.md against the code.

use super::*;

/// The rows of the first table after a heading, cells without back-quotes.
fn table<'a>(page: &'a str, heading: &str) -> Vec<Vec<&'a str>> {
    let after = page.split(heading).nth(1).unwrap_or_default();
    let lines = after.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    lines
        .skip(2)
        .map(|line| line.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`')).collect())
        .collect()
}

#[test]
fn the_page_names_every_column_as_the_code_has_it() -> Outcome {
    let page = include_str!("../../docs/pictures.md");
    let fields = |column: &Column| {
        let name = |field| Ok(serde_json::to_value(field)?.as_str().unwrap_or_default().to_owned());
        Ok(column.fields.iter().map(name).collect::<Result<Vec<_>, serde_json::Error>>()?.join(", "))
    };
    for (heading, frame) in
        [("### Columns in a `geodetic`", Frame::Geodetic), ("### Columns in a `local`", Frame::Local)]
    {
        let named = table(page, heading).iter().map(|cells| cells.join("; ").replace('`', "")).collect::<Vec<_>>();
        let here = columns(frame).iter().map(|column| {
            let (kind, fields) = (column.kind.name(), fields(column)?);
            Ok(format!("{}; {kind}; {}; {fields}; {}", column.name, column.unit, column.meaning()))
        });
        assert_eq!(named, here.collect::<Result<Vec<_>, serde_json::Error>>()?);
    }
    let named = table(page, "## Decisions").iter().map(|cells| cells[..3].join("; ")).collect::<Vec<_>>();
    let here = DECISION_COLUMNS.map(|column| format!("{}; {}; {}", column.name, column.kind.name(), column.unit));
    assert_eq!(named, here);
    for (heading, here) in [("## Stretches", STRETCH_COLUMNS.as_slice()), ("## Authority", EVENT_COLUMNS.as_slice())] {
        let named = table(page, heading).iter().map(|cells| cells[..3].join("; ")).collect::<Vec<_>>();
        let here = here.iter().map(|column| format!("{}; {}; {}", column.name, column.kind.name(), column.unit));
        assert_eq!(named, here.collect::<Vec<_>>());
    }
    assert!(page.contains("a row group has 32,768 rows") && ROWS_PER_GROUP == 32_768);
    Ok(())
}

#[test]
fn the_page_names_every_file_as_a_run_writes_it() -> Outcome {
    let page = include_str!("../../docs/pictures.md");
    let folder = TempDir::new()?;
    let out = folder.path().join("out");
    let staging = Staging::create(&out)?;
    let decisions = [json!({ "action": "receive_full", "count": 1 })];
    let from = Source { detections: None, accounts: None, calibration: None, policy_sha256: sha256(b"") };
    let made = Made {
        configuration: &configuration(),
        as_of_us: Some(7),
        label: Some("exercise 7"),
        decisions: &decisions,
        computed_from: Some(&from),
    };
    let page_of = |beside: &mut Beside<'_>| {
        beside.write("report.html", |file| {
            file.write_all(b"<html>").expect("a page");
            Ok::<(), ProductError>(())
        })
    };
    staging
        .picture("alpha", Frame::Local, &Fields::new())?
        .associating()
        .linking(Vec::new())
        .finish_with(&made, page_of)?;
    staging.page("<html>")?;
    staging.report(&json!({ "rows": 0 }))?;
    staging.scores(&json!({ "gospa_m": 1.5 }))?;
    staging.coherence(&json!({ "pairs": [] }))?;
    staging.releases(&ReleaseTable::default())?;
    staging.prices(&json!({ "prices": [] }))?;
    staging.lifts(&json!({ "lifts": [] }))?;
    staging.timings(&json!({ "predict_s": 0.1 }))?;
    staging.audit()?.finish()?;
    staging.authority(Frame::Local)?.finish()?;
    let policies = vec!["p1".to_owned(), "p2".to_owned()];
    let decision = |allowed| DecisionRecord {
        partner: "alpha".into(),
        class: "radar".into(),
        action: "fuse".into(),
        allowed,
        decided_by: policies.clone(),
    };
    staging.decisions(&[decision(true), decision(false)])?;
    let key = SigningKey::generate(&folder.path().join("key"))?;
    staging.publish_sealed(&Sealing { sign: Some(&key), encrypt: None, label: Some("exercise 7") })?;
    let written =
        contents(&out)?.into_iter().map(|(file, _)| file.replace("alpha", "<partner>")).collect::<BTreeSet<_>>();
    let named = table(page, "## Files").iter().map(|cells| cells[0].to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(named, written);

    let manifest: Value = serde_json::from_slice(&fs::read(out.join("alpha/manifest.json"))?)?;
    let keys = manifest.as_object().ok_or("no object")?.keys().cloned().collect::<Vec<_>>();
    assert_eq!(table(page, "## A partner's manifest").iter().map(|cells| cells[0]).collect::<Vec<_>>(), keys);
    let operator: Value = serde_json::from_slice(&fs::read(out.join("_operator/manifest.json"))?)?;
    let listed =
        operator["files"].as_array().ok_or("no files")?.iter().map(|file| file["name"].as_str().unwrap_or_default());
    let files = [
        "audit.jsonl",
        "authority.parquet",
        "coherence.json",
        "decisions.parquet",
        "lifts.json",
        "prices.json",
        "releases.json",
        "report.html",
        "report.json",
        "scores.json",
        "stretches.parquet",
    ];
    assert_eq!(listed.collect::<Vec<_>>(), files);
    Ok(())
}
