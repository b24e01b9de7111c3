// Gives every birth the rest of its velocity: none. One invocation a birth. Guard: births past the end return.
// Twin: src/fusion/manage.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> status: array<Status>;
@group(0) @binding(2) var<storage, read> homes: array<u32>;
@group(0) @binding(3) var<storage, read_write> rest: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn init_rest(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = index_of(id);
    if i >= params.n {
        return;
    }
    if i >= status[0].births {
        return;
    }
    for (var k = 0u; k < REST; k++) {
        rest[at(homes[i], k, REST)] = 0.0;
    }
}
