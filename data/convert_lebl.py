"""Turns recordings of Barcelona airport's surface surveillance (ASTERIX) into a recording folder.

    python3 data/convert_lebl.py SMR.ast MLAT.ast ADSB_v023.ast OUT [smr,mlat]

SMR and MLAT are target reports of CAT010, ADSB those of CAT021 edition 0.23; OUT becomes a recording with the sensors named
(both where none are), local, planar about the aerodrome reference point, x east and y north. Needs nothing but Python. Same
input, same bytes.

The surface radar (polar) is given as it measures; multilateration as positions. Neither track numbers nor velocities nor
addresses reach the recording: addresses name the objects of the truth, which are ADS-B positions within 4 km of the aerodrome. Times of day
that begin again at midnight go on.
"""

import csv
import math
import sys
from pathlib import Path

# Aerodrome reference point, which multilateration measures about, and the surface radar: degrees.
ARP = (41 + 17 / 60 + 49.426 / 3600, 2 + 4 / 60 + 42.410 / 3600)
RADAR = (41 + 17 / 60 + 44.226 / 3600, 2 + 5 / 60 + 42.411 / 3600)
DAY_S = 86_400
TRUTH_WITHIN_M = 4_000.0

# Items in the order of the field specification: octets, or how a longer one says its length. `x`: while the last bit is
# set; (n, m): a count, then m octets for each, n of it; `c`: what an octet of presence bits announces; `l`: a length.
CAT010 = [2, 1, "x", 3, 8, 4, 4, 4, 4, 2, "x", 2, 3, 7, (1, 8), 1, 2, 2, "x", 1, 1, 4, (1, 2), 1, 2, None, "l", "l"]
CAT021 = [2, 2, 3, 6, 3, 2, 2, 1, 2, 2, 2, 2, 2, 2, 2, 4, "x", 6, 1, 1, 1, 1, (0, [2, 2, 2, 1]), 2, 2, "c", None, "l"]


def length(kind, data, at):
    if isinstance(kind, int):
        return kind
    if kind == "x":
        end = at
        while data[end] & 1:
            end += 1
        return end + 1 - at
    if kind == "l":
        return data[at]
    if isinstance(kind, tuple) and kind[0] == 1:
        return 1 + data[at] * kind[1]
    if isinstance(kind, tuple):
        return 1 + sum(octets for bit, octets in enumerate(kind[1]) if data[at] & 0x80 >> bit)
    raise ValueError(f"an item that this script does not read, at {at}")


def records(path, category, items):
    """Every record of a category: a dictionary from the place of an item, from 1, to its octets."""
    data = Path(path).read_bytes()
    block = 0
    while block + 3 <= len(data):
        end = block + int.from_bytes(data[block + 1 : block + 3])
        at = block + 3
        while data[block] == category and at < end:
            present, place = [], 0
            while True:
                octet = data[at]
                at += 1
                present += [place + bit + 1 for bit in range(7) if octet & 0x80 >> bit]
                place += 7
                if not octet & 1:
                    break
            record = {}
            for item in present:
                size = length(items[item - 1], data, at)
                record[item] = data[at : at + size]
                at += size
            yield record
        block = end


def signed(octets):
    return int.from_bytes(octets, signed=True)


class Clock:
    """Seconds that do not begin again at midnight."""

    def __init__(self):
        self.days, self.before = 0, None

    def at(self, octets):
        seconds = int.from_bytes(octets) / 128
        if self.before is not None and seconds < self.before - DAY_S / 2:
            self.days += 1
        if self.before is not None and seconds > self.before + DAY_S / 2:
            return seconds + (self.days - 1) * DAY_S
        self.before = seconds
        return seconds + self.days * DAY_S


def metres(latitude, longitude):
    """East and north of the reference point, on the tangent of WGS 84; centimetres over an aerodrome."""
    a, e2 = 6_378_137.0, 6.694379990141e-3
    sin = math.sin(math.radians(ARP[0]))
    prime = a / math.sqrt(1 - e2 * sin * sin)
    meridian = prime * (1 - e2) / (1 - e2 * sin * sin)
    north = math.radians(latitude - ARP[0]) * meridian
    east = math.radians(longitude - ARP[1]) * prime * math.cos(math.radians((latitude + ARP[0]) / 2))
    return east, north


def table(path, columns, rows):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def main():
    smr, mlat, adsb, out = (Path(path) for path in sys.argv[1:5])
    wanted = sys.argv[5].split(",") if len(sys.argv) > 5 else ["smr", "mlat"]
    out.mkdir(parents=True, exist_ok=True)
    rows, truth = [], {}
    if "smr" in wanted:
        clock = Clock()
        for record in records(smr, 10, CAT010):
            if record[2] == b"\x01" and 6 in record:
                range_m = int.from_bytes(record[6][:2])
                azimuth = int.from_bytes(record[6][2:]) * 360 / 65_536
                rows.append((clock.at(record[4]), "smr", "", "", range_m, f"{azimuth:.5f}"))
    if "mlat" in wanted:
        clock = Clock()
        for record in records(mlat, 10, CAT010):
            if record[2] == b"\x01" and 7 in record:
                x, y = signed(record[7][:2]), signed(record[7][2:])
                rows.append((clock.at(record[4]), "mlat", x, y, "", ""))
    clock = Clock()
    for record in records(adsb, 21, CAT021):
        if {3, 4, 5} <= record.keys():
            latitude, longitude = (signed(octets) * 180 / 2**23 for octets in (record[4][:3], record[4][3:]))
            east, north = metres(latitude, longitude)
            if math.hypot(east, north) <= TRUTH_WITHIN_M:
                truth[f"{clock.at(record[3]):.6f}", record[5].hex()] = (f"{east:.2f}", f"{north:.2f}")
    rows.sort(key=lambda row: (row[0], row[1], str(row[2:])))
    site = metres(*RADAR)
    catalogue = ['name = "lebl"\nframe = "local"\ntime = "seconds"']
    if "mlat" in wanted:
        catalogue.append(
            '[[sensor]]\nname = "mlat"\nowner = "airport"\nkind = "position"\nscan_period_s = 1.0\n'
            "detection_probability = 0.85\nclutter_per_scan = 0.1\nnoise = { horizontal_m = 6.0 }\n"
            "coverage = { x_m = [-12000.0, 12000.0], y_m = [-12000.0, 12000.0] }"
        )
    if "smr" in wanted:
        catalogue.append(
            '[[sensor]]\nname = "smr"\nowner = "airport"\nkind = "radar"\nscan_period_s = 1.0\n'
            "detection_probability = 0.8\nclutter_per_scan = 3.0\nnoise = { range_m = 8.0, azimuth_deg = 0.3 }\n"
            f"site = {{ x_m = {site[0]:.1f}, y_m = {site[1]:.1f}, z_m = 0.0 }}\n"
            "coverage = { range_m = [20.0, 5000.0] }"
        )
    (out / "recording.toml").write_text("\n\n".join(catalogue) + "\n")
    columns = ["time", "sensor", "x_m", "y_m", "range_m", "azimuth_deg"]
    table(out / "detections.csv", columns, [(f"{time:.6f}", *rest) for time, *rest in rows])
    table(out / "truth.csv", ["time", "object", "x_m", "y_m"], [(*key, *truth[key]) for key in sorted(truth, key=lambda k: (float(k[0]), k[1]))])


if __name__ == "__main__":
    main()
