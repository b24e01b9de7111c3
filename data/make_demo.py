"""Makes `data/demo/recording`: two busy hours over Switzerland, seen by four receivers of three owners.

    pip download traffic==2.13 --no-deps          # the source; any way to get the wheel will do
    python3 data/make_demo.py traffic-2.13-py3-none-any.whl data/demo/recording

The first argument is the wheel, or `switzerland.json.gz` taken out of it. Needs pandas and pyarrow; downloads nothing.
The aircraft and their tracks are real. The receivers, their owners and what each of them misses are our assumption.
Same input, same bytes. See `data/README.md`.
"""

import gzip
import hashlib
import sys
import tempfile
import zipfile
from pathlib import Path

import pandas as pd

from convert_traffic import clean, head, horizontal_sigma_m, read_traffic, report, sensor, table, truth_table, write

INSIDE_WHEEL = "traffic/data/samples/collections/switzerland.json.gz"
SOURCE_SHA256 = "ff5be108224b2a96892a697faf2a7492bf530e64d145d9675eb927c4ed97d4c3"
FROM, TO = pd.Timestamp("2018-08-01T11:00:00Z"), pd.Timestamp("2018-08-01T13:00:00Z")
PERIOD_S = 10.0
DETECTION_PROBABILITY = 0.9

# name, owner, longitudes, latitudes: boxes within what the data cover, 5.9 to 10.5 E and 45.8 to 47.9 N.
RECEIVERS = [
    ("aspen-west", "aspen", [5.9, 8.2], [45.8, 47.9]),
    ("aspen-east", "aspen", [7.6, 10.5], [45.8, 47.9]),
    ("birch-south", "birch", [5.9, 10.5], [45.8, 46.7]),
    ("clover-north", "clover", [5.9, 10.5], [46.8, 47.9]),
]
HEIGHT_M = [9000.0, 15000.0]


def source(path):
    """The collection, checked to be the one that this page is about."""
    path = Path(path)
    data = zipfile.ZipFile(path).read(INSIDE_WHEEL) if path.suffix == ".whl" else path.read_bytes()
    found = hashlib.sha256(data).hexdigest()
    if found != SOURCE_SHA256:
        sys.exit(f"{path}: the collection has sha256 {found}; wanted {SOURCE_SHA256}")
    gzip.decompress(data)
    return data


def heard(receiver, address, time_us):
    """Whether a receiver gets a report: a digest decides, so that receivers differ and reruns do not."""
    digest = hashlib.sha256(f"{receiver} {address} {time_us}".encode()).digest()
    return int.from_bytes(digest[:8], "big") < DETECTION_PROBABILITY * 2**64


def main(path, out):
    """Reads, cuts, deals out and writes."""
    with tempfile.NamedTemporaryFile(suffix=".json.gz") as collection:
        collection.write(source(path))
        collection.flush()
        rows = read_traffic(collection.name)
    counts = {}
    rows = clean(rows, counts)
    sigma_m = horizontal_sigma_m(rows, PERIOD_S, counts)
    window = (rows["time_us"] >= FROM.value // 1000) & (rows["time_us"] < TO.value // 1000)
    rows = rows[window].reset_index(drop=True)
    counts["rows from 11:00 to 13:00 UTC"] = len(rows)
    counts["aircraft in them"] = rows["object"].nunique()
    catalogue = head(
        "swiss-airspace",
        "# Made by data/make_demo.py. The aircraft are real; receivers and owners are our assumption.\n"
        "# Altitude is barometric: pressure altitude, not height above the ellipsoid.\n",
    )
    parts = []
    for order, (name, owner, longitude_deg, latitude_deg) in enumerate(RECEIVERS):
        inside = rows["longitude_deg"].between(*longitude_deg) & rows["latitude_deg"].between(*latitude_deg)
        part = rows[inside & rows["altitude_m"].between(*HEIGHT_M)]
        part = part[[heard(name, *key) for key in zip(part["object"], part["time_us"])]]
        counts[f"detections of {name}, of {int(inside.sum())} rows in its box"] = len(part)
        parts.append(part.assign(sensor=name, identity=part["object"], order=order))
        coverage = f"longitude_deg = {longitude_deg}, latitude_deg = {latitude_deg}, height_m = {HEIGHT_M}"
        catalogue += sensor(name, owner, DETECTION_PROBABILITY, PERIOD_S, coverage, sigma_m)
    detections = pd.concat(parts).sort_values(["time_us", "object", "order"], kind="stable")
    columns = ["sensor", "latitude_deg", "longitude_deg", "altitude_m", "identity"]
    write(out, catalogue, table(detections, columns), truth_table(rows))
    report(counts, out)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
