"""How well tracks keep to the addresses that targets sent, which the tracker was not given.

    python3 addresses.py RECORDING PICTURE

PICTURE is the folder of a partner who may fuse the whole recording, made with `associations = true` and without
`[fusion.identity]`. Prints one JSON object. Detections of a picture are numbered in the order of time; those that share their
microsecond with another one cannot be told apart by that and are left out. A track is of the address that most of its
detections sent. Needs pyarrow.
"""

import json
import sys
from collections import Counter, defaultdict
from itertools import groupby
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq


def main(recording, picture):
    table = pq.read_table(Path(recording) / "detections.parquet", columns=["time", "identity"])
    times = table["time"]
    if pa.types.is_timestamp(times.type):
        times = times.cast(pa.int64())
    rows = sorted(zip(times.to_pylist(), table["identity"].to_pylist()), key=lambda row: row[0])
    alone = {}
    number = 0
    for _, tied in groupby(rows, key=lambda row: row[0]):
        tied = list(tied)
        if len(tied) == 1:
            alone[number] = tied[0]
        number += len(tied)

    taken = {}
    table = pq.read_table(Path(picture) / "associations.parquet", columns=["track", "detection", "probability"])
    for track, detection, probability in zip(*(column.to_pylist() for column in table.columns)):
        if probability > taken.get(detection, (0.0, None))[0]:
            taken[detection] = (probability, track)

    votes = defaultdict(Counter)
    for detection, (_, address) in alone.items():
        if address and detection in taken:
            votes[taken[detection][1]][address] += 1
    of = {track: counts.most_common(1)[0][0] for track, counts in votes.items()}

    addressed = [(at, address) for at, (_, address) in alone.items() if address]
    right = sum(at in taken and of[taken[at][1]] == address for at, address in addressed)
    pure = sum(counts.most_common(1)[0][1] for counts in votes.values())
    seen = defaultdict(list)
    for at, address in addressed:
        seen[address].append(alone[at][0])
    unit = 1e6 if isinstance(rows[0][0], int) else 1.0
    hours = sum(max(of_one) - min(of_one) for of_one in seen.values()) / unit / 3600
    pieces = Counter(of.values())
    breaks = sum(count - 1 for count in pieces.values())
    print(json.dumps({
        "detections": len(rows),
        "judged": len(addressed),
        "addresses": len(seen),
        "in_a_track_of_their_address": round(right / len(addressed), 5),
        "purity": round(pure / sum(sum(counts.values()) for counts in votes.values()), 5),
        "aircraft_hours": round(hours, 2),
        "breaks": breaks,
        "breaks_an_aircraft_hour": round(breaks / hours, 3),
    }))


main(*sys.argv[1:])
