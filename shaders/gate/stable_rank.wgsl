// Puts every detection into its place: by cell, within a cell as it arrived. One invocation a place.
// Guard: places past the end return.
// Twin: src/fusion/grid.rs

// Longest list that is put in order by ranks.
override RANK_MAX: u32;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> looks: array<LaneStep>;
@group(0) @binding(2) var<storage, read> arrived: array<Detection>;
@group(0) @binding(3) var<storage, read> tags: array<u32>;
@group(0) @binding(4) var<storage, read> keys: array<u32>;
@group(0) @binding(5) var<storage, read> cells: array<u32>;
@group(0) @binding(6) var<storage, read> unordered: array<u32>;
@group(0) @binding(7) var<storage, read_write> placed: array<Placed>;
@group(0) @binding(8) var<storage, read_write> columns: array<u32>;
@group(0) @binding(9) var<storage, read_write> first_track: array<u32>;
@group(0) @binding(10) var<storage, read_write> status: array<Status>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn stable_rank(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = index_of(id);
    if i >= params.n {
        return;
    }
    columns[i] = 0u;
    first_track[i] = NONE;
    let came = unordered[i];
    let cell = keys[came];
    let count = cells[cell] - start_of(cell);
    if count > RANK_MAX {
        atomicMax(&status[0].longest, count);
        return;
    }
    let d = arrived[params.first_detection + came];
    let tag = tags[params.first_detection + came];
    let first = looks[params.first_look + (tag >> 8u)].first_detection;
    placed[place_in(cell, came)] = Placed(d.tile, d.ahead_s, d.offset_m, d.observation, 0.0, 0.0, tag, came - first);
}
