// What is counted to a track. Twin: src/fusion/credit.rs

// Counts so many detections to a track, of which the last was made then, the lower word first.
fn count(track: u32, detections: u32, last: vec2<u32>) {
    let counted = at(track, COUNTED, IDENTITY);
    let low = at(track, LAST_LOW, IDENTITY);
    let high = at(track, LAST_HIGH, IDENTITY);
    identity[counted] = identity[counted] + detections;
    let before = bitcast<i32>(identity[high]);
    let now = bitcast<i32>(last.y);
    if now > before || (now == before && last.x > identity[low]) {
        identity[low] = last.x;
        identity[high] = last.y;
    }
}
