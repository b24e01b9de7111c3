// Decides how every cluster is solved, and where its lists and its table lie. One invocation a track: those that are roots.
// Guard: places past the end return.
// Twin: src/fusion/associate/mod.rs

// Most elements of the smaller side of a cluster that is solved exactly.
override BITS_MAX: u32;

// Most of the larger side.
override OUTER_MAX: u32;

// Most subsets, summed over the larger side.
override TABLE_MAX: u32;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> labels: array<u32>;
@group(0) @binding(2) var<storage, read_write> clusters: array<Cluster>;
@group(0) @binding(3) var<storage, read_write> status: array<Status>;
@group(0) @binding(4) var<storage, read_write> work: array<u32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn classify_clusters(@builtin(global_invocation_id) id: vec3<u32>) {
    let track = index_of(id);
    if track >= params.n {
        return;
    }
    if labels[track] != track {
        return;
    }
    let c = clusters[track];
    if c.tracks == 1u {
        clusters[track].kind = SINGLE;
        atomicAdd(&status[0].exact, 1u);
        return;
    }
    let bits = min(c.tracks, c.detections);
    let outer = max(c.tracks, c.detections);
    if bits <= min(params.exact_max, BITS_MAX) && outer <= OUTER_MAX && (outer << bits) <= TABLE_MAX {
        clusters[track].kind = EXACT;
        clusters[track].first_member = atomicAdd(&status[0].listed, c.tracks + c.detections);
        // One layer more than elements, and two for the way back.
        let numbers = (outer + 3u) << bits;
        let first = atomicAdd(&status[0].table, numbers);
        clusters[track].first_number = first;
        if first + numbers < first {
            // All tables together have more numbers than can be counted.
            atomicStore(&status[0].unfinished, 1u);
        }
        work[atomicAdd(&status[0].work, 1u)] = track;
        atomicAdd(&status[0].exact, 1u);
    } else {
        clusters[track].kind = BELIEF;
        clusters[track].going = 1u;
        atomicAdd(&status[0].belief, 1u);
        atomicAdd(&status[0].going, 1u);
    }
}
