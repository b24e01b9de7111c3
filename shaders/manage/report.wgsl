// Keeps what the wave did. One invocation. Guard: invocations past the first return.
// Twin: src/fusion/device/program.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> status: array<Status>;
@group(0) @binding(2) var<storage, read_write> reports: array<Status>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn report(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = index_of(id);
    if i >= params.n {
        return;
    }
    reports[params.wave] = status[0];
}
