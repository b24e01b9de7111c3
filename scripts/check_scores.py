"""Scores of finished runs once more, from the files, by other people's code: Stone Soup (SIAP), py-motmetrics
(CLEAR MOT, IDF1), TrackEval (HOTA), SciPy (assignment for GOSPA and OSPA, chi-square). scripts/check-scores runs it.

usage: check_scores.py RECORDING OUT [--scores FILE] [--partial-truth]

Compares OUT/_operator/scores.json with what it computes; every figure within 1e-6, absolute or relative.
"""

import argparse
import datetime
import itertools
import json
import math
import pathlib
import resource
import subprocess
import sys
import time
from collections import defaultdict

import numpy as np
import pyarrow.csv as csv
import pyarrow.parquet as pq
from scipy.optimize import linear_sum_assignment
from scipy.stats import chi2

EARTH_A, EARTH_F = 6378137.0, 1.0 / 298.257223563
TOLERANCE = 1e-6
SECOND = 1_000_000


class Census:
    """Figures that were compared, and those that differ."""

    def __init__(self):
        self.compared, self.tied, self.wrong, self.seconds = 0, 0, [], defaultdict(float)

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


def form(covariance, delta):
    """δᵀ P⁺ δ, and how many axes have a variance."""
    values, axes = np.linalg.eigh(covariance)
    there = values > 1e-12 * values[-1]
    along = axes.T @ delta
    return float(np.sum(along[there] ** 2 / values[there])), int(there.sum())


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
        parquet = folder / "truth.parquet"
        table = pq.read_table(parquet) if parquet.exists() else csv.read_csv(folder / "truth.csv")
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

    for family, arguments in [(gospa, (order, truth)), (siap, ()), (clear, ()), (hota, ())]:
        began = time.process_time()
        family(say, scans, picture, cutoff, *arguments)
        census.seconds[family.__name__] += time.process_time() - began


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
                    nees.append(form(picture.covariance[row], error))
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
    dof = sum(axes for _, axes in nees)
    say("nees.mean", divided(sum(squared for squared, _ in nees), dof))
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


def beside(arguments, census):
    """Processor seconds on the same pictures; those of others without reading files and without distances."""
    used = lambda: sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
    began = used()
    subprocess.run([arguments.beside, "--json", "score", arguments.out, "--truth", arguments.recording],
                   stdout=subprocess.DEVNULL, check=True)
    print(f"{arguments.out}: all scores of Trackweave, files read: {used() - began:.2f} s of processors")
    for family, of in [("gospa", "GOSPA, OSPA, NEES, times: SciPy"), ("siap", "SIAP: Stone Soup"),
                       ("clear", "CLEAR MOT, IDF1: py-motmetrics"), ("hota", "HOTA: TrackEval")]:
        print(f"  {of}: {census.seconds[family]:.2f} s")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recording", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--scores", type=pathlib.Path, help="what `trackweave --json score` printed; else the run's own")
    parser.add_argument("--partial-truth", action="store_true")
    parser.add_argument("--beside", help="a program: say what all scores cost it, and what each family costs the others")
    arguments = parser.parse_args()
    out, census = arguments.out, Census()
    scores = json.loads((arguments.scores or out / "_operator/scores.json").read_text())
    for partner, report in scores.items():
        config = json.loads((out / partner / "manifest.json").read_text())["configuration"]
        truth = Truth(arguments.recording, round(float(np.float32(config["score"]["max_gap_s"])) * SECOND))
        score(census, partner, report, truth, Picture(out / partner), config, arguments.partial_truth)
    if arguments.beside:
        beside(arguments, census)
    for wrong in census.wrong[:40]:
        print(wrong)
    print(f"{out}: {census.compared} figures compared, {len(census.wrong)} differ by more than {TOLERANCE}; "
          f"{census.tied} hang on which of two rows in one place is which")
    sys.exit(bool(census.wrong) or census.compared == 0)


if __name__ == "__main__":
    main()
