// Makes the columns of the assignment ready: one of every detection, then one of "none" for every track.
// Guard: columns past the end return.
// Twin: src/fusion/associate/assign.rs

// Farther than any column.
override DISTANCE_MAX: f32;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> slots: array<Slot>;
@group(0) @binding(2) var<storage, read_write> claims: array<u32>;
@group(0) @binding(3) var<storage, read_write> contested: array<u32>;
@group(0) @binding(4) var<storage, read_write> waiters: array<u32>;
@group(0) @binding(5) var<storage, read_write> holds: array<u32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn init_columns(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = index_of(id);
    if i >= params.n {
        return;
    }
    slots[i] = Slot(0.0, NONE, DISTANCE_MAX, 0u);
    if i < params.detections {
        claims[i] = 0u;
    }
    if i <= params.places {
        contested[i] = 0u;
        waiters[i] = 0u;
        holds[i] = NONE;
    }
}
