// Takes in what a look said of every track of its view. Before `update`, which moves tracks. One invocation a track.
// Guard: places past the end, those at rest, and those of lanes of one view return.
// Twin: src/fusion/views/mod.rs

// Largest number of steps of log-odds, and odds beyond which it is that.
override VIEW_MOST: i32;
override VIEW_ODDS: f32;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> looks: array<LaneStep>;
@group(0) @binding(2) var<storage, read> lane: array<u32>;
@group(0) @binding(3) var<storage, read> tile: array<i32>;
@group(0) @binding(4) var<storage, read> mean: array<f32>;
@group(0) @binding(5) var<storage, read> grounds: array<Ground>;
@group(0) @binding(6) var<storage, read> share: array<f32>;
@group(0) @binding(7) var<storage, read> view_looks: array<ViewLook>;
@group(0) @binding(8) var<storage, read> rows: array<TrackHypotheses>;
@group(0) @binding(9) var<storage, read> edges: array<Hypothesis>;
@group(0) @binding(10) var<storage, read_write> views: array<u32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn learn_views(@builtin(global_invocation_id) id: vec3<u32>) {
    let track = index_of(id);
    if track >= params.n {
        return;
    }
    let row = rows[track];
    let l = lane[track / BLOCK];
    if row.start == AT_REST || !is_awake(l) {
        return;
    }
    let look = looks[params.first_look + l];
    if look.views < 2u {
        return;
    }
    var hits = 0.0;
    for (var e = row.start; e < row.start + row.count; e++) {
        hits = hits + edges[e].weight;
    }
    let seen = seen_of_moving(look, tile_of(track), mean_of(track, 0u), mean_of(track, 3u));
    let detected = look.detection_probability * seen;
    let word = at(track, look.view / 2u, VIEW_WORDS);
    let before = chance_now(view_looks[view_at(l, look.view)], stored(views[word], look.view));
    let unseen = before.x * (1.0 - detected);
    let all = unseen + before.y;
    let steps = weighed(row.missed * (unseen / all) + hits, row.missed * (before.y / all));
    views[word] = with_stored(views[word], look.view, steps);
}

// Log-odds, in steps, of what is `yes` to `no`.
fn weighed(yes: f32, no: f32) -> i32 {
    let ratio = yes / no;
    if ratio < VIEW_ODDS {
        if ratio > 1.0 / VIEW_ODDS {
            return min(max(i32(floor(ln(ratio) * VIEW_STEPS + 0.5)), -VIEW_MOST), VIEW_MOST);
        }
        return -VIEW_MOST;
    }
    return VIEW_MOST;
}
