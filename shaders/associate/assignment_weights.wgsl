// Leaves every track the detection that it holds, weighed as if it were alone with it. Guard: places past the end return.
// Twin: src/fusion/associate/assign.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> holds: array<u32>;
@group(0) @binding(2) var<storage, read_write> rows: array<TrackHypotheses>;
@group(0) @binding(3) var<storage, read_write> edges: array<Hypothesis>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn assignment_weights(@builtin(global_invocation_id) id: vec3<u32>) {
    let track = index_of(id);
    if track >= params.n {
        return;
    }
    let row = rows[track];
    if row.start == AT_REST {
        return;
    }
    let held = holds[track];
    var nothing = 1.0;
    for (var e = row.start; e < row.start + row.count; e++) {
        let weight = edges[e].weight;
        edges[e].weight = 0.0;
        if e == held {
            nothing = 1.0 / (1.0 + weight);
            edges[e].weight = weight / (1.0 + weight);
        }
    }
    let missed = nothing * (row.missed / (1.0 + row.missed));
    let gone = nothing * (1.0 / (1.0 + row.missed));
    if held == NONE {
        rows[track] = TrackHypotheses(row.start, 0u, missed, gone);
    } else {
        rows[track] = TrackHypotheses(held, 1u, missed, gone);
    }
}
