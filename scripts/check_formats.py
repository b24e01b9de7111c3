"""What `format_reports` printed of a file, against readers of others: check_formats.py READER FILE < REPORTS

    ais       pyais: every position and name of a file of sentences
    mode_s    pyModeS: identifications, altitudes, velocities, and places from even and odd messages
    b3        columns cut by hand
    opensky   Python's own csv
    traffic   Python's own json

Says how many values were equal, and ends at the first that is not.
"""

import csv
import gzip
import json
import math
import sys

KNOT = 1852 / 3600
FOOT = 0.3048


def reports():
    return [json.loads(line) for line in sys.stdin]


def near(found, wanted, within, what):
    assert found is not None and abs(found - wanted) <= within, f"{what}: {found} is not {wanted}"


def ais(path):
    from pyais import decode

    ours = {report["at"]: report for report in reports()}
    found, parts, equal, unread = 0, {}, 0, 0
    for number, line in enumerate(open(path, encoding="utf-8", errors="replace"), 1):
        start = line.find("!")
        if start < 0 or "VD" not in line or "*" not in line[start:] or line.startswith("#"):
            continue
        sentence = line[start:].split("*")[0] + "*" + line[start:].split("*")[1][:2]
        fields = sentence.split(",")
        key = (fields[0], fields[1], fields[3], fields[4])
        if int(fields[1]) > 1:
            if fields[2] == "1":
                parts.pop(key, None)
            parts.setdefault(key, []).append(sentence)
            if len(parts[key]) < int(fields[1]):
                continue
            sentences = parts.pop(key)
        else:
            sentences = [sentence]
        try:
            theirs = decode(*sentences).asdict()
        except Exception:  # Whatever it refuses: is it refused here too?
            unread += number not in ours
            continue
        report, kind = ours.pop(number, None), theirs["msg_type"]
        name = theirs.get("shipname") or (theirs.get("name") if kind == 21 else None)
        if kind in (1, 2, 3, 4, 9, 11, 18, 19, 21, 27):
            if theirs["lon"] > 180.5 or theirs["lat"] > 90.5:
                assert report is None, (number, report)
                continue
            assert report, f"line {number}: nothing is read of {theirs}"
            near(report["longitude_deg"], theirs["lon"], 1e-6, (number, "longitude"))
            near(report["latitude_deg"], theirs["lat"], 1e-6, (number, "latitude"))
            if "speed" in theirs and "speed_m_s" in report:
                near(report["speed_m_s"], theirs["speed"] * KNOT, 1e-6, (number, "speed"))
                near(report["course_deg"], theirs["course"], 1e-6, (number, "course"))
                equal += 2
            elif "speed" in theirs:
                assert theirs["speed"] >= 62.9 or theirs["course"] >= 360, (number, theirs)
            equal += 2
        elif kind in (5, 24) and name:
            assert report and report.get("callsign", "").strip() == name.strip(), (number, report, name)
            equal += 1
        else:
            assert report is None, (number, report, theirs)
            continue
        assert report["address"] == int(theirs["mmsi"]), (number, report)
        found += 1
    assert not ours, f"lines that pyais does not read: {list(ours)[:5]}"
    print(f"{path}: {found} messages, {equal + found} values equal to pyais; {unread} that both refuse")


def mode_s(path):
    from pyModeS import decode

    ours = {report["at"]: report for report in reports()}
    found, equal = 0, 0
    pairs, lines = {}, {}
    for number, line in enumerate(open(path), 1):
        line = line.strip()
        if not line.startswith(("@", "*")):
            continue
        lines[number] = (int(line[1:13], 16) / 12e6 if line[0] == "@" else None, line[13:-1] if line[0] == "@" else line[1:-1])
    for number, (when, message) in lines.items():
        report = ours.get(number)
        theirs = decode(message)
        if theirs.get("df") not in (17, 18) or not theirs.get("crc_valid", True):
            assert report is None, (number, report, theirs)
            continue
        code = theirs.get("typecode")
        if code is None:
            continue
        if 1 <= code <= 4:
            assert report["callsign"] == theirs["callsign"].strip(" _"), (number, report, theirs)
            equal += 1
        elif code == 19 and theirs.get("groundspeed") is not None:
            near(math.hypot(report["east_m_s"], report["north_m_s"]), theirs["groundspeed"] * KNOT, 1.0 * KNOT, (number, "speed"))
            course = math.degrees(math.atan2(report["east_m_s"], report["north_m_s"])) % 360
            near((course - theirs["track"] + 180) % 360 - 180, 0, 0.01, (number, "course"))
            if theirs.get("vertical_rate") is not None:
                near(report["up_m_s"], theirs["vertical_rate"] * FOOT / 60, 1e-6, (number, "rate of climb"))
            equal += 3
        elif 9 <= code <= 18:
            address = message[2:8].upper()
            pairs.setdefault(address, []).append((when, number, message))
            if report is not None and theirs.get("altitude") is not None:
                near(report["pressure_altitude_m"], theirs["altitude"] * FOOT, 1e-6, (number, "altitude"))
                equal += 1
        if report is not None:
            assert report["address"] == int(message[2:8], 16), (number, report)
            found += 1
    places = 0
    from pyModeS import PipeDecoder

    pipe = PipeDecoder()
    for number, (when, message) in lines.items():
        theirs = pipe.decode(message, timestamp=when)
        report = ours.get(number)
        if report and "latitude_deg" in report and theirs.get("latitude") is not None:
            near(report["latitude_deg"], theirs["latitude"], 2e-5, (number, "latitude"))
            near(report["longitude_deg"], theirs["longitude"], 2e-5, (number, "longitude"))
            places += 1
    print(f"{path}: {found} messages, {equal} values and {places} places equal to pyModeS")


def b3(path):
    ours = {report["at"]: report for report in reports()}
    equal = 0
    for number, line in enumerate(open(path), 1):
        line = line.rstrip("\n")
        if not line.strip(" \x1a"):
            continue
        report = ours.pop(number)
        assert report["source"] == line[6:9].strip() and report["address"] == int(line[1:6]), (number, report)
        for name, start, end, scale in [("elevation_deg", 23, 29, 1e-4), ("azimuth_deg", 30, 37, 1e-4), ("range_rate_m_s", 47, 54, 1e-2)]:
            text = line[start:end].strip()
            assert (name in report) == bool(text), (number, name)
            if text:
                near(report[name], int(text.replace(" ", "")) * scale, 1e-9, (number, name))
                equal += 1
        if line[38:45].strip():
            near(report["range_m"], int(line[38:45]) * 10.0 ** int(line[45]) / 100, 1e-6, (number, "range"))
            equal += 1
    assert not ours
    print(f"{path}: {equal} values equal to columns cut by hand")


def opensky(path):
    ours = {report["at"]: report for report in reports()}
    equal = repeated = 0
    for number, row in enumerate(csv.DictReader(open(path, newline="")), 2):
        report = ours.get(number)
        if report is None:
            repeated += 1
            continue
        near(report["latitude_deg"], float(row["lat"]), 0, (number, "latitude"))
        near(report["longitude_deg"], float(row["lon"]), 0, (number, "longitude"))
        near(report["time_us"], float(row["lastposupdate"]) * 1e6, 1, (number, "time"))
        near(report["speed_m_s"], float(row["velocity"]), 0, (number, "velocity"))
        assert report["address"] == int(row["icao24"], 16), number
        equal += 5
    print(f"{path}: {equal} values equal to csv; {repeated} rows repeat a place or have none")


def traffic(path):
    with (gzip.open if path.endswith(".gz") else open)(path, "rt") as text:
        rows = [row for row in json.load(text) if row["latitude"] is not None and row["longitude"] is not None]
    ours = reports()
    assert len(ours) == len(rows), f"{len(ours)} reports of {len(rows)} rows"
    equal = 0
    for number, (report, row) in enumerate(zip(ours, rows)):
        assert report["address"] == int(row["icao24"], 16), number
        wanted = [
            ("time_us", row["timestamp"], 1000),
            ("latitude_deg", row["latitude"], 1),
            ("longitude_deg", row["longitude"], 1),
            ("pressure_altitude_m", row["altitude"], FOOT),
            ("speed_m_s", row["groundspeed"], KNOT),
            ("course_deg", row["track"], 1),
            ("up_m_s", row["vertical_rate"], FOOT / 60),
        ]
        for name, value, unit in wanted:
            if value is not None and (name not in ("speed_m_s", "course_deg") or None not in (row["track"], row["groundspeed"])):
                near(report.get(name), value * unit, 1e-9 * abs(value * unit), (number, name))
                equal += 1
    print(f"{path}: {len(rows)} rows, {equal} values equal to json")


if __name__ == "__main__":
    {"ais": ais, "mode_s": mode_s, "b3": b3, "opensky": opensky, "traffic": traffic}[sys.argv[1]](sys.argv[2])
