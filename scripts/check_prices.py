"""prices.json of a run once more: every change is made in the text of the policy, the recording run under it, and the figures of
docs/prices.md counted from what that run wrote: rows, tracks, delays and authorities from the pictures, coverage from the truth,
the rest as check_coherence.py does.

usage: check_prices.py PROGRAM RECORDING POLICY OUT [arguments of `trackweave run`…]

Figures are the same to 1e-6, absolute or relative; a change that the table refuses must be one that `run` refuses.
"""

import hashlib
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tomllib
from collections import defaultdict

import numpy as np
import pyarrow.parquet as pq
from check_coherence import Differences, Lowered, coherence
from check_scores import SECOND, Picture, Truth, times
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

DEMANDS = ("delay", "coarsen_m", "omit")
LESS = ("delay_mean_s", "apart_m")


def statements(text):
    """The rules of a file: pieces of its text up to each `;` that is neither in a string nor in a comment."""
    token = re.compile(r'"(?:\\.|[^"\\])*"|//[^\n]*|;', re.S)
    start, pieces = 0, []
    for found in token.finditer(text):
        if found.group() == ";":
            pieces.append(text[start : found.end()])
            start = found.end()
    return pieces, text[start:]


def plain(text):
    """A rule without comments."""
    return re.sub(r'("(?:\\.|[^"\\])*")|//[^\n]*', lambda found: found.group(1) or "", text, flags=re.S)


class Policy:
    """A policy as text."""

    def __init__(self, folder):
        self.folder = folder
        self.rules = {path.name: statements(path.read_text()) for path in sorted(folder.glob("*.cedar"))}
        self.levels = tomllib.loads((folder / "levels.toml").read_text())

    def changes(self):
        """Every change that docs/prices.md names."""
        for pieces, _ in self.rules.values():
            for piece in map(plain, pieces):
                name = re.search(r'@id\("([^"]*)"\)', piece).group(1)
                if re.search(r"\bforbid\s*\(", piece):
                    yield "forbid", name
                    continue
                yield "permit", name
                if self.conditions(piece):
                    yield "conditions", name
        for entry in self.levels.get("fuse", []) + self.levels.get("receive", []):
            if any(key in entry for key in DEMANDS):
                yield "level", entry["level"]

    @staticmethod
    def conditions(piece):
        """Where the conditions of a rule begin: behind the bracket that closes its head."""
        at = re.search(r"\b(permit|forbid)\s*\(", piece).end()
        depth = 1
        while depth:
            depth += {"(": 1, ")": -1}.get(piece[at], 0)
            at += 1
        return at if piece[at:].strip() != ";" else None

    def without(self, lifted, name, folder):
        """The policy with one change, in a folder."""
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.folder, folder)
        if lifted == "level":
            lines = []
            for group, entries in self.levels.items():
                for entry in entries:
                    lines.append(f"[[{group}]]")
                    kept = {k: v for k, v in entry.items() if entry.get("level") != name or k not in DEMANDS}
                    lines += [f"{key} = {json.dumps(value)}" for key, value in kept.items()]
            (folder / "levels.toml").write_text("\n".join(lines) + "\n")
            return
        for file, (pieces, rest) in self.rules.items():
            kept = []
            for piece in pieces:
                rule = plain(piece)
                if f'@id("{name}")' not in rule:
                    kept.append(piece)
                elif lifted == "conditions":
                    kept.append(rule[: self.conditions(rule)] + ";")
            (folder / file).write_text("".join(kept) + rest)


class Figures:
    """What partners have."""

    def __init__(self, recording):
        self.recording, self.truth, self.covered = recording, None, {}

    def of(self, out):
        operator = out / "_operator"
        table = json.loads((operator / "releases.json").read_text())
        lanes, lowered = table["lanes"], Lowered(table)
        lane_of = {partner: k for k, lane in enumerate(lanes) for partner in lane["partners"]}
        name = lambda c: (c["status"], *(tuple(sorted(c[k])) for k in ("contributors", "labels", "zones", "periods")))
        classes = {name(kind): kind for kind in table["classes"]}
        lives = defaultdict(list)
        stretches = pq.read_table(operator / "stretches.parquet")
        for first, last, row in zip(times(stretches["first"]), times(stretches["last"]), stretches.to_pylist()):
            lives[lane_of[row["lane"][0]], row["track"]].append((first, last, classes[name(row)]))
        found = coherence(out)
        apart = {tuple(pair["a"]): pair["total"] for pair in found["against_all_source"]}
        figures = {}
        for number, alike in enumerate(table["alike"]):
            for partner in alike["partners"]:
                picture = pq.read_table(out / partner / "tracks.parquet")
                at, track = times(picture["time"]), picture["track"].to_pylist()
                delays = [next(lowered.of(number, kind)[0] for first, last, kind in lives[alike["lane"], i]
                               if first <= us <= last) for us, i in zip(at, track)]
                total, points = apart[tuple(alike["partners"])], found["all_source_points"]
                figures[partner] = {
                    "detections": lanes[alike["lane"]]["detections"] if alike["lane"] is not None else 0,
                    "rows": len(track), "tracks": len(set(track)), "coverage": self.coverage(out, partner),
                    "of_all_source": total["both"] / points if points else None,
                    "delay_mean_s": float(np.mean(delays)) / SECOND if delays else None, "apart_m": total["apart_rms_m"],
                    "may_act": sum(map(len, picture["authorities"].to_pylist())),
                }
        return figures

    def coverage(self, out, partner):
        """The share of true positions at report times that a GOSPA matching gives a row."""
        config = json.loads((out / partner / "manifest.json").read_text())["configuration"]
        period, score = round(config["report_period_s"] * SECOND), config["score"]
        if self.truth is None:
            self.truth = Truth(self.recording, round(score["max_gap_s"] * SECOND))
            first = -(-self.truth.first // period) * period
            self.there = {time: [place for _, place, _ in self.truth.at(time)] for time in range(first, self.truth.last + 1, period)}
        digest = hashlib.sha256((out / partner / "tracks.parquet").read_bytes()).digest()
        if digest not in self.covered:
            picture = Picture(out / partner)
            matched = 0
            for time, there in self.there.items():
                rows = picture.by_time.get(time, [])
                if there and rows:
                    far = cdist(there, picture.position[rows])
                    gain = np.where(far < score["cutoff_m"], far ** score["order"] - score["cutoff_m"] ** score["order"], 0.0)
                    matched += int((gain[linear_sum_assignment(gain)] < 0).sum())
            self.covered[digest] = matched / sum(map(len, self.there.values()))
        return self.covered[digest]


def main():
    program, recording, folder, out = sys.argv[1], *map(pathlib.Path, sys.argv[2:5])
    said = json.loads((out / "_operator/prices.json").read_text())
    policy, figures, look = Policy(folder), Figures(recording), Differences()
    has = figures.of(out)
    look.look("as_it_is", said["as_it_is"], has)
    entries = {(entry["lifted"], entry["name"]): entry for entry in said["prices"]}
    look.look("prices", sorted(map(list, entries)), sorted(map(list, policy.changes())))
    work = out.with_name(out.name + "-without")
    for lifted, name in policy.changes():
        entry = entries.get((lifted, name), {})
        changed = work / "policy"
        policy.without(lifted, name, changed)
        run = subprocess.run([program, "run", recording, "--policy", changed, "--out", work / "out", *sys.argv[5:]],
                             capture_output=True, text=True)
        if run.returncode or "refused" in entry:
            look.look(f"{lifted} {name} refused", "refused" in entry, bool(run.returncode))
            continue
        partners = {}
        for partner, would in figures.of(work / "out").items():
            gain = {key: None if value is None or has[partner][key] is None else value - has[partner][key]
                    for key, value in would.items()}
            if would != has[partner]:
                partners[partner] = {"would_have": would, "gain": gain}
        look.look(f"{lifted} {name}", entry.get("partners"), partners)
    shutil.rmtree(work, ignore_errors=True)
    print("\n".join(look.wrong[:60]))
    print(f"{out}: {len(entries)} prices, {look.leaves} figures of prices.json compared, {len(look.wrong)} differ")
    sys.exit(bool(look.wrong) or not entries)


if __name__ == "__main__":
    main()
