// The number of an invocation, also past 65,535 workgroups. Twin: src/fusion/device/program.rs
override WORKGROUP_SIZE: u32;
// No index.
override NONE: u32;

fn index_of(id: vec3<u32>, groups: vec3<u32>) -> u32 {
    return id.x + id.y * (groups.x * WORKGROUP_SIZE);
}

// The number of a workgroup.
fn group_of(group: vec3<u32>, groups: vec3<u32>) -> u32 {
    return group.x + group.y * groups.x;
}
