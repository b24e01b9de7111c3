// One cluster, at the place of its least track. Twin: src/fusion/associate/mod.rs
struct Cluster {
    kind: u32,
    tracks: u32,
    detections: u32,
    // First of its members, and of the numbers of its table.
    first_member: u32,
    first_number: u32,
    listed_tracks: u32,
    // How far a message moved, as bits; of an exact one: detections listed.
    moved: u32,
    // 1 until belief propagation has converged.
    going: u32,
}
