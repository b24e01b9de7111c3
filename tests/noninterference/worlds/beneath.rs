//! Changes of rows that the subject sees, where the level at which it sees them hides them.

use super::place::Frame;
use super::recording::ADDRESSES;
use super::rules::Names;
use super::{Height, Level, Random, Row, World};

/// Moves places within their cells, heights that are left out, range rates that are not used, addresses that are left out, and what the file says
/// twice; not out of a zone that the rules know.
pub(super) fn change(world: &mut World, random: &mut Random) {
    for at in 0..world.rows.len() {
        let before = &world.rows[at];
        let Some(level) = world.sees(before) else { continue };
        let row = beneath(world, before, level, random);
        let same = world.sees(&row) == Some(level) && !world.unclear(&row);
        let within = |row: &Row| {
            let (named, [x, y, _]) = (world.named(Names::Zones), row.place);
            let zones = world.zones.iter().filter(|zone| named.contains(&zone.name.as_str()));
            zones.map(|zone| zone.holds([x, y])).collect::<Vec<_>>()
        };
        if same && within(before) == within(&row) {
            world.rows[at] = row;
        }
    }
}

fn beneath(world: &World, before: &Row, level: &Level, random: &mut Random) -> Row {
    let (mut row, sensor) = (before.clone(), &world.sensors[before.sensor]);
    let omits = |part: &str| level.omit.iter().any(|omitted| omitted == part);
    if omits("range_rate") || level.cell_m.is_some() {
        row.rate = random.between(-90.0, 90.0);
    }
    if omits("identity") || level.cell_m.is_some() || !world.tuning.identities {
        row.address = *random.pick(&ADDRESSES);
    }
    let (tall, local) = (sensor.height != Height::Unknown, world.frame == Frame::Local);
    // Without its height a radar measures slant range and azimuth, from wherever in its cell.
    if let (Some(cell_m), false) = (level.cell_m, omits("height") && sensor.site.is_some()) {
        let shares = [0; 3].map(|_| random.between(-0.49, 0.49));
        let [x, y, z] = world.frame.in_cell(row.place, cell_m, shares);
        row.place = [x, y, if tall { z } else { row.place[2] }];
        row.polar = None;
    } else if omits("height") && tall && level.cell_m.is_none() {
        match sensor.site {
            None => row.place[2] = random.between(0.0, 300.0),
            Some(site) if local => {
                let [range, azimuth, elevation] = world.frame.polar(site, row.place, sensor.height);
                let raised = elevation + random.between(-2.0, 2.0);
                let ((sin, cos), (up, out)) = (azimuth.to_radians().sin_cos(), raised.to_radians().sin_cos());
                row.place = [site[0] + range * out * sin, site[1] + range * out * cos, site[2] + range * up];
                row.polar = Some([range, azimuth, raised]);
            }
            Some(_) => {}
        }
    }
    if omits("height") && tall && sensor.site.is_none() {
        row.place[2] = random.between(0.0, 300.0);
    }
    row
}
