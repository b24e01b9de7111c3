"""Writes the files of data/imports: two aircraft for a minute, as a radar sees them and as they say themselves.

    python3 data/make_imports.py

`radar.ast` is ASTERIX: before each turn of four seconds a message of category 34 that says north and where the radar stands, then
plots of category 48. `states.csv` has the same aircraft every second, as the OpenSky Network gives state vectors. All of it is
made up. Same bytes every time; needs nothing but Python.
"""

import struct
from pathlib import Path

OUT = Path(__file__).parent / "imports"
SECONDS = 60
START = 1_533_101_400  # 2018-08-01T05:30:00Z


def block(category, record):
    return struct.pack(">BH", category, len(record) + 3) + record


def time_of_day(second):
    return int((START % 86_400 + second) * 128).to_bytes(3)


def degrees(angle):
    return int(angle / 180 * 2**23).to_bytes(3)


def north(second):
    site = struct.pack(">H", 95) + degrees(41.3) + degrees(2.1)
    return block(34, bytes([0b1110_0001, 0b0001_0000, 20, 129, 1]) + time_of_day(second) + site)


def plot(second, number):
    range_nm = 30 + 0.09 * second + 20 * number
    azimuth = 40 + 100 * number
    polar = struct.pack(">HH", int(range_nm * 256), int(azimuth / 360 * 65_536))
    level = struct.pack(">H", 1320)
    address = (0x3C4590 + number).to_bytes(3)
    head = bytes([0b1111_0101, 0b1000_0000, 20, 129]) + time_of_day(second) + bytes([0b1010_0000])
    return block(48, head + polar + level + address)


def radar():
    return b"".join(
        north(turn) + b"".join(plot(turn + number, number) for number in range(2)) for turn in range(0, SECONDS, 4)
    )


def states():
    lines = ["time,icao24,lat,lon,velocity,heading,vertrate,callsign,onground,squawk,baroaltitude,geoaltitude,lastposupdate"]
    for second in range(SECONDS):
        for number, (north, east) in enumerate([(41.2, 2 + 0.002 * second), (41.5 - 0.0015 * second, 2.3)]):
            heading = [90.0, 180.0][number]
            lines.append(
                f"{START + second},3c459{number},{north:.6f},{east:.6f},167.0,{heading},0.0,BOX{number},False,1000,10000.0,"
                f"10100.0,{START + second}.5"
            )
    return "\n".join(lines) + "\n"


OUT.mkdir(exist_ok=True)
(OUT / "radar.ast").write_bytes(radar())
(OUT / "states.csv").write_text(states())
