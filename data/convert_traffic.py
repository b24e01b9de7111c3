"""Turns ADS-B trajectories into recording folders.

    python3 data/convert_traffic.py SOURCE OUT

SOURCE is one of the sample collections of the Python package `traffic` (`switzerland.json.gz`, `quickstart.json.gz`) or
a CSV of OpenSky states; OUT becomes a recording folder with one sensor `adsb` of owner `open`. Needs pandas and pyarrow.
Same input, same bytes. `data/README.md` says what the numbers mean and what is assumed.
"""

import gzip
import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

FOOT_M = 0.3048
KNOT_M_S = 1852 / 3600
FOOT_A_MINUTE_M_S = FOOT_M / 60

# Slower aircraft may stand still: only a faster one's unchanged position is a fix that was repeated.
MOVING_M_S = 20 * KNOT_M_S
# No civil aircraft flies higher; the quickstart collection has altitudes of 37 km, which are decoding errors.
HIGHEST_M = 20_000.0


def read_traffic(path):
    """Rows of a sample collection of `traffic`: feet, knots, feet a minute and milliseconds become SI units."""
    rows = pd.DataFrame(json.loads(gzip.decompress(Path(path).read_bytes())))
    return pd.DataFrame(
        {
            "time_us": rows["timestamp"].astype("int64") * 1000,
            "object": rows["icao24"].astype(str),
            "latitude_deg": rows["latitude"].astype(float),
            "longitude_deg": rows["longitude"].astype(float),
            "altitude_m": rows["altitude"].astype(float) * FOOT_M,
            "speed_m_s": rows["groundspeed"].astype(float) * KNOT_M_S,
            "track_deg": rows["track"].astype(float),
            "up_m_s": rows["vertical_rate"].astype(float) * FOOT_A_MINUTE_M_S,
        }
    )


def read_opensky(path):
    """Rows of a CSV of OpenSky states: SI units already; barometric altitude, as in `traffic`."""
    rows = pd.read_csv(path, dtype={"icao24": str})
    return pd.DataFrame(
        {
            "time_us": (rows["time"] * 1e6).round().astype("int64"),
            "object": rows["icao24"],
            "latitude_deg": rows["lat"],
            "longitude_deg": rows["lon"],
            "altitude_m": rows["baroaltitude"],
            "speed_m_s": rows["velocity"],
            "track_deg": rows["heading"],
            "up_m_s": rows["vertrate"],
        }
    )


def clean(rows, counts):
    """Drops what is no measurement, counts it by reason, and sorts by (time, object)."""

    def keep(kept, reason):
        nonlocal rows
        counts[reason] = int((~kept).sum())
        rows = rows[kept]

    counts["rows read"] = len(rows)
    keep(rows[["latitude_deg", "longitude_deg"]].notna().all(axis=1), "dropped: no position")
    keep(rows["altitude_m"].notna(), "dropped: no altitude (on the ground, mostly)")
    keep(rows["altitude_m"] <= HIGHEST_M, "dropped: altitude above 20 km")
    keep(~rows.duplicated(["object", "time_us"]), "dropped: second row of an aircraft at one time")
    rows = rows.sort_values(["object", "time_us"], kind="stable")
    before = rows.groupby("object")[["latitude_deg", "longitude_deg"]].shift()
    same = (rows[["latitude_deg", "longitude_deg"]] == before).all(axis=1)
    # A speed that is missing does not say that the aircraft moves.
    keep(~(same & (rows["speed_m_s"] > MOVING_M_S)), "dropped: position repeated while moving")
    counts["kept: position repeated, slow or of unknown speed"] = int((same & ~(rows["speed_m_s"] > MOVING_M_S)).sum())
    rows = rows.sort_values(["time_us", "object"], kind="stable").reset_index(drop=True)
    heading = np.radians(rows["track_deg"])
    rows["east_m_s"] = rows["speed_m_s"] * np.sin(heading)
    rows["north_m_s"] = rows["speed_m_s"] * np.cos(heading)
    counts["rows kept"] = len(rows)
    counts["aircraft"] = rows["object"].nunique()
    return rows


def horizontal_sigma_m(rows, period_s, counts):
    """What the positions themselves say of their noise: second differences of three rows in a row, along the track
    and across it. A Gaussian that agrees with their medians is narrower than one that agrees with their 90th
    percentiles (time stamps that are late by up to a period are rare and large): take the middle, to 5 m."""
    rows = rows.sort_values(["object", "time_us"], kind="stable")
    group = rows.groupby("object")
    before = group[["time_us", "latitude_deg", "longitude_deg"]].shift(1)
    after = group[["time_us", "latitude_deg", "longitude_deg"]].shift(-1)
    step = period_s * 1e6
    whole = (rows["time_us"] - before["time_us"] == step) & (after["time_us"] - rows["time_us"] == step)
    north_m = 6_371_000.0 * np.pi / 180
    east_m = north_m * np.cos(np.radians(rows["latitude_deg"]))
    n = (before["latitude_deg"] + after["latitude_deg"] - 2 * rows["latitude_deg"]) * north_m
    e = (before["longitude_deg"] + after["longitude_deg"] - 2 * rows["longitude_deg"]) * east_m
    vn = (after["latitude_deg"] - before["latitude_deg"]) * north_m
    ve = (after["longitude_deg"] - before["longitude_deg"]) * east_m
    speed = np.hypot(vn, ve)
    whole &= speed > 0
    # The variance of a second difference is 1 + 4 + 1 times that of a position.
    along = (np.abs(n * vn + e * ve) / speed)[whole] / np.sqrt(6)
    across = (np.abs(e * vn - n * ve) / speed)[whole] / np.sqrt(6)
    both = []
    for quantile, of_gaussian in [(0.5, 0.6745), (0.9, 1.6449)]:
        parts = [part.quantile(quantile) / of_gaussian for part in (along, across)]
        both.append(float(np.hypot(*parts) / np.sqrt(2)))
        counts[f"m along, {parts[1]:.1f} m across: noise by the quantile {quantile}"] = f"{parts[0]:.1f}"
    return max(5, 5 * round(sum(both) / 2 / 5))


def truth_table(rows):
    """Truth: where the aircraft said it was; a velocity that it did not say is that of its positions."""
    rows = rows.copy()
    ordered = rows.sort_values(["object", "time_us"], kind="stable")
    group = ordered.groupby("object")
    columns = {"east_m_s": "longitude_deg", "north_m_s": "latitude_deg", "up_m_s": "altitude_m"}
    elapsed = (group["time_us"].shift(-1) - group["time_us"].shift(1)) * 1e-6
    for velocity, place in columns.items():
        rate = (group[place].shift(-1) - group[place].shift(1)) / elapsed
        if velocity != "up_m_s":
            rate *= 6_371_000.0 * np.pi / 180
        if velocity == "east_m_s":
            rate *= np.cos(np.radians(ordered["latitude_deg"]))
        # First and last rows of an aircraft have no neighbour on one side.
        rows[velocity] = rows[velocity].fillna(rate.reindex(rows.index)).fillna(0.0)
    return table(
        rows, ["object", "latitude_deg", "longitude_deg", "altitude_m", "east_m_s", "north_m_s", "up_m_s"]
    )


def table(rows, columns):
    """Arrow columns: `time` first, UTC; text as text; numbers rounded to what the source can mean."""
    digits = {"latitude_deg": 7, "longitude_deg": 7, "altitude_m": 2}
    arrays = {"time": pa.array(rows["time_us"].to_numpy(), pa.timestamp("us", tz="UTC"))}
    for column in columns:
        if column in ("object", "sensor", "identity"):
            arrays[column] = pa.array(rows[column].tolist(), pa.string())
        else:
            arrays[column] = pa.array(rows[column].round(digits.get(column, 2)).to_numpy(), pa.float64())
    return pa.table(arrays)


def write(out, catalogue, detections, truth):
    """Writes a recording folder. Parquet holds no date and no host; only pyarrow's version names itself."""
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    (out / "recording.toml").write_text(catalogue, encoding="utf-8", newline="\n")
    for name, rows in [("detections", detections), ("truth", truth)]:
        pq.write_table(
            rows,
            out / f"{name}.parquet",
            compression="zstd",
            compression_level=15,
            row_group_size=65_536,
            store_schema=False,
            write_statistics=False,
        )


def interval(values, margin, digits):
    """The span of some values and a margin, rounded outwards."""
    step = 10.0**-digits
    low = np.floor((values.min() - margin) / step) * step
    high = np.ceil((values.max() + margin) / step) * step
    return f"[{low:.{max(digits, 1)}f}, {high:.{max(digits, 1)}f}]"


def sensor(name, owner, probability, period_s, coverage, sigma_m):
    """One [[sensor]] of a catalogue. Decoded reports are checked by parity, so that false ones are rare."""
    return f"""
[[sensor]]
name = "{name}"
owner = "{owner}"
kind = "position"
noise = {{ horizontal_m = {sigma_m:.1f}, vertical_m = 10.0 }}
detection_probability = {probability}
clutter_per_scan = 0.1
scan_period_s = {period_s:.1f}
coverage = {{ {coverage} }}
"""


def head(name, comment):
    """What a catalogue begins with."""
    return f'{comment}name = "{name}"\nframe = "geodetic"\ntime = "timestamp"\n'


def report(counts, out):
    """Prints what became of the rows and the digests of what was written."""
    for reason, count in counts.items():
        print(f"{count:>9}  {reason}")
    for path in sorted(Path(out).iterdir()):
        print(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name} ({path.stat().st_size} bytes)")


def main(source, out):
    """One sensor that sees everything, as a whole source."""
    counts = {}
    rows = clean(read_opensky(source) if source.endswith(".csv") else read_traffic(source), counts)
    times = np.unique(rows["time_us"])
    period_s = float(np.median(np.diff(times))) * 1e-6
    # How often an aircraft that is there, between its own first and last row of a stretch, has a row in a period.
    gaps = rows.sort_values(["object", "time_us"]).groupby("object")["time_us"].diff().dropna() / (period_s * 1e6)
    gaps = gaps[gaps <= 6]
    probability = round(min(0.99, len(gaps) / gaps.sum()), 2)
    sigma_m = horizontal_sigma_m(rows, period_s, counts)
    coverage = ", ".join(
        [
            "longitude_deg = " + interval(rows["longitude_deg"], 0.1, 1),
            "latitude_deg = " + interval(rows["latitude_deg"], 0.1, 1),
            "height_m = " + interval(rows["altitude_m"], 100.0, -3),
        ]
    )
    comment = "# Made by data/convert_traffic.py. Altitude is barometric. The addresses are the truth.\n"
    catalogue = head(Path(out).name, comment) + sensor("adsb", "open", probability, period_s, coverage, sigma_m)
    rows["sensor"] = "adsb"
    rows["identity"] = rows["object"]
    columns = ["sensor", "latitude_deg", "longitude_deg", "altitude_m", "identity"]
    write(out, catalogue, table(rows, columns), truth_table(rows))
    report(counts, out)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
