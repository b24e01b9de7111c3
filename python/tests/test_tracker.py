"""A tracker of one's own gives the tracks of a run."""

import math
from datetime import datetime, timedelta, timezone

import pyarrow as pa
import trackweave as tw

SEEN = dict(noise_range_m=20, noise_azimuth_deg=0.1, sees_range_m=(500, 60e3), scan_period_s=4, clutter_per_scan=0.1)


def plots(turns: int):
    """One object flies east at 200 m/s, 8 km north of the radar."""
    for turn in range(turns):
        x, y = 800.0 * turn - 6e3, 8e3
        yield 4.0 * turn, math.hypot(x, y), math.degrees(math.atan2(x, y))


def test_a_tracker_gives_the_track_of_a_run():
    radar = tw.Sensor.radar("north", at_m=(0, 0, 0), **SEEN)
    tracker = tw.Tracker([radar], frame="local")
    for plot in plots(15):
        tracker.push("north", [tw.Detection.plot(*plot)])
    live = tracker.finish().to_pandas().iloc[0]
    times, ranges, azimuths = zip(*plots(15))
    rows = pa.table({"time": times, "range_m": ranges, "azimuth_deg": azimuths, "sensor": ["north"] * 15})
    run = tw.track(tw.Recording(rows, [radar], frame="local")).picture().to_pandas().iloc[-1]
    assert live["status"] == "confirmed" and abs(live["velocity_x_m_s"] - 200.0) < 10.0
    # The last report is at 50 s, six before the last plot.
    assert abs(live["x_m"] - run["x_m"] - 6 * 200.0) < 50.0
    assert live["contributors"].tolist() == run["contributors"].tolist() == ["north"]


def test_scans_smoothing_and_instants():
    begin = datetime(2026, 3, 1, tzinfo=timezone.utc)
    seen = {**SEEN, "tells_its_scans": True}
    del seen["scan_period_s"]
    radar = tw.Sensor.radar("north", at_deg=(47.0, 8.0, 500.0), noise_elevation_deg=0.1, **seen)
    tracker = tw.Tracker([radar], frame="geodetic", keep_record=True)
    for seconds, range_m, azimuth_deg in plots(15):
        at = begin + timedelta(seconds=seconds)
        plot = tw.Detection.plot(at, range_m, azimuth_deg, elevation_deg=10.0)
        tracker.push_scan("north", (at, at + timedelta(seconds=2)), [plot])
    tracks = tracker.tracks().to_pyarrow()
    assert tracks.num_rows == 1 and tracks.schema.field("time").type == pa.timestamp("us", "UTC")
    smoothed = tracker.smooth().to_pandas()
    assert len(smoothed) > 3 and smoothed["velocity_east_m_s"].iloc[-1] > 150.0
    later = tracker.tracks(begin + timedelta(seconds=70)).to_pandas()
    assert later["longitude_deg"].iloc[0] > tracks["longitude_deg"][0].as_py()


def test_sensors_are_values():
    radar = tw.Sensor.radar("north", at_m=(0, 0, 0), **SEEN)
    assert radar == tw.Sensor.radar("north", at_m=(0, 0, 0), **SEEN)
    assert radar != radar.replace(scan_period_s=5)
