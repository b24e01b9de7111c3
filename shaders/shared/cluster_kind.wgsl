// How a cluster is solved. Twin: src/fusion/associate/mod.rs

// It has one track.
override SINGLE: u32;
// By sums over subsets.
override EXACT: u32;
// By belief propagation.
override BELIEF: u32;
