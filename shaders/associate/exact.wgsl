// Sums over the subsets of the smaller side of a cluster. One workgroup a cluster.
// Guard: clusters past the end return, whole workgroups. Sums are folded in halves: their order does not depend on the workgroup.
// Twin: src/fusion/associate/exact.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> work: array<u32>;
@group(0) @binding(2) var<storage, read> clusters: array<Cluster>;
@group(0) @binding(3) var<storage, read> members: array<u32>;
@group(0) @binding(4) var<storage, read> status: array<Status>;
@group(0) @binding(5) var<storage, read> columns: array<u32>;
@group(0) @binding(6) var<storage, read> entries: array<u32>;
@group(0) @binding(7) var<storage, read> edge_track: array<u32>;
@group(0) @binding(8) var<storage, read_write> rows: array<TrackHypotheses>;
@group(0) @binding(9) var<storage, read_write> edges: array<Hypothesis>;
@group(0) @binding(10) var<storage, read_write> table: array<f32>;

var<workgroup> tracks_in_order: array<u32, 256>;
var<workgroup> detections_in_order: array<u32, 256>;
var<workgroup> link_edge: array<u32, 16>;
var<workgroup> link_bit: array<u32, 16>;
var<workgroup> link_weight: array<f32, 16>;
var<workgroup> links: u32;
var<workgroup> alone: f32;

@compute @workgroup_size(WORKGROUP_SIZE)
fn exact(@builtin(local_invocation_index) local: u32, @builtin(workgroup_id) group: vec3<u32>) {
    let item = group_of(group);
    if item >= params.n {
        return;
    }
    if item >= status[0].work {
        return;
    }
    let c = clusters[work[item]];
    order_members(c, local);
    let by_track = c.detections <= c.tracks;
    let bits = min(c.tracks, c.detections);
    let outer = max(c.tracks, c.detections);
    let size = 1u << bits;
    let base = c.first_number;
    for (var s = local; s < size; s += WORKGROUP_SIZE) {
        table[base + s] = select(0.0, 1.0, s == 0u);
        table[base + (outer + 1u) * size + s] = 1.0;
    }
    // Forwards: the weight of all ways in which the first u elements use the set s.
    for (var u = 0u; u < outer; u++) {
        let count = link(c, u, by_track, local);
        layer(base + u * size, base + (u + 1u) * size, size, count, local, true);
    }
    // Backwards: that of all ways to finish after s; and the marginals on the way.
    var after = base + (outer + 1u) * size;
    var next = after + size;
    for (var back = 0u; back < outer; back++) {
        let u = outer - 1u - back;
        let count = link(c, u, by_track, local);
        layer(after, next, size, count, local, false);
        marginals(u, base + u * size, after, size, count, local, by_track);
        let swap = after;
        after = next;
        next = swap;
    }
    if by_track {
        return;
    }
    let last = base + outer * size;
    let total = folded(last, 0u, 0u, size, local, false);
    for (var t = 0u; t < bits; t++) {
        let without = folded(last, 0u, 1u << t, size, local, false);
        if local == 0u {
            rows[tracks_in_order[t]].gone = without / total;
        }
    }
}

// Puts the lists of the cluster into the order of the wave.
fn order_members(c: Cluster, local: u32) {
    for (var k = local; k < c.tracks + c.detections; k += WORKGROUP_SIZE) {
        let of_track = k < c.tracks;
        let first = c.first_member + select(c.tracks, 0u, of_track);
        let count = select(c.detections, c.tracks, of_track);
        let mine = members[c.first_member + k];
        var rank = 0u;
        for (var other = 0u; other < count; other++) {
            rank += select(0u, 1u, members[first + other] < mine);
        }
        if of_track {
            tracks_in_order[rank] = mine;
        } else {
            detections_in_order[rank] = mine;
        }
    }
    workgroupBarrier();
}

// Lists the links of outer element `u` and the weight of its staying alone, by which all are multiplied; how many there are.
fn link(c: Cluster, u: u32, by_track: bool, local: u32) -> u32 {
    workgroupBarrier();
    storageBarrier();
    if local == 0u {
        var first = 0u;
        var end = 0u;
        if by_track {
            first = rows[tracks_in_order[u]].start;
            end = first + rows[tracks_in_order[u]].count;
        } else {
            let d = detections_in_order[u];
            first = column_of(d);
            end = columns[d];
        }
        links = end - first;
        var sum = 0.0;
        for (var k = 0u; k < end - first; k++) {
            var e = first + k;
            var bit = 0u;
            if by_track {
                for (var b = 0u; b < c.detections; b++) {
                    bit = select(bit, b, detections_in_order[b] == edges[e].detection);
                }
            } else {
                e = entries[e];
                for (var b = 0u; b < c.tracks; b++) {
                    bit = select(bit, b, tracks_in_order[b] == edge_track[e]);
                }
            }
            link_edge[k] = e;
            link_bit[k] = 1u << bit;
            link_weight[k] = edges[e].weight;
            sum = sum + edges[e].weight;
        }
        alone = 1.0 / (1.0 + sum);
        for (var k = 0u; k < end - first; k++) {
            link_weight[k] = link_weight[k] * alone;
        }
    }
    // Compilers see that a loop around barriers is as long for every invocation.
    return workgroupUniformLoad(&links);
}

// One layer from the one before (forwards) or behind it, divided by its largest element.
fn layer(before: u32, to: u32, size: u32, count: u32, local: u32, forwards: bool) {
    for (var s = local; s < size; s += WORKGROUP_SIZE) {
        var sum = alone * table[before + s];
        for (var k = 0u; k < count; k++) {
            if ((s & link_bit[k]) != 0u) == forwards {
                sum = sum + link_weight[k] * table[before + (s ^ link_bit[k])];
            }
        }
        table[to + s] = sum;
        values[s] = select(0.0, sum, sum > 0.0);
    }
    for (var half = size / 2u; half > 0u; half = half / 2u) {
        workgroupBarrier();
        for (var s = local; s < half; s += WORKGROUP_SIZE) {
            values[s] = max(values[s], values[s + half]);
        }
    }
    workgroupBarrier();
    let largest = values[0];
    for (var s = local; s < size; s += WORKGROUP_SIZE) {
        if largest > 0.0 {
            table[to + s] = table[to + s] / largest;
        }
    }
    workgroupBarrier();
    storageBarrier();
}

// The marginals of outer element `u`.
fn marginals(u: u32, before: u32, after: u32, size: u32, count: u32, local: u32, by_track: bool) {
    let nothing = alone * folded(before, after, 0u, size, local, true);
    var total = nothing;
    for (var k = 0u; k < count; k++) {
        let ways = folded(before, after, link_bit[k], size, local, true);
        let weight = link_weight[k] * ways;
        total = total + weight;
        if local == 0u {
            edges[link_edge[k]].weight = weight;
        }
    }
    workgroupBarrier();
    if local == 0u {
        for (var k = 0u; k < count; k++) {
            edges[link_edge[k]].weight = edges[link_edge[k]].weight / total;
        }
        if by_track {
            rows[tracks_in_order[u]].gone = nothing / total;
        }
    }
}
