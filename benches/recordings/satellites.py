"""Satellites of the B3 archive: what their tracks are good for, against the objects that no run was told.

    satellites.py cut RECORDING OUT           the recording without every other minute
    satellites.py score RECORDING OUT         identity: purity, tracks, pairs of successive passes, a revolution ahead
    satellites.py minute RECORDING CUT OUT    a minute ahead: OUT is a run of CUT

RECORDING is what data/convert_b3.py makes; of its objects.csv this script alone knows. A pass is an object's observations
less than 15 minutes apart. The object of a track is that of most of its observations. A prediction is the row of
the picture in which the track was last before it is seen again, carried less than a minute to the time of the observation
by two bodies and J2; its error is the distance from the observed place.
"""
import bisect
import collections
import csv
import math
import shutil
import statistics
import sys
import tomllib
from datetime import datetime
from pathlib import Path

import pyarrow.parquet as parquet

PASS_S = 900.0
PAIR_S = 6 * 3600.0
# Numbers of the archive that are one object.
ALSO = {"23558": "81910"}
MU, TURN, J2, EQUATOR_M, ECCENTRICITY_2 = 3.986004418e14, 7.292115e-5, 1.08262668e-3, 6378137.0, 6.69437999014e-3


def seconds(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def ecef(latitude_deg, longitude_deg, altitude_m):
    """Place, and the axes east, north and up there."""
    latitude, longitude = math.radians(latitude_deg), math.radians(longitude_deg)
    (sl, cl), (so, co) = [(math.sin(angle), math.cos(angle)) for angle in (latitude, longitude)]
    normal = EQUATOR_M / math.sqrt(1 - ECCENTRICITY_2 * sl * sl)
    across = (normal + altitude_m) * cl
    place = [across * co, across * so, (normal * (1 - ECCENTRICITY_2) + altitude_m) * sl]
    return place, [[-so, co, 0.0], [-sl * co, -sl * so, cl], [cl * co, cl * so, sl]]


def carried(place, velocity, forward_s):
    """Two bodies and J2 in the frame of the Earth; Runge-Kutta, 10 s a step."""

    def rate(s):
        x, y, z, vx, vy, vz = s
        r = math.sqrt(x * x + y * y + z * z)
        m, k, q = MU / r**3, 1.5 * J2 * (EQUATOR_M / r) ** 2, 5 * (z / r) ** 2
        level = -m * (1 + k * (1 - q)) + TURN * TURN
        return [vx, vy, vz, level * x + 2 * TURN * vy, level * y - 2 * TURN * vx, -m * (1 + k * (3 - q)) * z]

    def moved(s, by, h):
        return [a + h * b for a, b in zip(s, by)]

    s, steps = [*place, *velocity], max(1, math.ceil(abs(forward_s) / 10))
    h = forward_s / steps
    for _ in range(steps):
        k1 = rate(s)
        k2 = rate(moved(s, k1, h / 2))
        k3 = rate(moved(s, k2, h / 2))
        k4 = rate(moved(s, k3, h))
        s = [a + h / 6 * (b + 2 * c + 2 * d + e) for a, b, c, d, e in zip(s, k1, k2, k3, k4)]
    return s[:3]


class Recording:
    """Observations: time, place, object."""

    def __init__(self, folder):
        sites = {}
        for sensor in tomllib.loads((folder / "recording.toml").read_text())["sensor"]:
            at = sensor["site"]
            sites[sensor["name"]] = ecef(at["latitude_deg"], at["longitude_deg"], at["altitude_m"])
        self.times, self.places, self.objects = [], [], []
        for row in csv.DictReader(open(folder / "detections.csv")):
            self.times.append(seconds(row["time"]))
            site, axes = sites[row["sensor"]]
            azimuth, elevation = math.radians(float(row["azimuth_deg"])), math.radians(float(row["elevation_deg"]))
            level = math.cos(elevation)
            sight = [math.sin(azimuth) * level, math.cos(azimuth) * level, math.sin(elevation)]
            range_m = float(row["range_m"])
            self.places.append([s + range_m * sum(e * axis[k] for e, axis in zip(sight, axes)) for k, s in enumerate(site)])
        for row in csv.DictReader(open(folder / "objects.csv")):
            self.objects.append(ALSO.get(row["object"], row["object"]))

    def passes(self):
        """By object, the rows of each pass."""
        passes = collections.defaultdict(list)
        for row, (time, name) in enumerate(zip(self.times, self.objects)):
            of = passes[name]
            if not of or time - self.times[of[-1][-1]] >= PASS_S:
                of.append([])
            of[-1].append(row)
        return passes


class Run:
    """Which track took each observation, the track that it is joined to, and where tracks are."""

    def __init__(self, out):
        [folder] = [path.parent for path in out.glob("*/tracks.parquet")]
        taken = parquet.read_table(folder / "associations.parquet", columns=["track", "detection", "probability"])
        self.track = {}
        for track, row, probability in zip(*(column.to_pylist() for column in taken.columns)):
            if row not in self.track or probability > self.track[row][1]:
                self.track[row] = (track, probability)
        self.track = {row: track for row, (track, _) in self.track.items()}
        links = parquet.read_table(folder / "links.parquet", columns=["to", "object"])
        joined = dict(zip(*(column.to_pylist() for column in links.columns)))
        self.object = {row: joined.get(track, track) for row, track in self.track.items()}
        self.links = len(joined)
        axes = ["latitude_deg", "longitude_deg", "altitude_m", *(f"velocity_{axis}_m_s" for axis in ("east", "north", "up"))]
        table = parquet.read_table(folder / "tracks.parquet", columns=["time", "track", "last_detection", *axes])
        times, last = [[at.timestamp() for at in table[name].to_pylist()] for name in ("time", "last_detection")]
        self.rows = collections.defaultdict(list)
        for time, track, last_s, *state in zip(times, table["track"].to_pylist(), last, *(table[a].to_pylist() for a in axes)):
            self.rows[track].append((time, last_s, state))

    def predicted(self, track, time):
        """Where a track is then, and how old its last detection is, from its last row before."""
        rows = self.rows.get(track, [])
        at = bisect.bisect_left(rows, time, key=lambda row: row[0])
        if at == 0 or time - rows[at - 1][0] > 61.0:
            return None
        before, last, (latitude, longitude, altitude, *velocity) = rows[at - 1]
        place, axes = ecef(latitude, longitude, altitude)
        through = [sum(v * axis[k] for v, axis in zip(velocity, axes)) for k in range(3)]
        return carried(place, through, time - before), time - last


def most(of):
    [(value, count)] = collections.Counter(of).most_common(1)
    return value, count


def pure(recording, identity):
    """Share of the observations whose track is their object's, and the object of every track."""
    rows = collections.defaultdict(list)
    for row, track in identity.items():
        rows[track].append(recording.objects[row])
    best = {track: most(objects) for track, objects in rows.items()}
    return sum(count for _, count in best.values()) / len(identity), {track: of for track, (of, _) in best.items()}


def told(name, errors_m):
    errors_m = sorted(errors_m)
    at = [errors_m[int(share * (len(errors_m) - 1))] / 1e3 for share in (0.5, 0.9)]
    print(f"{name}: {len(errors_m)} predictions, median {at[0]:.3f} km, nine in ten within {at[1]:.3f} km")


def score(recording, run):
    passes = recording.passes()
    print(f"{len(recording.times)} observations, {len(run.track)} in tracks; {len(passes)} objects, {run.links} links")
    for name, identity in (("tracks", run.track), ("joined", run.object)):
        purity, object_of = pure(recording, identity)
        pairs = [
            (first, second)
            for of in passes.values()
            for first, second in zip(of, of[1:])
            if recording.times[second[0]] - recording.times[first[-1]] < PAIR_S
        ]
        mains = [[most(identity.get(row) for row in rows)[0] for rows in pair] for pair in pairs]
        held = sum(first is not None and first == second for first, second in mains)
        print(f"{name}: purity {purity:.4f}; {held} of {len(pairs)} pairs of successive passes in one identity ({held / len(pairs):.3f})")
        for of in sorted(passes):
            own = [identity[row] for rows in passes[of] for row in rows if row in identity]
            count, own_count = len(set(own)), sum(object_of[track] == of for track in set(own))
            print(f"  object {of}: {len(passes[of])} passes, {count} tracks, {own_count} of its own, most in one {most(own)[1] / len(own):.2f}")
    errors = []
    for of in passes.values():
        for first, second in zip(of, of[1:]):
            gap, track = recording.times[second[0]] - recording.times[first[-1]], run.track.get(first[-1])
            found = run.predicted(track, recording.times[second[0]])
            # A revolution of a low orbit, less what lies between two passes over neighbouring radars.
            if found and 4800 < gap < 7800 and abs(found[1] - gap) < 60.0:
                errors.append(math.dist(found[0], recording.places[second[0]]))
    told("after one revolution", errors)


def silent(time):
    return 0.0 < time % 120.0 <= 60.0


def cut(folder, out):
    out.mkdir(parents=True)
    shutil.copy(folder / "recording.toml", out)
    with open(folder / "detections.csv") as rows, open(out / "detections.csv", "w") as to:
        to.write(next(rows))
        to.writelines(row for row in rows if not silent(round(seconds(row.split(",", 1)[0]), 3)))


def minute(recording, run):
    """The observation nearest to the end of each silent minute, of objects that were seen until it began."""
    kept = [row for row, time in enumerate(recording.times) if not silent(round(time, 3))]
    number = {row: at for at, row in enumerate(kept)}
    errors, lost = [], 0
    for of in recording.passes().values():
        for rows in of:
            before = None
            for row in rows:
                time = recording.times[row]
                if row in number:
                    before = row
                elif before is not None and time % 120.0 > 59.5 and 58.0 <= time - recording.times[before] <= 63.0:
                    found = run.predicted(run.track.get(number[before]), time)
                    if found is None or found[1] > 63.0:
                        lost += 1
                    else:
                        errors.append(math.dist(found[0], recording.places[row]))
    told("after a minute", errors)
    print(f"of {len(errors) + lost} silent minutes {lost} in which no track was there")


def main(what, recording, *rest):
    if what == "cut":
        cut(Path(recording), Path(rest[0]))
    elif what == "score":
        score(Recording(Path(recording)), Run(Path(rest[0])))
    elif what == "minute":
        minute(Recording(Path(recording)), Run(Path(rest[0])))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(*sys.argv[1:])
