"""Writes the same twelve reports as libraries write them when nobody says otherwise, and zones as GDAL does.

python scripts/dialects.py FOLDER ZONES, with pandas, pyarrow, zstandard, polars, duckdb and geopandas; `tests/ingest/dialects/` and `tests/policy/geojson/` hold what
pandas 3.1, pyarrow 26, polars 2.1, duckdb 2.0 and pyogrio 0.13 (GDAL) made. What Excel writes is written here by hand, after
its German and American CSV: nothing else writes it.
"""

import datetime
import pathlib
import sys

import duckdb
import geopandas
import pandas
import polars
import shapely

folder, zones_folder = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
start = datetime.datetime(2024, 5, 1, 10, 0, 0)
ROWS = [
    (start + datetime.timedelta(milliseconds=10_250 * row), "gps", 46 + row / 1000, 7 - row / 500, round(3048 + 15.24 * row, 2), f"4b18{row:02x}")
    for row in range(12)
]
COLUMNS = ["time", "sensor", "latitude_deg", "longitude_deg", "altitude_m", "identity"]


def own() -> None:
    lines = [f"{time.isoformat(timespec='milliseconds')}Z,{','.join(map(str, rest))}" for time, *rest in ROWS]
    (folder / "own.csv").write_text("\n".join([",".join(COLUMNS), *lines, ""]))


def by_pandas() -> None:
    frame = pandas.DataFrame(ROWS, columns=COLUMNS)
    frame.to_csv(folder / "pandas.csv")
    frame.to_csv(folder / "pandas.csv.gz", index=False)
    frame.to_csv(folder / "pandas_zstd.csv.zst", index=False)
    frame.to_csv(folder / "pandas_comma.csv", sep=";", decimal=",", index=False)
    frame.assign(note="x", speed=1.5).sample(frac=1, random_state=2).sort_values("time").to_parquet(folder / "pandas.parquet")
    frame.to_parquet(folder / "pandas_gzip.parquet", compression="gzip")
    frame.to_parquet(folder / "pandas_lz4.parquet", compression="lz4")
    frame.to_parquet(folder / "pandas_brotli.parquet", compression="brotli")
    epoch = frame.rename(columns={"latitude_deg": "lat", "longitude_deg": "lon", "identity": "icao24"}).drop(columns="sensor")
    epoch["alt_ft"] = (frame["altitude_m"] / 0.3048).round()
    epoch["time"] = epoch["time"].astype("datetime64[ms]").astype("int64")
    epoch.drop(columns="altitude_m").to_parquet(folder / "pandas_epoch.parquet")


def by_polars() -> None:
    frame = polars.DataFrame(ROWS, schema=COLUMNS, orient="row")
    frame.write_csv(folder / "polars.csv")
    frame.write_parquet(folder / "polars.parquet")
    frame.write_parquet(folder / "polars_gzip.parquet", compression="gzip")


def by_duckdb() -> None:
    frame = pandas.DataFrame(ROWS, columns=COLUMNS)
    base = duckdb.connect()
    base.register("frame", frame)
    decimal = ", ".join(f"CAST({name} AS DECIMAL(12, 6)) AS {name}" for name in COLUMNS[2:5])
    base.sql(f"COPY (SELECT * FROM frame) TO '{folder}/duckdb.csv'")
    base.sql(f"COPY (SELECT * FROM frame) TO '{folder}/duckdb.csv.gz'")
    base.sql(f"COPY (SELECT time, sensor, {decimal}, identity FROM frame) TO '{folder}/duckdb.parquet'")
    base.sql(f"COPY (SELECT * FROM frame) TO '{folder}/duckdb_lz4.parquet' (COMPRESSION lz4_raw)")


def by_excel() -> None:
    german, american = ["\ufeffDatum;Uhrzeit;Breite;Länge;Höhe;Kennung"], ["time,latitude_deg,longitude_deg,altitude_m,identity"]
    for time, _, latitude, longitude, altitude, identity in ROWS:
        numbers = [str(number).replace(".", ",") for number in (latitude, longitude, altitude)]
        german.append(";".join([time.strftime("%d.%m.%Y"), time.strftime("%H:%M:%S,%f")[:-3], *numbers, identity]))
        american.append(",".join([time.strftime("%m/%d/%Y %H:%M:%S.%f")[:-3], str(latitude), str(longitude), str(altitude), identity]))
    (folder / "excel_german.csv").write_bytes("\r\n".join([*german, ";;;;;", ""]).encode())
    (folder / "excel_american.csv").write_bytes("\r\n".join([*american, ""]).encode())


def by_gdal() -> None:
    area = shapely.Polygon([(6.5, 45.5, 100), (7, 45.5, 100), (7, 46.5, 100), (6.5, 46.5, 100)])
    zones = geopandas.GeoDataFrame({"name": ["box"], "fid": [7], "note": ["x"]}, geometry=[area], crs=4326)
    zones.to_file(zones_folder / "gdal.geojson", driver="GeoJSON", engine="pyogrio")
    zones.to_file(zones_folder / "gdal_rfc7946.geojson", driver="GeoJSON", engine="pyogrio", RFC7946="YES", WRITE_BBOX="YES")
    zones.to_crs(3857).to_file(zones_folder / "gdal_3857.geojson", driver="GeoJSON", engine="pyogrio")
    (zones_folder / "geopandas.geojson").write_text(zones.to_json(show_bbox=True))


for write in (own, by_pandas, by_polars, by_duckdb, by_excel, by_gdal):
    write()
