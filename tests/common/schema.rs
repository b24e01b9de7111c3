//! The schema of a policy with some levels.

/// Levels of `fuse` and of `receive` as actions.
pub(crate) fn schema(fuse: &[&str], receive: &[&str]) -> String {
    let actions = |group: &str, levels: &[&str], resource: &str| {
        let level = |level: &&str| {
            format!("action {level} in [{group}] appliesTo {{ principal: Partner, resource: {resource} }};\n")
        };
        format!("action {group};\n{}", levels.iter().map(level).collect::<Vec<_>>().concat())
    };
    "entity Partner;\n\
     entity DetectionClass = { sensor: String, owner: String, kind: String, label: String, zones: Set<String>, \
     periods: Set<String>, identified: Bool };\n\
     entity TrackClass = { contributors: Set<String>, labels: Set<String>, zones: Set<String>, periods: Set<String>, \
     status: String };\n"
        .to_owned()
        + &actions("fuse", fuse, "DetectionClass")
        + &actions("receive", receive, "TrackClass")
}
