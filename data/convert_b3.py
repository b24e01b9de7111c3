#!/usr/bin/env python3
"""Observations of space-surveillance radars (B3 format) to a recording folder.

    convert_b3.py FOLDER OUT

FOLDER has *.obs and sensors.csv (sensor, name, lat_deg, lon_deg_east, alt_m). Radars report when they like: looks = "reports".
The object of each observation, which is the truth of the association, goes to OUT/objects.csv and to nothing that a run reads.
The noise stated is that of the worse passes: residuals of whole passes against an orbit fitted to each are 3 m, 0.003 degrees and 1 m/s
of the best radar (932), and 160 m to 3 km, 0.1 degrees and 40 to 480 m/s in one pass of ten of the two others; they stay for seconds.
Rows without range, azimuth and elevation are left out, as are those of sensors that sensors.csv lacks; both are counted.
"""
import csv
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path


def number(text):
    text = text.strip()
    return float(text) if text.lstrip("-").isdigit() else None


def observation(line):
    """Time, sensor, elevation, azimuth, range, range rate of a line; None where something is missing."""
    if not line[9:23].strip().isdigit():
        return None
    sensor, year, day = line[6:9], int(line[9:11]) + 1900, int(line[11:14])
    hour, minute, milliseconds = int(line[14:16]), int(line[16:18]), int(line[18:23])
    start = datetime(year, 1, 1, tzinfo=timezone.utc)
    time = start + timedelta(days=day - 1, hours=hour, minutes=minute, milliseconds=milliseconds)
    elevation, azimuth = number(line[23:29]), number(line[30:37])
    mantissa, power, rate = number(line[38:45]), number(line[45:46]), number(line[47:54])
    if None in (elevation, azimuth, mantissa, power):
        return None
    range_m = mantissa / 1e5 * 10**power * 1e3
    return time, sensor, elevation / 1e4, azimuth / 1e4, range_m, None if rate is None else rate / 1e5 * 1e3


def main(folder, out):
    sites = {row["sensor"]: row for row in csv.DictReader(open(folder / "sensors.csv"))}
    rows, left_out = [], {"incomplete": 0, "unknown sensor": 0}
    for path in sorted(folder.glob("*.obs")):
        for line in path.read_text().splitlines():
            found = observation(line)
            if found is None:
                left_out["incomplete"] += 1
            elif found[1] not in sites:
                left_out["unknown sensor"] += 1
            else:
                rows.append((*found, path.stem))
    # The same observation may stand in the files of two names of one object.
    rows = sorted({row[:6]: row for row in reversed(rows)}.values(), key=lambda row: (row[0], row[1], row[4]))
    # A microsecond between those of one millisecond: their order, by which associations number them, is then one whoever sorts them.
    apart = []
    for time, *rest in rows:
        time = max(time, apart[-1][0] + timedelta(microseconds=1)) if apart else time
        apart.append((time, *rest))
    rows = apart
    out.mkdir(parents=True)
    with open(out / "recording.toml", "w") as to:
        to.write('name = "ssn"\nframe = "geodetic"\ntime = "timestamp"\n')
        for sensor in sorted({row[1] for row in rows}):
            site = sites[sensor]
            to.write(
                f'\n[[sensor]]\nname = "{sensor}"\nowner = "ssn"\nkind = "radar"\nview = "radars"\n'
                f"site = {{ latitude_deg = {site['lat_deg']}, longitude_deg = {(float(site['lon_deg_east']) + 180) % 360 - 180:.6f}, "
                f"altitude_m = {site['alt_m']} }}\n"
                'looks = "reports"\nexpected_interval_s = 2592000.0\n'
                "noise = { range_m = 200.0, azimuth_deg = 0.1, elevation_deg = 0.3, range_rate_m_s = 100.0 }\n"
                "detection_probability = 0.9\nclutter_per_scan = 0.001\n"
                "coverage = { range_m = [100000.0, 45000000.0], height_m = [100000.0, 45000000.0] }\n"
            )
    with open(out / "detections.csv", "w", newline="") as to, open(out / "objects.csv", "w", newline="") as objects:
        write, truth = csv.writer(to), csv.writer(objects)
        write.writerow(["time", "sensor", "range_m", "azimuth_deg", "elevation_deg", "range_rate_m_s"])
        truth.writerow(["row", "object"])
        for number_of, (time, sensor, elevation, azimuth, range_m, rate, name) in enumerate(rows):
            stamp = time.isoformat(timespec="microseconds").replace("+00:00", "Z")
            write.writerow([stamp, sensor, f"{range_m:.2f}", azimuth, elevation, "" if rate is None else f"{rate:.4f}"])
            truth.writerow([number_of, name])
    print(f"{len(rows)} rows; left out: {left_out}", file=sys.stderr)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
