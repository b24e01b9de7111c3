"""Scores and coherence of finished runs once more, from the files, by other people's code: Stone Soup (SIAP, OSPA, GOSPA),
py-motmetrics (CLEAR MOT, IDF1), TrackEval (HOTA), SciPy (assignment, chi-square). scripts/check-scores runs it.

usage: check_scores.py RECORDING OUT [--trackweave PROGRAM]

Compares OUT/_operator/scores.json and coherence.json with what it computes; every figure within 1e-6, absolute or relative.
"""

import argparse
import datetime
import itertools
import json
import math
import pathlib
import sys
from collections import defaultdict

import numpy as np
import pyarrow.parquet as pq
from scipy.optimize import linear_sum_assignment
from scipy.stats import chi2

EARTH_A, EARTH_F = 6378137.0, 1.0 / 298.257223563
TOLERANCE = 1e-6
SECOND = 1_000_000


class Census:
    """Figures that were compared, and those that differ."""

    def __init__(self):
        self.compared, self.tied, self.wrong = 0, 0, []

    def near(self, name, found, wanted):
        self.compared += 1
        if found is None or wanted is None or isinstance(wanted, bool):
            if found != wanted and not (wanted is not None and not isinstance(wanted, bool) and math.isnan(wanted)):
                self.wrong.append(f"{name}: found {found}, wanted {wanted}")
            return
        if not abs(found - wanted) <= TOLERANCE * max(1.0, abs(wanted)):
            self.wrong.append(f"{name}: found {found!r}, wanted {wanted!r}")


def ecef(latitude, longitude, altitude):
    phi, lam = np.radians(latitude), np.radians(longitude)
    e2 = EARTH_F * (2 - EARTH_F)
    n = EARTH_A / np.sqrt(1 - e2 * np.sin(phi) ** 2)
    across = (n + altitude) * np.cos(phi)
    return np.stack([across * np.cos(lam), across * np.sin(lam), (n * (1 - e2) + altitude) * np.sin(phi)], axis=1)


def enu(latitude, longitude):
    """Rows: the axes east, north, up, by point."""
    sp, cp = np.sin(np.radians(latitude)), np.cos(np.radians(latitude))
    sl, cl = np.sin(np.radians(longitude)), np.cos(np.radians(longitude))
    zero = np.zeros_like(sp)
    return np.stack(
        [np.stack([-sl, cl, zero], 1), np.stack([-sp * cl, -sp * sl, cp], 1), np.stack([cp * cl, cp * sl, sp], 1)], axis=1
    )


def times(column):
    """Microseconds; a recording may count seconds."""
    if str(column.type).startswith(("float", "double")):
        return np.array([round(value * SECOND) for value in column.to_pylist()], dtype=np.int64)
    return np.array(column.cast("int64").to_pylist(), dtype=np.int64)


def numbers(table, names):
    """Columns as floats, NaN where null; None if one is not there."""
    if any(name not in table.column_names for name in names):
        return None
    return np.stack([np.array(table[name].to_numpy(zero_copy_only=False), dtype=float) for name in names], axis=1)


class Picture:
    """The rows of a picture, in metres."""

    def __init__(self, folder):
        table = pq.read_table(folder / "tracks.parquet")
        self.time, self.track = times(table["time"]), table["track"].to_numpy()
        self.confirmed = np.array([status == "confirmed" for status in table["status"].to_pylist()], dtype=bool)
        geodetic = "latitude_deg" in table.column_names
        if geodetic:
            place = numbers(table, ["latitude_deg", "longitude_deg", "altitude_m"])
            self.position = ecef(*place.T) if len(place) else np.zeros((0, 3))
            axes, letters, velocity = enu(place[:, 0], place[:, 1]), "enu", ["east", "north", "up"]
        else:
            self.position = numbers(table, ["x_m", "y_m", "z_m"])
            axes, letters, velocity = np.tile(np.eye(3), (len(self.position), 1, 1)), "xyz", ["x", "y", "z"]
        pairs = ["".join(pair) for pair in itertools.combinations_with_replacement(letters, 2)]
        upper = numbers(table, [f"position_covariance_{pair}_m2" for pair in pairs])
        q = upper[:, [[0, 1, 2], [1, 3, 4], [2, 4, 5]]]
        self.covariance = np.einsum("nai,nab,nbj->nij", axes, q, axes)
        along = numbers(table, [f"velocity_{axis}_m_s" for axis in velocity])
        self.velocity = np.einsum("nai,na->ni", axes, along)
        seen = table["last_detection"].cast("int64")
        self.seen = np.array([np.nan if value is None else value for value in seen.to_pylist()], dtype=float)
        self.by_time = defaultdict(list)
        for row, time in enumerate(self.time):
            self.by_time[int(time)].append(row)
        for rows in self.by_time.values():
            rows.sort(key=lambda row: self.track[row])


class Truth:
    """Samples of every object, and where it is between two of them."""

    def __init__(self, folder, max_gap_us):
        table = pq.read_table(folder / "truth.parquet")
        time, name = times(table["time"]), table["object"].to_pylist()
        if "latitude_deg" in table.column_names:
            place = numbers(table, ["latitude_deg", "longitude_deg", "altitude_m"])
            position, axes = ecef(*place.T), enu(place[:, 0], place[:, 1])
            velocity = numbers(table, ["east_m_s", "north_m_s", "up_m_s"])
            velocity = None if velocity is None else np.einsum("nai,na->ni", axes, velocity)
        else:
            position = numbers(table, ["x_m", "y_m", "z_m"]) if "z_m" in table.column_names else np.column_stack(
                [numbers(table, ["x_m", "y_m"]), np.zeros(len(time))])
            names = [name for name in ("vx_m_s", "vy_m_s", "vz_m_s") if name in table.column_names]
            velocity = numbers(table, names) if names else None
            if velocity is not None and len(names) < 3:
                velocity = np.column_stack([velocity, np.zeros(len(time))])
        self.first, self.last, self.max_gap_us = int(time[0]), int(time[-1]), max_gap_us
        classes = table["class"].to_pylist() if "class" in table.column_names else [None] * len(time)
        self.samples, self.kind = defaultdict(list), {}
        for row, object_ in enumerate(name):
            samples = self.samples[object_]
            if samples and samples[-1][0] == time[row]:
                continue
            samples.append((int(time[row]), position[row], None if velocity is None else velocity[row]))
            if classes[row] and object_ not in self.kind:
                self.kind[object_] = classes[row]
        # Objects are ordered as they turn up.
        self.order = list(dict.fromkeys(name))

    def at(self, time):
        there = []
        for object_ in self.order:
            samples = self.samples[object_]
            low, high = 0, len(samples)
            while low < high:
                middle = (low + high) // 2
                low, high = (middle + 1, high) if samples[middle][0] <= time else (low, middle)
            if low == 0:
                continue
            before = samples[low - 1]
            if before[0] == time:
                there.append((object_, before[1], before[2]))
            elif low < len(samples) and samples[low][0] - before[0] <= self.max_gap_us:
                after = samples[low]
                share = (time - before[0]) / (after[0] - before[0])
                velocity = None if before[2] is None else before[2] + share * (after[2] - before[2])
                there.append((object_, before[1] + share * (after[1] - before[1]), velocity))
        return there


def distances(a, b):
    if not len(a) or not len(b):
        return np.zeros((len(a), len(b)))
    return np.linalg.norm(np.asarray(a)[:, None, :] - np.asarray(b)[None, :, :], axis=2)


def best(cost, alone):
    """Pairs of the least `Σ cost + alone · (rows and columns left over)`; infinite costs are no pairs."""
    rows, columns = cost.shape
    if not rows or not columns:
        return []
    whole = np.full((rows + columns, columns + rows), 0.0)
    whole[:rows, :columns] = np.where(np.isfinite(cost), cost, 1e9)
    whole[:rows, columns:] = np.where(np.eye(rows, dtype=bool), alone, 1e9)
    whole[rows:, :columns] = np.where(np.eye(columns, dtype=bool), alone, 1e9)
    chosen = zip(*linear_sum_assignment(whole))
    return [(r, c) for r, c in chosen if r < rows and c < columns and np.isfinite(cost[r, c])]


def scans_of(truth, picture, period_us, cutoff, partial):
    """Every report time with truth or rows: time, number, objects, rows, distances."""
    first = -(-truth.first // period_us) * period_us
    for number, time in enumerate(range(first, truth.last + 1, period_us)):
        there, rows = truth.at(time), picture.by_time.get(time, [])
        far = distances([place for _, place, _ in there], picture.position[rows] if rows else [])
        left = 0
        if partial:
            kept = [k for k in range(len(rows)) if far.shape[0] and (far[:, k] < cutoff).any()]
            left = len(rows) - len(kept)
            rows, far = [rows[k] for k in kept], far[:, kept]
        yield time, number, there, rows, far, left


def score(census, name, report, truth, picture, config, partial):
    """Compares the scores of a picture."""
    period_us = round(config["report_period_s"] * SECOND)
    cutoff, order = float(np.float32(config["score"]["cutoff_m"])), float(np.float32(config["score"]["order"]))
    scans = list(scans_of(truth, picture, period_us, cutoff, partial))
    # Rows in one place may be taken for each other at no cost: which is which is then a matter of the order, and not compared.
    tied = any(len({tuple(picture.position[row]) for row in rows}) < len(rows) for _, _, _, rows, _, _ in scans)
    of_ties = ("nees.mean", "timeliness.track_breaks", "timeliness.latency_mean_s", "clear.",
               "siap.track_number_changes_per_s") if tied else ()

    def say(key, wanted):
        if key.startswith(of_ties):
            census.tied += 1
        else:
            census.near(f"{name} {key}", dig(report, key), wanted)

    gospa(say, scans, picture, cutoff, order, truth)
    siap(say, scans, picture, cutoff)
    clear(say, scans, picture, cutoff)
    hota(say, scans, picture, cutoff)


def dig(value, path):
    for key in path.split("."):
        value = value[int(key)] if isinstance(value, list) else value[key]
    return value


def divided(a, b):
    return a / b if b else None


def gospa(say, scans, picture, cutoff, order, truth):
    sums, ospa_sum, unjudged = np.zeros(4), 0.0, 0
    matched = missed = false = 0
    squares, nees = [], []
    lives, breaks, there_s = {}, 0, 0.0
    latency = []
    kinds = defaultdict(lambda: [0, 0, 0.0])
    for time, number, there, rows, far, left in scans:
        unjudged += left
        near = np.where(far < cutoff, far ** order, np.inf)
        pairs = best(near, cutoff ** order / 2)
        loc = sum(near[r, c] for r, c in pairs)
        m, f = len(there) - len(pairs), len(rows) - len(pairs)
        half = cutoff ** order / 2
        sums += np.array([loc + half * (m + f), loc, half * m, half * f]) if order == 2 else np.array(
            [(loc + half * (m + f)) ** (2 / order), loc ** (2 / order), (half * m) ** (2 / order), (half * f) ** (2 / order)])
        most = max(len(there), len(rows))
        if most:
            ospa_sum += ((loc + cutoff ** order * (most - len(pairs))) / most) ** (1 / order)
        matched, missed, false = matched + len(pairs), missed + m, false + f
        of_row = dict(pairs)
        for r, (object_, place, _) in enumerate(there):
            row = rows[of_row[r]] if r in of_row else None
            kind = kinds[truth.kind.get(object_)]
            kind[0] += 1
            if row is not None:
                error = picture.position[row] - place
                squares.append(error @ error)
                kind[1], kind[2] = kind[1] + 1, kind[2] + error @ error
                if np.isfinite(picture.covariance[row]).all():
                    nees.append(error @ np.linalg.solve(picture.covariance[row], error))
                if np.isfinite(picture.seen[row]):
                    latency.append((time - picture.seen[row]) / SECOND)
            track = None if row is None else picture.track[row]
            life = lives.setdefault(object_, [time, None, number, time, None])
            if life[2] + 1 == number:
                there_s += (time - life[3]) / SECOND
                breaks += life[4] is not None and life[4] != track
            if row is not None and picture.confirmed[row] and life[1] is None:
                life[1] = time
            life[2:] = [number, time, track]
    n = len(scans)
    for key, value in zip(["total", "localisation", "missed", "false_tracks"], sums):
        say(f"gospa_rms_m.{key}", math.sqrt(value / n))
    say("ospa_mean_m", ospa_sum / n)
    say("unjudged", unjudged)
    for key, value in [("matched", matched), ("missed", missed), ("false_tracks", false)]:
        say(key, value)
    say("position_rmse_m", math.sqrt(np.mean(squares)) if squares else None)
    say("nees.rows", len(nees))
    dof = 3 * len(nees)
    say("nees.mean", divided(sum(nees), dof))
    say("nees.lower", chi2.ppf(0.025, dof) / dof if dof else None)
    say("nees.upper", chi2.ppf(0.975, dof) / dof if dof else None)
    waits = [(life[1] - life[0]) / SECOND for life in lives.values() if life[1] is not None]
    say("timeliness.confirmed", len(waits))
    say("timeliness.time_to_confirm_mean_s", float(np.mean(waits)) if waits else None)
    say("timeliness.time_to_confirm_median_s", float(np.median(waits)) if waits else None)
    say("timeliness.latency_mean_s", float(np.mean(latency)) if latency else None)
    say("timeliness.track_breaks", breaks)
    say("timeliness.object_hours", there_s / 3600)
    for kind, (all_, found, metres2) in kinds.items():
        if kind is not None:
            say(f"by_class.{kind}.truth_points", all_)
            say(f"by_class.{kind}.matched", found)
            say(f"by_class.{kind}.position_rmse_m", math.sqrt(metres2 / found) if found else None)


def siap(say, scans, picture, cutoff):
    """Stone Soup's SIAP over associations of every row to its nearest object, one for each run of scans."""
    from stonesoup.measures import Euclidean
    from stonesoup.metricgenerator.manager import MultiManager
    from stonesoup.metricgenerator.tracktotruthmetrics import SIAPMetrics
    from stonesoup.types.association import AssociationSet, TimeRangeAssociation
    from stonesoup.types.groundtruth import GroundTruthPath, GroundTruthState
    from stonesoup.types.state import State
    from stonesoup.types.time import TimeRange
    from stonesoup.types.track import Track

    instant = lambda us: datetime.datetime(2000, 1, 1) + datetime.timedelta(microseconds=int(us) - base)
    base = scans[0][0]
    paths, tracks, runs, open_runs = {}, {}, [], {}
    moving, errors = 0, 0.0
    needed, enough, before = defaultdict(int), {}, {}
    for time, number, there, rows, far, _ in scans:
        for object_, place, velocity in there:
            state = np.concatenate([place, np.zeros(3) if velocity is None else velocity])
            paths.setdefault(object_, GroundTruthPath()).append(GroundTruthState(state, timestamp=instant(time)))
        has = defaultdict(list)
        for c, row in enumerate(rows):
            moved = np.nan_to_num(picture.velocity[row])
            state = State(np.concatenate([picture.position[row], moved]), timestamp=instant(time))
            tracks.setdefault(picture.track[row], Track()).append(state)
            if far.shape[0]:
                r = int(np.argmin(far[:, c]))
                if far[r, c] < cutoff:
                    has[there[r][0]].append(picture.track[row])
                    velocity = there[r][2]
                    if velocity is not None and np.isfinite(picture.velocity[row]).all():
                        moving, errors = moving + 1, errors + np.linalg.norm(picture.velocity[row] - velocity)
        for object_, _, _ in there:
            for track in has[object_]:
                run = open_runs.get((object_, track))
                if run and run[2] + 1 == number:
                    run[1], run[2] = time, number
                else:
                    run = open_runs[(object_, track)] = [time, time, number]
                    runs.append((object_, track, run))
            adjacent = before.get(object_) == number - 1
            left = [track for track in enough.get(object_, []) if adjacent and track in has[object_]]
            if not left and has[object_]:
                needed[object_], left = needed[object_] + 1, has[object_]
            enough[object_], before[object_] = left, number
    associations = AssociationSet({
        # It knows no time range without length: a run of one scan lasts a microsecond.
        TimeRangeAssociation({paths[object_], tracks[track]}, TimeRange(instant(first), instant(max(last, first + 1))))
        for object_, track, (first, last, _) in runs
    })
    position = Euclidean(mapping=[0, 1, 2])
    generator = SIAPMetrics(position_measure=position, velocity_measure=Euclidean(mapping=[3, 4, 5]))
    # Its count of tracks needed takes the end of a run of one scan for a time of the truth: that figure is computed here.
    generator.rate_of_track_number_changes = lambda manager, truths: 0
    manager = MultiManager([generator])
    manager.add_data({"groundtruth_paths": set(paths.values()), "tracks": set(tracks.values())})
    manager.association_set = associations
    if not tracks:
        return
    found = {metric.title: metric.value for metric in generator.compute_metric(manager)}
    say("siap.completeness", found["SIAP Completeness"])
    say("siap.spuriousness", found["SIAP Spuriousness"])
    # It joins all runs of one object and track before it takes the longest; here a run is a run.
    longest = defaultdict(int)
    for object_, _, (first, last, _) in runs:
        longest[object_] = max(longest[object_], last - first)
    lives = sum(generator.truth_lifetime(path) for path in paths.values())
    say("siap.longest_segment_share", divided(sum(longest.values()) / SECOND, lives))
    if runs:
        say("siap.ambiguity", found["SIAP Ambiguity"])
        say("siap.position_accuracy_m", found["SIAP Position Accuracy"])
    say("siap.velocity_accuracy_m_s", divided(errors, moving))
    tracked = sum(generator.total_time_tracked(manager, path) for path in paths.values())
    changes = sum(max(0, count - 1) for count in needed.values())
    say("siap.track_number_changes_per_s", divided(changes, tracked))


def clear(say, scans, picture, cutoff):
    import motmetrics

    accumulator = motmetrics.MOTAccumulator(auto_id=True)
    objects, tracks = {}, {}
    for _, _, there, rows, far, _ in scans:
        accumulator.update([objects.setdefault(object_, len(objects)) for object_, _, _ in there],
                           [tracks.setdefault(picture.track[row], len(tracks)) for row in rows],
                           np.where(far < cutoff, far, np.nan))
    names = ["mota", "motp", "num_misses", "num_false_positives", "num_switches", "num_fragmentations", "idf1",
             "num_objects", "num_matches"]
    found = motmetrics.metrics.create().compute(accumulator, metrics=names, return_dataframe=False)
    if not found["num_objects"]:
        return
    say("clear.mota", found["mota"])
    matches = found["num_matches"] + found["num_switches"]
    say("clear.motp_m", found["motp"] if matches else None)
    for key, name in [("misses", "num_misses"), ("false_positives", "num_false_positives"),
                      ("switches", "num_switches"), ("fragmentations", "num_fragmentations")]:
        say(f"clear.{key}", int(found[name]))
    say("clear.matches", int(matches))
    say("hota.idf1", found["idf1"])


def hota(say, scans, picture, cutoff):
    import trackeval

    objects, tracks = {}, {}
    data = {"gt_ids": [], "tracker_ids": [], "similarity_scores": []}
    for _, _, there, rows, far, _ in scans:
        data["gt_ids"].append(np.array([objects.setdefault(o, len(objects)) for o, _, _ in there], dtype=int))
        data["tracker_ids"].append(np.array([tracks.setdefault(picture.track[r], len(tracks)) for r in rows], dtype=int))
        data["similarity_scores"].append(np.maximum(0, 1 - far / cutoff))
    data |= {
        "num_gt_ids": len(objects), "num_tracker_ids": len(tracks),
        "num_gt_dets": sum(map(len, data["gt_ids"])), "num_tracker_dets": sum(map(len, data["tracker_ids"])),
        "num_timesteps": len(scans),
    }
    if not data["num_gt_dets"] or not data["num_tracker_dets"]:
        return
    found = trackeval.metrics.HOTA().eval_sequence(data)
    for key, name in [("hota", "HOTA"), ("det_a", "DetA"), ("ass_a", "AssA"), ("loc_a", "LocA")]:
        say(f"hota.{key}", float(np.mean(found[name])))
    for place in range(19):
        say(f"hota.within.{place}.ass_a", float(found["AssA"][place]))
        say(f"hota.within.{place}.det_a", float(found["DetA"][place]))


class Coherence:
    """docs/coherence.md in Python."""

    def __init__(self, out, config):
        operator = out / "_operator"
        self.table = json.loads((operator / "releases.json").read_text())
        self.cutoff = float(np.float32(config["score"]["cutoff_m"]))
        lanes, alike, levels = self.table["lanes"], self.table["alike"], self.table["levels"]
        key = lambda c: (c["status"], *(tuple(sorted(c[k])) for k in ("contributors", "labels", "zones", "periods")))
        self.classes = {key(c): c for c in self.table["classes"]}
        lane_of = {partner: number for number, lane in enumerate(lanes) for partner in lane["partners"]}
        picture_of = {partner: number for number, of in enumerate(alike) for partner in of["partners"]}
        self.stretches = defaultdict(list)
        table = pq.read_table(operator / "stretches.parquet")
        firsts, lasts = times(table["first"]), times(table["last"])
        for first, last, row in zip(firsts, lasts, table.to_pylist()):
            if row["status"] == "confirmed":
                held = {(picture_of[h.split(":", 1)[0]], h.split(":", 1)[1]) for h in row["holders"]}
                self.stretches[(lane_of[row["lane"][0]], row["track"])].append((first, last, self.classes[key(row)], held))
        self.order = sorted(range(len(lanes)), key=lambda k: (not lanes[k]["whole"], -lanes[k]["detections"], k))
        latest = max((lane["until_us"] for lane in lanes), default=0)
        self.until = [latest if of["lane"] is None else lanes[of["lane"]]["until_us"] for of in alike]
        free = lambda level: level is not None and not levels[level]["delay_us"] and levels[level]["coarsen_m"] is None
        confirmed = [c for c in self.table["classes"] if c["status"] == "confirmed"]
        self.complete = next((k for k, of in enumerate(alike) if of["lane"] is not None and lanes[of["lane"]]["whole"]
                              and all(free(c["levels"][k]) for c in confirmed)), None)
        self.rows = defaultdict(lambda: defaultdict(list))
        for k, of in enumerate(alike):
            if of["lane"] is None:
                continue
            picture = Picture(out / of["partners"][0])
            for row in np.flatnonzero(picture.confirmed):
                time, track = int(picture.time[row]), int(picture.track[row])
                found = self.stretch(of["lane"], track, time)
                demands = levels[found[2]["levels"][k]]
                self.rows[time][k].append((track, picture.position[row], picture.covariance[row],
                                           demands["coarsen_m"] or 0.0, demands["delay_us"], found[2], found[3]))

    def stretch(self, lane, track, time):
        return next(s for s in self.stretches[(lane, track)] if s[0] <= time <= s[1])

    def gate(self, a, b):
        return self.cutoff + math.sqrt(0.75) * (a[3] + b[3])

    def objects(self):
        """By report: time and objects, each with its number, its rows by picture and its first track."""
        alike = self.table["alike"]
        of_track, lanes_of, known, first, alias = {}, {}, {}, {}, {}

        def root(number):
            while number in alias:
                number = alias[number]
            return number

        before = lambda track: root(of_track[track]) if track in of_track else None
        for time in sorted(self.rows):
            groups = []
            for lane in self.order:
                nodes = defaultdict(list)
                for k in sorted(self.rows[time]):
                    if alike[k]["lane"] == lane:
                        for row in self.rows[time][k]:
                            nodes[(lane, row[0])].append((k, row))
                nodes = [(track, rows, min(rows, key=lambda r: r[1][3])[1]) for track, rows in sorted(nodes.items())]
                place_of = {}
                for place, group in enumerate(groups):
                    for track, _, _ in group["nodes"]:
                        if before(track) is not None:
                            place_of.setdefault(before(track), place)
                taken, rest = {}, []
                for node in nodes:
                    place = place_of.get(before(node[0]))
                    near = place is not None and place not in taken and np.linalg.norm(
                        groups[place]["at"][1] - node[2][1]) / self.gate(groups[place]["at"], node[2]) < 1
                    if near:
                        taken[place] = node
                    else:
                        rest.append(node)
                free = [place for place in range(len(groups)) if place not in taken]
                share = np.full((len(rest), len(free)), np.inf)
                for r, node in enumerate(rest):
                    for c, place in enumerate(free):
                        at = groups[place]["at"]
                        value = np.linalg.norm(at[1] - node[2][1]) / self.gate(at, node[2])
                        if value < 1:
                            share[r, c] = value * value
                chosen = dict(best(share, 0.5))
                fresh = []
                for r, node in enumerate(rest):
                    if r in chosen:
                        taken[free[chosen[r]]] = node
                    else:
                        fresh.append({"nodes": [node], "at": node[2]})
                for place, node in taken.items():
                    if node[2][3] < groups[place]["at"][3]:
                        groups[place]["at"] = node[2]
                    groups[place]["nodes"].append(node)
                groups += fresh
            claimed, ids = set(), []
            for group in groups:
                had = [before(track) for track, _, _ in group["nodes"] if before(track) is not None]
                number = next((n for n in had if n not in claimed), None)
                if number is None:
                    number = len(lanes_of)
                    lanes_of[number], known[number], first[number] = set(), {}, (time, group["at"][5])
                claimed.add(number)
                ids.append(number)
            for group, number in zip(groups, ids):
                for track, _, _ in group["nodes"]:
                    other = before(track)
                    if other is not None and other not in claimed and not lanes_of[number] & lanes_of[other]:
                        alias[other] = number
                        lanes_of[number] |= lanes_of[other]
                        first[number] = min(first[number], first[other], key=lambda f: f[0])
                        for k, us in known[other].items():
                            known[number][k] = min(us, known[number].get(k, us))
            present = []
            for group, number in zip(groups, ids):
                rows = {}
                for track, of_node, _ in group["nodes"]:
                    of_track[track] = number
                    lanes_of[number].add(track[0])
                    for k, row in of_node:
                        rows[k] = row
                        known[number][k] = min(known[number].get(k, time + row[4]), time + row[4])
                ordered = [row for _, of_node, _ in group["nodes"] for _, row in of_node]
                present.append((number, rows, min(ordered, key=lambda r: r[3]), group["nodes"][0][0]))
            yield time, present
        self.known = {n: k for n, k in known.items() if n not in alias}
        self.root = root

    def compare(self, census, report):
        alike = self.table["alike"]
        n = len(alike)
        pairs = [(a, b) for a in range(n) for b in range(a + 1, n)] + [(a, n) for a in range(n)]
        sums = {pair: defaultdict(float) for pair in pairs}
        met = {pair: defaultdict(int) for pair in pairs}
        last = {pair: ({}, {}) for pair in pairs}
        held, count = defaultdict(lambda: [0, 0, 0]), 0
        lane = lambda side: alike[side]["lane"] if side < n else (
            None if self.complete is None else alike[self.complete]["lane"])
        pending = []
        for time, present in self.objects():
            for number, rows, finest, _ in present:
                of_all = finest if self.complete is None else rows.get(self.complete)
                anchor = of_all or finest
                side = []
                for k in range(n):
                    level = anchor[5]["levels"][k]
                    arrived = level is not None and time <= self.until[k] - self.table["levels"][level]["delay_us"]
                    side.append((rows.get(k), k in rows or (of_all is not None and arrived)))
                side.append((of_all, of_all is not None))
                for a, b in pairs:
                    (row_a, due_a), (row_b, due_b) = side[a], side[b]
                    if not (due_a and due_b):
                        continue
                    sum_ = sums[(a, b)]
                    sum_["due"] += 1
                    if row_a is None or row_b is None:
                        sum_["only_a"] += row_a is not None
                        sum_["only_b"] += row_b is not None
                        continue
                    sum_["both"] += 1
                    delta = row_a[1] - row_b[1]
                    sum_["m2"] += delta @ delta
                    both = row_a[2] + row_b[2]
                    if np.isfinite(both).all():
                        sum_["sigma2"] += delta @ np.linalg.solve(both, delta)
                        sum_["measured"] += 1
                    if lane(a) is not None and lane(a) == lane(b):
                        continue
                    union = b == n and self.complete is None
                    pending.append(((a, b), row_a[0], number if union else row_b[0]))
                if of_all is not None:
                    for k, action in of_all[6]:
                        row = rows.get(k)
                        counts = held[(k, action)]
                        counts[0] += 1
                        counts[1] += row is None
                        counts[2] += row is not None and (row[4] > 0 or row[3] > 0)
        for pair, a, b in pending:
            union = pair[1] == n and self.complete is None
            met[pair][(a, self.root(b) if union else b)] += 1
            of_a, of_b = last[pair]
            changed = (a in of_a and (self.root(of_a[a]) != self.root(b) if union else of_a[a] != b)) or (
                b in of_b and of_b[b] != a)
            sums[pair]["switches"] += changed
            of_a[a], of_b[b] = b, a
        for known in self.known.values():
            side = lambda k: known.get(k) if k < n else (
                min(known.values()) if self.complete is None else known.get(self.complete))
            for a, b in pairs:
                ka, kb = side(a), side(b)
                if ka is not None and kb is not None:
                    sums[(a, b)]["objects"] += 1
                    sums[(a, b)]["a_s"] += max(0, ka - kb) / SECOND
                    sums[(a, b)]["b_s"] += max(0, kb - ka) / SECOND
        census.near("coherence objects", report["objects"], len(self.known))
        names = [of["partners"] for of in alike]
        for found in report["pairs"] + report["against_all_source"]:
            a = names.index(found["a"])
            b = n if found["b"] is None else names.index(found["b"])
            sum_, total = sums[(a, b)], found["total"]
            say = lambda key, wanted: census.near(f"coherence {a} {b} {key}", total[key], wanted)
            for key in ("due", "both", "only_a", "only_b", "objects"):
                say(key, int(sum_[key]))
            say("shared", divided(sum_["both"], sum_["due"]))
            say("apart_rms_m", math.sqrt(sum_["m2"] / sum_["both"]) if sum_["both"] else None)
            say("apart_sigmas", math.sqrt(sum_["sigma2"] / 3 / sum_["measured"]) if sum_["measured"] else None)
            say("a_later_s", divided(sum_["a_s"], sum_["objects"]))
            say("b_later_s", divided(sum_["b_s"], sum_["objects"]))
            one_lane = lane(a) is not None and lane(a) == lane(b)
            if not (b == n and self.complete is None):
                # A switch of an object that was joined later is one at its time only.
                say("switches", int(sum_["switches"]))
            of = met[(a, b)]
            most_a, most_b = defaultdict(int), defaultdict(int)
            for (i, j), times_ in of.items():
                most_a[i], most_b[j] = max(most_a[i], times_), max(most_b[j], times_)
            same = sum(times_ for (i, j), times_ in of.items() if most_a[i] == times_ == most_b[j])
            say("same_identity", divided(sum_["both"] if one_lane else same, sum_["both"]))
        for action in report["blind_authority"]["actions"]:
            counts = held[(names.index(action["partners"]), action["action"])]
            for key, wanted in zip(("held", "blind", "late_or_coarse"), counts):
                census.near(f"coherence {action['partners']} {action['action']} {key}", action[key], wanted)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recording", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--scores", type=pathlib.Path, help="what `trackweave --json score` printed; else the run's own")
    parser.add_argument("--partial-truth", action="store_true")
    arguments = parser.parse_args()
    out, census = arguments.out, Census()
    scores = json.loads((arguments.scores or out / "_operator/scores.json").read_text())
    config = None
    for partner, report in scores.items():
        config = json.loads((out / partner / "manifest.json").read_text())["configuration"]
        truth = Truth(arguments.recording, round(float(np.float32(config["score"]["max_gap_s"])) * SECOND))
        score(census, partner, report, truth, Picture(out / partner), config, arguments.partial_truth)
    if not arguments.scores:
        Coherence(out, config).compare(census, json.loads((out / "_operator/coherence.json").read_text()))
    for wrong in census.wrong[:40]:
        print(wrong)
    print(f"{out}: {census.compared} figures compared, {len(census.wrong)} differ by more than {TOLERANCE}; "
          f"{census.tied} hang on which of two rows in one place is which")
    sys.exit(bool(census.wrong) or census.compared == 0)


main()
