#!/bin/sh
# Surface radar and multilateration of an airport (category 10), ADS-B (category 21, edition 0.23) as truth: airport.sh WORK
# Imports multilateration alone, then both, completes the drafts, runs and scores.
. "$(dirname "$0")/common.sh"
data=$recordings/asterix_lebl_2016
for which in mlat smr,mlat; do
    out=$1/$which
    rm -rf "$out"
    files=
    for one in $(echo "$which" | tr , ' '); do files="$files $(ls "$data"/${one}_*.ast)"; done
    site=
    [ "$which" = mlat ] || site="--site 000/007/CAT010=41.29561833333333,2.095114166666667,60"
    "$trackweave" import $files --out "$out" --date 2016-05-10 --altitude-m 53 $site \
        --origin 000/107/CAT010=41.297062777777775,2.0784472222222226,52 --truth "$(ls "$data"/adsb_v023_*.ast)" >&2
    complete "$out"
    # Errors of multilateration stay from row to row, where what was found is what changes.
    sed -i "s/horizontal_m = [0-9.]*/horizontal_m = 4.0/" "$out/recording.toml"
    # The surface radar measures no heights: it sees the ground.
    sed -i 's/^coverage = { range_m = \(\[[^]]*\]\) }.*/coverage = { range_m = \1, height_m = [40.0, 70.0] }/' "$out/recording.toml"
    fuse "$out" "$here/airport.toml" "$1/out-$which"
    "$trackweave" score "$1/out-$which" --truth "$out" --partial-truth --json
done
