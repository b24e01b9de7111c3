#!/bin/sh
# An en-route radar (category 48), its addresses withheld from the tracker: radar.sh WORK
# Imports, completes the draft, runs, and says how well tracks keep to addresses, imported and read in place.
. "$(dirname "$0")/common.sh"
file=$(ls "$recordings"/asterix_cat048_bcn_2023/*.ast)
for how in imported in-place; do
    rm -rf "$1/$how"
    "$trackweave" import "$file" --out "$1/$how" --date 2023-05-02 \
        --site 020/129/CAT048=41.30070234,2.10205817,80 $([ $how = in-place ] && echo --in-place) >&2
    complete "$1/$how"
    fuse "$1/$how" "$here/radar.toml" "$1/out-$how"
done
diff -r "$1/out-imported/birch" "$1/out-in-place/birch" >&2
"$python" "$here/addresses.py" "$1/imported" "$1/out-imported/birch"
