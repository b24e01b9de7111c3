"""A catalogue of satellites seen by radars all over the Earth: what its tracks are, and what they cost.

    catalogue.py make OUT OBJECTS SECONDS     the recording; whose detection is whose goes to OUT.objects.npy alone
    catalogue.py score RECORDING RUN          of a run of it: time a scan, memory, tracks against objects

Objects have random orbits: eight in ten between 400 and 1,200 km, one between 1,200 and 2,000 km, one in a transfer orbit of up
to 20,000 km. Truth is two bodies and J2 in f64, ten seconds a step. Each of 32 radars looks once in ten seconds and detects
nine in ten of what is within 2,200 km, all of it above the horizon, in the second before the look ends.
"""
import json
import sys
from pathlib import Path

import numpy as np
import pyarrow as arrow
from pyarrow import parquet

MU, TURN, J2, EQUATOR_M, ECCENTRICITY_2 = 3.986004418e14, 7.292115e-5, 1.08262668e-3, 6378137.0, 6.69437999014e-3
PERIOD_S, REPORT_S, RADARS, RANGE_M, DETECTED = 10, 60, 32, 2.2e6, 0.9
NOISE = {"range_m": 30.0, "azimuth_deg": 0.02, "elevation_deg": 0.02, "range_rate_m_s": 1.0}


def rate(s):
    r = np.linalg.norm(s[:, :3], axis=1)
    m, k, q = MU / r**3, 1.5 * J2 * (EQUATOR_M / r) ** 2, 5 * (s[:, 2] / r) ** 2
    level = -m * (1 + k * (1 - q)) + TURN * TURN
    x = level * s[:, 0] + 2 * TURN * s[:, 4]
    y = level * s[:, 1] - 2 * TURN * s[:, 3]
    return np.column_stack([s[:, 3:], x, y, -m * (1 + k * (3 - q)) * s[:, 2]])


def moved(s, h):
    k1 = rate(s)
    k2 = rate(s + h / 2 * k1)
    k3 = rate(s + h / 2 * k2)
    k4 = rate(s + h * k3)
    return s + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


def orbits(random, count):
    """Places and velocities in the frame of the Earth."""
    kind = random.random(count)
    low = np.where(kind < 0.8, random.uniform(4e5, 1.2e6, count), random.uniform(1.2e6, 2e6, count))
    low = np.where(kind < 0.9, low, random.uniform(4e5, 8e5, count))
    high = np.where(kind < 0.9, low + random.uniform(0, 5e4, count), random.uniform(2e6, 2e7, count))
    perigee, apogee = EQUATOR_M + low, EQUATOR_M + high
    a, e = (perigee + apogee) / 2, (apogee - perigee) / (apogee + perigee)
    mean = random.uniform(0, 2 * np.pi, count)
    eccentric = mean.copy()
    for _ in range(30):
        eccentric -= (eccentric - e * np.sin(eccentric) - mean) / (1 - e * np.cos(eccentric))
    root = np.sqrt(1 - e * e)
    along = np.sqrt(MU / a) / (1 - e * np.cos(eccentric))
    flat = [a * (np.cos(eccentric) - e), a * root * np.sin(eccentric), -along * np.sin(eccentric), along * root * np.cos(eccentric)]
    node, argument = random.uniform(0, 2 * np.pi, (2, count))
    inclination = np.arccos(random.uniform(-0.3, 0.9, count))
    (sn, cn), (sa, ca), (si, ci) = [(np.sin(x), np.cos(x)) for x in (node, argument, inclination)]
    p = np.column_stack([cn * ca - sn * sa * ci, sn * ca + cn * sa * ci, sa * si])
    q = np.column_stack([-cn * sa - sn * ca * ci, -sn * sa + cn * ca * ci, ca * si])
    x = flat[0][:, None] * p + flat[1][:, None] * q
    v = flat[2][:, None] * p + flat[3][:, None] * q
    return np.column_stack([x, v[:, 0] + TURN * x[:, 1], v[:, 1] - TURN * x[:, 0], v[:, 2]])


def site(number):
    """Latitude and longitude: a spiral over the globe."""
    return np.degrees(np.arcsin(1 - (2 * number + 1) / RADARS)), (number * 137.508 + 180) % 360 - 180


def axes(latitude_deg, longitude_deg):
    latitude, longitude = np.radians(latitude_deg), np.radians(longitude_deg)
    sl, cl, so, co = np.sin(latitude), np.cos(latitude), np.sin(longitude), np.cos(longitude)
    normal = EQUATOR_M / np.sqrt(1 - ECCENTRICITY_2 * sl * sl)
    place = np.array([normal * cl * co, normal * cl * so, normal * (1 - ECCENTRICITY_2) * sl])
    return place, np.array([[-so, co, 0.0], [-sl * co, -sl * so, cl], [cl * co, cl * so, sl]])


def catalogue():
    text = 'name = "catalogue"\nframe = "geodetic"\ntime = "seconds"\n'
    noise = ", ".join(f"{key} = {value}" for key, value in NOISE.items())
    for number in range(RADARS):
        latitude, longitude = site(number)
        text += (
            f'\n[[sensor]]\nname = "r{number}"\nowner = "sky"\nkind = "radar"\nview = "radars"\n'
            f"site = {{ latitude_deg = {latitude:.6f}, longitude_deg = {longitude:.6f}, altitude_m = 0.0 }}\n"
            f"scan_period_s = {PERIOD_S}.0\nnoise = {{ {noise} }}\ndetection_probability = {DETECTED}\n"
            f"clutter_per_scan = 1.0\n"
            f"coverage = {{ range_m = [100000.0, {RANGE_M}], height_m = [200000.0, 2200000.0] }}\n"
        )
    return text


def make(out, objects, seconds):
    random = np.random.default_rng(objects)
    s = orbits(random, objects)
    out.mkdir(parents=True)
    (out / "recording.toml").write_text(catalogue())
    kinds = [("time", arrow.float64()), ("sensor", arrow.string()), *((name, arrow.float64()) for name in ("range_m", "azimuth_deg", "elevation_deg", "range_rate_m_s"))]
    whose, seen = [], np.zeros(objects, bool)
    with parquet.ParquetWriter(out / "detections.parquet", arrow.schema(kinds)) as to:
        for end in range(PERIOD_S, seconds + 1, PERIOD_S):
            s = moved(s, float(PERIOD_S))
            rows = []
            for number in range(RADARS):
                here, enu = axes(*site(number))
                sight = (s[:, :3] - here) @ enu.T
                far = np.linalg.norm(sight, axis=1)
                [which] = np.nonzero((far < RANGE_M) & (random.random(objects) < DETECTED))
                back = random.uniform(0, 1, len(which))
                # Less than a second from a step: a parabola.
                state = s[which] - back[:, None] * rate(s[which])
                state[:, :3] += back[:, None] ** 2 / 2 * rate(s[which])[:, 3:]
                sight = (state[:, :3] - here) @ enu.T
                far = np.linalg.norm(sight, axis=1)
                noise = random.standard_normal((4, len(which))) * np.array(list(NOISE.values()))[:, None]
                azimuth = (np.degrees(np.arctan2(sight[:, 0], sight[:, 1])) + noise[1]) % 360
                speed = np.einsum("ij,ij->i", sight, state[:, 3:] @ enu.T) / far + noise[3]
                found = [end - back, np.full(len(which), number), which, far + noise[0], azimuth, np.degrees(np.arcsin(sight[:, 2] / far)) + noise[2], speed]
                rows.append(np.column_stack(found))
                seen[which] = True
            if end == (seconds - 1) // REPORT_S * REPORT_S:
                np.save(f"{out}.truth.npy", s)
            rows = np.concatenate(rows)
            rows = rows[np.argsort(rows[:, 0], kind="stable")]
            # A microsecond apart at least: associations number detections in the order of time.
            count = np.arange(len(rows))
            rows[:, 0] = (np.maximum.accumulate(np.floor(rows[:, 0] * 1e6) - count) + count) / 1e6
            columns = [rows[:, 0], np.char.add("r", rows[:, 1].astype(int).astype(str)), *rows[:, 3:].T]
            to.write_table(arrow.table(dict(zip((name for name, _ in kinds), columns)), schema=arrow.schema(kinds)))
            whose.append(rows[:, 2].astype(np.int32))
    whose = np.concatenate(whose)
    np.save(f"{out}.objects.npy", whose)
    print(f"{objects} objects, {seen.sum()} of them seen; {len(whose)} detections in {seconds} s")


def score(recording, run):
    whose, truth = np.load(f"{recording}.objects.npy"), np.load(f"{recording}.truth.npy")
    [folder] = [path.parent for path in run.glob("*/tracks.parquet")]
    taken = parquet.read_table(folder / "associations.parquet", columns=["track", "detection", "probability"])
    track, row, probability = [column.to_numpy() for column in taken.columns]
    order = np.lexsort((-probability, row))
    _, first = np.unique(row[order], return_index=True)
    track, row = track[order][first], row[order][first]
    # The object of a track is that of most of its detections.
    pairs, counts = np.unique(np.column_stack([track.astype(np.int64), whose[row].astype(np.int64)]), axis=0, return_counts=True)
    order = np.lexsort((-counts, pairs[:, 0]))
    _, first = np.unique(pairs[order, 0], return_index=True)
    best, best_count = pairs[order][first], counts[order][first]
    print(f"purity {best_count.sum() / len(row):.4f} of {len(row)} detections in tracks, of {len(whose)}")
    object_of = dict(best.tolist())
    table = parquet.read_table(folder / "tracks.parquet", columns=["time", "track", "latitude_deg", "longitude_deg", "altitude_m"])
    time, track, *at = [column.to_numpy() for column in table.columns]
    last = time == time.max()
    held = np.array([object_of.get(one, -1) for one in track[last].tolist()])
    place = np.array([axes(a, o)[0] + h * axes(a, o)[1][2] for a, o, h in zip(*(x[last] for x in at))])
    errors = np.linalg.norm(place - truth[held, :3], axis=1)
    seen = np.unique(whose)
    once = np.unique(held[(held >= 0) & (errors < 2e4)])
    print(f"{last.sum()} tracks at the end, {len(once)} of the {len(seen)} objects that were seen are within 20 km of one")
    print(f"median error {np.median(errors):.0f} m, nine in ten within {np.quantile(errors, 0.9):.0f} m")
    timings = json.loads((run / "_operator" / "timings.json").read_text())
    print(json.dumps(timings))


if __name__ == "__main__":
    what, *rest = sys.argv[1:]
    if what == "make":
        make(Path(rest[0]), int(rest[1]), int(rest[2]))
    else:
        score(Path(rest[0]), Path(rest[1]))
