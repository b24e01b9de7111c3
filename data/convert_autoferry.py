"""Turns a scenario of the Autoferry sensor fusion data set into a recording folder.

    python3 data/convert_autoferry.py SCENARIO OUT [radar,lidar] [--carried]

SCENARIO is a folder with `NAME_detections.json` and `NAME_groundTruth.json`; OUT becomes a recording with the sensors named
(both where none are), local, planar, x east and y north. Needs nothing but Python. Same input, same bytes.

Every message is a look at an instant (`looks.csv`), one without a detection included: it saw nothing. Positions are relative
to the vessel, north and east; the vessel's own position is added. The vessel moves, the coverage is the box within each
sensor's reach of its whole way. With `--carried` nothing is added: the sensors are radars on a platform, range and azimuth as the
vessel sees them, and `ferry.csv` is where it was at every message. Messages of one sensor that share a microsecond are one look. Bearings (cameras) are left out.
"""

import csv
import json
import math
import sys
from pathlib import Path

# Number in the file, standard deviation in metres, the same of azimuths in degrees (of so many metres where targets mostly are),
# reach in metres, detection probability, false returns a look.
SENSORS = {"lidar": (1, 4.0, 3.0, 150.0, 0.7, 0.2), "radar": (2, 6.0, 2.0, 600.0, 0.85, 3.0)}


def pairs(message):
    """The positions of a message: none, one as a flat pair, or several as a row of norths and one of easts."""
    found = message.get("measurement") or []
    if not isinstance(found, list):
        return []
    return list(zip(*found)) if found and isinstance(found[0], list) else [found] if found else []


def microseconds(message):
    return round(message["time"] * 1e6)


def stamp(us):
    return f"{us // 1_000_000}.{us % 1_000_000:06d}"


def table(path, columns, rows):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def truth_of(path):
    """Each state once: the file repeats them at every message."""
    states = {}
    for targets in json.loads(path.read_text()):
        for target in targets if isinstance(targets, list) else [targets]:
            north, east = target["position"][:2]
            states[microseconds(target), str(target["targetID"])] = (f"{east:.4f}", f"{north:.4f}")
    return [(stamp(us), name, *place) for (us, name), place in sorted(states.items())]


def main():
    arguments = [argument for argument in sys.argv[1:] if argument != "--carried"]
    carried = len(arguments) < len(sys.argv) - 1
    scenario, out = Path(arguments[0]), Path(arguments[1])
    wanted = arguments[2].split(",") if len(arguments) > 2 else list(SENSORS)
    messages = json.loads((scenario / f"{scenario.name}_detections.json").read_text())
    out.mkdir(parents=True, exist_ok=True)
    catalogue = [f'name = "{scenario.name}"\nframe = "local"\ntime = "seconds"']
    detections, looks = [], set()
    for name in wanted:
        number, sigma_m, sigma_deg, reach_m, probability, clutter = SENSORS[name]
        own = [message for message in messages if message["sensorID"] == number]
        for message in own:
            north, east = message["ownshipPosition"]
            looks.add((microseconds(message), name))
            for n, e in pairs(message):
                range_m, azimuth_deg = math.hypot(n, e), math.degrees(math.atan2(e, n)) % 360.0
                if range_m <= reach_m:
                    here = (range_m, azimuth_deg) if carried else (east + e, north + n)
                    detections.append((microseconds(message), name, *(f"{number:.4f}" for number in here)))
        norths, easts = zip(*(message["ownshipPosition"] for message in own))
        span = lambda values: [float(math.floor(min(values) - reach_m)), float(math.ceil(max(values) + reach_m))]
        if carried:
            kind = 'kind = "radar"\nplatform = "ferry.csv"'
            noise = f"range_m = {sigma_m}, azimuth_deg = {sigma_deg}"
            coverage = f"range_m = [0.0, {reach_m}]"
        else:
            kind, noise = 'kind = "position"', f"horizontal_m = {sigma_m}"
            coverage = f"x_m = {span(easts)}, y_m = {span(norths)}"
        catalogue.append(
            f'[[sensor]]\nname = "{name}"\nowner = "ferry"\n{kind}\nlooks = "listed"\n'
            f"detection_probability = {probability}\nclutter_per_scan = {clutter}\n"
            f"noise = {{ {noise} }}\ncoverage = {{ {coverage} }}"
        )
    (out / "recording.toml").write_text("\n\n".join(catalogue) + "\n")
    columns = ["time", "sensor", *(("range_m", "azimuth_deg") if carried else ("x_m", "y_m"))]
    table(out / "detections.csv", columns, [(stamp(us), *rest) for us, *rest in sorted(detections)])
    table(out / "looks.csv", ["sensor", "start", "end"], [(name, stamp(us), stamp(us)) for us, name in sorted(looks)])
    if carried:
        way = {microseconds(message): message["ownshipPosition"] for message in messages}
        table(out / "ferry.csv", ["time", "x_m", "y_m"], [(stamp(us), f"{e:.4f}", f"{n:.4f}") for us, (n, e) in sorted(way.items())])
    table(out / "truth.csv", ["time", "object", "x_m", "y_m"], truth_of(scenario / f"{scenario.name}_groundTruth.json"))


main()
