// What kernels report, for those that count together. Twin: src/fusion/device/kernels.rs
struct Status {
    // Number of the pass that halted the batch, the wave, and what it needed; 0: none has.
    halted: atomic<u32>,
    wave: atomic<u32>,
    needed: atomic<u32>,
    // Of the present wave.
    edges: atomic<u32>,
    births: atomic<u32>,
    next_blocks: atomic<u32>,
    moves: atomic<u32>,
    clusters: atomic<u32>,
    exact: atomic<u32>,
    belief: atomic<u32>,
    unconverged: atomic<u32>,
    // Clusters to be solved, or tracks that wait to be assigned; their members, the numbers of their tables, those that belief propagation goes on with.
    work: atomic<u32>,
    listed: atomic<u32>,
    table: atomic<u32>,
    going: atomic<u32>,
    // Largest number of components of a lane.
    components: atomic<u32>,
    // Not 0 if a bounded search or a count did not end: of an assignment, tracks that wait still.
    unfinished: atomic<u32>,
    // Rounds of the assignment that are over once those that are planned are.
    rounds: atomic<u32>,
    // Tracks that were there before births.
    tracks: atomic<u32>,
    // Longest list that was put in order by ranks.
    longest: atomic<u32>,
    // Tracks whose gates were narrowed.
    narrowed: atomic<u32>,
    // Twins that ended.
    merged: atomic<u32>,
}
