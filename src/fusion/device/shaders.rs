//! Every kernel by its WGSL files: the parts that it shares, then its own. WGSL declarations are unordered, so joining is
//! enough. What a kernel binds is read from its text, which is the only place that says it.

use super::kernels::Kernel;
use crate::mirror::wgsl;

/// A kernel of that name made of those files.
macro_rules! kernel {
    ($name:literal: $($file:literal),+) => {
        Kernel { name: $name, wgsl: wgsl!($($file),+) }
    };
}

/// All kernels, in the order in which a wave runs them first.
pub const KERNELS: &[Kernel] = &[
    kernel!("grow": "shared/params", "shared/index", "shared/lane", "shared/look", "undetected/grow"),
    kernel!("drift": "shared/params", "shared/index", "shared/component", "shared/lane", "shared/look", "shared/number", "shared/propagate", "shared/state", "shared/tile", "shared/up", "shared/vector", "undetected/drift"),
    kernel!("thin": "shared/params", "shared/index", "shared/area", "shared/ground_struct", "shared/look", "shared/tile", "shared/vector", "shared/view_cell", "shared/view_law", "shared/view_struct", "undetected/thin"),
    kernel!("predict": "shared/params", "shared/index", "shared/look", "shared/number", "shared/propagate", "shared/state", "shared/store", "shared/tile", "shared/track", "shared/track_fields", "shared/track_place", "shared/up", "shared/vector", "predict"),
    kernel!("clear": "shared/params", "shared/index", "scan/clear"),
    kernel!("reduce": "shared/params", "shared/index", "shared/scan", "shared/word", "scan/reduce"),
    kernel!("spine": "shared/params", "shared/index", "shared/scan", "shared/status", "scan/spine"),
    kernel!("spread": "shared/params", "shared/index", "shared/scan", "shared/word", "scan/spread"),
    kernel!("plan": "shared/params", "shared/index", "shared/scan", "shared/status", "shared/track_fields", "scan/plan"),
    kernel!("bin": "shared/params", "shared/index", "shared/detection", "shared/grid", "shared/look", "shared/tile", "gate/bin"),
    kernel!("scatter": "shared/params", "shared/index", "gate/scatter"),
    kernel!("arrange": "shared/params", "shared/index", "shared/cell_rank", "shared/cells", "shared/detection", "shared/look", "shared/status_atomic", "gate/arrange"),
    kernel!("field_density": "shared/params", "shared/index", "shared/cost", "shared/detection", "shared/ground_struct", "shared/lane", "shared/logarithm", "shared/look", "shared/observation_struct", "shared/plane", "shared/seen", "shared/shape", "shared/tile", "shared/vector", "shared/view_law", "shared/view_place", "shared/view_struct", "gate/field_density"),
    kernel!("component_density": "shared/params", "shared/index", "shared/component", "shared/cost", "shared/detection", "shared/ground_struct", "shared/innovation", "shared/lane", "shared/logarithm", "shared/look", "shared/observation", "shared/observation_struct", "shared/plane", "shared/scalar_update", "shared/seen", "shared/shape", "shared/sight", "shared/state", "shared/tile", "shared/vector", "shared/view_law", "shared/view_place", "shared/view_struct", "gate/component_density"),
    kernel!("see": "shared/params", "shared/index", "shared/aim", "shared/chance", "shared/ground_struct", "shared/logarithm", "shared/look", "shared/plane", "shared/seen", "shared/shape", "shared/tile", "shared/track_fields", "shared/track_place", "shared/vector", "shared/view_law", "shared/view_struct", "gate/see"),
    kernel!("aim": "shared/params", "shared/index", "shared/aim", "shared/edges", "shared/grid", "shared/ground_struct", "shared/look", "shared/plane", "shared/reach", "shared/seen", "shared/shape", "shared/state", "shared/tile", "shared/track", "shared/track_fields", "shared/track_place", "shared/vector", "gate/aim"),
    kernel!("search": "shared/params", "shared/index", "shared/aim", "shared/cells", "shared/detection", "shared/edges", "shared/grid", "shared/innovation", "shared/logarithm", "shared/look", "shared/observation", "shared/observation_struct", "shared/reach", "shared/scalar_update", "shared/sight", "shared/since", "shared/state", "shared/tile", "shared/track", "shared/track_fields", "shared/track_place", "shared/up", "shared/vector", "gate/search"),
    kernel!("degree": "shared/params", "shared/index", "shared/edges", "shared/status_atomic", "cluster/degree"),
    kernel!("column": "shared/params", "shared/index", "shared/edges", "shared/status", "cluster/column"),
    kernel!("column_order": "shared/params", "shared/index", "shared/columns", "shared/edges", "shared/status_atomic", "cluster/column_order"),
    kernel!("unite": "shared/params", "shared/index", "shared/edges", "shared/status_atomic", "cluster/unite"),
    kernel!("flatten": "shared/params", "shared/index", "shared/status_atomic", "cluster/flatten"),
    kernel!("ready": "shared/params", "shared/index", "shared/slot", "associate/ready"),
    kernel!("best": "shared/params", "shared/index", "shared/edges", "associate/best"),
    kernel!("choose": "shared/params", "shared/index", "shared/cost", "shared/edges", "shared/logarithm", "shared/slot_atomic", "associate/choose"),
    kernel!("queue": "shared/params", "shared/index", "shared/edges", "shared/slot", "shared/status_atomic", "associate/queue"),
    kernel!("enqueue": "shared/params", "shared/index", "associate/enqueue"),
    kernel!("augment": "shared/params", "shared/index", "shared/cost", "shared/edges", "shared/logarithm", "shared/slot", "shared/status", "associate/augment"),
    kernel!("settle_assigned": "shared/params", "shared/index", "shared/edges", "associate/settle_assigned"),
    kernel!("begin_soft": "shared/params", "shared/index", "shared/cluster", "associate/begin_soft"),
    kernel!("count_tracks": "shared/params", "shared/index", "shared/cluster_atomic", "associate/count_tracks"),
    kernel!("count_detections": "shared/params", "shared/index", "shared/cluster_atomic", "associate/count_detections"),
    kernel!("sort_out": "shared/params", "shared/index", "shared/cluster", "shared/cluster_kind", "shared/status_atomic", "associate/sort_out"),
    kernel!("list_tracks": "shared/params", "shared/index", "shared/cluster_atomic", "shared/cluster_kind", "associate/list_tracks"),
    kernel!("list_detections": "shared/params", "shared/index", "shared/cluster_atomic", "shared/cluster_kind", "associate/list_detections"),
    kernel!("exact": "shared/params", "shared/index", "shared/cluster", "shared/columns", "shared/edges", "shared/folded", "shared/status", "associate/exact"),
    kernel!("hope": "shared/params", "shared/index", "shared/status", "associate/hope"),
    kernel!("believe": "shared/params", "shared/index", "shared/cluster", "shared/cluster_kind", "shared/edges", "associate/believe"),
    kernel!("answer": "shared/params", "shared/index", "shared/cluster_atomic", "shared/cluster_kind", "shared/columns", "associate/answer"),
    kernel!("judge": "shared/params", "shared/index", "shared/cluster", "shared/status_atomic", "associate/judge"),
    kernel!("settle_soft": "shared/params", "shared/index", "shared/cluster", "shared/cluster_kind", "shared/edges", "associate/settle_soft"),
    kernel!("learn": "shared/params", "shared/index", "shared/chance", "shared/edges", "shared/ground_struct", "shared/logarithm", "shared/look", "shared/number", "shared/plane", "shared/seen", "shared/shape", "shared/tile", "shared/track_fields", "shared/track_place", "shared/vector", "shared/view_struct", "update/learn"),
    kernel!("update": "shared/params", "shared/index", "shared/detection", "shared/edges", "shared/look", "shared/observation", "shared/observation_struct", "shared/scalar_update", "shared/sight", "shared/since", "shared/state", "shared/store", "shared/tile", "shared/track", "shared/track_fields", "shared/track_place", "shared/up", "shared/vector", "update"),
    kernel!("claim": "shared/params", "shared/index", "shared/columns", "shared/detection", "shared/edges", "manage/claim"),
    kernel!("portray": "shared/params", "shared/index", "shared/chance", "shared/logarithm", "shared/look", "shared/portrait", "shared/track_fields", "shared/track_place", "shared/view_struct", "manage/portray"),
    kernel!("elder": "shared/params", "shared/index", "shared/columns", "shared/edges", "shared/portrait", "shared/status", "shared/tile", "shared/vector", "manage/elder"),
    kernel!("heir": "shared/params", "shared/index", "manage/heir"),
    kernel!("merge": "shared/params", "shared/index", "shared/chance", "shared/detection", "shared/edges", "shared/logarithm", "shared/status_atomic", "shared/track_fields", "shared/view_struct", "manage/merge"),
    kernel!("judge_tracks": "shared/params", "shared/index", "shared/fate", "shared/ground_struct", "shared/lane", "shared/look", "shared/number", "shared/plane", "shared/state", "shared/tile", "shared/track", "shared/track_fields", "shared/track_place", "shared/up", "shared/vector", "manage/judge_tracks"),
    kernel!("mark": "shared/params", "shared/index", "manage/mark"),
    kernel!("muster": "shared/params", "shared/index", "shared/lane", "shared/look", "shared/status_atomic", "shared/track_fields", "manage/muster"),
    kernel!("tally_components": "shared/params", "shared/index", "shared/component", "shared/ground_struct", "shared/lane", "shared/look", "shared/plane", "shared/seen", "shared/shape", "shared/state", "shared/status_atomic", "shared/thinned", "shared/tile", "shared/vector", "shared/view_law", "shared/view_place", "shared/view_struct", "manage/tally_components"),
    kernel!("retain": "shared/params", "shared/index", "shared/component", "shared/ground_struct", "shared/lane", "shared/look", "shared/plane", "shared/seen", "shared/shape", "shared/state", "shared/thinned", "shared/tile", "shared/vector", "shared/view_law", "shared/view_place", "shared/view_struct", "manage/retain"),
    kernel!("give_back": "shared/params", "shared/index", "shared/component", "shared/fate", "shared/lane", "shared/state", "shared/track", "shared/track_fields", "shared/track_place", "manage/give_back"),
    kernel!("refresh": "shared/params", "shared/index", "shared/detection", "shared/edges", "shared/fate", "shared/track_fields", "manage/refresh"),
    kernel!("count_cells": "shared/params", "shared/index", "shared/fate", "shared/grid", "shared/lane", "shared/look", "shared/tile", "shared/track_fields", "shared/track_place", "manage/count_cells"),
    kernel!("aim_places": "shared/params", "shared/index", "shared/cell_rank", "shared/cells", "shared/lane", "shared/look", "shared/track_fields", "manage/aim_places"),
    kernel!("house": "shared/params", "shared/index", "shared/fate", "shared/lane", "shared/status", "shared/track_fields", "manage/house"),
    kernel!("house_behind": "shared/params", "shared/index", "shared/detection", "shared/lane", "shared/track_fields", "manage/house_behind"),
    kernel!("move_words": "shared/params", "shared/index", "shared/track_fields", "manage/move_words"),
    kernel!("copy_words": "shared/params", "shared/index", "manage/copy_words"),
    kernel!("enlist": "shared/params", "shared/index", "shared/status", "manage/enlist"),
    kernel!("begin_from_field": "shared/params", "shared/index", "shared/detection", "shared/lane", "shared/look", "shared/observation", "shared/observation_struct", "shared/place_and_store", "shared/scalar_update", "shared/sight", "shared/since", "shared/state", "shared/status", "shared/store", "shared/tile", "shared/track_fields", "shared/up", "shared/vector", "manage/begin_from_field"),
    kernel!("begin_from_components": "shared/params", "shared/index", "shared/component", "shared/detection", "shared/innovation", "shared/lane", "shared/logarithm", "shared/look", "shared/observation", "shared/observation_struct", "shared/place_and_store", "shared/scalar_update", "shared/sight", "shared/state", "shared/store", "shared/tile", "shared/track_fields", "shared/vector", "manage/begin_from_components"),
    kernel!("name_births": "shared/params", "shared/index", "shared/detection", "shared/look", "shared/status", "shared/track_fields", "manage/name_births"),
    kernel!("name_views": "shared/params", "shared/index", "shared/chance", "shared/detection", "shared/ground_struct", "shared/logarithm", "shared/look", "shared/plane", "shared/seen", "shared/shape", "shared/status", "shared/tile", "shared/track_fields", "shared/vector", "shared/view_struct", "manage/name_views"),
    kernel!("advance": "shared/params", "shared/index", "shared/lane", "shared/status", "shared/track_fields", "manage/advance"),
    kernel!("report": "shared/params", "shared/index", "shared/status", "manage/report"),
];
