"""Writes the files of data/tutorial, which docs/tutorial.md works with: twenty minutes of a bay.

    python3 data/make_tutorial.py

`ships.csv` has what two stations saw, as a vessel traffic service exports it: a receiver of AIS gives places, a radar range and
bearing. One vessel sends no AIS. `truth.csv` has where all of them were. All of it is made up. Same bytes every time; needs
nothing but Python.
"""

import math
import random
from datetime import datetime, timedelta
from pathlib import Path

OUT = Path(__file__).parent / "tutorial"
START = datetime(2026, 5, 4, 6)
SECONDS = 1200
NAUTICAL_MILE_M, KNOT_M_S = 1852.0, 1852.0 / 3600.0
A, E2 = 6378137.0, 0.0066943799901413165  # WGS 84
SITE = (54.68, 13.43, 40.0)  # latitude and longitude in degrees, height in metres
# Standard deviations, and what the radar misses and makes up.
PLACE_M, SPEED_M_S, COURSE_DEG, RANGE_M, BEARING_DEG = 10.0, 0.2, 2.0, 20.0, 0.2
TURN_S, DETECTED, FALSE_A_TURN, REACH_M = 6, 0.9, 1.0, (300.0, 15000.0)
# MMSI, metres east and north of the radar at first, speed in m/s, course in degrees, turn in degrees a second, seconds
# between reports. The last sends none.
VESSELS = [
    ("211000001", -3000.0, 9000.0, 7.0, 100.0, 0.0, 8),
    ("211000002", 8000.0, 6000.0, 6.0, 275.0, 0.0, 8),
    ("211000003", 2000.0, 11000.0, 5.0, 170.0, 0.01, 10),
    ("211000004", 5000.0, 2500.0, 4.0, 330.0, -0.02, 10),
    ("211000005", -4000.0, 4000.0, 3.0, 60.0, 0.0, 10),
    ("211000006", 3500.0, 9500.0, 0.0, 0.0, 0.0, 60),
    (None, -6500.0, 3500.0, 9.0, 60.0, 0.0, None),
]


def ecef(latitude_deg, longitude_deg, height_m):
    phi, lam = math.radians(latitude_deg), math.radians(longitude_deg)
    n = A / math.sqrt(1.0 - E2 * math.sin(phi) ** 2)
    across = (n + height_m) * math.cos(phi)
    return across * math.cos(lam), across * math.sin(lam), (n * (1.0 - E2) + height_m) * math.sin(phi)


def on_the_ground(east_m, north_m):
    """Latitude and longitude: metres along the parallel and the meridian of the site."""
    phi = math.radians(SITE[0])
    w = math.sqrt(1.0 - E2 * math.sin(phi) ** 2)
    return (
        SITE[0] + math.degrees(north_m * w**3 / (A * (1.0 - E2))),
        SITE[1] + math.degrees(east_m * w / (A * math.cos(phi))),
    )


def polar(latitude_deg, longitude_deg):
    """Slant range and azimuth, as seen from the site."""
    x, y, z = (there - here for there, here in zip(ecef(latitude_deg, longitude_deg, 0.0), ecef(*SITE)))
    phi, lam = math.radians(SITE[0]), math.radians(SITE[1])
    east = -math.sin(lam) * x + math.cos(lam) * y
    north = -math.sin(phi) * (math.cos(lam) * x + math.sin(lam) * y) + math.cos(phi) * z
    return math.sqrt(x * x + y * y + z * z), math.degrees(math.atan2(east, north)) % 360.0


def state(vessel, second):
    """Metres east and north, speed, course: a straight line or an arc."""
    _, east, north, speed, course, turn, _ = vessel
    # The chord of an arc has the course of its middle.
    half = math.radians(turn * second / 2.0)
    way_m = speed * second * (math.sin(half) / half if half else 1.0)
    along = math.radians(course) + half
    return east + way_m * math.sin(along), north + way_m * math.cos(along), speed, (course + turn * second) % 360.0


def stamp(second):
    return (START + timedelta(seconds=second)).isoformat(" ", timespec="milliseconds")[:-2]


def receiver(random_):
    for vessel in VESSELS:
        second = random_.uniform(0.0, vessel[6] or 1.0)
        while vessel[6] and second < SECONDS:
            second = round(second, 1)
            east, north, speed, course = state(vessel, second)
            place = on_the_ground(east + random_.gauss(0.0, PLACE_M), north + random_.gauss(0.0, PLACE_M))
            knots = max(0.0, speed + random_.gauss(0.0, SPEED_M_S)) / KNOT_M_S
            way = (course + random_.gauss(0.0, COURSE_DEG)) % 360.0 if speed else random_.uniform(0.0, 360.0)
            yield second, f"ais,{vessel[0]},{place[0]:.5f},{place[1]:.5f},{knots:.1f},{way:.1f},,"
            second += vessel[6] * random_.uniform(0.8, 1.2)


def radar(random_):
    for turn in range(0, SECONDS, TURN_S):
        for vessel in VESSELS:
            # The beam passes a bearing at its own moment of the turn.
            _, bearing = polar(*on_the_ground(*state(vessel, turn)[:2]))
            second = round(turn + bearing / 360.0 * (TURN_S - 0.1), 1)
            range_m, bearing = polar(*on_the_ground(*state(vessel, second)[:2]))
            if random_.random() < DETECTED:
                yield second, plot(range_m + random_.gauss(0.0, RANGE_M), bearing + random_.gauss(0.0, BEARING_DEG))
        if random_.random() < FALSE_A_TURN / 2.0:
            for _ in range(2):
                bearing = random_.uniform(0.0, 360.0)
                second = round(turn + bearing / 360.0 * (TURN_S - 0.1), 1)
                yield second, plot(math.sqrt(random_.uniform(REACH_M[0] ** 2, REACH_M[1] ** 2)), bearing)


def plot(range_m, bearing_deg):
    return f"radar,,,,,,{range_m / NAUTICAL_MILE_M:.3f},{bearing_deg % 360.0:.2f}"


def ships():
    random_ = random.Random(4)
    rows = sorted([*receiver(random_), *radar(random_)])
    lines = [f"{stamp(second)},{row}" for second, row in rows]
    return "\n".join(["time,station,mmsi,lat,lon,sog_kn,cog_deg,range_nm,bearing_deg", *lines]) + "\n"


def truth():
    lines = ["time,object,latitude_deg,longitude_deg,altitude_m"]
    for second in range(0, SECONDS, 10):
        for vessel in VESSELS:
            latitude, longitude = on_the_ground(*state(vessel, second)[:2])
            lines.append(f"{stamp(second).replace(' ', 'T')}Z,{vessel[0] or 'silent'},{latitude:.6f},{longitude:.6f},0")
    return "\n".join(lines) + "\n"


OUT.mkdir(exist_ok=True)
(OUT / "ships.csv").write_text(ships())
(OUT / "truth.csv").write_text(truth())
