// A new track, its offset brought back into the middle of its tile. Twin: src/fusion/manage.rs

fn place_and_store(track: u32, place: vec3<i32>, s: State) {
    let carry = floor(s.x * (1.0 / TILE_M) + 0.5);
    tile[at(track, 0u, 3u)] = place.x + i32(carry.x);
    tile[at(track, 1u, 3u)] = place.y + i32(carry.y);
    tile[at(track, 2u, 3u)] = place.z + i32(carry.z);
    store_state(track, State(s.x - carry * TILE_M, s.v, s.pp, s.pv, s.vv));
}
