"""What the compiled part has. Units are in the names; what each keyword means is said in docs/python.md and docs/formats.md."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from os import PathLike
from pathlib import Path
from typing import Any, Protocol, TypedDict, Unpack, final

__all__ = ["__version__", "Detection", "Explanation", "Page", "Recording", "Run", "Sensor", "Table", "Tracker", "run"]

__version__: str

_Pair = tuple[float, float]
_Path = str | PathLike[str]
_Time = float | datetime

class _Rows(Protocol):
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...

class _OfSensor(TypedDict, total=False):
    owner: str
    view: str
    at_m: tuple[float, float, float]
    at_deg: tuple[float, float, float]
    noise_horizontal_m: float
    noise_vertical_m: float
    noise_range_m: float
    noise_azimuth_deg: float
    noise_elevation_deg: float
    noise_range_rate_m_s: float
    noise_speed_m_s: float
    noise_course_deg: float
    noise_velocity_m_s: float
    noise_climb_m_s: float
    detection_probability: float
    clutter_per_scan: float
    scan_period_s: float
    reports_every_s: float
    tells_its_scans: bool
    sees_range_m: _Pair
    sees_m: tuple[_Pair, _Pair]
    sees_deg: tuple[_Pair, _Pair]
    sees_height_m: _Pair
    surface_m: _Pair

class _OfDetection(TypedDict, total=False):
    z_m: float
    altitude_m: float
    elevation_deg: float
    range_rate_m_s: float
    speed_m_s: float
    course_deg: float
    velocity_m_s: _Pair
    climb_m_s: float
    identity: str
    sigma_horizontal_m: float
    sigma_vertical_m: float
    sigma_range_m: float
    sigma_azimuth_deg: float
    sigma_elevation_deg: float
    sigma_range_rate_m_s: float
    sigma_speed_m_s: float
    sigma_course_deg: float
    sigma_velocity_m_s: float
    sigma_climb_m_s: float

@final
class Sensor:
    """A sensor, as an entry of `recording.toml` would describe it. What is wrong with it is said when it is used."""

    @staticmethod
    def radar(name: str, **keywords: Unpack[_OfSensor]) -> Sensor: ...
    @staticmethod
    def position(name: str, **keywords: Unpack[_OfSensor]) -> Sensor: ...
    def replace(self, **keywords: Unpack[_OfSensor]) -> Sensor: ...
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...

@final
class Detection:
    """One measurement of one sensor, with its own time: seconds, or a datetime with a time zone."""

    @staticmethod
    def plot(time: _Time, range_m: float, azimuth_deg: float, **keywords: Unpack[_OfDetection]) -> Detection: ...
    @staticmethod
    def at_m(time: _Time, x_m: float, y_m: float, **keywords: Unpack[_OfDetection]) -> Detection: ...
    @staticmethod
    def at_deg(
        time: _Time, latitude_deg: float, longitude_deg: float, **keywords: Unpack[_OfDetection]
    ) -> Detection: ...
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...

@final
class Table:
    """A table: tracks, or a picture. Whatever reads `__arrow_c_stream__` takes it."""

    @property
    def column_names(self) -> list[str]: ...
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...
    def __arrow_c_schema__(self) -> object: ...
    def __len__(self) -> int: ...
    def to_pyarrow(self) -> Any: ...
    def to_polars(self) -> Any: ...
    def to_pandas(self) -> Any: ...
    def _repr_html_(self) -> str | None: ...

@final
class Tracker:
    """Tracks objects from the detections of some sensors, as these come."""

    def __new__(
        cls,
        sensors: Sequence[Sensor],
        *,
        frame: str,
        config: _Path = ...,
        executor: str = "host",
        wait_s: float = 0.0,
        keep_record: bool = False,
    ) -> Tracker: ...
    def push(self, sensor: str, detections: Sequence[Detection]) -> None: ...
    def push_scan(self, sensor: str, span: tuple[_Time, _Time], detections: Sequence[Detection]) -> None: ...
    def advance(self, time: _Time) -> None: ...
    def tracks(self, at: _Time | None = None) -> Table: ...
    def smooth(self) -> Table: ...
    def finish(self) -> Table: ...

@final
class Recording:
    """A recording: a folder, or rows in memory with sensors or with the text of a `recording.toml`."""

    @property
    def name(self) -> str: ...
    @property
    def sensors(self) -> list[str]: ...
    @property
    def catalogue(self) -> str: ...
    def __new__(
        cls,
        source: _Path | _Rows,
        sensors: Sequence[Sensor] | None = None,
        *,
        frame: str | None = None,
        columns: Mapping[str, str | Mapping[str, Any]] | None = None,
        ignore: Sequence[str] = ...,
        truth: _Rows | None = None,
        looks: _Rows | None = None,
        catalogue: str | None = None,
        name: str = "recording",
    ) -> Recording: ...
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...

@final
class Page:
    """A page: HTML that needs nothing else."""

    @property
    def html(self) -> str: ...
    def save(self, path: _Path) -> None: ...
    def _repr_html_(self) -> str: ...

@final
class Explanation:
    """An answer: in words as text, and as data."""

    @property
    def data(self) -> Any: ...

@final
class Run:
    """What a run made."""

    @property
    def partners(self) -> list[str]: ...
    @property
    def out(self) -> Path: ...
    @property
    def operator(self) -> dict[str, Any]: ...
    def picture(self, partner: str | None = None) -> Table: ...
    def score(self, truth: _Path | None = None) -> dict[str, Any]: ...
    def report(self, partner: str | None = None) -> Page: ...
    def explain(self, partner: str, *, detection: int | None = None, track: int | None = None) -> Explanation: ...
    def why_not(self, partner: str, *, of: str, track: int) -> Explanation: ...
    def _repr_html_(self) -> str: ...

def run(
    recording: Recording | _Path,
    policy: _Path | dict[str, str] | None,
    *,
    out: _Path | None,
    config: _Path,
    executor: str,
    strict: bool,
    as_of: _Time | None,
    label: str | None,
    formats: Sequence[str],
    memory: str | None,
    prices: bool,
    sign: _Path | None,
    encrypt: bool,
    progress: Callable[[str, int | None, int | None], object] | None,
) -> Run: ...
