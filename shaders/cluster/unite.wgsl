// Unites tracks that share a detection: the root of the greater label comes under the lesser one, so that in the end
// every component has its least track as its root, whoever came first. One invocation a track. (Jaiganesh and Burtscher 2018.)
// Guard: places past the end return.
// Twin: src/fusion/cluster.rs

// Most steps of a search; one that needs more is run again.
override STEPS_MAX: u32;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> rows: array<TrackHypotheses>;
@group(0) @binding(2) var<storage, read> edges: array<Hypothesis>;
@group(0) @binding(3) var<storage, read> first_track: array<u32>;
@group(0) @binding(4) var<storage, read_write> labels: array<atomic<u32>>;
@group(0) @binding(5) var<storage, read_write> status: array<Status>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn unite(@builtin(global_invocation_id) id: vec3<u32>) {
    let track = index_of(id);
    if track >= params.n {
        return;
    }
    let row = rows[track];
    if row.start == AT_REST {
        return;
    }
    for (var e = row.start; e < row.start + row.count; e++) {
        unite_both(track, first_track[edges[e].detection]);
    }
}

fn unite_both(one: u32, other: u32) {
    var a = one;
    var b = other;
    for (var step = 0u; step < STEPS_MAX; step++) {
        a = root_of(a);
        b = root_of(b);
        if a == b {
            return;
        }
        let low = min(a, b);
        let high = max(a, b);
        if atomicCompareExchangeWeak(&labels[high], high, low).exchanged {
            return;
        }
    }
    atomicStore(&status[0].unfinished, 1u);
}

// The root above a track, halving the path to it.
fn root_of(track: u32) -> u32 {
    var here = track;
    for (var step = 0u; step < STEPS_MAX; step++) {
        let above = atomicLoad(&labels[here]);
        if above == here {
            return here;
        }
        let next = atomicLoad(&labels[above]);
        atomicMin(&labels[here], next);
        here = next;
    }
    atomicStore(&status[0].unfinished, 1u);
    return here;
}
