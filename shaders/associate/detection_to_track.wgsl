// Messages from every detection to its tracks, and how far they move. Guard: detections past the end return.
// Twin: src/fusion/associate/belief.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> labels: array<u32>;
@group(0) @binding(2) var<storage, read> first_track: array<u32>;
@group(0) @binding(3) var<storage, read> columns: array<u32>;
@group(0) @binding(4) var<storage, read> entries: array<u32>;
@group(0) @binding(5) var<storage, read> to_detection: array<f32>;
@group(0) @binding(6) var<storage, read_write> loose: array<u32>;
@group(0) @binding(7) var<storage, read_write> clusters: array<Cluster>;
@group(0) @binding(8) var<storage, read_write> to_track: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn detection_to_track(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = index_of(id);
    if i >= params.n {
        return;
    }
    if first_track[i] == NONE {
        return;
    }
    let label = labels[first_track[i]];
    if atomicLoad(&clusters[label].kind) != BELIEF || atomicLoad(&clusters[label].going) == 0u {
        return;
    }
    let first = column_of(i);
    let count = columns[i] - first;
    // The sum before each entry waits in `loose`, which nobody needs any more.
    var before = 1.0;
    for (var k = 0u; k < count; k++) {
        loose[first + k] = bitcast<u32>(before);
        before = before + to_detection[entries[first + k]];
    }
    var moved = 0.0;
    var behind = 0.0;
    for (var back = 0u; back < count; back++) {
        let k = count - 1u - back;
        let e = entries[first + k];
        let rest = bitcast<f32>(loose[first + k]) + behind;
        let message = 1.0 / rest;
        let change = abs(message - to_track[e]);
        if change > moved {
            moved = change;
        }
        to_track[e] = message;
        behind = behind + to_detection[e];
    }
    atomicMax(&clusters[label].moved, bitcast<u32>(moved));
}
