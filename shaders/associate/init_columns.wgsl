// Makes the columns of the assignment ready: one of every detection, then one of "none" for every track.
// Guard: columns past the end return.
// Twin: src/fusion/associate/assign.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> slots: array<Slot>;
@group(0) @binding(2) var<storage, read_write> holds: array<u32>;
@group(0) @binding(3) var<storage, read_write> lost: array<u32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn init_columns(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = index_of(id);
    if i >= params.n {
        return;
    }
    slots[i] = Slot(0.0, NONE);
    if i < params.places {
        holds[i] = NONE;
        lost[i] = 0u;
    }
}
