//! Octets to data blocks: whatever a recorder puts around them.
//!
//! A data block is a category, its length in two octets, and records. A recording is blocks one behind the other, or frames
//! with blocks in them: "final" frames (also called IOSS), the same with a sequence number, RFF, or a capture of a network.
//! Where octets are neither, the next place is looked for at which a block or a frame begins, and what was passed over is
//! counted once.

use std::ops::Range;

use super::capture::{self, Capture, Packet};
use crate::formats::report::Time;
use crate::formats::summary::Reason;
use crate::time::parse_timestamp;

/// What is around data blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// Nothing.
    Raw,
    /// Length, error code, board, day and hundredths of a second in 8 octets before, `a5 a5 a5 a5` behind.
    Final,
    /// The same with 4 octets of a sequence number behind the length.
    FinalSequence,
    /// A head of 128 octets with the time of the start; milliseconds since and a length before each frame.
    Rff,
    /// A capture of a network, pcap.
    Pcap,
    /// A capture of a network, pcapng.
    PcapNg,
}

/// A data block in the window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// Its octets, head and all.
    pub(super) octets: Range<usize>,
    /// When it was recorded, where the frame says so.
    pub(super) recorded: Option<Time>,
}

/// Something that is no block, and where it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Passed {
    /// In the window.
    pub(super) at: usize,
    /// Why.
    pub(super) reason: Reason,
    /// What it is.
    pub(super) found: &'static str,
}

/// Says whether octets begin with a block of a category that is known, whose records can be read.
pub(super) type Likely<'a> = &'a dyn Fn(&[u8]) -> bool;

/// What comes behind the octets that are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Behind {
    More,
    Nothing,
}

/// The framing of one file, and what its head says.
#[derive(Clone, Debug)]
pub(super) struct Frames {
    framing: Framing,
    capture: Capture,
    /// The start of a file in RFF, microseconds since 1970.
    start_us: Option<i64>,
    headed: bool,
}

/// What stands at a place of the window.
enum Step {
    /// A frame, its blocks, and the octets to go on behind.
    Frame(Range<usize>, Option<Time>, usize),
    /// Something else of so many octets.
    Pass(usize, Option<(Reason, &'static str)>),
    /// More octets are needed.
    More,
    /// No frame.
    Lost,
}

const PADDING: [u8; 4] = [0xa5; 4];

/// The longest frame of any framing but captures.
const FRAME_MOST: usize = 1 << 16;

impl Framing {
    /// The framing of a file that begins so, and how sure that is, of 100.
    #[must_use]
    pub(super) fn detect(octets: &[u8], likely: Likely<'_>) -> Option<(Self, u8)> {
        let (pcap, pcapng) = capture::begins(octets);
        if pcap || pcapng {
            return Some((if pcap { Self::Pcap } else { Self::PcapNg }, 60));
        }
        // Of raw blocks the second must be one too: the beginning of a frame may look like the first.
        let second = header(octets).and_then(|(_, length)| octets.get(length..));
        if likely(octets) && second.is_none_or(|second| second.is_empty() || likely(second)) {
            return Some((Self::Raw, 95));
        }
        for framing in [Self::Final, Self::FinalSequence, Self::Rff] {
            let mut frames = Frames::new(framing);
            let (mut blocks, mut passed) = (Vec::new(), Vec::new());
            frames.blocks(
                octets.get(..octets.len().min(FRAME_MOST * 2))?,
                Behind::Nothing,
                likely,
                &mut blocks,
                &mut passed,
            );
            let good = blocks.iter().filter(|block| octets.get(block.octets.clone()).is_some_and(likely)).count();
            if good > 0 && passed.len() <= good / 8 + 1 && blocks.first().is_some_and(|block| block.octets.start < 140)
            {
                return Some((framing, 95));
            }
        }
        likely(octets).then_some((Self::Raw, 50))
    }
}

impl Frames {
    /// The frames of a file that is framed so.
    #[must_use]
    pub(super) fn new(framing: Framing) -> Self {
        Self { framing, capture: Capture::default(), start_us: None, headed: false }
    }

    /// Finds the blocks of a window and what is none; how much of the window that is.
    pub(super) fn blocks(
        &mut self,
        window: &[u8],
        behind: Behind,
        likely: Likely<'_>,
        blocks: &mut Vec<Block>,
        passed: &mut Vec<Passed>,
    ) -> usize {
        let mut at = 0;
        while let Some(rest) = window.get(at..).filter(|rest| !rest.is_empty()) {
            match self.step(rest, behind, likely) {
                Step::Frame(content, recorded, size) => {
                    split(window, content.start + at..content.end + at, recorded, blocks, passed);
                    at += size;
                }
                Step::Pass(size, why) => {
                    passed.extend(why.map(|(reason, found)| Passed { at, reason, found }));
                    at += size.max(1);
                }
                Step::More if behind == Behind::More && at > 0 => return at,
                Step::More | Step::Lost => {
                    let found = if self.framing == Framing::Raw { "no data block" } else { "no frame" };
                    passed.push(Passed { at, reason: Reason::Framing, found });
                    at += self.next(rest, behind, likely);
                }
            }
        }
        at
    }

    fn step(&mut self, rest: &[u8], behind: Behind, likely: Likely<'_>) -> Step {
        let head = !self.headed;
        self.headed = true;
        match self.framing {
            Framing::Raw => raw(rest, behind, likely),
            Framing::Final => fixed(rest, 0),
            Framing::FinalSequence => fixed(rest, 4),
            Framing::Rff if head => self.rff_head(rest),
            Framing::Rff => self.rff(rest),
            Framing::Pcap if head => packet(self.capture.head(rest)),
            Framing::Pcap => packet(self.capture.classic(rest)),
            Framing::PcapNg => packet(self.capture.next_generation(rest)),
        }
    }

    /// How far it is to the next place at which a frame begins, or to the end of what can be judged.
    fn next(&mut self, rest: &[u8], behind: Behind, likely: Likely<'_>) -> usize {
        for at in 1..rest.len() {
            let Some(here) = rest.get(at..) else { break };
            let fits = match self.framing {
                Framing::Raw => likely(here),
                _ => self.fits(here, likely),
            };
            if fits {
                return at;
            }
        }
        // A frame that begins in the last part may not be whole yet.
        if behind == Behind::Nothing { rest.len() } else { rest.len().saturating_sub(FRAME_MOST).max(1) }
    }

    /// Whether a frame begins here that holds a block.
    fn fits(&mut self, here: &[u8], likely: Likely<'_>) -> bool {
        let kept = self.capture.clone();
        let step = self.step(here, Behind::Nothing, likely);
        self.capture = kept;
        matches!(step, Step::Frame(content, ..) if here.get(content.clone()).is_some_and(likely))
    }

    /// The head of RFF: texts of 20 octets for start and end, and 88 octets more.
    fn rff_head(&mut self, rest: &[u8]) -> Step {
        let Some(head) = rest.get(..128) else { return Step::More };
        let text = head.get(..19).and_then(|text| std::str::from_utf8(text).ok()).unwrap_or_default();
        self.start_us = parse_timestamp(&format!("{text}Z"));
        match self.start_us {
            Some(_) => Step::Pass(128, None),
            None => Step::Pass(128, Some((Reason::Malformed, "a head without the time of the start"))),
        }
    }

    fn rff(&self, rest: &[u8]) -> Step {
        let Some(&[a, b, c, d, low, high]) = rest.get(..6).and_then(|head| <&[u8; 6]>::try_from(head).ok()) else {
            return Step::More;
        };
        let size = 6 + usize::from(u16::from_le_bytes([low, high]));
        if size == 6 {
            return Step::Lost;
        }
        if rest.len() < size {
            return Step::More;
        }
        let since_us = i64::from(u32::from_le_bytes([a, b, c, d])) * 1000;
        let recorded = self.start_us.map(|start_us| Time::Utc(start_us.saturating_add(since_us)));
        let octets = rest.get(6..size).unwrap_or_default();
        if header(octets).is_none_or(|(_, length)| length > octets.len()) {
            return Step::Lost;
        }
        Step::Frame(6..size, recorded, size)
    }
}

/// Category and length of a block that begins here; none of a length that cannot be.
fn header(octets: &[u8]) -> Option<(u8, usize)> {
    let &[category, high, low] = <&[u8; 3]>::try_from(octets.get(..3)?).ok()?;
    let length = usize::from(u16::from_be_bytes([high, low]));
    (category > 0 && length > 3).then_some((category, length))
}

/// A block without a frame: it is one where another follows it, or the end, or its records can be read.
fn raw(rest: &[u8], behind: Behind, likely: Likely<'_>) -> Step {
    let wanting = if behind == Behind::Nothing { Step::Lost } else { Step::More };
    if rest.len() < 3 {
        return wanting;
    }
    let Some((category, length)) = header(rest) else { return Step::Lost };
    let Some(next) = rest.get(length..) else { return wanting };
    if next.len() < 3 && behind == Behind::More {
        return wanting;
    }
    let follows = next.is_empty() || header(next).is_some_and(|(next, _)| next == category);
    if follows || likely(rest) || likely(next) { Step::Frame(0..length, None, length) } else { Step::Lost }
}

/// A "final" frame, with so many octets of a sequence number.
fn fixed(rest: &[u8], sequence: usize) -> Step {
    let head = 8 + sequence;
    let Some((length, clock)) = rest.get(..2).zip(rest.get(sequence + 4..head)) else { return Step::More };
    let number = |octets: &[u8]| octets.iter().fold(0_u32, |sum, octet| sum << 8 | u32::from(*octet));
    let size = usize::try_from(number(length)).unwrap_or(0);
    let hundredths = number(clock.get(1..).unwrap_or_default());
    if size < head + 7 || hundredths > 8_640_000 {
        return Step::Lost;
    }
    let Some(frame) = rest.get(..size) else { return Step::More };
    if !frame.ends_with(&PADDING) {
        return Step::Lost;
    }
    let day = clock.first().map_or(0, |day| i64::from(*day));
    let recorded = Time::OfDay(day * 86_400_000_000 + i64::from(hundredths) * 10_000);
    Step::Frame(head..size - 4, Some(recorded), size)
}

fn packet(packet: Packet) -> Step {
    match packet {
        Packet::Udp(octets, us, size) => Step::Frame(octets, Some(Time::Utc(us)), size),
        Packet::Other(size) => Step::Pass(size, None),
        Packet::Fragment(size) => Step::Pass(size, Some((Reason::Incomplete, "a fragment of a datagram"))),
        Packet::More(_) => Step::More,
        Packet::Wrong => Step::Lost,
    }
}

/// Cuts the content of a frame into its blocks.
fn split(
    window: &[u8],
    content: Range<usize>,
    recorded: Option<Time>,
    blocks: &mut Vec<Block>,
    passed: &mut Vec<Passed>,
) {
    let mut at = content.start;
    while at < content.end {
        let rest = window.get(at..content.end).unwrap_or_default();
        match header(rest) {
            Some((_, length)) if length <= rest.len() => {
                blocks.push(Block { octets: at..at + length, recorded });
                at += length;
            }
            _ => {
                passed.push(Passed {
                    at,
                    reason: Reason::Framing,
                    found: "the rest of a frame, which is no data block",
                });
                return;
            }
        }
    }
}
