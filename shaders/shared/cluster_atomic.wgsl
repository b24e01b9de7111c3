// One cluster, at the place of its least track, for kernels that count. Twin: src/fusion/associate/mod.rs
struct Cluster {
    kind: atomic<u32>,
    tracks: atomic<u32>,
    detections: atomic<u32>,
    // First of its members, and of the numbers of its table.
    first_member: atomic<u32>,
    first_number: atomic<u32>,
    listed_tracks: atomic<u32>,
    // How far a message moved, as bits; of an exact one: detections listed.
    moved: atomic<u32>,
    // 1 until belief propagation has converged.
    going: atomic<u32>,
}
