// When a detection was made. Twin: src/scan/detections.rs

fn time_of(p: Placed) -> vec2<u32> {
    let first = looks[params.first_look + (p.tag >> 8u)].first_detection;
    return times[params.first_detection + first + p.arrived];
}
