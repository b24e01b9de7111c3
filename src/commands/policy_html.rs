//! A matrix as one page: no script, no resource from elsewhere, legible on light and dark.

use super::layout::printable;
use super::policy_matrix::{attributes, of_all, rules, size};
use crate::policy::{Group, Matrix, Share};

const STYLE: &str = "\
:root{color-scheme:light dark}
body{font:15px/1.45 system-ui,sans-serif;margin:2rem;background:Canvas;color:CanvasText}
table{border-collapse:collapse;margin:0 0 2rem}
caption{text-align:left;font-weight:600;padding:.4rem 0}
th,td{border:1px solid color-mix(in srgb,CanvasText 25%,Canvas);padding:.35rem .6rem;text-align:left;vertical-align:top}
thead th{position:sticky;top:0;background:Canvas}
.granted{background:color-mix(in srgb,seagreen 22%,Canvas)}
.denied{background:color-mix(in srgb,firebrick 14%,Canvas)}
small{display:block;opacity:.75}
";

/// The page.
pub(super) fn page(title: &str, matrix: &Matrix) -> String {
    let fused = format!("What may be fused{}", of_all(&matrix.detections_all));
    let received = format!("What would be received, and who may act{}", of_all(&matrix.tracks_all));
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n<style>\n{STYLE}</style>\n\
         </head>\n<body>\n<h1>{title}</h1>\n{}{}</body>\n</html>\n",
        table(&fused, &matrix.detections, &matrix.partners),
        table(&received, &matrix.tracks, &matrix.partners),
        title = escaped(title),
    )
}

fn table(caption: &str, groups: &[Group], partners: &[String]) -> String {
    let head: Vec<String> =
        partners.iter().map(|partner| format!("<th scope=\"col\">{}</th>", escaped(partner))).collect();
    let rows: Vec<String> = groups.iter().map(row).collect();
    format!(
        "<table>\n<caption>{}</caption>\n<thead><tr><th scope=\"col\">classes</th>{}</tr></thead>\n\
         <tbody>\n{}</tbody>\n</table>\n",
        escaped(caption),
        head.concat(),
        rows.concat()
    )
}

fn row(group: &Group) -> String {
    let cells: Vec<String> = group.shares.iter().map(cell).collect();
    format!(
        "<tr><th scope=\"row\">{}<small>{}</small></th>{}</tr>\n",
        escaped(&size(group)),
        escaped(&attributes(&group.attributes)),
        cells.concat()
    )
}

fn cell(share: &Share) -> String {
    let (class, level) = share.level.as_deref().map_or(("denied", "nothing"), |level| ("granted", level));
    let may: Vec<String> =
        share.authorities.iter().map(|action| format!("<small>may {}</small>", escaped(action))).collect();
    let (level, rules) = (escaped(level), escaped(&rules(share)));
    format!("<td class=\"{class}\">{level}<small>{rules}</small>{}</td>", may.concat())
}

/// Text that cannot be taken for markup.
fn escaped(text: &str) -> String {
    crate::report::escaped(&printable(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_a_name_stays_text() {
        assert_eq!(escaped("<b>'a' & \"b\"</b>"), "&lt;b&gt;&#39;a&#39; &amp; &quot;b&quot;&lt;/b&gt;");
    }
}
