"""What is wrong is said in the words of the command, by exceptions of Python's own kinds."""

import os
import shutil
import subprocess
from datetime import datetime, timezone

import pytest
import trackweave as tw
from conftest import DEMO, ROOT


def test_errors_are_pythons_and_their_words_the_librarys():
    assert issubclass(tw.InputError, ValueError) and issubclass(tw.OutputError, OSError)
    with pytest.raises(tw.InputError, match="found preset|`nothing`|nothing"):
        tw.track(DEMO / "recording", config="nothing")
    with pytest.raises(ValueError, match="NOWHERE/recording.toml: cannot be read|NOWHERE"):
        tw.track("NOWHERE")
    with pytest.raises(tw.InputError, match=r"^`executor`: found `gpu`, wanted `auto`, `device` or `host`$"):
        tw.track(DEMO / "recording", executor="gpu")


def test_a_bad_row_in_memory_is_named(rows, catalogue):
    with pytest.raises(tw.InputError, match=r"^detections.arrow, row 0: column `sensor` is `aspen-west`; wanted one of"):
        tw.track(tw.Recording(rows, catalogue=catalogue.replace("aspen-west", "aspen-north")))
    with pytest.raises(tw.InputError, match=r"^detections.arrow: .*`squawk`"):
        tw.track(tw.Recording(rows.append_column("squawk", rows["time"]), catalogue=catalogue))


def test_what_is_no_table_is_refused():
    with pytest.raises(TypeError, match=r"^found list, wanted a table with `__arrow_c_stream__`"):
        tw.Recording([1, 2], [], frame="local")
    with pytest.raises(TypeError, match=r"^found keyword `noise_m`, wanted one of `"):
        tw.Sensor.radar("north", noise_m=3)


def test_a_tracker_says_what_it_wanted():
    radar = tw.Sensor.radar("north", at_m=(0, 0, 0), noise_range_m=20, noise_azimuth_deg=0.1, scan_period_s=4)
    with pytest.raises(tw.InputError, match="coverage|range_m"):
        tw.Tracker([radar], frame="local")
    tracker = tw.Tracker([radar.replace(sees_range_m=(500, 60e3))], frame="local")
    with pytest.raises(tw.InputError, match=r"^found sensor `south`, wanted one of `north`$"):
        tracker.push("south", [])
    with pytest.raises(tw.InputError, match="wanted a datetime with a time zone"):
        tw.Detection.plot(datetime(2026, 1, 1), 1.0, 2.0)
    tracker.push("north", [tw.Detection.plot(8.0, 9e3, 2.0)])
    with pytest.raises(tw.InputError, match="wanted seconds, as the tracker's first time was"):
        tracker.push("north", [tw.Detection.plot(datetime(2026, 1, 1, tzinfo=timezone.utc), 9e3, 2.0)])
    with pytest.raises(tw.InputError, match="found time 4 s, wanted 8 s or later"):
        tracker.advance(4.0)
    tracker.finish()
    with pytest.raises(tw.InputError, match="has finished"):
        tracker.tracks()


@pytest.mark.skipif("TRACKWEAVE" not in os.environ, reason="TRACKWEAVE names the command")
def test_the_command_says_the_same(tmp_path):
    """Recordings, policies and configurations that are wrong, each by both."""
    recording, policy = tmp_path / "recording", tmp_path / "policy"
    shutil.copytree(DEMO / "recording", recording)
    shutil.copytree(DEMO / "policy", policy)
    (policy / "levels.toml").write_text((policy / "levels.toml").read_text().replace("PT5M", "soon"))
    (recording / "looks.csv").write_text("time,end,sensor\n")
    cases = [
        ("data/demo/recording", policy, "air"),
        (recording, "data/demo/policy", "air"),
        ("data/demo/recording", "data/demo/policy", "airy"),
        ("nowhere", "data/demo/policy", "air"),
    ]
    for recording, policy, config in cases:
        asked = [os.environ["TRACKWEAVE"], "run", recording, "--policy", policy, "--config", config]
        said = subprocess.run([*asked, "--out", tmp_path / "out"], cwd=ROOT, capture_output=True, text=True)
        assert said.returncode == 3
        with pytest.raises(tw.InputError) as raised:
            tw.run(recording, policy, config=config, out=tmp_path / "out")
        assert f"trackweave: {raised.value}" == said.stderr.strip()
