"""Numbers for tests/score.rs from Stone Soup and SciPy: nothing here is computed by Trackweave.

To run it again (it overwrites stonesoup_metrics.json beside it; the same versions give the same bytes):

    python3 -m venv /tmp/stonesoup
    /tmp/stonesoup/bin/pip install stonesoup==1.9.1 numpy==2.4.6 scipy==1.17.1
    /tmp/stonesoup/bin/python tests/oracle/stonesoup_metrics.py

What comes from where:

- `sets`: GOSPA (alpha = 2; its parts are p-th powers) and OSPA of order 1 by Stone Soup. Stone Soup's OSPA minimises the
  sum of d and raises to p afterwards, which is not OSPA for p > 1; for those orders SciPy's `linear_sum_assignment` on
  min(d, c)^p is used.
- `sequences`: SIAP and CLEAR MOT metrics by Stone Soup, from associations that are runs of scans with the same match in
  Stone Soup's GOSPA assignment.
- `trajectories`: T-GOSPA as the mixed integer programme of García-Fernández et al. 2020 by SciPy's `milp` (HiGHS), and
  OSPA(2) written out from Beard, Vo and Vo 2020 with `linear_sum_assignment`.
"""

import datetime
import importlib.metadata
import json
import pathlib

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linear_sum_assignment, milp
from stonesoup.measures import Euclidean
from stonesoup.metricgenerator.clearmotmetrics import ClearMotMetrics
from stonesoup.metricgenerator.manager import MultiManager
from stonesoup.metricgenerator.ospametric import GOSPAMetric, OSPAMetric
from stonesoup.metricgenerator.tracktotruthmetrics import SIAPMetrics
from stonesoup.types.association import AssociationSet, SingleTimeAssociation, TimeRangeAssociation
from stonesoup.types.groundtruth import GroundTruthPath, GroundTruthState
from stonesoup.types.state import State
from stonesoup.types.time import TimeRange
from stonesoup.types.track import Track

START = datetime.datetime(2000, 1, 1)
MEASURE = Euclidean(mapping=[0, 1, 2])


def at(scan):
    return START + datetime.timedelta(seconds=scan)


def points(rng, count, extent):
    """Positions in whole millimetres, so that JSON holds them exactly as they are used."""
    return np.round(rng.uniform(-extent, extent, (count, 3)), 3)


def scattered(rng, truth, spread, extent, kept, false):
    """Estimates: a share of the truth, scattered, then false ones, in random order."""
    near = truth[rng.random(len(truth)) < kept]
    near = np.round(near + rng.normal(0, spread, near.shape), 3)
    return rng.permutation(np.concatenate([near, points(rng, false, extent)]))


def scipy_ospa(truth, estimates, cutoff, order):
    n, larger = sorted((len(truth), len(estimates)))
    if larger == 0:
        return 0.0
    total = cutoff**order * (larger - n)
    if n > 0:
        d = np.minimum(np.linalg.norm(truth[:, None] - estimates[None], axis=2), cutoff) ** order
        total += d[linear_sum_assignment(d)].sum()
    return float((total / larger) ** (1 / order))


def one_set(truth, estimates, cutoff, order):
    states = [[State(p, timestamp=START) for p in side] for side in (estimates, truth)]
    if len(truth) + len(estimates) > 0:
        gospa, _ = GOSPAMetric(c=cutoff, p=order, measure=MEASURE).compute_gospa_metric(*states)
        gospa = {key: float(value) for key, value in gospa.value.items()}
    else:
        # Stone Soup takes the time from the states and so refuses two empty sets.
        gospa = {"distance": 0.0, "localisation": 0.0, "missed": 0.0, "false": 0.0}
    if order == 1 and len(truth) + len(estimates) > 0:
        ospa = float(OSPAMetric(c=cutoff, p=order, measure=MEASURE).compute_OSPA_distance(*states).value)
        assert abs(ospa - scipy_ospa(truth, estimates, cutoff, order)) < 1e-9
    else:
        ospa = scipy_ospa(truth, estimates, cutoff, order)
    return {
        "truth": truth.tolist(),
        "estimates": estimates.tolist(),
        "cutoff_m": cutoff,
        "order": order,
        "gospa": gospa,
        "ospa": ospa,
    }


def sets(rng):
    none = np.zeros((0, 3))
    one = np.array([[1.0, 2.0, 3.0]])
    cases = [one_set(a, b, 10.0, p) for a in (none, one) for b in (none, one) for p in (1, 2)]
    # At the cut-off exactly, a hair inside, coincident points, and a chain in which greed is wrong.
    cases.append(one_set(np.zeros((1, 3)), np.array([[6.0, 8.0, 0.0]]), 10.0, 2))
    cases.append(one_set(np.zeros((1, 3)), np.array([[6.0, 7.999, 0.0]]), 10.0, 2))
    cases.append(one_set(np.zeros((3, 3)), np.zeros((2, 3)), 10.0, 2))
    chain = np.array([[0.0, 0, 0], [10.0, 0, 0], [20.0, 0, 0]])
    cases.append(one_set(chain, chain + [6.0, 0, 0], 15.0, 1))
    cases.append(one_set(chain, chain[1:] - [6.0, 0, 0], 15.0, 2))
    for order in (1, 2, 3, 1.5):
        for count, extent, false in ((4, 20, 2), (12, 20, 8), (30, 100, 0), (0, 20, 5), (7, 1e5, 7)):
            truth = points(rng, count, extent)
            for kept in (0.9, 0.4):
                cases.append(one_set(truth, scattered(rng, truth, 3.0, extent, kept, false), 10.0, order))
    # More than 4096 comparisons: ours then goes through its grid.
    truth = points(rng, 80, 60)
    cases.append(one_set(truth, scattered(rng, truth, 8.0, 60, 0.9, 10), 25.0, 2))
    return cases


class PointsOnly(SIAPMetrics):
    """Without what asks each association for its length, which those of one scan do not have."""

    def rate_of_track_number_changes(self, manager, ground_truths):
        return 0

    @staticmethod
    def longest_track_time_on_truth(manager, truth):
        return 0


def histories(rng, scans, objects, extent, detected, swap):
    """Objects that walk, live from one scan to another, and tracks that follow them, get lost and exchange objects."""
    truth, labels = {}, {}
    for k in range(objects):
        first, last = rng.integers(scans // 3), rng.integers(scans // 2, scans)
        walk = np.cumsum(rng.normal(0, 3, (scans, 3)), axis=0) + rng.uniform(-extent, extent, 3)
        truth[k] = {int(s): np.round(walk[s], 3) for s in range(first, last + 1)}
        labels[k] = k
    tracks, fresh = {}, objects
    for scan in range(scans):
        for k in range(objects):
            if rng.random() < swap:
                other = int(rng.integers(objects))
                labels[k], labels[other] = labels[other], labels[k]
            if rng.random() < swap / 2:
                labels[k], fresh = fresh, fresh + 1
            if scan in truth[k] and rng.random() < detected:
                place = np.round(truth[k][scan] + rng.normal(0, 2, 3), 3)
                tracks.setdefault(labels[k], {})[scan] = place
        if rng.random() < 0.3:
            tracks.setdefault(fresh, {})[scan] = points(rng, 1, extent)[0]
            fresh += 1
    return truth, tracks


def sequence(rng, scans, objects, detected, swap, cutoff):
    truth, tracks = histories(rng, scans, objects, 40, detected, swap)
    paths = {
        k: GroundTruthPath([GroundTruthState(p, timestamp=at(s)) for s, p in path.items()], id=str(k))
        for k, path in truth.items()
    }
    followed = {
        k: Track([State(p, timestamp=at(s)) for s, p in sorted(path.items())], id=str(k)) for k, path in tracks.items()
    }
    gospa = GOSPAMetric(c=cutoff, p=2, measure=MEASURE)
    runs, open_runs, squares = [], {}, []
    for scan in range(scans):
        there = [k for k in truth if scan in truth[k]]
        seen = [k for k in tracks if scan in tracks[k]]
        now = {}
        if there or seen:
            metric, assignment = gospa.compute_gospa_metric(
                [State(tracks[k][scan], timestamp=at(scan)) for k in seen],
                [State(truth[k][scan], timestamp=at(scan)) for k in there],
            )
            squares.append([float(metric.value[key]) for key in ("localisation", "missed", "false")])
            now = {(there[i], seen[j]) for i, j in enumerate(assignment) if j != -1} if len(seen) else set()
        else:
            squares.append([0.0, 0.0, 0.0])
        for pair in [pair for pair in open_runs if pair not in now]:
            runs.append((pair, open_runs.pop(pair), scan - 1))
        for pair in now:
            open_runs.setdefault(pair, scan)
    runs += [(pair, first, scans - 1) for pair, first in open_runs.items()]
    moments, segments = AssociationSet(), AssociationSet()
    for (o, k), first, last in runs:
        for scan in range(first, last + 1):
            moments.add(SingleTimeAssociation({paths[o], followed[k]}, at(scan)))
        if last > first:
            # A track of its own: Stone Soup joins the segments of one pair, and would give their sum as the longest.
            segments.add(TimeRangeAssociation({paths[o], Track(id=str(k))}, TimeRange(at(first), at(last))))
    siap = PointsOnly(position_measure=MEASURE, velocity_measure=MEASURE)
    manager = MultiManager([siap, ClearMotMetrics(distance_measure=MEASURE)])
    manager.add_data({"groundtruth_paths": set(paths.values()), "tracks": set(followed.values())})
    manager.association_set = moments
    metrics = {}
    for generated in manager.generate_metrics().values():
        metrics.update({title: metric.value for title, metric in generated.items()})
    manager.association_set = segments
    tracked = [siap.total_time_tracked(manager, path) for path in paths.values()]
    longest = sum(SIAPMetrics.longest_track_time_on_truth(manager, path) for path in paths.values())
    lives = sum(siap.truth_lifetime(path) for path in paths.values())
    return {
        "scans": scans,
        "cutoff_m": cutoff,
        "truth": [[s, k, *p] for s in range(scans) for k, path in truth.items() if s in path for p in [path[s].tolist()]],
        "tracks": [[s, k, *p] for s in range(scans) for k, path in tracks.items() if s in path for p in [path[s].tolist()]],
        "gospa_rms": np.sqrt(np.mean(squares, axis=0)).tolist(),
        "siap_completeness": metrics["SIAP Completeness"],
        "siap_spuriousness": metrics["SIAP Spuriousness"],
        "siap_position_accuracy": metrics["SIAP Position Accuracy"],
        "siap_longest_track_segment": longest / lives,
        "siap_mean_time_tracked": float(np.mean(tracked)),
        "motp": metrics["MOTP"],
        "mota": metrics["MOTA"],
    }


def milp_t_gospa(truth, tracks, scans, cutoff, order, switch):
    """min Σ D_k·W_k + γ^p/2 Σ |W_k+1 − W_k| over binary W_k with row and column sums of at most 1."""
    n, m = len(truth), len(tracks)
    half = cutoff**order / 2
    saving = np.zeros((scans, n, m))
    present = 0
    for k in range(scans):
        present += sum(k in t for t in truth) + sum(k in t for t in tracks)
        for i, x in enumerate(truth):
            for j, y in enumerate(tracks):
                if k in x and k in y:
                    d = np.linalg.norm(x[k] - y[k])
                    saving[k, i, j] = min(d, cutoff) ** order - 2 * half
    size, steps = saving.size, (scans - 1) * n * m
    rows, upper = [], []
    w = np.eye(size + steps)
    for k in range(scans):
        index = np.arange(k * n * m, (k + 1) * n * m).reshape(n, m)
        for group in [*index, *index.T]:
            rows.append(w[group].sum(axis=0))
            upper.append(1)
    for e in range(steps):
        for sign in (1, -1):
            rows.append(sign * (w[e + n * m] - w[e]) - w[size + e])
            upper.append(0)
    cost = np.concatenate([saving.ravel(), np.full(steps, switch**order / 2)])
    integral = np.concatenate([np.ones(size), np.zeros(steps)])
    found = milp(
        cost,
        integrality=integral,
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(np.array(rows), -np.inf, np.array(upper)),
        options={"mip_rel_gap": 0.0},
    )
    assert found.success, found.message
    best = np.round(found.x[:size]).reshape(scans, n, m)
    total = half * present + (saving * best).sum() + switch**order / 2 * np.abs(np.diff(best, axis=0)).sum()
    return float(max(total, 0.0) ** (1 / order))


def ospa2(truth, tracks, window, cutoff, order, time_order):
    truth = [t for t in truth if any(k in t for k in window)]
    tracks = [t for t in tracks if any(k in t for k in window)]
    smaller, larger = sorted((len(truth), len(tracks)))
    if larger == 0:
        return 0.0
    base = np.zeros((len(truth), len(tracks)))
    for i, f in enumerate(truth):
        for j, g in enumerate(tracks):
            there = [k for k in window if k in f or k in g]
            d = [min(np.linalg.norm(f[k] - g[k]), cutoff) if k in f and k in g else cutoff for k in there]
            base[i, j] = np.mean(np.array(d) ** time_order) ** (1 / time_order)
    total = cutoff**order * (larger - smaller)
    if smaller > 0:
        total += (base**order)[linear_sum_assignment(base**order)].sum()
    return float((total / larger) ** (1 / order))


def trajectories(rng, scans, objects, detected, swap, cutoff, order, switch):
    truth, tracks = histories(rng, scans, objects, 8, detected, swap)
    sides = [list(truth.values()), list(tracks.values())]
    return {
        "scans": scans,
        "cutoff_m": cutoff,
        "order": order,
        "switch_m": switch,
        "truth": [[[s, *p.tolist()] for s, p in path.items()] for path in sides[0]],
        "tracks": [[[s, *p.tolist()] for s, p in path.items()] for path in sides[1]],
        "t_gospa": milp_t_gospa(*sides, scans, cutoff, order, switch),
        "ospa2_window_4": [
            ospa2(*sides, range(max(k - 3, 0), k + 1), cutoff, order, 1.0) for k in range(scans)
        ],
        "ospa2_time_order_2": ospa2(*sides, range(scans), cutoff, order, 2.0),
    }


def main():
    rng = np.random.default_rng(20240601)
    numbers = {
        "versions": {name: importlib.metadata.version(name) for name in ("stonesoup", "numpy", "scipy")},
        "sets": sets(rng),
        "sequences": [
            sequence(rng, 30, 4, 0.9, 0.05, 10.0),
            sequence(rng, 40, 6, 0.7, 0.1, 6.0),
            sequence(rng, 20, 3, 1.0, 0.0, 30.0),
        ],
        "trajectories": [
            trajectories(rng, 8, 3, 0.9, 0.1, 10.0, 2, 2.0),
            trajectories(rng, 10, 2, 0.8, 0.2, 10.0, 1, 3.0),
            trajectories(rng, 10, 3, 0.7, 0.1, 6.0, 2, 4.0),
            trajectories(rng, 6, 2, 1.0, 0.5, 15.0, 2, 0.0),
            trajectories(rng, 8, 3, 0.9, 0.3, 12.0, 2, 12.0),
        ],
    }
    # `json` writes the shortest text that reads back as the same f64.
    text = ",\n".join(f' "{key}": ' + one_a_line(value) for key, value in numbers.items())
    pathlib.Path(__file__).with_suffix(".json").write_text("{\n" + text + "\n}\n")


def one_a_line(value):
    if isinstance(value, list):
        return "[\n" + ",\n".join("  " + json.dumps(case) for case in value) + "\n ]"
    return json.dumps(value)


if __name__ == "__main__":
    main()
