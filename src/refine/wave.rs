//! The tracks of one lane after one wave, column by column within parts of so many tracks: a column that has one value in a part
//! is that value once.
//!
//! Tracks of a wave agree in much: sources, the times of detections, and all that a plane has no part in. Nothing is lost.

use super::history::Known;
use crate::fusion::batch::Estimate;
use crate::fusion::credit::{time_us, words};
use crate::fusion::past::Trace;
use core::convert::Infallible;
use core::ops::Range;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::sync::Arc;

/// Tracks of a part: few enough for a processor's own memory.
pub(super) const PART: usize = 512;
/// Columns of a track: an estimate, and by how much later than its last detection was made what it rests on.
const COLUMNS: usize = Estimate::WORDS + 2;
const _: () = assert!(COLUMNS <= 64, "a bit each");

/// Tracks in the order of their births.
#[derive(Clone, Debug)]
pub(super) struct Wave {
    parts: Arc<[Part]>,
    /// What is known of the time before the births of some that began in it: birth, number of points, points.
    begun: Arc<[u32]>,
}

/// At most [`PART`] of them.
#[derive(Clone, Debug)]
struct Part {
    shape: Shape,
    words: Vec<u32>,
}

/// What tells the words of a wave apart.
#[derive(Clone, Debug)]
pub(super) struct Shapes {
    parts: Vec<Shape>,
    begun: usize,
}

/// What tells the words of a part apart.
#[derive(Clone, Copy, Debug)]
struct Shape {
    born: [u32; 2],
    tracks: usize,
    /// A bit for each column that has several values.
    several: u64,
}

impl Shapes {
    /// Bytes of the wave.
    pub(super) fn bytes(&self) -> u64 {
        let words = self.parts.iter().map(Shape::words).sum::<usize>() + self.begun;
        (size_of::<u32>() * words) as u64
    }
}

impl Shape {
    fn length(&self, column: usize) -> usize {
        if self.several >> column & 1 == 1 { self.tracks } else { 1 }
    }

    /// Words of the part.
    fn words(&self) -> usize {
        (0..COLUMNS).map(|column| self.length(column)).sum()
    }
}

impl Wave {
    /// Parts, each made from what makes it.
    pub(super) fn collect<T: Copy + Into<Known>>(parts: impl IndexedParallelIterator<Item = impl AsRef<[T]>>) -> Self {
        let parts: Vec<Part> = parts.map(|tracks| Part::of(tracks.as_ref())).collect();
        Self { parts: parts.into(), begun: Arc::default() }
    }

    /// These tracks.
    pub(super) fn of<T: Copy + Into<Known> + Sync>(tracks: &[T]) -> Self {
        Self::collect(tracks.par_chunks(PART))
    }

    /// The same with what is known of the time before the births of some.
    pub(super) fn begun(self, traces: &[([u32; 2], Trace)]) -> Self {
        let mut begun = Vec::new();
        for (born, trace) in traces {
            begun.extend(*born);
            begun.extend(u32::try_from(trace.points().len()));
            for (at_us, there) in trace.points() {
                begun.extend(words(*at_us));
                begun.push(there.to_bits());
            }
        }
        Self { begun: begun.into(), ..self }
    }

    /// What is known of the time before the births of some, by birth.
    pub(super) fn traces(&self) -> BTreeMap<[u32; 2], Trace> {
        let mut words = self.begun.iter().copied();
        let mut next = move || {
            let (born, count) = ([words.next()?, words.next()?], words.next()?);
            let mut point = |_| Some((time_us([words.next()?, words.next()?]), f32::from_bits(words.next()?)));
            Some((born, Trace::from_points((0..count).map_while(&mut point).collect())))
        };
        core::iter::from_fn(&mut next).collect()
    }

    /// Number of parts.
    pub(super) fn parts(&self) -> usize {
        self.parts.len()
    }

    /// Its bytes.
    pub(super) fn bytes(&self) -> u64 {
        let words = self.parts.iter().map(|part| part.words.len()).sum::<usize>() + self.begun.len();
        (size_of::<u32>() * words) as u64
    }

    /// All tracks.
    pub(super) fn tracks(&self) -> Vec<Known> {
        // Every part but the last is full.
        let count = self.parts.iter().map(|part| part.shape.tracks).sum::<usize>();
        let one = |last: &mut (usize, _), track: usize| {
            if last.0 != track / PART {
                *last = (track / PART, self.parts.get(track / PART).map_or(NO_COLUMNS, Part::columns));
            }
            known(&last.1, track % PART)
        };
        (0..count).into_par_iter().with_min_len(PART).map_init(|| (usize::MAX, NO_COLUMNS), one).collect()
    }

    /// The tracks of some parts.
    pub(super) fn of_parts(&self, parts: Range<usize>) -> Vec<Known> {
        let mut tracks = Vec::with_capacity(PART * parts.len());
        self.parts.get(parts).unwrap_or_default().iter().for_each(|part| tracks.extend(part.tracks()));
        tracks
    }

    /// The parts in which tracks are if they are there, by the births of the first and the last of them.
    pub(super) fn around(&self, [first, last]: [[u32; 2]; 2]) -> Range<usize> {
        let until = |born: [u32; 2]| self.parts.partition_point(|part| part.shape.born <= born);
        until(first).saturating_sub(1)..until(last)
    }

    /// The tracks from a birth on.
    pub(super) fn since(&self, born: [u32; 2]) -> Vec<Known> {
        let mut tracks = self.of_parts(self.around([born; 2]).start..self.parts());
        tracks.retain(|known| known.estimate.born >= born);
        tracks
    }

    /// Writes its words; what tells them apart is not written, and given.
    pub(super) fn write(&self, to: &mut impl Write) -> io::Result<Shapes> {
        self.parts.iter().try_for_each(|part| to.write_all(bytemuck::cast_slice(&part.words)))?;
        to.write_all(bytemuck::cast_slice(&self.begun))?;
        Ok(Shapes { parts: self.parts.iter().map(|part| part.shape).collect(), begun: self.begun.len() })
    }

    /// Reads what was written.
    pub(super) fn read(from: &mut impl Read, shapes: &Shapes) -> io::Result<Self> {
        let mut words = |length: usize| {
            let mut words = vec![0; length];
            from.read_exact(bytemuck::cast_slice_mut(&mut words)).map(|()| words)
        };
        let part = |shape: &Shape| Ok(Part { shape: *shape, words: words(shape.words())? });
        let parts = shapes.parts.iter().map(part).collect::<io::Result<Vec<_>>>()?;
        Ok(Self { parts: parts.into(), begun: words(shapes.begun)?.into() })
    }
}

impl Part {
    fn of<T: Copy + Into<Known>>(tracks: &[T]) -> Self {
        let mut rows = Vec::with_capacity(COLUMNS * tracks.len());
        for track in tracks {
            let Known { estimate, known_us } = (*track).into();
            estimate.put(&mut |word| rows.push(word));
            rows.extend(words(known_us.wrapping_sub(estimate.last_detection_us)));
        }
        let born = tracks.first().map_or([0; 2], |first| (*first).into().estimate.born);
        let mut shape = Shape { born, tracks: tracks.len(), several: 0 };
        for (column, first) in rows.iter().take(COLUMNS).enumerate() {
            let several = rows.chunks_exact(COLUMNS).any(|row| row.get(column) != Some(first));
            shape.several |= u64::from(several) << column;
        }
        let mut words = Vec::with_capacity(shape.words());
        for column in 0..COLUMNS {
            words.extend(rows.chunks_exact(COLUMNS).filter_map(|row| row.get(column)).take(shape.length(column)));
        }
        Self { shape, words }
    }

    fn columns(&self) -> Columns<'_> {
        let (mut columns, mut rest) = (NO_COLUMNS, self.words.as_slice());
        for (number, column) in columns.iter_mut().enumerate() {
            (*column, rest) = rest.split_at_checked(self.shape.length(number)).unwrap_or_default();
        }
        columns
    }

    fn tracks(&self) -> impl ExactSizeIterator<Item = Known> {
        let columns = self.columns();
        (0..self.shape.tracks).map(move |row| known(&columns, row))
    }
}

/// A column has a word for each track, or one for all.
type Columns<'a> = [&'a [u32]; COLUMNS];
const NO_COLUMNS: Columns<'static> = [&[]; COLUMNS];

/// A track of a part.
#[inline]
fn known(columns: &Columns<'_>, row: usize) -> Known {
    let mut of_row = columns.iter().map(|column| column.get(row).or(column.first()));
    let mut word = || of_row.next().flatten().copied().unwrap_or_default();
    let Ok(estimate) = Estimate::take(&mut || Ok::<_, Infallible>(word()));
    let later_us = time_us([word(), word()]);
    Known { estimate, known_us: estimate.last_detection_us.wrapping_add(later_us) }
}
