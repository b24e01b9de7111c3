// The number of an invocation, also past 65,535 workgroups. Twin: src/fusion/device/program.rs
override WORKGROUP_SIZE: u32;
// Workgroups of a row, where there are several rows. DirectX 12 does not say how many an indirect dispatch has.
override GROUPS_MAX: u32;
// No index.
override NONE: u32;

fn index_of(id: vec3<u32>) -> u32 {
    return id.x + id.y * (GROUPS_MAX * WORKGROUP_SIZE);
}

// The number of a workgroup.
fn group_of(group: vec3<u32>) -> u32 {
    return group.x + group.y * GROUPS_MAX;
}
