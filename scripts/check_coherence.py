"""coherence.json of a finished run once more, from the files of the run and docs/coherence.md alone: every leaf of it.

usage: check_coherence.py OUT…

Numbers are the same to 1e-6, absolute or relative, all else exactly. Exit 1 where something differs.
"""

import json
import math
import pathlib
import sys
from collections import defaultdict

import numpy as np
import pyarrow.parquet as pq
from check_scores import SECOND, Picture, form, times
from scipy.optimize import linear_sum_assignment

TOLERANCE = 1e-6
STRETCHES, SPELLS, PICTURES = 120, 1000, 32


class Row:
    """What a picture says of a track at a time: place, covariance, edge of the cell, delay, and what the rules know of it."""

    def __init__(self, lane, track, place, covariance, lowered, stretch):
        self.of = (lane, track)
        self.place, self.covariance = place, covariance
        self.delay, self.cell = lowered
        self.kind, self.holders = stretch


class Lowered:
    """How late and how coarse rows are: by their level, and by the detections that they are from."""

    def __init__(self, table):
        self.lanes, self.alike, self.levels, self.fuse_levels = (
            table[key] for key in ("lanes", "alike", "levels", "fuse_levels"))
        self.known = {}

    def fusion(self, lane, kind):
        """Delay in microseconds and cell in metres of the detections that tracks of a class are from."""
        if lane is None:
            return 0, 0.0
        takes = [entry for entry in self.lanes[lane]["taken"] if entry["owner"] in kind["contributors"]
                 and entry["label"] in ("", *kind["labels"])]
        there = [entry for entry in takes
                 if all(sorted(entry[key]) == sorted(kind[key]) for key in ("zones", "periods"))]
        levels = [self.fuse_levels[entry["level"]] for entry in there or takes]
        least = lambda key: min((level[key] or 0 for level in levels), default=0)
        return least("delay_us"), float(least("coarsen_m"))

    def of(self, number, kind):
        """Delay and cell of a picture's rows of a class; None if it is not to have any."""
        if (number, id(kind)) not in self.known:
            name = kind["levels"][number]
            level = self.levels[name] if name is not None else None
            delay, cell = self.fusion(self.alike[number]["lane"], kind)
            self.known[number, id(kind)] = level and (level["delay_us"] + delay, (level["coarsen_m"] or 0.0) + cell)
        return self.known[number, id(kind)]


class Run:
    """The rows of confirmed tracks of every picture, by report."""

    def __init__(self, out):
        operator = out / "_operator"
        table = json.loads((operator / "releases.json").read_text())
        self.lanes, self.alike, self.lowered = table["lanes"], table["alike"], Lowered(table)
        self.classes = [kind for kind in table["classes"] if kind["status"] == "confirmed"]
        number = {partner: k for k, of in enumerate(self.alike) for partner in of["partners"]}
        lane_of = {partner: k for k, lane in enumerate(self.lanes) for partner in lane["partners"]}
        name = lambda kind: tuple(tuple(sorted(kind[key])) for key in ("contributors", "labels", "zones", "periods"))
        class_of = {name(kind): kind for kind in self.classes}
        lives = defaultdict(list)
        stretches = pq.read_table(operator / "stretches.parquet")
        for first, last, row in zip(times(stretches["first"]), times(stretches["last"]), stretches.to_pylist()):
            if row["status"] == "confirmed":
                may = {(number[holder.split(":", 1)[0]], holder.split(":", 1)[1]) for holder in row["holders"]}
                lives[lane_of[row["lane"][0]], row["track"]].append((first, last, (class_of[name(row)], sorted(may))))
        self.until = [self.lanes[of["lane"]]["until_us"] if of["lane"] is not None else
                      max(lane["until_us"] for lane in self.lanes) for of in self.alike]
        self.reports, self.rows = set(), defaultdict(lambda: defaultdict(dict))
        for k, of in enumerate(self.alike):
            for partner in of["partners"]:
                picture = Picture(out / partner)
                if partner != of["partners"][0]:
                    continue
                self.config = json.loads((out / partner / "manifest.json").read_text())["configuration"]
                for at in np.flatnonzero(picture.confirmed):
                    time, track = int(picture.time[at]), int(picture.track[at])
                    stretch = next(s for first, last, s in lives[of["lane"], track] if first <= time <= last)
                    self.rows[time][k][track] = Row(of["lane"], track, picture.position[at], picture.covariance[at],
                                                    self.lowered.of(k, stretch[0]), stretch)
        self.cutoff = self.config["score"]["cutoff_m"]
        # The picture that lacks nothing, if there is one.
        self.complete = next((k for k, of in enumerate(self.alike) if of["lane"] is not None
                              and self.lanes[of["lane"]]["whole"]
                              and all(self.lowered.of(k, kind) == (0, 0.0) for kind in self.classes)), None)

    def share(self, a, b):
        """(d/g)² of two rows."""
        gate = self.cutoff + math.sqrt(0.75) * (a.cell + b.cell)
        return float(np.sum((a.place - b.place) ** 2)) / gate**2


def assigned(share):
    """Rows to columns with the least Σ (d/g)² + ½ · (what is left), the least and which of equal ones by shortest paths.

    Rows enter in order. Of a row the paths over other rows to a free column, or to a row that stays alone, are followed
    nearest first, of equally near columns the first one first, and a column before staying alone.
    """
    rows, columns = share.shape
    cost = np.where(share < 1, np.round(share * 2.0**40) / 2.0**40 - 0.5, np.inf)
    of_row, of_column = [None] * rows, [None] * columns
    u, v = np.zeros(rows), np.zeros(columns)
    for start in range(rows):
        far, came, settled = np.full(columns, np.inf), [None] * columns, []
        row, base, alone, last = start, 0.0, (np.inf, start), None
        while True:
            if base + (0.5 - u[row]) < alone[0]:
                alone = (base + (0.5 - u[row]), row)
            reach = base + (cost[row] - u[row] - v)
            for c in np.flatnonzero((reach < far) & (reach <= alone[0])):
                if c not in settled:
                    far[c], came[c] = reach[c], row
            open_ = [c for c in range(columns) if c not in settled and far[c] <= alone[0] and far[c] < np.inf]
            if not open_:
                length = alone[0]
                break
            c = min(open_, key=lambda c: far[c])
            if of_column[c] is None:
                length, last = far[c], c
                break
            settled.append(c)
            row, base = of_column[c], far[c]
        u[start] += length
        for c in settled:
            v[c] -= length - far[c]
            u[of_column[c]] += length - far[c]
        if last is None:
            last, of_row[alone[1]] = of_row[alone[1]], None
            if alone[1] == start:
                continue
        while True:
            row = came[last]
            of_column[last], of_row[row], last = row, last, of_row[row]
            if row == start:
                break
    return [(r, c) for r, c in enumerate(of_row) if c is not None]


class Objects:
    """What is one object, through the record."""

    def __init__(self, run):
        self.run = run
        self.of, self.alias, self.lanes, self.known, self.first, self.joined = {}, {}, {}, {}, {}, 0
        self.order = sorted(range(len(run.lanes)), key=lambda k: (not run.lanes[k]["whole"], -run.lanes[k]["detections"]))

    def root(self, number):
        while number in self.alias:
            number = self.alias[number]
        return number

    def was(self, track):
        return self.root(self.of[track]) if track in self.of else None

    def report(self, time):
        """Objects of a report: (number, rows by picture, tracks in the order in which their lanes join)."""
        found = []  # each: [tracks as {(lane, track): rows by picture}, the row that places it]
        for lane in self.order:
            tracks = defaultdict(dict)
            for k, rows in self.run.rows[time].items():
                if self.run.alike[k]["lane"] == lane:
                    for track, row in rows.items():
                        tracks[lane, track][k] = row
            finest = {track: min(rows.values(), key=lambda row: row.cell) for track, rows in tracks.items()}
            had = {}
            for place, (members, _) in enumerate(found):
                for track in members:
                    if self.was(track) is not None:
                        had.setdefault(self.was(track), place)
            goes, left = {}, []
            for track in sorted(tracks):
                place = had.get(self.was(track))
                if place is not None and place not in goes.values() and self.run.share(found[place][1], finest[track]) < 1:
                    goes[track] = place
                else:
                    left.append(track)
            free = [place for place in range(len(found)) if place not in goes.values()]
            if left and free:
                share = np.array([[self.run.share(found[place][1], finest[track]) for place in free] for track in left])
                goes |= {left[r]: free[c] for r, c in assigned(share)}
            for track in sorted(tracks):
                if track not in goes:
                    found.append([{track: tracks[track]}, finest[track]])
                    continue
                of = found[goes[track]]
                of[0][track] = tracks[track]
                if finest[track].cell < of[1].cell:
                    of[1] = finest[track]
        return self.named(time, found)

    def named(self, time, found):
        taken, numbers = set(), []
        for members, placed in found:
            number = next((n for n in map(self.was, members) if n is not None and n not in taken), None)
            if number is None:
                number = len(self.lanes) + self.joined
                self.lanes[number], self.known[number], self.first[number] = set(), {}, (time, placed.kind["zones"])
            taken.add(number)
            numbers.append(number)
        for (members, _), number in zip(found, numbers):
            for track in members:
                other = self.was(track)
                if other is not None and other not in taken and not self.lanes[number] & self.lanes[other]:
                    self.alias[other] = number
                    self.joined += 1
                    self.lanes[number] |= self.lanes.pop(other)
                    self.first[number] = min(self.first[number], self.first.pop(other), key=lambda first: first[0])
                    for k, us in self.known.pop(other).items():
                        self.known[number][k] = min(us, self.known[number].get(k, us))
        for (members, placed), number in zip(found, numbers):
            rows = {k: row for of in members.values() for k, row in of.items()}
            for track in members:
                self.of[track] = number
                self.lanes[number].add(track[0])
            for k, row in rows.items():
                self.known[number][k] = min(time + row.delay, self.known[number].get(k, time + row.delay))
            yield number, rows, placed, list(members)


class Sum:
    """What is added up over a pair, all of it, in a zone or in a stretch of time."""

    def __init__(self):
        self.due = self.both = self.only_a = self.only_b = self.measured = self.axes = self.switches = 0
        self.m = self.m2 = self.sigma2 = self.a_s = self.b_s = 0.0
        self.objects = self.objects_only_a = self.objects_only_b = 0
        self.same = None

    def says(self):
        return {
            "due": self.due, "both": self.both, "only_a": self.only_a, "only_b": self.only_b,
            "shared": over(self.both, self.due), "apart_mean_m": over(self.m, self.both),
            "apart_rms_m": root(self.m2, self.both), "apart_sigmas": root(self.sigma2, self.axes),
            "without_covariance": self.both - self.measured, "switches": self.switches,
            "same_identity": over(self.same, self.both) if self.same is not None else None,
            "objects": self.objects, "objects_only_a": self.objects_only_a, "objects_only_b": self.objects_only_b,
            "a_later_s": over(self.a_s, self.objects), "b_later_s": over(self.b_s, self.objects),
        }


def over(sum_, count):
    return sum_ / count if count else None


def root(sum_, count):
    return math.sqrt(sum_ / count) if count else None


class Pair:
    def __init__(self, a, b, one_lane):
        self.a, self.b, self.one_lane = a, b, one_lane
        self.parts = defaultdict(Sum)
        self.met, self.last = defaultdict(int), ({}, {})

    def meets(self, row_a, row_b, track_a, track_b, root_b, parts):
        delta = row_a.place - row_b.place
        covariance = row_a.covariance + row_b.covariance
        measured = bool(np.isfinite(covariance).all())
        sigma2, axes = form(covariance, delta) if measured else (0.0, 0)
        measured = axes > 0
        switched = (track_a in self.last[0] and root_b(self.last[0][track_a]) != track_b
                    or track_b in self.last[1] and self.last[1][track_b] != track_a)
        self.last[0][track_a], self.last[1][track_b] = track_b, track_a
        self.met[track_a, track_b] += 1
        for part in parts:
            sum_ = self.parts[part]
            sum_.both += 1
            sum_.m += math.sqrt(float(delta @ delta))
            sum_.m2 += float(delta @ delta)
            sum_.measured += measured
            sum_.axes += axes
            sum_.sigma2 += sigma2
            sum_.switches += switched and not self.one_lane

    def same(self, root_b):
        met = defaultdict(int)
        for (i, j), n in self.met.items():
            met[i, root_b(j)] += n
        most = (defaultdict(int), defaultdict(int))
        for pair, n in met.items():
            for of, track in zip(most, pair):
                of[track] = max(of[track], n)
        return sum(n for (i, j), n in met.items() if most[0][i] == n == most[1][j])


def coherence(out):
    run = Run(out)
    objects, n = Objects(run), len(run.alike)
    lane = lambda k: run.alike[run.complete if k == n else k]["lane"] if k < n or run.complete is not None else None
    pairs = [Pair(a, b, lane(a) is not None and lane(a) == lane(b))
             for a, b in [(a, b) for a in range(n) for b in range(a + 1, n)] + [(a, n) for a in range(n)]]
    reports = sorted(run.rows)
    period = round(run.config["report_period_s"] * SECOND)
    while reports and reports[-1] // period - reports[0] // period >= STRETCHES:
        period *= 2
    stretch = lambda time: time // period
    parts = lambda time, zones: ["total", *(("zone", zone) for zone in zones or [None]), ("time", stretch(time))]
    held, blind, spells, points = defaultdict(lambda: defaultdict(lambda: [0] * 5)), {}, [], 0
    for time in reports:
        dark = {}
        for number, rows, placed, tracks in objects.report(time):
            of_all = placed if run.complete is None else rows.get(run.complete)
            points += of_all is not None
            kind = (of_all or placed).kind
            rows = {**rows, n: of_all} if of_all else rows
            due = []
            for k in range(n):
                lowered = run.lowered.of(k, kind)
                due.append(k in rows or (of_all is not None and lowered is not None and time <= run.until[k] - lowered[0]))
            due.append(of_all is not None)
            for pair in pairs:
                if not (due[pair.a] and due[pair.b]):
                    continue
                row_a, row_b = rows.get(pair.a), rows.get(pair.b)
                for part in parts(time, kind["zones"]):
                    pair.parts[part].due += 1
                    pair.parts[part].only_a += row_a is not None and row_b is None
                    pair.parts[part].only_b += row_b is not None and row_a is None
                if row_a is not None and row_b is not None:
                    union = pair.b == n and run.complete is None
                    track_b, root_b = (number, objects.root) if union else (row_b.of, lambda track: track)
                    pair.meets(row_a, row_b, row_a.of, track_b, root_b, parts(time, kind["zones"]))
            if of_all is None:
                continue
            for k, action in of_all.holders:
                row = rows.get(k)
                late, coarse = row is not None and row.delay > 0, row is not None and row.cell > 0
                for zone in ["", *kind["zones"]]:
                    counts = held[k, action][zone or "total"]
                    for place, value in enumerate((True, row is None, late, coarse, late or coarse)):
                        counts[place] += value
                if row is None:
                    dark[k, action, tracks[0]] = time
        for key in list(blind):
            if key not in dark:
                spells.append(blind.pop(key))
        for key in dark:
            spell = blind.setdefault(key, [key, time, time, 0])
            spell[2], spell[3] = time, spell[3] + 1
    spells = sorted(spells + list(blind.values()), key=lambda spell: (spell[1], spell[0]))
    for number, known in objects.known.items():
        time, zones = objects.first[number]
        known = {**known, n: min(known.values()) if run.complete is None else known.get(run.complete)}
        for pair in pairs:
            k_a, k_b = known.get(pair.a), known.get(pair.b)
            for part in parts(time, zones):
                if k_a is None and k_b is None:
                    continue
                sum_ = pair.parts[part]
                sum_.objects_only_a += k_b is None
                sum_.objects_only_b += k_a is None
                if k_a is not None and k_b is not None:
                    sum_.objects += 1
                    sum_.a_s += max(0, k_a - k_b) / SECOND
                    sum_.b_s += max(0, k_b - k_a) / SECOND
    for pair in pairs:
        total = pair.parts["total"]
        total.same = total.both if pair.one_lane else pair.same(
            objects.root if pair.b == n and run.complete is None else lambda track: track)
    return says(run, objects, pairs, reports, period, held, spells, points)


def says(run, objects, pairs, reports, period, held, spells, points):
    n, names = len(run.alike), [of["partners"] for of in run.alike]
    table = lambda pair: {
        "a": names[pair.a], "b": names[pair.b] if pair.b < n else None, "total": pair.parts["total"].says(),
        "zones": [{"zone": part[1], **pair.parts[part].says()} for part in sorted(
            (p for p in pair.parts if p[0] == "zone"), key=lambda p: (p[1] is not None, p[1]))],
        "times": [{"from_us": part[1] * period, "to_us": (part[1] + 1) * period, **pair.parts[part].says()} for part in sorted(p for p in pair.parts if p[0] == "time")],
    }
    pooled = lambda of, field: sum(getattr(pair.parts["total"], field) for pair in of)
    two, against = [p for p in pairs if p.b < n], [p for p in pairs if p.b == n]
    counts = lambda c: dict(zip(("held", "blind", "late", "coarse", "late_or_coarse"), c))
    actions = [{"partners": names[k], "action": action, **counts(of["total"]),
                "zones": {zone: counts(c) for zone, c in sorted(of.items()) if zone != "total"}}
               for (k, action), of in sorted(held.items())]
    all_of = lambda field: sum(action[field] for action in actions)
    spells = [{"partners": names[k], "action": action, "lane": of[0], "track": of[1], "first_us": first, "last_us": last,
               "reports": count} for (k, action, of), first, last, count in spells]
    shared = {
        "shared": over(pooled(two, "both"), pooled(two, "due")), "apart_m": root(pooled(two, "m2"), pooled(two, "both")),
        "apart_sigmas": root(pooled(two, "sigma2"), pooled(two, "axes")),
        "same_identity": over(pooled(two, "same"), pooled(two, "both")),
        "later_s": over(pooled(two, "a_s") + pooled(two, "b_s"), pooled(two, "objects")),
        "blind_authority": over(all_of("blind"), all_of("held")),
        "of_all_source": over(pooled(against, "both"), pooled(against, "due")),
        "after_all_source_s": over(pooled(against, "a_s"), pooled(against, "objects")),
    }
    complete = run.complete is not None
    return {
        "reports": len(reports), "objects": len(objects.known), "joined": objects.joined,
        "all_source": {"is": "picture", "partners": names[run.complete]} if complete else {"is": "union"},
        "all_source_points": points, "pictures": names, "summary": shared,
        "pairs": [table(pair) for pair in two] if n <= PICTURES else [], "against_all_source": [table(p) for p in against],
        "blind_authority": {
            "share": over(all_of("blind"), all_of("held")),
            "late_or_coarse_share": over(all_of("late_or_coarse"), all_of("held")), "actions": actions,
            "spells": spells[:SPELLS], "spells_left_out": max(0, len(spells) - SPELLS)},
    }


class Differences:
    def __init__(self):
        self.leaves, self.wrong = 0, []

    def look(self, name, found, wanted):
        if isinstance(found, dict) and isinstance(wanted, dict):
            for key in sorted(found.keys() | wanted.keys()):
                if key not in found or key not in wanted:
                    self.wrong.append(f"{name}.{key}: only {'computed' if key in wanted else 'in the file'}")
                else:
                    self.look(f"{name}.{key}", found[key], wanted[key])
        elif isinstance(found, list) and isinstance(wanted, list):
            if len(found) != len(wanted):
                self.wrong.append(f"{name}: {len(found)} in the file, {len(wanted)} computed")
            for place, (one, other) in enumerate(zip(found, wanted)):
                self.look(f"{name}[{place}]", one, other)
        else:
            self.leaves += 1
            number = all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in (found, wanted))
            same = abs(found - wanted) <= TOLERANCE * max(1.0, abs(wanted)) if number else found == wanted
            if not same:
                self.wrong.append(f"{name}: file {found!r}, computed {wanted!r}")


def main():
    failed = False
    for out in map(pathlib.Path, sys.argv[1:]):
        found = json.loads((out / "_operator/coherence.json").read_text())
        found.pop("left_out")  # In words.
        differences = Differences()
        differences.look("coherence", found, coherence(out))
        for lane in json.loads((out / "_operator/releases.json").read_text())["lanes"]:
            if lane["taken"]:
                differences.look("taken", sum(entry["detections"] for entry in lane["taken"]), lane["detections"])
        print("\n".join(differences.wrong[:60]))
        print(f"{out}: {differences.leaves} leaves of coherence.json compared, {len(differences.wrong)} differ")
        failed |= bool(differences.wrong) or not differences.leaves
    sys.exit(failed)


if __name__ == "__main__":
    main()
