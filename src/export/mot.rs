//! MOT Challenge, in the form for three dimensions: `frame,id,-1,-1,-1,-1,conf,x,y,z`, a line each row.
//!
//! `frame` counts the picture's times from 1, `id` its tracks from 1 in the order in which they turn up (readers keep
//! such numbers as floats). There are no boxes. `conf` is the probability of existence, -1 where it is withheld. Places
//! are metres: of the recording, or Earth-centred (ECEF) ones.

use std::collections::BTreeMap;
use std::io::Write;

use super::ExportError;
use super::source::Source;
use crate::product::NewFile;

/// Writes the file.
pub(super) fn write(source: &Source<'_>, out: &mut NewFile) -> Result<(), ExportError> {
    let mut ids: BTreeMap<u64, usize> = BTreeMap::new();
    let (mut frame, mut of_us) = (0_u64, None);
    source.each(|row| {
        frame += u64::from(of_us != Some(row.time_us));
        of_us = Some(row.time_us);
        let next = ids.len() + 1;
        let id = *ids.entry(row.track).or_insert(next);
        let existence = row.existence.map_or_else(|| "-1".to_owned(), |existence| existence.to_string());
        let [x, y, z] = source.metres(&row);
        Ok(writeln!(out, "{frame},{id},-1,-1,-1,-1,{existence},{x:.3},{y:.3},{z:.3}")?)
    })
}
