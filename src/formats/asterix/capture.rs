//! Captures of a network: pcap and pcapng, and the UDP in them, with and without VLAN tags.

use std::ops::Range;

/// What a capture says at its beginning, and what follows from it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Capture {
    /// Whether numbers have their lowest octet first.
    little: bool,
    /// The interfaces: of pcap one.
    interfaces: Vec<Interface>,
}

/// Where packets were captured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Interface {
    link: u16,
    /// Units of a time stamp in a second.
    units: u64,
}

/// A packet, or what else stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Packet {
    /// Octets that UDP carries, when they came, microseconds since 1970, and how many octets to go on behind.
    Udp(Range<usize>, i64, usize),
    /// Anything else, of so many octets.
    Other(usize),
    /// A part of a datagram that was cut into several: it is not put together.
    Fragment(usize),
    /// More octets are needed, so many in all.
    More(usize),
    /// Nothing that a capture has.
    Wrong,
}

/// The longest packet; a longer one is a damage.
const PACKET_MOST: usize = 1 << 18;

/// Whether octets begin a capture: pcap, pcapng.
#[must_use]
pub(super) fn begins(octets: &[u8]) -> (bool, bool) {
    let magic = octets.get(..4);
    let classic: [&[u8]; 4] =
        [&[0xd4, 0xc3, 0xb2, 0xa1], &[0xa1, 0xb2, 0xc3, 0xd4], &[0x4d, 0x3c, 0xb2, 0xa1], &[0xa1, 0xb2, 0x3c, 0x4d]];
    (magic.is_some_and(|magic| classic.contains(&magic)), magic == Some(&[0x0a, 0x0d, 0x0d, 0x0a]))
}

fn big(octets: &[u8], at: usize) -> Option<u16> {
    let two = octets.get(at..at + 2)?;
    Some(u16::from_be_bytes(two.try_into().ok()?))
}

impl Capture {
    fn short(&self, octets: &[u8], at: usize) -> Option<u16> {
        let number = big(octets, at)?;
        Some(if self.little { number.swap_bytes() } else { number })
    }

    fn word(&self, octets: &[u8], at: usize) -> Option<u32> {
        let four: [u8; 4] = octets.get(at..at + 4)?.try_into().ok()?;
        Some(if self.little { u32::from_le_bytes(four) } else { u32::from_be_bytes(four) })
    }

    fn size(&self, octets: &[u8], at: usize) -> Option<usize> {
        usize::try_from(self.word(octets, at)?).ok()
    }

    /// The head of a pcap file, 24 octets.
    pub(super) fn head(&mut self, octets: &[u8]) -> Packet {
        let Some(magic) = octets.get(..4) else { return Packet::More(24) };
        self.little = matches!(magic.first(), Some(0xd4 | 0x4d));
        let units = if magic.contains(&0x4d) { 1_000_000_000 } else { 1_000_000 };
        let Some(link) = self.word(octets, 20) else { return Packet::More(24) };
        let link = u16::try_from(link & 0xffff).unwrap_or(0);
        self.interfaces = vec![Interface { link, units }];
        Packet::Other(24)
    }

    /// The next packet of a pcap file.
    #[must_use]
    pub(super) fn classic(&self, octets: &[u8]) -> Packet {
        let Some((captured, whole)) = self.size(octets, 8).zip(self.size(octets, 12)) else { return Packet::More(16) };
        let interface = self.interfaces.first().copied().unwrap_or(Interface { link: 1, units: 1_000_000 });
        let fraction = self.word(octets, 4).map_or(0, u64::from);
        if captured > PACKET_MOST || captured > whole.max(64) || fraction >= interface.units {
            return Packet::Wrong;
        }
        let end = 16 + captured;
        let Some(packet) = octets.get(16..end) else { return Packet::More(end) };
        let seconds = self.word(octets, 0).map_or(0, i64::from);
        let us = seconds * 1_000_000 + i64::try_from(fraction * 1_000_000 / interface.units).unwrap_or(0);
        udp(packet, interface.link, 16, us, end)
    }

    /// The next block of a pcapng file.
    pub(super) fn next_generation(&mut self, octets: &[u8]) -> Packet {
        let Some(kind) = self.word(octets, 0) else { return Packet::More(12) };
        if kind == 0x0a0d_0d0a {
            match octets.get(8..12) {
                None => return Packet::More(12),
                Some([0x4d, 0x3c, 0x2b, 0x1a]) => self.little = true,
                Some([0x1a, 0x2b, 0x3c, 0x4d]) => self.little = false,
                Some(_) => return Packet::Wrong,
            }
            self.interfaces.clear();
        }
        let Some(size) = self.size(octets, 4) else { return Packet::More(12) };
        if size < 12 || size % 4 != 0 || size > PACKET_MOST * 2 {
            return Packet::Wrong;
        }
        let Some(block) = octets.get(..size) else { return Packet::More(size) };
        if self.size(block, size - 4) != Some(size) {
            return Packet::Wrong;
        }
        match kind {
            1 => self.interface(block),
            2 => return self.enhanced(block, self.short(block, 8).map_or(usize::MAX, usize::from)),
            6 => return self.enhanced(block, self.size(block, 8).unwrap_or(usize::MAX)),
            _ => {}
        }
        Packet::Other(size)
    }

    /// A block that describes an interface; option 9 is the resolution of its time stamps.
    fn interface(&mut self, block: &[u8]) {
        let mut units = 1_000_000;
        let mut at = 16;
        while let Some((code, size)) =
            self.short(block, at).zip(self.short(block, at + 2)).filter(|(code, _)| *code != 0)
        {
            if let (9, Some(resolution)) = (code, block.get(at + 4)) {
                let power = u32::from(resolution & 0x7f);
                let base = if resolution & 0x80 == 0 { 10_u64 } else { 2 };
                units = base.checked_pow(power).unwrap_or(1_000_000);
            }
            at += 4 + usize::from(size).next_multiple_of(4);
        }
        self.interfaces.push(Interface { link: self.short(block, 8).unwrap_or(1), units });
    }

    /// A block with a packet; its layout but for the interface is that of the obsolete one too.
    fn enhanced(&self, block: &[u8], interface: usize) -> Packet {
        let Some(interface) = self.interfaces.get(interface) else { return Packet::Other(block.len()) };
        let stamp = self.word(block, 12).zip(self.word(block, 16));
        let (high, low) = stamp.unwrap_or_default();
        let stamp = u128::from(high) << 32 | u128::from(low);
        let us = i64::try_from(stamp * 1_000_000 / u128::from(interface.units)).unwrap_or(0);
        let captured = self.size(block, 20).unwrap_or(0);
        let Some(packet) = captured.checked_add(28).and_then(|end| block.get(28..end)) else {
            return Packet::Other(block.len());
        };
        udp(packet, interface.link, 28, us, block.len())
    }
}

/// What UDP carries in a packet that begins `before` octets behind those that count.
fn udp(packet: &[u8], link: u16, before: usize, us: i64, size: usize) -> Packet {
    match datagram(packet, link) {
        Some(Ok(range)) => Packet::Udp(range.start + before..range.end + before, us, size),
        Some(Err(())) => Packet::Fragment(size),
        None => Packet::Other(size),
    }
}

/// Where in a packet the octets are that UDP carries; an error of a fragment.
fn datagram(packet: &[u8], link: u16) -> Option<Result<Range<usize>, ()>> {
    // Loopback, Ethernet, raw IP, Linux's cooked captures: octets before the type of what follows, and of all before it.
    let (mut kind, mut at) = match link {
        0 | 108 => (0, 4),
        1 => (big(packet, 12)?, 14),
        12 | 14 | 101 | 228 | 229 => (0, 0),
        113 => (big(packet, 14)?, 16),
        276 => (big(packet, 0)?, 20),
        _ => return None,
    };
    while matches!(kind, 0x8100 | 0x88a8 | 0x9100) {
        (kind, at) = (big(packet, at + 2)?, at + 4);
    }
    let first = *packet.get(at)?;
    let udp = match (kind, first >> 4) {
        (0 | 0x0800, 4) => {
            if *packet.get(at + 9)? != 17 {
                return None;
            }
            // More fragments, or an offset.
            if big(packet, at + 6)? & 0x3fff != 0 {
                return Some(Err(()));
            }
            at + usize::from(first & 15) * 4
        }
        (0 | 0x86dd, 6) if *packet.get(at + 6)? == 17 => at + 40,
        _ => return None,
    };
    let length = usize::from(big(packet, udp + 4)?);
    let range = udp + 8..udp + length;
    packet.get(range.clone()).filter(|octets| !octets.is_empty())?;
    Some(Ok(range))
}
