//! Lanes in a cache that somebody has changed. One whose digest does not fit counts as damaged; one whose digest was made
//! right does, too, or is read to its end. One input in 64 goes through a whole run: a damaged lane is fused anew, the
//! pictures are the same and the lane is what it was; another gives an error, or pictures that can be read.

use super::folder::{files, scratch};
use super::outputs::{changed, config};
use sha2::{Digest, Sha256};
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;
use trackweave::fusion::batch::Estimate;
use trackweave::fusion::executor::Executor;
use trackweave::lane_log::{Folder, Found, Head};
use trackweave::product::{Expected, read_picture, verify_seals};
use trackweave::run::{Request, run};

/// Bytes of a lane before the length of its head; of a block and of a digest behind its entries; of its last entry, and of a track.
const MAGIC: usize = 18;
const BLOCK: usize = 65_536;
const DIGEST: usize = 32;
const END: usize = 1 + 4 * 8;
const TRACK: usize = 4 * Estimate::WORDS;

const CATALOGUE: &str = r#"
name = "lanes"
frame = "local"
time = "seconds"
[[sensor]]
name = "mast"
owner = "ash"
kind = "position"
noise = { horizontal_m = 5.0 }
detection_probability = 0.9
clutter_per_scan = 0.2
scan_period_s = 1.0
coverage = { x_m = [-200.0, 1300.0], y_m = [-200.0, 1300.0] }
[[sensor]]
name = "pole"
owner = "beech"
kind = "position"
noise = { horizontal_m = 5.0 }
detection_probability = 0.9
clutter_per_scan = 0.2
scan_period_s = 1.0
coverage = { x_m = [-200.0, 1300.0], y_m = [-200.0, 1300.0] }
"#;
/// Two partners with a lane each.
const POLICY: [(&str, &str); 4] = [
    ("schema.cedarschema", include_str!("../world/policy/schema.cedarschema")),
    (
        "levels.toml",
        "fuse = [{ level = \"fuse_full\" }, { level = \"fuse_late\" }]\nreceive = [{ level = \"receive_full\" }, { level = \"receive_coarse\", coarsen_m = 100 }]\n",
    ),
    ("partners.toml", "group = [{ id = \"slow\" }]\npartner = [{ id = \"coarse\" }, { id = \"fine\" }]\n"),
    (
        "rules.cedar",
        r#"@id("fine-all") permit (principal == Partner::"fine", action == Action::"fuse_full", resource);
@id("coarse-ash") permit (principal, action == Action::"fuse_full", resource) when { resource.owner == "ash" };
@id("fine-rows") permit (principal == Partner::"fine", action == Action::"receive_full", resource);
@id("coarse-rows") permit (principal, action == Action::"receive_coarse", resource);
"#,
    ),
];
const PARTNERS: [&str; 2] = ["coarse", "fine"];

/// A recording, a policy, and a cache after an honest run.
struct World {
    folder: TempDir,
    cache: Folder,
    lanes: Vec<Lane>,
    pictures: BTreeMap<PathBuf, Vec<u8>>,
}

/// A lane as the honest run stored it.
struct Lane {
    path: PathBuf,
    bytes: Vec<u8>,
    /// Bytes before its first report.
    head: usize,
    /// When it was reported.
    times_us: Vec<i64>,
}

/// The bytes of a lane without the digests behind its entries.
fn unsealed(bytes: &[u8]) -> &[u8] {
    let blocks = (bytes.len() - DIGEST).div_ceil(BLOCK + DIGEST);
    &bytes[..bytes.len() - DIGEST * (blocks + 1)]
}

/// The same with digests that fit.
fn sealed(body: &[u8]) -> Vec<u8> {
    let digests = body.chunks(BLOCK).flat_map(Sha256::digest).collect::<Vec<u8>>();
    [body, &digests, &Sha256::digest(&digests)].concat()
}

impl Lane {
    fn new((path, bytes): (PathBuf, Vec<u8>)) -> Self {
        let length = bytes[MAGIC..].first_chunk().map(|length| u32::from_le_bytes(*length)).expect("a length");
        let head = MAGIC + 4 + usize::try_from(length).expect("a head");
        let body = unsealed(&bytes);
        let (mut rest, mut times_us) = (&body[head..body.len() - END], Vec::new());
        while let Some((kind, more)) = rest.split_first() {
            assert_eq!(*kind, 1, "a report");
            let (time, more) = more.split_first_chunk().expect("a time");
            let (tracks, more) = more.split_first_chunk().expect("how many tracks there are");
            times_us.push(i64::from_le_bytes(*time));
            rest = &more[usize::try_from(u64::from_le_bytes(*tracks)).expect("tracks") * TRACK..];
        }
        Self { path, bytes, head, times_us }
    }

    /// What its file is called: the digest of what the lane was given.
    fn name(&self) -> &str {
        self.path.file_stem().and_then(|name| name.to_str()).expect("a digest")
    }

    /// What finds it.
    fn wanted(&self) -> Head {
        Head { digest: self.name().to_owned(), log: None }
    }
}

impl World {
    fn new() -> Self {
        let folder = scratch();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("a file");
        for name in ["recording", "policy"] {
            fs::create_dir(folder.path().join(name)).expect("a folder");
        }
        write("recording/recording.toml", CATALOGUE);
        write("recording/detections.csv", &detections());
        for (name, text) in POLICY {
            write(&format!("policy/{name}"), text);
        }
        let cache = Folder::open(&folder.path().join("cache")).expect("a cache");
        let mut world = Self { folder, cache, lanes: Vec::new(), pictures: BTreeMap::new() };
        world.run().expect("a run");
        world.lanes = files(&world.folder.path().join("cache")).into_iter().map(Lane::new).collect();
        world.pictures = world.pictures();
        assert_eq!(world.lanes.len(), 2, "a lane for each partner");
        world
    }

    fn run(&self) -> Result<(), String> {
        let [recording, policy, out, cache] =
            ["recording", "policy", "out", "cache"].map(|name| self.folder.path().join(name));
        let config = config();
        let request = Request { cache: Some(&cache), ..Request::new(&recording, &policy, &out, &config) };
        run(&request, Executor::host(), &mut |_| {}).map(drop).map_err(|error| error.to_string())
    }

    /// A lane that was damaged has been fused anew.
    fn healed(&self, lane: &Lane) {
        assert!(fs::read(&lane.path).expect("a lane") == lane.bytes, "the lane is not what it was");
        assert!(self.pictures() == self.pictures, "other pictures than without a cache");
    }

    fn readable(&self) {
        verify_seals(&self.folder.path().join("out"), Expected::default()).expect("an output");
        for partner in PARTNERS {
            read_picture(&self.picture(partner)).expect("a picture");
        }
    }

    fn picture(&self, partner: &str) -> PathBuf {
        self.folder.path().join("out").join(partner)
    }

    fn pictures(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        PARTNERS.iter().flat_map(|partner| files(&self.picture(partner))).collect()
    }
}

/// Two objects that two sensors see for some seconds.
fn detections() -> String {
    let mut text = "time,sensor,x_m,y_m\n".to_owned();
    for second in 0..4_i32 {
        for (sensor, late) in [("mast", 0.1), ("pole", 0.4)] {
            for (x, speed) in [(150.0, 12.0), (800.0, -9.0)] {
                let time = f64::from(second) + late;
                writeln!(text, "{time},{sensor},{},{}", x + speed * time, x + 3.0 * time).expect("text");
            }
        }
    }
    text
}

/// The first bytes choose the lane, and what the rest is: the file, changes of it, or the same with a digest that fits.
pub fn cache(data: &[u8]) {
    thread_local!(static WORLD: OnceCell<World> = const { OnceCell::new() });
    let [which, how, data @ ..] = data else { return };
    WORLD.with(|world| {
        let world = world.get_or_init(World::new);
        let lane = &world.lanes[usize::from(*which) % world.lanes.len()];
        let body = unsealed(&lane.bytes);
        let bytes = match how % 4 {
            0 => data.to_vec(),
            1 => changed(lane.bytes.clone(), data),
            fitting => {
                let body =
                    if fitting == 2 { [&body[..lane.head], data].concat() } else { changed(body.to_vec(), data) };
                sealed(&body)
            }
        };
        let damaged = bytes != lane.bytes && how % 4 < 2;
        fs::write(&lane.path, bytes).expect("a lane");
        match world.cache.find(&lane.wanted(), lane.times_us.iter().copied()) {
            Found::Whole(mut stored) => {
                assert!(!damaged, "a lane that was changed is taken");
                for time_us in &lane.times_us {
                    stored.report(0, *time_us).expect("a report of a lane that is whole");
                }
            }
            Found::Damaged => {}
            Found::Missing => unreachable!("the file is there"),
        }
        // Chosen by all of the input, so that a fuzzer does not learn to be slow.
        if Sha256::digest(data)[0] % 64 == 0 {
            match (how % 4 < 2, world.run()) {
                (true, done) => {
                    done.expect("a damaged lane is fused anew");
                    world.healed(lane);
                }
                (false, Ok(())) => world.readable(),
                (false, Err(_)) => {}
            }
        }
        fs::write(&lane.path, &lane.bytes).expect("a lane");
    });
}
