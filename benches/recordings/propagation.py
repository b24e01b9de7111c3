"""Propagations a second of the package `sgp4` (PyPI), as many low orbits as benches/peers/src/bin/sgp4.rs has, to the same times.

    propagation.py OBJECTS

One core: that is what the package takes. The best of eleven rounds.
"""
import math
import sys
import time

import numpy as np
from sgp4.api import WGS72, Satrec, SatrecArray, accelerated


def satellite(n, of):
    part = lambda factor: math.fmod(n * factor, 1.0) * 2 * math.pi
    a_km = 6778.0 + 400.0 * n / of
    to = Satrec()
    motion = 60.0 * math.sqrt(398600.8 / a_km**3)
    to.sgp4init(WGS72, "i", n % 99999, 27000.0, 1e-5, 0.0, 0.0, 0.001, part(0.569840), 0.5 + part(0.618034) / 4, part(0.819173), motion, part(0.754878))
    return to


def main(objects):
    satellites = SatrecArray([satellite(n, objects) for n in range(objects)])
    epoch = 2433281.5 + 27000.0
    for seconds in (60.0, 600.0):
        best = math.inf
        for _ in range(11):
            began = time.perf_counter()
            errors, places, _ = satellites.sgp4(np.array([epoch]), np.array([seconds / 86400.0]))
            best = min(best, time.perf_counter() - began)
        assert not errors.any() and np.isfinite(places).all()
        print(f"PyPI sgp4 ({'C++' if accelerated else 'Python'}), {objects} objects, {seconds:.0f} s: {objects / best / 1e6:.2f} million a second")


if __name__ == "__main__":
    main(int(sys.argv[1]))
