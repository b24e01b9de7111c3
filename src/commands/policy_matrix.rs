//! `trackweave policy matrix`: what every partner gets of every class of a recording, as text and as a page.

use super::arguments::PolicyMatrix;
use super::failure::{Code, Failure};
use super::layout::{count, paragraph};
use super::policy::as_of_us;
use super::policy_html::page;
use super::screen::Screen;
use crate::policy::{Group, Matrix, NO_POLICY, Policy, Share, Survey};
use std::collections::{BTreeMap, BTreeSet};

/// Runs the command.
pub(super) fn execute(arguments: &PolicyMatrix, screen: Screen) -> Result<(), Failure> {
    let PolicyMatrix { policy: folder, recording, html, as_of } = arguments;
    let as_of_us = as_of_us(as_of.as_ref(), recording)?;
    let policy = Policy::read(folder)?;
    let survey = Survey::read(recording, &policy, as_of_us)?;
    let matrix = Matrix::of(&policy, &survey, as_of_us)?;
    if let Some(path) = html {
        let title = folder.display().to_string();
        let written = std::fs::write(path, page(&title, &matrix));
        written.map_err(|error| Failure::new(Code::Output, format!("{}: {error}", path.display())))?;
    }
    screen.publish(&matrix, || describe(&matrix))
}

fn describe(matrix: &Matrix) -> String {
    let head = format!("what may be fused{}", of_all(&matrix.detections_all));
    let mut text = paragraph("", &head);
    text.extend(matrix.detections.iter().map(|group| describe_group(group, &matrix.partners)));
    text += "\n";
    text += &paragraph("", &format!("what would be received{}", of_all(&matrix.tracks_all)));
    text.extend(matrix.tracks.iter().map(|group| describe_group(group, &matrix.partners)));
    text
}

/// What all classes share, in words.
pub(super) fn of_all(common: &BTreeMap<&'static str, String>) -> String {
    let all: Vec<String> = common.iter().map(|(name, value)| format!("{name} {value}")).collect();
    if all.is_empty() { String::new() } else { format!("; of all: {}", all.join(", ")) }
}

/// How many classes and detections, in words.
pub(super) fn size(group: &Group) -> String {
    let classes = if group.classes == 1 { "1 class".to_owned() } else { format!("{} classes", group.classes) };
    match group.detections {
        Some(detections) => format!("{} detections in {classes}", count(detections)),
        None => classes,
    }
}

/// The values of each attribute that differs, in words.
pub(super) fn attributes(attributes: &BTreeMap<&'static str, BTreeSet<String>>) -> String {
    let of = |(name, values): (&&str, &BTreeSet<String>)| {
        format!("{name} {}", values.iter().map(String::as_str).collect::<Vec<_>>().join(", "))
    };
    attributes.iter().map(of).collect::<Vec<_>>().join("; ")
}

/// The rules of a share, in words.
pub(super) fn rules(share: &Share) -> String {
    if share.rules.is_empty() { NO_POLICY.to_owned() } else { share.rules.join(", ") }
}

/// A group, and a line for all partners that get the same.
fn describe_group(group: &Group, partners: &[String]) -> String {
    let mut alike: Vec<(&Share, Vec<&str>)> = Vec::new();
    for (share, partner) in group.shares.iter().zip(partners) {
        match alike.iter_mut().find(|(known, _)| *known == share) {
            Some((_, partners)) => partners.push(partner),
            None => alike.push((share, vec![partner])),
        }
    }
    let what = attributes(&group.attributes);
    let head = [size(group), what].join(if group.attributes.is_empty() { "" } else { ": " });
    let mut text = format!("\n{}", paragraph("", &head));
    for (share, partners) in alike {
        let level = share.level.as_deref().unwrap_or("nothing");
        let may = if share.authorities.is_empty() {
            String::new()
        } else {
            format!("; may {}", share.authorities.join(", "))
        };
        text += &paragraph(&format!("  {:12}  ", partners.join(", ")), &format!("{level} ({}){may}", rules(share)));
    }
    text
}
