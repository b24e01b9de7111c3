"""Each way in gives the same pictures, and copies no row."""

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import trackweave as tw
from conftest import DEMO, files


@pytest.fixture(scope="module")
def of_folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("folder") / "out"
    tw.run(DEMO / "recording", DEMO / "policy", out=out, executor="host")
    return files(out)


def relation(rows: pa.Table):
    return duckdb.sql("select * from rows")


@pytest.mark.parametrize(
    "made",
    [
        lambda rows: rows,
        lambda rows: rows.to_reader(997),
        lambda rows: pl.DataFrame(rows),
        lambda rows: rows.to_pandas(),
        relation,
    ],
    ids=["pyarrow", "pyarrow reader", "polars", "pandas", "duckdb"],
)
def test_each_way_in_gives_partners_the_bytes_of_the_folder(made, rows, truth, catalogue, of_folder, tmp_path):
    policy = {path.name: path.read_text() for path in (DEMO / "policy").iterdir()}
    recording = tw.Recording(made(rows), catalogue=catalogue, truth=truth)
    run = tw.run(recording, policy, out=tmp_path / "out", executor="host")
    assert files(run.out) == of_folder
    assert run.score()["aspen"]["scans"] > 100


def addresses(table: pa.Table) -> dict[str, list[int | None]]:
    """Where the values of the rows lie, by column; which of them are missing need not be said where none is."""
    columns = zip(table.column_names, table.columns)
    return {name: [buffer.address for buffer in column.chunk(0).buffers()[1:]] for name, column in columns}


def test_no_row_is_copied_on_the_way_in(rows, catalogue):
    rows = rows.combine_chunks()
    held = pa.table(tw.Recording(rows, catalogue=catalogue))
    assert held.equals(rows)
    assert addresses(held) == addresses(rows)
    # A copy would be elsewhere.
    assert addresses(pa.table(pl.DataFrame(rows).clone().sort("time"))) != addresses(rows)


def test_sensors_made_in_code_are_those_of_a_catalogue(tmp_path):
    times = pa.array([4.0 * k for k in range(60)])
    frame = pd.DataFrame({"t": times, "lat": [47.0 + 0.001 * k for k in range(60)], "lon": 8.0, "alt": 10000.0})
    frame["source"], frame["squawk"] = "receiver", 1000
    ship = dict(noise_horizontal_m=30, noise_vertical_m=10, reports_every_s=4)
    seen = dict(sees_deg=((46, 48), (7, 9)), sees_height_m=(0, 13e3))
    recording = tw.Recording(
        frame,
        [tw.Sensor.position("receiver", **ship, **seen)],
        frame="geodetic",
        columns={
            "time": {"column": "t", "unit": "s"},
            "sensor": "source",
            "latitude_deg": "lat",
            "longitude_deg": "lon",
            "altitude_m": {"column": "alt", "unit": "ft"},
        },
        ignore=["squawk"],
    )
    assert recording.sensors == ["receiver"]
    picture = tw.track(recording).picture().to_pandas()
    assert picture["track"].nunique() == 1
    assert abs(picture["altitude_m"].iloc[-1] - 3048.0) < 10.0
    # The same in a folder.
    (tmp_path / "recording.toml").write_text(recording.catalogue)
    pq.write_table(pa.table(frame), tmp_path / "detections.parquet")
    assert tw.track(tmp_path).picture().to_pandas().equals(picture)
