// What becomes of a track. Twin: src/fusion/manage.rs

// Its place is free.
override PRUNED: u32;
// It stays.
override KEPT: u32;
// It goes back into the field of undetected targets.
override RECYCLED: u32;
