// Takes in what a look's detections say of every track's address. One invocation a track.
// Guard: places past the end, and those of lanes that rest, return. Twin: src/fusion/address.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> looks: array<LaneStep>;
@group(0) @binding(2) var<storage, read> lane: array<u32>;
@group(0) @binding(3) var<storage, read> addresses: array<u32>;
@group(0) @binding(4) var<storage, read> placed: array<Placed>;
@group(0) @binding(5) var<storage, read> rows: array<TrackHypotheses>;
@group(0) @binding(6) var<storage, read> edges: array<Hypothesis>;
@group(0) @binding(7) var<storage, read_write> identity: array<u32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn learn_addresses(@builtin(global_invocation_id) id: vec3<u32>) {
    let track = index_of(id);
    if track >= params.n {
        return;
    }
    let row = rows[track];
    if row.start == AT_REST || row.count == 0u {
        return;
    }
    let look = looks[params.first_look + lane[track / BLOCK]];
    let belief = belief_of(track);
    let p = belief.probability;
    let error = params.address_error;
    let right = 1.0 - error;
    let wrong = 1.0 - p;
    var total = row.missed;
    var sum = row.missed * p;
    var most = 0.0;
    var other = 0u;
    var said = false;
    for (var e = row.start; e < row.start + row.count; e++) {
        let weight = edges[e].weight;
        let sent = address_of(look, placed[edges[e].detection]);
        var then = p;
        said = said || sent != 0u;
        if sent != 0u && belief.address != 0u {
            if sent == belief.address {
                then = p * right / (p * right + wrong * error);
            } else {
                then = p * error / (p * error + wrong * right);
            }
        }
        total = total + weight;
        sum = sum + weight * then;
        if sent != 0u && sent != belief.address && weight > most {
            most = weight;
            other = sent;
        }
    }
    // Where nothing is said not a bit changes: that other lanes of the wave have addresses is nothing to this one.
    if said && total > 0.0 {
        let mean = sum / total;
        let own = select(CERTAIN, mean, mean < CERTAIN);
        let of_other = most / total * right * (1.0 - own);
        identity[at(track, ADDRESS, IDENTITY)] = select(belief.address, other, of_other > own);
        identity[at(track, ADDRESS_CHANCE, IDENTITY)] = bitcast<u32>(select(own, of_other, of_other > own));
    }
}
