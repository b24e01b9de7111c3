//! Prints every field of every ASTERIX record of a file, a line of JSON for each record.
//!
//! ```sh
//! cargo run --release --example asterix_fields -- recording.ast
//! ```

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use trackweave::formats::Source;
use trackweave::formats::asterix::{Edition, Layout, Options, Reader};

fn main() -> ExitCode {
    let Some(path) = std::env::args().nth(1) else {
        eprintln!("usage: asterix_fields FILE");
        return ExitCode::from(2);
    };
    match print(&path) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{path}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn print(path: &str) -> io::Result<()> {
    let mut reader = Reader::new(File::open(path)?, Options::default());
    let mut out = BufWriter::new(io::stdout().lock());
    let mut failed = Ok(());
    while failed.is_ok()
        && reader.records(&mut |edition, layout, octets, report| {
            if failed.is_ok() {
                failed = writeln!(out, "{}", line(report.at, edition, layout, octets));
            }
        })?
    {}
    eprintln!("{}", reader.summary());
    failed.and_then(|()| out.flush())
}

/// Offset, edition, and each field: path, bits as a number, and the quantity or the text that they stand for.
fn line(at: u64, edition: &Edition, layout: &Layout, octets: &[u8]) -> String {
    let mut fields = Vec::new();
    for item in layout.items(edition, octets) {
        item.visit("", &mut |path, field, raw| {
            let quantity = field.step.map(|_| format!(",{}", field.value(raw)));
            let means = quantity.or_else(|| field.text(raw).map(|text| format!(",{text:?}"))).unwrap_or_default();
            fields.push(format!("[\"{path}\",{raw}{means}]"));
        });
    }
    format!("{{\"at\":{at},\"edition\":\"{}\",\"fields\":[{}]}}", edition.name, fields.join(","))
}
