// Turns what was found into the probabilities of every track. Guard: places past the end return.
// Twin: src/fusion/associate/mod.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> labels: array<u32>;
@group(0) @binding(2) var<storage, read> clusters: array<Cluster>;
@group(0) @binding(3) var<storage, read> to_track: array<f32>;
@group(0) @binding(4) var<storage, read_write> rows: array<TrackHypotheses>;
@group(0) @binding(5) var<storage, read_write> edges: array<Hypothesis>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn settle_marginals(@builtin(global_invocation_id) id: vec3<u32>) {
    let track = index_of(id);
    if track >= params.n {
        return;
    }
    let row = rows[track];
    if row.start == AT_REST {
        return;
    }
    var nothing = 1.0;
    if row.count > 0u {
        let kind = clusters[labels[track]].kind;
        if kind == EXACT {
            nothing = row.gone;
        } else {
            var sum = 1.0;
            for (var e = row.start; e < row.start + row.count; e++) {
                if kind == BELIEF {
                    edges[e].weight = edges[e].weight * to_track[e];
                }
                sum = sum + edges[e].weight;
            }
            for (var e = row.start; e < row.start + row.count; e++) {
                edges[e].weight = edges[e].weight / sum;
            }
            nothing = 1.0 / sum;
        }
    }
    rows[track].missed = nothing * (row.missed / (1.0 + row.missed));
    rows[track].gone = nothing * (1.0 / (1.0 + row.missed));
}
