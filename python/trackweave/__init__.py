"""Tracks from sensor data, and one picture per partner.

A `Tracker` takes what a program measures, as it comes; `track` makes one picture of a `Recording`, and `run` one for each partner of a
policy. Recordings are folders, or rows of whatever has Arrow's `__arrow_c_stream__` (pyarrow, polars, pandas, DuckDB), which are read
where they lie. Tracks and pictures are Arrow tables.

>>> import math, trackweave as tw
>>> radar = tw.Sensor.radar("north", at_m=(0, 0, 0), noise_range_m=20, noise_azimuth_deg=0.1,
...                         sees_range_m=(500, 60e3), scan_period_s=4, clutter_per_scan=0.1)
>>> tracker = tw.Tracker([radar], frame="local")
>>> for turn in range(15):
...     x, y = 800.0 * turn - 6e3, 8e3
...     tracker.push("north", [tw.Detection.plot(4.0 * turn, math.hypot(x, y), math.degrees(math.atan2(x, y)))])
>>> tracks = tracker.tracks()
>>> len(tracks), tracks.column_names[:4]
(1, ['time', 'track', 'status', 'x_m'])
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from datetime import datetime
from typing import Any

from . import _trackweave
from ._errors import DeviceError, Error, InputError, OutputError
from ._progress import Bar
from ._trackweave import Detection, Explanation, Page, Recording, Run, Sensor, Table, Tracker, __version__

__all__ = [
    "Detection",
    "DeviceError",
    "Error",
    "Explanation",
    "InputError",
    "OutputError",
    "Page",
    "Recording",
    "Run",
    "Sensor",
    "Table",
    "Tracker",
    "__version__",
    "run",
    "track",
]

# Where there is no window system, the layer of Mesa's drivers that asks it for a device would write an error: it is left out.
if not os.path.isdir(os.environ.get("XDG_RUNTIME_DIR", "")):
    os.environ.setdefault("NODEVICE_SELECT", "1")

Path = str | os.PathLike[str]
Progress = Callable[[str, int | None, int | None], object]


def track(
    recording: Recording | Path,
    *,
    out: Path | None = None,
    config: Path = "air",
    executor: str = "auto",
    strict: bool = False,
    label: str | None = None,
    formats: Sequence[str] = (),
    memory: str | None = None,
    sign: Path | None = None,
    progress: bool | Progress = False,
) -> Run:
    """Makes one picture of a recording, which shows everything: no policy is needed.

    The keywords are the options of `trackweave track`: `config` is the name of a built-in configuration or a file, `executor` is
    `auto`, `device` or `host`. Without `out` the output is a temporary folder that goes with the `Run`. `progress` is called with a
    stage, how much is done, and of how much; `True` shows a bar. Ctrl-C ends the run and leaves nothing.

    >>> import trackweave as tw
    >>> run = tw.track("data/demo/recording")
    >>> run.partners
    ['picture']
    >>> len(run.picture()) > 1000
    True
    """
    asked: dict[str, Any] = dict(as_of=None, prices=False, encrypt=False)
    asked |= dict(out=out, config=config, executor=executor, strict=strict, label=label, formats=list(formats))
    return _run(recording, None, progress, dict(asked, memory=memory, sign=sign))


def run(
    recording: Recording | Path,
    policy: Path | Mapping[str, str],
    *,
    out: Path | None = None,
    config: Path = "air",
    executor: str = "auto",
    strict: bool = False,
    as_of: datetime | float | None = None,
    label: str | None = None,
    formats: Sequence[str] = (),
    memory: str | None = None,
    prices: bool = False,
    sign: Path | None = None,
    encrypt: bool = False,
    progress: bool | Progress = False,
) -> Run:
    """Makes one picture for each partner of a policy: a folder, or its files by name.

    The keywords are those of `track` and, as `trackweave run` has them, `as_of`, the time that rules and delays refer to, `prices` and
    `encrypt`.

    >>> import trackweave as tw
    >>> run = tw.run("data/demo/recording", "data/demo/policy")
    >>> run.partners
    ['aspen', 'birch', 'clover', 'dogwood']
    >>> len(run.picture("dogwood"))
    0
    """
    policy = dict(policy) if isinstance(policy, Mapping) else policy
    asked: dict[str, Any] = dict(as_of=as_of, prices=prices, encrypt=encrypt)
    asked |= dict(out=out, config=config, executor=executor, strict=strict, label=label, formats=list(formats))
    return _run(recording, policy, progress, dict(asked, memory=memory, sign=sign))


def _run(
    recording: Recording | Path,
    policy: Path | dict[str, str] | None,
    progress: bool | Progress,
    asked: dict[str, Any],
) -> Run:
    shown = Bar() if progress is True else nullcontext(progress or None)
    with shown as heard:
        return _trackweave.run(recording, policy, progress=heard, **asked)
