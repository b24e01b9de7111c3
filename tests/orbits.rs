//! Satellites over hours, seen by radars that each has in view for minutes: one track an object, from its first pass on, which
//! knows how well it knows; smoothed, what a later pass tells of the hours before it.
//!
//! Truth is two bodies and J₂ in f64, in the frame that does not turn, a second a step.

use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use trackweave::fusion::arrays::tri;
use trackweave::fusion::executor::Executor;
use trackweave::fusion::motion::{Member, Models, Orbit};
use trackweave::ingest::{Catalogue, Detections, Options, Order};
use trackweave::run::{RunConfig, Smoothing, TrackAt, track};
use trackweave::space::Geodetic;

const MU: f64 = 3.986_004_418e14;
const TURN: f64 = 7.292_115e-5;
const HOURS: usize = 6;
const PERIOD_S: usize = 10;
/// What a radar sees: whatever flies at 500 km is above its horizon there.
const RANGE_M: f64 = 2.2e6;
const SITES: [Geodetic; 2] = [
    Geodetic { latitude_deg: 48.7, longitude_deg: -97.9, altitude_m: 350.0 },
    Geodetic { latitude_deg: -7.9, longitude_deg: -14.4, altitude_m: 50.0 },
];
/// Standard deviations: range, angles in degrees, range rate.
const NOISE: [f64; 3] = [20.0, 0.01, 0.5];
/// A pass over the first site.
type Pass = (usize, [f64; 3]);
/// Seconds into the record, height, azimuth of the way, offset in latitude, at which objects pass the first site.
const OBJECTS: [Pass; 6] = [
    (200, [520e3, 40.0, 2.0]),
    (260, [800e3, 350.0, -3.0]),
    (500, [650e3, 95.0, 1.0]),
    (900, [1000e3, 140.0, 4.0]),
    (1500, [560e3, 200.0, -2.0]),
    (2500, [700e3, 60.0, 3.0]),
];

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// Place and velocity each second, in the frame of the Earth.
fn way((start, [height_m, azimuth_deg, offset_deg]): Pass) -> Vec<[f64; 6]> {
    let over = Geodetic { latitude_deg: SITES[0].latitude_deg + offset_deg, altitude_m: height_m, ..SITES[0] };
    let (place, [east, north, _]) = (over.ecef(), over.enu_axes());
    let (sin, cos) = azimuth_deg.to_radians().sin_cos();
    let speed = (MU / dot(place, place).sqrt()).sqrt();
    let v: [f64; 3] = core::array::from_fn(|a| speed * (sin * east[a] + cos * north[a]));
    let mut way = vec![[0.0; 6]; HOURS * 3600 + 1];
    let there = [place[0], place[1], place[2], v[0], v[1], v[2]];
    let mut go = |seconds: &mut dyn Iterator<Item = usize>, h: f64| {
        let mut s = there;
        for second in seconds {
            way[second] = turned(&s, second as f64 - start as f64);
            s = step(&s, h);
        }
    };
    go(&mut (start..=HOURS * 3600), 1.0);
    go(&mut (0..=start).rev(), -1.0);
    way
}

fn step(s: &[f64; 6], h: f64) -> [f64; 6] {
    let rate = |s: &[f64; 6]| {
        let [x, y, z, vx, vy, vz] = *s;
        let r = (x * x + y * y + z * z).sqrt();
        let (m, s) = (MU / r.powi(3), 5.0 * z * z / (r * r));
        let k = 1.5 * 1.082_626_68e-3 * (6_378_137.0 / r).powi(2);
        [vx, vy, vz, -m * x * (1.0 + k * (1.0 - s)), -m * y * (1.0 + k * (1.0 - s)), -m * z * (1.0 + k * (3.0 - s))]
    };
    let from = |k: &[f64; 6], h: f64| -> [f64; 6] { core::array::from_fn(|i| s[i] + h * k[i]) };
    let k1 = rate(s);
    let k2 = rate(&from(&k1, 0.5 * h));
    let k3 = rate(&from(&k2, 0.5 * h));
    let k4 = rate(&from(&k3, h));
    core::array::from_fn(|i| s[i] + h / 6.0 * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i]))
}

/// In the frame of the Earth, `seconds` after both were one.
fn turned(s: &[f64; 6], seconds: f64) -> [f64; 6] {
    let (sin, cos) = (TURN * seconds).sin_cos();
    let about = |a: f64, b: f64| [cos * a + sin * b, cos * b - sin * a];
    let ([x, y], [vx, vy]) = (about(s[0], s[1]), about(s[3], s[4]));
    [x, y, s[2], vx + TURN * y, vy - TURN * x, s[5]]
}

/// Normal, of standard deviation 1.
fn normal(random: &mut impl Rng) -> f64 {
    (0..12).map(|_| random.random_range(-0.5..0.5)).sum()
}

/// Range, azimuth, elevation, range rate from a site.
fn seen(site: &Geodetic, s: &[f64; 6]) -> [f64; 4] {
    let (here, axes) = (site.ecef(), site.enu_axes());
    let sight = [s[0] - here[0], s[1] - here[1], s[2] - here[2]];
    let [east, north, up] = axes.map(|axis| dot(axis, sight));
    let range = dot(sight, sight).sqrt();
    let rate = dot(sight, [s[3], s[4], s[5]]) / range;
    [range, east.atan2(north).to_degrees().rem_euclid(360.0), (up / range).asin().to_degrees(), rate]
}

fn catalogue() -> Catalogue {
    let mut text = "name = \"sky\"\nframe = \"geodetic\"\ntime = \"seconds\"\n".to_owned();
    for (number, Geodetic { latitude_deg, longitude_deg, altitude_m }) in SITES.into_iter().enumerate() {
        let [range, angle, rate] = NOISE;
        write!(
            text,
            "[[sensor]]\nname = \"r{number}\"\nowner = \"north\"\nkind = \"radar\"\nview = \"radars\"\n\
             site = {{ latitude_deg = {latitude_deg:?}, longitude_deg = {longitude_deg:?}, altitude_m = {altitude_m:?} }}\n\
             noise = {{ range_m = {range:?}, azimuth_deg = {angle:?}, elevation_deg = {angle:?}, range_rate_m_s = {rate:?} }}\n\
             detection_probability = 0.95\nclutter_per_scan = 0.02\nscan_period_s = {PERIOD_S}.0\n\
             coverage = {{ range_m = [100000.0, {RANGE_M:?}], height_m = [150000.0, 2200000.0] }}\n"
        )
        .expect("text");
    }
    Catalogue::parse(&text, Path::new("catalogue")).expect("a catalogue")
}

/// The table of detections, and when each object was detected.
fn record(ways: &[Vec<[f64; 6]>]) -> (RecordBatch, Vec<Vec<usize>>) {
    let mut random = ChaCha8Rng::seed_from_u64(31);
    let mut rows: Vec<(f64, &str, [f64; 4])> = Vec::new();
    let mut detected = vec![Vec::new(); ways.len()];
    for second in (PERIOD_S / 2..HOURS * 3600).step_by(PERIOD_S) {
        for (site, name) in SITES.iter().zip(["r0", "r1"]) {
            for (object, way) in ways.iter().enumerate() {
                // Each at a second of its own within the look.
                let second = second + object % 6 / 2;
                let [range, azimuth, elevation, rate] = seen(site, &way[second]);
                if !(100e3..RANGE_M).contains(&range) || random.random_bool(0.05) {
                    continue;
                }
                let measured = [
                    range + NOISE[0] * normal(&mut random),
                    (azimuth + NOISE[1] * normal(&mut random)).rem_euclid(360.0),
                    elevation + NOISE[1] * normal(&mut random),
                    rate + NOISE[2] * normal(&mut random),
                ];
                rows.push((second as f64, name, measured));
                detected[object].push(second);
            }
            if random.random_bool(0.02) {
                let [range, azimuth] = [random.random_range(6e5..RANGE_M), random.random_range(0.0..360.0)];
                let clutter = [range, azimuth, random.random_range(20.0..80.0), random.random_range(-5e3..5e3)];
                rows.push((second as f64, name, clutter));
            }
        }
    }
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    let column = |k: usize| -> ArrayRef { Arc::new(rows.iter().map(|row| Some(row.2[k])).collect::<Float64Array>()) };
    let times: Float64Array = rows.iter().map(|row| Some(row.0)).collect();
    let sensors: StringArray = rows.iter().map(|row| Some(row.1)).collect();
    let table = RecordBatch::try_from_iter([
        ("time", Arc::new(times) as ArrayRef),
        ("sensor", Arc::new(sensors)),
        ("range_m", column(0)),
        ("azimuth_deg", column(1)),
        ("elevation_deg", column(2)),
        ("range_rate_m_s", column(3)),
    ])
    .expect("columns of one length");
    (table, detected)
}

/// Fused as the configuration `orbits` has it, for as many objects on all of the Earth.
fn fused(table: &RecordBatch, objects: usize, changed: impl FnOnce(&mut RunConfig)) -> Vec<TrackAt> {
    let catalogue = catalogue();
    let options = Options { strict: true, rows_per_batch: 0, order: Order::Required };
    let (detections, _) = Detections::from_record_batch(table, &catalogue, options).expect("a table");
    let mut config = RunConfig::chosen(Path::new("orbits")).expect("a configuration");
    let births = &mut config.fusion.undetected;
    (births.initial_per_km2, births.births_per_km2_h) = (2e-9 * objects as f64, 2.5e-8 * objects as f64);
    changed(&mut config);
    track(&catalogue, &detections, &config, Executor::host()).expect("tracks")
}

/// The nearest object of a row, and how far off it is.
fn nearest(row: &TrackAt, ways: &[Vec<[f64; 6]>]) -> (usize, f64) {
    let (second, at) = (second(row), row.estimate.position_m());
    let off = |way: &Vec<[f64; 6]>| {
        let off: [f64; 3] = core::array::from_fn(|a| at[a] - way[second][a]);
        dot(off, off).sqrt()
    };
    ways.iter().map(off).enumerate().min_by(|a, b| a.1.total_cmp(&b.1)).expect("an object")
}

fn second(row: &TrackAt) -> usize {
    usize::try_from(row.time_us / 1_000_000).expect("a time")
}

#[test]
fn a_satellite_is_one_track_from_its_first_pass_on_however_long_nobody_looks() {
    outlasts(|_| ());
}

#[test]
fn so_it_is_if_it_may_manoeuvre() {
    outlasts(may_manoeuvre);
}

/// Pushed for ten minutes a day.
fn may_manoeuvre(config: &mut RunConfig) {
    let of = [(1e-6, 86_400.0), (1e-4, 600.0)];
    let models = Models::new(&of.map(|(q, sojourn_s)| Member { model: Orbit { q }.into(), sojourn_s }));
    config.fusion.motion.model = models.expect("two").into();
}

fn outlasts(changed: impl FnOnce(&mut RunConfig)) {
    let ways: Vec<Vec<[f64; 6]>> = OBJECTS.map(way).into_iter().collect();
    let (table, detected) = record(&ways);
    let rows = fused(&table, OBJECTS.len(), changed);
    let mut tracks: BTreeMap<[u32; 2], Vec<(usize, usize, f64)>> = BTreeMap::new();
    for row in &rows {
        let (object, off_m) = nearest(row, &ways);
        tracks.entry(row.estimate.born).or_default().push((second(row), object, off_m));
    }
    for (object, seconds) in detected.iter().enumerate() {
        let own: Vec<_> =
            tracks.iter().filter(|(_, rows)| rows.iter().any(|row| row.1 == object && row.2 < 40e3)).collect();
        println!("object {object}: {} detections, {} tracks", seconds.len(), own.len());
        assert_eq!(own.len(), 1, "tracks of object {object}: {:?}", own.iter().map(|own| own.0).collect::<Vec<_>>());
        let rows = own[0].1;
        let (mut gaps, mut minute, mut longest) = (0, 0f64, (0, 0f64));
        for pair in seconds.windows(2).filter(|pair| pair[1] - pair[0] > 600) {
            gaps += 1;
            for (second, found, off_m) in rows.iter().filter(|row| (pair[0]..pair[1]).contains(&row.0)) {
                assert_eq!(*found, object, "at {second} s track {:?} is another object's", own[0].0);
                let silent = second - pair[0];
                if silent <= 60 {
                    minute = minute.max(*off_m);
                }
                if silent > longest.0 {
                    longest = (silent, *off_m);
                }
            }
            let count = rows.iter().filter(|row| (pair[0]..pair[1]).contains(&row.0)).count();
            assert!(count + 2 >= (pair[1] - pair[0]) / 60, "{count} rows from {} s to {} s", pair[0], pair[1]);
        }
        println!(
            "  {gaps} gaps; {minute:.0} m off within a minute of silence, {:.0} m after {} s",
            longest.1, longest.0
        );
        assert!(gaps > 0, "object {object} is never out of sight");
        assert!(minute < 500.0, "{minute} m off within a minute of silence");
        assert!(longest.1 < 40e3, "{} m off after {} s of silence", longest.1, longest.0);
    }
    let others = tracks.values().filter(|rows| rows.iter().all(|row| row.2 > 40e3)).count();
    println!("{} tracks, {others} of no object", tracks.len());
    assert!(others <= 1, "{others} tracks of no object");
}

/// dᵀ P⁻¹ d, by Cholesky's factor; `None` where P is not positive.
fn squared_distance(p: &[[f64; 6]; 6], d: &[f64; 6]) -> Option<f64> {
    let (mut l, mut y, mut sum) = ([[0.0; 6]; 6], [0.0; 6], 0.0);
    for i in 0..6 {
        for j in 0..=i {
            let left = p[i][j] - (0..j).map(|k| l[i][k] * l[j][k]).sum::<f64>();
            l[i][j] = if i == j { left.sqrt() } else { left / l[j][j] };
        }
        if l[i][i].is_nan() || l[i][i] <= 0.0 {
            return None;
        }
        y[i] = (d[i] - (0..i).map(|k| l[i][k] * y[k]).sum::<f64>()) / l[i][i];
        sum += y[i] * y[i];
    }
    Some(sum)
}

#[test]
fn one_pass_makes_an_orbit_that_knows_how_well_it_is_known() {
    let mut random = ChaCha8Rng::seed_from_u64(32);
    let objects = 100;
    let passes: Vec<Pass> = (0..objects)
        .map(|object| {
            let height_m = random.random_range(4.5e5..1.1e6);
            (300 + 190 * object, [height_m, random.random_range(0.0..360.0), random.random_range(-5.0..5.0)])
        })
        .collect();
    let ways: Vec<Vec<[f64; 6]>> = passes.iter().copied().map(way).collect();
    let (table, detected) = record(&ways);
    let rows = fused(&table, objects, |_| ());
    // Of each object the end of the first stretch of at least six detections, and its next one.
    let mut first = vec![None; objects];
    for (object, seconds) in detected.iter().enumerate() {
        let mut runs = seconds.chunk_by(|a, b| b - a <= 600);
        let run = runs.next().filter(|run| run.len() >= 6);
        first[object] = run.and_then(|run| Some((run[0], *run.last()?, seconds.get(run.len()).copied())));
    }
    let (mut sums, mut counts) = ([0.0; 2], [0_u32; 2]);
    for row in &rows {
        let (object, off_m) = nearest(row, &ways);
        let Some((begins, ends, next)) = first[object].filter(|_| off_m < 40e3) else { continue };
        let silent = second(row).saturating_sub(ends);
        if second(row) < begins + 30 || next.is_some_and(|next| second(row) >= next) || row.estimate.detections < 3 {
            continue;
        }
        let state = &row.estimate.state;
        let p = core::array::from_fn(|i| core::array::from_fn(|j| f64::from(state.covariance[tri(i, j)])));
        let (at, there) = (row.estimate.position_m(), ways[object][second(row)]);
        let d = core::array::from_fn(|k| there[k] - if k < 3 { at[k] } else { f64::from(state.mean[k]) });
        let distance2 = squared_distance(&p, &d);
        assert!(distance2.is_some(), "object {object}, {silent} s after its pass: not positive: {p:?}");
        // Right after the pass, and ten minutes later.
        let which = [1..=60, 600..=659].into_iter().position(|silent_s| silent_s.contains(&silent));
        if let Some((which, distance2)) = which.zip(distance2) {
            (sums[which], counts[which]) = (sums[which] + distance2 / 6.0, counts[which] + 1);
        }
    }
    let nees = [0, 1].map(|which| sums[which] / f64::from(counts[which]));
    println!("NEES over its degrees {nees:.2?} of {counts:?} objects");
    assert!(counts.iter().all(|count| *count > 80), "{counts:?}");
    // Below 1 is what 32 bits cost: variances grow with every substep and every update.
    assert!(nees.iter().all(|nees| (0.5..1.3).contains(nees)), "{nees:?}");
}

#[test]
fn smoothed_orbits_know_of_the_hours_before_a_pass_and_of_nothing_beyond_their_lag() {
    let ways: Vec<Vec<[f64; 6]>> = OBJECTS.map(way).into_iter().collect();
    let (table, _) = record(&ways);
    let report = |config: &mut RunConfig| config.report_period_s = 5.0.try_into().expect("a period");
    let smoothed = |lag_s: Option<f32>| {
        move |config: &mut RunConfig| {
            report(config);
            let lag_s = lag_s.map(|lag_s| lag_s.try_into().expect("a lag"));
            config.smoothing = Some(Smoothing { lag_s });
        }
    };
    let filtered = fused(&table, OBJECTS.len(), report);
    let all = fused(&table, OBJECTS.len(), smoothed(None));
    // Over the rows that both have, and of which later detections tell.
    let key = |row: &TrackAt| (row.time_us, row.estimate.born);
    let before: BTreeSet<_> = filtered.iter().map(key).collect();
    let known: BTreeSet<_> =
        all.iter().filter(|row| row.as_known_at_us > row.time_us).map(key).filter(|key| before.contains(key)).collect();
    let rms = |rows: &[TrackAt]| {
        let common = rows.iter().filter(|row| known.contains(&key(row)));
        let off: Vec<f64> = common.map(|row| nearest(row, &ways).1).filter(|off_m| *off_m < 100e3).collect();
        println!("{} rows, {:.0?} m at most", off.len(), off.iter().copied().reduce(f64::max));
        (off.iter().map(|off_m| off_m * off_m).sum::<f64>() / off.len() as f64).sqrt()
    };
    println!("RMS {:.0} m filtered, {:.0} m smoothed", rms(&filtered), rms(&all));
    let both = |config: &mut RunConfig| {
        may_manoeuvre(config);
        smoothed(None)(config);
    };
    let manoeuvring = rms(&fused(&table, OBJECTS.len(), both));
    println!("{manoeuvring:.0} m smoothed, where they may manoeuvre");
    assert!(manoeuvring < 0.8 * rms(&filtered), "{manoeuvring} m smoothed, {} m filtered", rms(&filtered));
    assert!(rms(&all) < 0.8 * rms(&filtered), "{} m smoothed, {} m filtered", rms(&all), rms(&filtered));
    // What comes after the lag is as if it never came.
    let lag_s = 60;
    let lagged = fused(&table, OBJECTS.len(), smoothed(Some(lag_s as f32)));
    assert!(lagged.iter().all(|row| row.as_known_at_us <= row.time_us + i64::from(lag_s) * 1_000_000));
    assert!(rms(&all) < rms(&lagged), "{} m with a lag, {} m without", rms(&lagged), rms(&all));
    let times = table.column(0).as_any().downcast_ref::<Float64Array>().expect("times");
    let time_s = times.value(times.len() / 2);
    let until = times.iter().take_while(|time| time.is_some_and(|time| time <= time_s)).count();
    let cut = fused(&table.slice(0, until), OBJECTS.len(), smoothed(Some(lag_s as f32)));
    // The last report that the cut tells all of.
    let then_us = (micros_of(time_s) / 1_000_000 - i64::from(lag_s)) / 5 * 5_000_000;
    let of = |rows: &[TrackAt]| -> Vec<String> {
        rows.iter().filter(|row| row.time_us == then_us).map(|row| format!("{row:?}")).collect()
    };
    assert!(!of(&cut).is_empty(), "{then_us} µs: no row");
    assert_eq!(of(&cut), of(&lagged), "{then_us} µs");
}

/// Seconds as microseconds.
#[expect(clippy::cast_possible_truncation, reason = "days at most")]
fn micros_of(time_s: f64) -> i64 {
    (time_s * 1e6) as i64
}
