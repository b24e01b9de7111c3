//! The page itself: one HTML file that asks for nothing, its code and style the same bytes in every edition.

use super::words::escaped;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

const PAGE: &str = include_str!("../../page/page.html");
const STYLE: [&str; 2] = [include_str!("../../page/vendor/uPlot/uPlot.min.css"), include_str!("../../page/page.css")];
/// A well-kept library for plots, and our own code in its order.
const PLOTS: &str = include_str!("../../page/vendor/uPlot/uPlot.iife.min.js");
const CODE: [&str; 20] = [
    include_str!("../../page/format.js"),
    include_str!("../../page/codec.js"),
    include_str!("../../page/data.js"),
    include_str!("../../page/relate.js"),
    include_str!("../../page/view.js"),
    include_str!("../../page/basemap.js"),
    include_str!("../../page/symbols.js"),
    include_str!("../../page/tracks.js"),
    include_str!("../../page/detections.js"),
    include_str!("../../page/timeline.js"),
    include_str!("../../page/ledger.js"),
    include_str!("../../page/life.js"),
    include_str!("../../page/story.js"),
    include_str!("../../page/tables.js"),
    include_str!("../../page/panels.js"),
    include_str!("../../page/classes.js"),
    include_str!("../../page/telling.js"),
    include_str!("../../page/controls.js"),
    include_str!("../../page/frame.js"),
    include_str!("../../page/main.js"),
];

/// The scripts, and their digests as a content security policy has them.
static SCRIPTS: LazyLock<[(String, String); 2]> = LazyLock::new(|| {
    [PLOTS.to_owned(), CODE.join("\n")].map(|script| {
        let digest = format!("'sha256-{}'", STANDARD.encode(Sha256::digest(&script)));
        (script, digest)
    })
});

/// What a page says.
#[derive(Debug)]
pub(super) struct Content<'a> {
    /// Its title, as text.
    pub(super) title: &'a str,
    /// What stands above the map, as HTML.
    pub(super) summary: &'a str,
    /// What the code draws.
    pub(super) data: &'a Value,
}

/// The whole page.
pub(super) fn page(content: &Content<'_>) -> String {
    // Nothing is asked for, nothing is sent, and no other code runs.
    let csp = format!(
        "default-src 'none'; style-src 'unsafe-inline'; script-src {}; img-src data: blob:; base-uri 'none'; form-action \
         'none'",
        SCRIPTS.each_ref().map(|(_, digest)| digest.as_str()).join(" ")
    );
    // Data cannot end the element that holds them.
    let data = content.data.to_string().replace("</", "<\\/").replace("<!--", "<\\u0021--");
    let scripts = SCRIPTS.each_ref().map(|(script, _)| format!("<script>{script}</script>")).concat();
    let parts = [
        ("title", escaped(content.title)),
        ("csp", csp),
        ("style", STYLE.concat()),
        ("summary", content.summary.to_owned()),
        ("data", data),
        ("scripts", scripts),
    ];
    let mut page = String::new();
    let mut rest = PAGE;
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, after) = after.split_once("}}").unwrap_or((after, ""));
        page.push_str(before);
        page.push_str(parts.iter().find(|(part, _)| *part == name).map_or("", |(_, text)| text));
        rest = after;
    }
    page.push_str(rest);
    page
}
