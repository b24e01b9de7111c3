// What a prediction makes of a track beside its state. Twin: src/fusion/predict.rs

// The track is so many tiles from its place of before, and its odds are those of having lasted without a report.
fn go_on(track: u32, place: vec3<i32>, tiles: vec3<i32>, look: LaneStep) {
    tile[at(track, 0u, 3u)] = place.x + tiles.x;
    tile[at(track, 1u, 3u)] = place.y + tiles.y;
    tile[at(track, 2u, 3u)] = place.z + tiles.z;
    let o = odds[track];
    odds[track] = look.survival * o / (1.0 + (1.0 - look.survival) * o) * (1.0 - look.heard);
}
