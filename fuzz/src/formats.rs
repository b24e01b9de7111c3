//! Formats of others: octets read at once and in small pieces say the same, and every report is counted.

use std::io::{self, Cursor, Read};
use trackweave::formats::asterix::{self, Framing};
use trackweave::formats::{Format, Options, Report, Source, Summary, open};

/// Gives a few octets at a time.
struct Slow<'a>(Cursor<&'a [u8]>);

impl Read for Slow<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let most = into.len().min(7);
        self.0.read(&mut into[..most])
    }
}

fn all(mut source: Box<dyn Source + '_>) -> (Vec<Report>, Summary) {
    let mut reports = Vec::new();
    while source.read(&mut reports).expect("octets in memory") {}
    let summary = source.summary().clone();
    assert_eq!(summary.reports, reports.len() as u64, "a report is not counted");
    let per_sender: u64 = summary.sources.iter().flat_map(|sender| sender.reports.values()).sum();
    assert_eq!(per_sender, summary.reports, "a report has no sender");
    assert!(reports.is_sorted_by_key(|report| report.at), "reports are out of order");
    (reports, summary)
}

/// What this target does: see the head.
pub fn formats(data: &[u8]) {
    // One in gzip may be damaged, which is an error.
    if let Ok((_, mut source)) = open(Cursor::new(data), Options::default()) {
        let mut reports = Vec::new();
        while source.read(&mut reports).unwrap_or(false) {}
    }
    for format in Format::ALL {
        assert!(format.detect(data) <= 100, "surer than sure");
        let whole = all(format.read(Cursor::new(data), Options::default()).expect("octets in memory"));
        let pieces = all(format.read(Slow(Cursor::new(data)), Options::default()).expect("octets in memory"));
        assert_eq!(format!("{whole:?}"), format!("{pieces:?}"), "{format:?}");
    }
    for framing in [Framing::Raw, Framing::Final, Framing::FinalSequence, Framing::Rff, Framing::Pcap, Framing::PcapNg]
    {
        let asterix = asterix::Options { framing: Some(framing), ..asterix::Options::default() };
        let options = Options { asterix, ..Options::default() };
        all(Format::Asterix.read(Cursor::new(data), options).expect("octets in memory"));
    }
}
