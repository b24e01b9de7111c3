//! Lanes in a cache that somebody has changed. One whose digest does not fit is fused anew: the same pictures, and the
//! lane is what it was. One whose digest was made right gives an error, or pictures that can be read.

use super::folder::{files, scratch};
use super::outputs::{changed, config};
use sha2::{Digest, Sha256};
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use trackweave::fusion::executor::Executor;
use trackweave::product::{Expected, read_picture, verify_seals};
use trackweave::run::{Request, run};

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
    /// Where each lane lies, and what it holds.
    lanes: Vec<(PathBuf, Vec<u8>)>,
    pictures: BTreeMap<PathBuf, Vec<u8>>,
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
        let mut world = Self { folder, lanes: Vec::new(), pictures: BTreeMap::new() };
        world.run().expect("a run");
        world.lanes = files(&world.folder.path().join("cache")).into_iter().collect();
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

/// What a lane ends with: the SHA-256 of its name and of all before.
fn digest(path: &Path, body: &[u8]) -> Vec<u8> {
    let name = path.file_stem().and_then(|name| name.to_str()).expect("a digest");
    Sha256::new_with_prefix(name).chain_update(body).finalize().to_vec()
}

/// The first bytes choose the lane, and what the rest is: the file, changes of it, or the same with a digest that fits.
pub fn cache(data: &[u8]) {
    thread_local!(static WORLD: OnceCell<World> = const { OnceCell::new() });
    let [which, how, data @ ..] = data else { return };
    WORLD.with(|world| {
        let world = world.get_or_init(World::new);
        let number = usize::from(*which) % world.lanes.len();
        let (path, original) = &world.lanes[number];
        let (body, _) = original.split_at(original.len() - 32);
        let (head, _) = body.split_at(18);
        let bytes = match how % 4 {
            0 => data.to_vec(),
            1 => changed(original.clone(), data),
            fitting => {
                let body = if fitting == 2 { [head, data].concat() } else { changed(body.to_vec(), data) };
                let digest = digest(path, &body);
                [body, digest].concat()
            }
        };
        fs::write(path, bytes).expect("a lane");
        let done = world.run();
        if how % 4 < 2 {
            done.expect("a damaged lane is fused anew");
            assert!(fs::read(path).expect("a lane") == *original, "the lane is not what it was");
            assert!(world.pictures() == world.pictures, "other pictures than without a cache");
        } else if done.is_ok() {
            verify_seals(&world.folder.path().join("out"), Expected::default()).expect("an output");
            for partner in PARTNERS {
                read_picture(&world.picture(partner)).expect("a picture");
            }
        }
        fs::write(path, original).expect("a lane");
    });
}
