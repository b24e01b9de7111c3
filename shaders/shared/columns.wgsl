// The columns of the graph, each with its end. Twin: src/fusion/cluster.rs

// First entry of the column of detection `d`.
fn column_of(d: u32) -> u32 {
    if d == 0u {
        return 0u;
    }
    return columns[d - 1u];
}
