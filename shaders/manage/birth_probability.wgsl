// How likely every detection is to begin a track, and which edge is of the track that it is counted to; those of neither
// are accounted for.
// Guard: detections past the end return.
// Twin: src/fusion/manage.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> columns: array<u32>;
@group(0) @binding(2) var<storage, read> entries: array<u32>;
@group(0) @binding(3) var<storage, read> edges: array<Hypothesis>;
@group(0) @binding(4) var<storage, read> placed: array<Placed>;
@group(0) @binding(5) var<storage, read_write> chances: array<f32>;
@group(0) @binding(6) var<storage, read_write> born: array<u32>;
@group(0) @binding(7) var<storage, read_write> owners: array<u32>;
@group(0) @binding(8) var<storage, read_write> accounts: array<atomic<u32>>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn birth_probability(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = index_of(id);
    if i >= params.n {
        return;
    }
    if i >= params.detections {
        // The end of the scan of births.
        born[i] = 0u;
        return;
    }
    var claimed = 0.0;
    var most = 0.0;
    var owner = NONE;
    for (var k = column_of(i); k < columns[i]; k++) {
        let weight = edges[entries[k]].weight;
        claimed = claimed + weight;
        if weight > most {
            most = weight;
            owner = entries[k];
        }
    }
    let left = 1.0 - claimed;
    let owned = most > left && most >= params.contributor;
    owners[i] = select(NONE, owner, owned);
    let existence = select(0.0, left, left > 0.0) * (placed[i].fresh / placed[i].density);
    chances[i] = existence;
    let begins = existence > 0.0 && existence >= params.prune;
    born[i] = select(0u, 1u, begins);
    if owned || begins {
        return;
    }
    atomicAdd(&accounts[4u * (placed[i].tag >> 8u) + select(3u, 2u, placed[i].fresh > 0.0)], 1u);
}
