"""Scenario F of docs/scenarios.md in f64: nothing here is computed by Trackweave.

Numbers for tests/manoeuvres.rs and the table. Truth and measurements are drawn as benches/scenarios/manoeuvres.rs draws them;
the filters are those of the papers (Blom and Bar-Shalom 1988; Rauch, Tung and Striebel 1965). To run it again:

    python3 -m venv /tmp/numpy
    /tmp/numpy/bin/pip install numpy==2.4.6
    /tmp/numpy/bin/python tests/oracle/manoeuvres.py [targets]
"""

import math
import sys

import numpy as np

MASK = (1 << 64) - 1
RANGE_SIGMA, AZIMUTH_SIGMA, P_D, SECONDS, SETTLED, STEP = 50.0, math.radians(0.1), 0.9, 360.0, 20.0, 0.5


class Random:
    """SplitMix64."""

    def __init__(self, state):
        self.state = state

    def unit(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return (((z ^ (z >> 31)) >> 11) + 1) * 2.0**-53

    def between(self, low, high):
        return low + (high - low) * self.unit()

    def normal(self):
        far = math.sqrt(-2.0 * math.log(self.unit()))
        return far * math.cos(math.tau * self.unit())


def simulate(number, period):
    random = Random(number)
    r, bearing = random.between(10e3, 68e3), math.tau * random.unit()
    speed, course = random.between(100.0, 250.0), math.tau * random.unit()
    x, y = r * math.cos(bearing), r * math.sin(bearing)
    rate, left = 0.0, -75.0 * math.log(random.unit())
    truth, measured, time, due = [], [], 0.0, 0.0
    while due <= SECONDS:
        if time >= due:
            truth.append([x, y, speed * math.cos(course), speed * math.sin(course)])
            seen = random.unit() <= P_D
            z = [math.hypot(x, y) + RANGE_SIGMA * random.normal(), math.atan2(y, x) + AZIMUTH_SIGMA * random.normal()]
            measured.append(z if seen else None)
            due += period
        middle = course + 0.5 * STEP * rate
        x, y = x + STEP * speed * math.cos(middle), y + STEP * speed * math.sin(middle)
        course, time, left = course + STEP * rate, time + STEP, left - STEP
        if left <= 0.0 and rate == 0.0:
            rate = random.between(0.03, 0.1) * (1.0 if random.unit() <= 0.5 else -1.0)
            left = random.between(10.0, 30.0)
        elif left <= 0.0:
            rate, left = 0.0, -75.0 * math.log(random.unit())
    return np.array(truth), measured


def transition(sojourns, t):
    """exp(t G) by eigenvalues."""
    n = len(sojourns)
    g = np.array([[-1.0 / s if i == j else 1.0 / (s * (n - 1)) for j in range(n)] for i, s in enumerate(sojourns)])
    values, vectors = np.linalg.eig(g)
    return np.real(vectors @ np.diag(np.exp(values * t)) @ np.linalg.inv(vectors))


def cartesian(z):
    r, a = z
    turn = np.array([[math.cos(a), -math.sin(a)], [math.sin(a), math.cos(a)]])
    return r * turn[:, 0], turn @ np.diag([RANGE_SIGMA**2, (r * AZIMUTH_SIGMA) ** 2]) @ turn.T


H = np.hstack([np.eye(2), np.zeros((2, 2))])


def kalman(x, p, z):
    at, noise = cartesian(z)
    s = H @ p @ H.T + noise
    k = p @ H.T @ np.linalg.inv(s)
    nu = at - H @ x
    likely = math.exp(-0.5 * nu @ np.linalg.solve(s, nu)) / math.sqrt(np.linalg.det(2 * math.pi * s))
    keep = np.eye(4) - k @ H
    return x + k @ nu, keep @ p @ keep.T + k @ noise @ k.T, likely


def moments(weights, parts):
    x = sum(w * x for w, (x, _) in zip(weights, parts))
    return x, sum(w * (p + np.outer(own - x, own - x)) for w, (own, p) in zip(weights, parts))


def exponential(a):
    halvings = max(0, int(math.log2(max(1e-3, np.abs(a).max()))) + 8)
    small, total, term = a / 2**halvings, np.eye(len(a)), np.eye(len(a))
    for n in range(1, 14):
        term = term @ small / n
        total = total + term
    for _ in range(halvings):
        total = total @ total
    return total


def flow(q, rate_deg_s, t):
    """F and Q after t seconds of v' = w J v + noise, a turn to the right above 0, by van Loan's exponential."""
    w = -math.radians(rate_deg_s)
    a = np.zeros((4, 4))
    a[:2, 2:], a[2:, 2:] = np.eye(2), [[0.0, -w], [w, 0.0]]
    driven = np.zeros((4, 4))
    driven[2:, 2:] = q * np.eye(2)
    both = exponential(np.block([[-a, driven], [np.zeros((4, 4)), a.T]]) * t)
    f = both[4:, 4:].T
    return f, f @ both[:4, 4:]


def track(measured, period, levels):
    """An IMM, and Rauch, Tung and Striebel over its moments: what is best and linear, given how likely it had each model."""
    qs, sojourns = [level[0] for level in levels], [level[1] for level in levels]
    n, t = len(levels), period
    flows = [flow(level[0], level[2] if len(level) > 2 else 0.0, t) for level in levels]
    change = transition(sojourns, t) if n > 1 else np.eye(1)
    first = next(k for k, z in enumerate(measured) if z is not None)
    mu = np.array(sojourns) / sum(sojourns)
    speed = 150.0**2 + first * t * (mu @ qs)
    x, p, _ = kalman(np.zeros(4), np.diag([1e10, 1e10, speed, speed]), measured[first])
    parts = [(x, p)] * n
    ways, weights = {first: (x, p)}, {first: mu}
    for k in range(first + 1, len(measured)):
        c = change.T @ mu
        mixed = [moments(change[:, j] * mu / c[j], parts) for j in range(n)]
        parts = [(f @ x, f @ p @ f.T + q) for (f, q), (x, p) in zip(flows, mixed)]
        mu = c
        if measured[k] is not None:
            updated = [kalman(x, p, measured[k]) for x, p in parts]
            parts = [(x, p) for x, p, _ in updated]
            mu = c * np.array([likely for *_, likely in updated])
            mu = mu / mu.sum()
        ways[k], weights[k] = moments(mu, parts), mu
    last = len(measured) - 1
    smoothed = {last: ways[last]}
    for k in range(last - 1, first - 1, -1):
        (x, p), (later_x, later_p) = ways[k], smoothed[k + 1]
        c = change.T @ weights[k]
        ahead_x, ahead = moments(c, [(f @ x, f @ p @ f.T + q) for f, q in flows])
        mean = sum(c * f for c, (f, _) in zip(c, flows))
        g = p @ mean.T @ np.linalg.inv(ahead)
        smoothed[k] = x + g @ (later_x - ahead_x), p + g @ (later_p - ahead) @ g.T
    return ways, smoothed


def errors(targets, period, levels):
    sums, rows = np.zeros((2, 4)), np.zeros(2)
    for truth, measured in targets:
        for way, states in enumerate(track(measured, period, levels)):
            for k, (x, p) in states.items():
                if k * period >= SETTLED:
                    e = x - truth[k]
                    sums[way] += [e[:2] @ e[:2], e[2:] @ e[2:], e[:2] @ np.linalg.solve(p[:2, :2], e[:2]) / 2, e[2:] @ np.linalg.solve(p[2:, 2:], e[2:]) / 2]
                    rows[way] += 1
    means = sums / rows[:, None]
    means[:, :2] = np.sqrt(means[:, :2])
    return means


ROWS = {
    "one, 10": [(10.0, 1.0)],
    "one, 30": [(30.0, 1.0)],
    "one, 100": [(100.0, 1.0)],
    "one, 200": [(200.0, 1.0)],
    "one, 400": [(400.0, 1.0)],
    "two, 0.3 and 1000": [(0.3, 75.0), (1000.0, 20.0)],
    "two, 1 and 200": [(1.0, 75.0), (200.0, 20.0)],
    "three, 0.3, 30 and 1000": [(0.3, 75.0), (30.0, 20.0), (1000.0, 20.0)],
    "0.3 and turns of 100": [(0.3, 75.0), (100.0, 20.0, 3.5), (100.0, 20.0, -3.5)],
    "1 and turns of 30": [(1.0, 75.0), (30.0, 20.0, 3.5), (30.0, 20.0, -3.5)],
    "0.3, 1000, turns of 30": [(0.3, 75.0), (1000.0, 20.0), (30.0, 20.0, 3.5), (30.0, 20.0, -3.5)],
}

if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    for period in (4.0, 10.0):
        targets = [simulate(number, period) for number in range(count)]
        for name, levels in ROWS.items():
            for label, (place, speed, first, second) in zip((name, "  smoothed"), errors(targets, period, levels)):
                print(f"{period:4} s {label:26}{place:9.2f}{speed:9.2f}{first:8.3f}{second:8.3f}")
