//! Files of others, imported and read in place: the same rows, and every report accounted for.

use super::folder::with_scratch;
use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use trackweave::import::{ImportReport, Request, import};
use trackweave::ingest::{Catalogue, Import, Options, Order, Pass, Reader};

/// What a folder gives that was drafted, once somebody has stated where its radars stand.
fn read(folder: &Path) -> (Pass, u64) {
    let path = folder.join("recording.toml");
    let draft = fs::read_to_string(&path).expect("a draft");
    let site = "site = { latitude_deg = 10.0, longitude_deg = 20.0, altitude_m = 30.0 }";
    let line = |line: &str| if line.starts_with("# site = ") { site.to_owned() } else { line.to_owned() };
    let whole: Vec<String> = draft.lines().map(line).collect();
    let catalogue = Catalogue::parse(&whole.join("\n"), &path).expect("a draft that is a catalogue");
    let options = Options { strict: false, rows_per_batch: 1 << 12, order: Order::Any };
    let mut reader = Reader::open(folder, &catalogue, options).expect("a recording").with_identities();
    while reader.next_batch().expect("rows").is_some() {}
    (reader.pass(), reader.report().rows_read)
}

/// What this target does: see the head.
pub fn imports(data: &[u8]) {
    with_scratch(|scratch| {
        let file = scratch.join("file");
        fs::write(&file, data).expect("a file");
        let done = |in_place: bool| -> Option<(ImportReport, (Pass, u64))> {
            let out = scratch.join("out");
            let import_of = Import { file: file.clone(), ..Import::default() };
            let (imports, truth) = (vec![import_of.clone()], vec![import_of]);
            let request = Request { imports, truth, in_place, sites: BTreeMap::new(), out: &out };
            let report = import(&request, |_| ControlFlow::Continue(()));
            let read = report.is_ok().then(|| read(&out));
            if out.exists() {
                fs::remove_dir_all(&out).expect("the folder");
            }
            Some((report.ok()?, read?))
        };
        let (table, in_place) = (done(false), done(true));
        assert_eq!(table.is_some(), in_place.is_some(), "only one way goes");
        if let (Some((report, table)), Some((_, in_place))) = (table, in_place) {
            let imported = &report.files[0].imported;
            assert_eq!(
                imported.reports,
                imported.rows + imported.passed_over.values().sum::<u64>(),
                "a report is lost"
            );
            assert_eq!(table.1, imported.rows, "a row is lost");
            assert_eq!(table, in_place, "a file gives other rows in place");
        }
        fs::remove_file(&file).expect("the file");
    });
}
