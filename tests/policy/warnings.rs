//! What a run takes and says aloud.

use crate::common::{RULES, folder};
use std::fmt::Write as _;
use std::path::Path;
use trackweave::fusion::executor::Executor;
use trackweave::policy::{Finding, Severity, check};
use trackweave::run::{Request, RunConfig, run};

const CATALOGUE: &str = "name = \"t\"\nframe = \"local\"\ntime = \"seconds\"\n[[sensor]]\nname = \"a\"\nowner = \"red\"\n\
    kind = \"position\"\nnoise = { horizontal_m = 5.0 }\ndetection_probability = 0.9\nclutter_per_scan = 0.01\n\
    scan_period_s = 1.0\ncoverage = { x_m = [-2e4, 2e4], y_m = [-2e4, 2e4] }\n";

fn words(findings: &[Finding]) -> Vec<String> {
    let warnings = findings.iter().filter(|finding| finding.severity == Severity::Warning);
    let name = |finding: &Finding| finding.file.file_name().expect("a name").to_string_lossy().into_owned();
    warnings.map(|finding| format!("{}:{}: {}", name(finding), finding.line, finding.found)).collect()
}

/// Every file of a folder, with its bytes.
type Files = Vec<(String, Vec<u8>)>;

/// The warnings of a run with these rules, those of a check with and without the recording, and a partner's folder.
fn said(rules: &str) -> ([Vec<String>; 3], Files) {
    let policy = folder(&[("rules.cedar", rules)]);
    let world = tempfile::tempdir().expect("a folder");
    let mut rows = "time,sensor,x_m,y_m,label\n".to_owned();
    for second in 0..30 {
        writeln!(rows, "{second},a,{},2,plain", 20 * second + 1000).expect("text");
    }
    std::fs::write(world.path().join("recording.toml"), CATALOGUE).expect("a file");
    std::fs::write(world.path().join("detections.csv"), rows).expect("a file");
    let out = world.path().join("out");
    let config = RunConfig::air().expect("a configuration");
    let (recording, policy) = (world.path(), policy.path());
    let request = Request::new(recording, policy, &out, &config);
    let report = run(&request, Executor::host(), &mut |_| {}).expect("a run");
    let check = |recording: Option<&Path>| words(&check(policy, recording, None).expect("a check").findings);
    let mut files: Files = std::fs::read_dir(out.join("red"))
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .map(|path| {
            (path.display().to_string().replace(&out.display().to_string(), ""), std::fs::read(path).expect("a file"))
        })
        .collect();
    files.sort();
    ([words(&report.warnings), check(Some(recording)), check(None)], files)
}

#[test]
fn a_forbid_that_matches_nothing_and_a_permit_of_everything_are_said_by_the_run_itself() {
    let used = "@id(\"used\") permit (principal == Partner::\"green\", action == Action::\"receive_full\", resource)
when { resource.zones.contains(\"east\") || resource.periods.contains(\"first\") || resource.periods.contains(\"long\") };";
    let more = format!(
        "{used}
@id(\"not-there\") forbid (principal, action in Action::\"fuse\", resource) when {{ resource.zones.contains(\"west\") }};
@id(\"not-then\") forbid (principal == Partner::\"green\", action in Action::\"fuse\", resource) when {{ resource.label == \"nobody\" }};
@id(\"plain\") forbid (principal == Partner::\"blue\", action in Action::\"fuse\", resource) when {{ resource.label == \"plain\" }};
@id(\"all\") permit (principal, action, resource);
@id(\"named\") permit (principal, action == Action::\"assign_identity\", resource);"
    );
    let ([of_run, with, without], files) = said(&format!("{RULES}{more}"));
    let idle = [
        "forbids nothing in this recording: zone `west` holds no detection",
        "forbids nothing in this recording: no detection has label `nobody`",
        "forbids nothing in this recording: no detection has label `secret`",
    ];
    let everything = "rule `all` permits everybody every action on everything, also what comes later";
    for said in [&of_run, &with] {
        for one in idle.iter().chain([&everything]) {
            assert!(said.iter().any(|line| line.starts_with("rules.cedar:") && line.contains(one)), "{one}: {said:#?}");
        }
        assert!(!said.iter().any(|line| line.contains("`plain`") || line.contains("`named`")), "{said:#?}");
    }
    assert_eq!(of_run.len(), 4, "{of_run:#?}");
    assert!(without.iter().any(|line| line.contains(everything)), "{without:#?}");
    // What is said is for the operator.
    let (_, same) = said(&format!("{RULES}{}", more.replace("@id(\"not-then\") forbid", "@id(\"renamed\") forbid")));
    assert_eq!(files, same);
}
