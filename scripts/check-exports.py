"""Opens the files beside each tracks.parquet with readers of others and compares what they find with its rows.

Arguments: partners' folders. Prints a line a file; ends with 1 at the first that differs.
"""

import datetime as dt
import json
import math
import re
import sys
import xml.etree.ElementTree as plain
from pathlib import Path

import asterix.generated as generated
import czml3
import geopandas
import motmetrics
import numpy as np
import pyarrow.parquet as parquet
import pyogrio
from asterix.base import Bits, RawDatablock
from ccsds_ndm.ndm_io import NdmIo
from lxml import etree

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)
UNITS_A_DEGREE = 2**25 / 180


class Picture:
    """The rows of tracks.parquet, as pyarrow reads them."""

    def __init__(self, folder):
        self.folder = Path(folder)
        table = parquet.read_table(self.folder / "tracks.parquet")
        self.table, self.rows = table, table.num_rows
        self.geodetic = "latitude_deg" in table.column_names
        self.time_us = np.array(table["time"].cast("int64"), dtype=np.int64)
        self.track = np.array(table["track"], dtype=np.uint64)
        names = ["longitude_deg", "latitude_deg", "altitude_m"] if self.geodetic else ["x_m", "y_m", "z_m"]
        self.place = np.stack([np.array(table[name], dtype=float) for name in names], axis=1)
        self.status = table["status"].to_pylist()
        for row, key in enumerate(zip(self.track, self.time_us)):
            assert row == 0 or key != (self.track[row - 1], self.time_us[row - 1])

    def numbers(self, name):
        return np.array(self.table[name].to_numpy(zero_copy_only=False), dtype=float)

    def by_track(self):
        return {int(track): np.flatnonzero(self.track == track) for track in np.unique(self.track)}

    def ecef(self):
        lon, lat = np.radians(self.place[:, 0]), np.radians(self.place[:, 1])
        a, f = 6378137.0, 1 / 298.257223563
        e2 = f * (2 - f)
        n = a / np.sqrt(1 - e2 * np.sin(lat) ** 2)
        h = self.place[:, 2]
        x, y = (n + h) * np.cos(lat) * np.cos(lon), (n + h) * np.cos(lat) * np.sin(lon)
        return np.stack([x, y, (n * (1 - e2) + h) * np.sin(lat)], axis=1)


def micros(text):
    text = text.removesuffix("Z")
    whole, _, fraction = text.partition(".")
    seconds = (dt.datetime.fromisoformat(whole + "+00:00") - EPOCH).total_seconds()
    return int(seconds) * 1_000_000 + int((fraction + "000000")[:6])


def near(found, wanted, tolerance, what):
    found, wanted = np.asarray(found, dtype=float), np.asarray(wanted, dtype=float)
    assert found.shape == wanted.shape, f"{what}: {found.shape}, wanted {wanted.shape}"
    assert np.array_equal(np.isnan(found), np.isnan(wanted)), f"{what}: nulls elsewhere"
    worst = np.nanmax(np.abs(found - wanted), initial=0)
    assert worst <= tolerance, f"{what}: off by {worst}, wanted {tolerance}"


def places(found, picture, rows=slice(None), what="places"):
    found = np.asarray(found, dtype=float).reshape(-1, 3)
    near(found[:, :2], picture.place[rows][:, :2], 0.6e-7, what)
    near(found[:, 2], picture.place[rows][:, 2], 0.0051, what)


def geoparquet(path, picture):
    metadata = parquet.read_schema(path).metadata or {}
    if not picture.geodetic:
        assert b"geo" not in metadata, "a local picture is no GeoParquet"
        return picture.rows
    assert json.loads(metadata[b"geo"])["version"] == "1.1.0"
    frame = geopandas.read_parquet(path)
    assert frame.crs is not None and frame.crs.to_authority()[1] == "CRS84" or frame.crs.equals("OGC:CRS84")
    near(np.stack([frame.geometry.x, frame.geometry.y, frame.geometry.z], axis=1), picture.place, 0, "geometry")
    field = parquet.read_schema(path).field("altitude_m")
    assert field.metadata[b"unit"] == b"m" and field.metadata[b"meaning"], "units and meanings"
    if "Parquet" in pyogrio.list_drivers():
        assert len(pyogrio.read_dataframe(path)) == picture.rows
    return len(frame)


def geojson(path, picture):
    text = json.loads(path.read_text())
    assert text["type"] == "FeatureCollection" and len(text["features"]) == picture.rows
    if picture.rows == 0:
        return 0
    frame = pyogrio.read_dataframe(path)  # GDAL
    places(np.stack([frame.geometry.x, frame.geometry.y, frame.geometry.z], axis=1), picture)
    assert [int(track) for track in frame["track"]] == [int(track) for track in picture.track]
    whole = picture.time_us % 1_000_000 == 0  # GDAL keeps milliseconds of a time.
    found = frame["time"].astype("datetime64[us, UTC]").astype("int64").to_numpy()
    assert (found[whole] == picture.time_us[whole]).all(), "times in GDAL"
    times = [feature["properties"]["time"] for feature in text["features"]]
    assert [micros(time) for time in times] == picture.time_us.tolist()
    for name in ["existence", "velocity_east_m_s", "position_covariance_ee_m2"]:
        found = [feature["properties"][name] for feature in text["features"]]
        single = np.array(found, dtype=np.float32)
        assert np.array_equal(single, picture.numbers(name).astype(np.float32), equal_nan=True), name
    for name in ["contributors", "authorities", "holders"]:
        found = [feature["properties"][name] for feature in text["features"]]
        assert found == picture.table[name].to_pylist(), name
    return len(frame)


def trip(path, picture):
    text = json.loads(path.read_text())
    lines = {}
    for feature in text["features"]:
        coordinates = feature["geometry"]["coordinates"]
        assert feature["geometry"]["type"] == "LineString" and len(coordinates) >= 3
        assert all(isinstance(point[3], int) for point in coordinates), "whole milliseconds"
        lines.setdefault(int(feature["properties"]["track"]), []).extend(coordinates)
    short = 0
    for track, rows in picture.by_track().items():
        if track not in lines:
            short += 1
            assert len(rows) < 3
            continue
        places([point[:3] for point in lines[track]], picture, rows)
        assert [point[3] for point in lines[track]] == (picture.time_us[rows] // 1000).tolist()
    assert text["left_out"] == short and len(lines) + short == len(picture.by_track())
    if lines:
        assert len(pyogrio.read_dataframe(path)) == len(text["features"])
    return len(lines)


def csv(path, picture):
    import pandas

    frame = pandas.read_csv(path, dtype={"track": "uint64", "identity": "string"}, keep_default_na=False, na_values=[""])
    assert len(frame) == picture.rows
    names = [name for name in picture.table.column_names if name != "geometry"]
    assert list(frame.columns) == names
    for name in names:
        column = picture.table[name]
        if str(column.type) in ("double", "float"):
            exact = frame[name].to_numpy(dtype=np.float32 if str(column.type) == "float" else float)
            assert np.array_equal(exact, picture.numbers(name).astype(exact.dtype), equal_nan=True), name
        elif str(column.type).startswith("list"):
            lists = [None if text is None or text != text else json.loads(text) for text in frame[name]]
            assert lists == column.to_pylist(), name
        elif str(column.type).startswith("timestamp"):
            read = micros if picture.geodetic else int
            found = [None if value != value else read(value) for value in frame[name]]
            assert found == column.cast("int64").to_pylist(), name
        else:
            found = [None if value is pandas.NA or value != value else value for value in frame[name]]
            assert found == column.to_pylist(), name
    return len(frame)


KML = {"k": "http://www.opengis.net/kml/2.2", "gx": "http://www.google.com/kml/ext/2.2"}


def kml(path, picture):
    root = etree.parse(str(path)).getroot()
    marks = root.findall(".//k:Placemark", KML)
    tracks = picture.by_track()
    assert [int(mark.findtext("k:name", namespaces=KML)) for mark in marks] == list(tracks)
    for mark, rows in zip(marks, tracks.values()):
        assert mark.findtext(".//k:altitudeMode", namespaces=KML) == "absolute"
        assert [micros(when.text) for when in mark.iterfind(".//k:when", KML)] == picture.time_us[rows].tolist()
        found = [coord.text.split() for coord in mark.iterfind(".//gx:coord", KML)]
        if len(rows) == 1:
            found = [mark.findtext(".//k:coordinates", namespaces=KML).split(",")]
        places(found, picture, rows)
        values = [[data.findtext("k:value", namespaces=KML)] for data in mark.iterfind(".//k:Data", KML)] or [[value.text for value in data.iterfind("gx:value", KML)] for data in mark.iterfind(".//gx:SimpleArrayData", KML)]
        assert values[0] == [picture.status[row] for row in rows]
        near([float(value or "nan") for value in values[1]], picture.numbers("existence")[rows], 1e-7, "existence")
    if marks:
        assert len(pyogrio.read_dataframe(path)) == len(marks)  # GDAL
    return len(marks)


def czml(path, picture):
    packets = json.loads(path.read_text())
    assert packets[0]["id"] == "document" and packets[0]["version"] == "1.0"
    found = {}
    for packet in packets[1:]:
        position = packet["position"]
        czml3.Packet.model_validate(
            {
                "id": packet["id"],
                "position": {"epoch": position["epoch"], "cartographicDegrees": position["cartographicDegrees"]},
            }
        )
        assert len(position["cartographicDegrees"]) % 4 == 0 and len(position["cartographicDegrees"]) <= 4000
        samples = np.array(position["cartographicDegrees"]).reshape(-1, 4)
        times = micros(position["epoch"]) + np.round(samples[:, 0] * 1e6).astype(np.int64)
        entry = found.setdefault(int(packet["id"]), ([], [], packet))
        entry[0].extend(times.tolist())
        entry[1].extend(samples[:, 1:].tolist())
    tracks = picture.by_track()
    assert list(found) == list(tracks)
    ee, en, nn = (picture.numbers(f"position_covariance_{pair}_m2") for pair in ("ee", "en", "nn"))
    for track, rows in tracks.items():
        times, samples, packet = found[track]
        assert times == picture.time_us[rows].tolist()
        places(samples, picture, rows)
        start, stop = map(micros, packet["availability"].split("/"))
        assert (start, stop) == (picture.time_us[rows[0]], picture.time_us[rows[-1]])
        largest = [np.linalg.eigvalsh([[ee[r], en[r]], [en[r], nn[r]]])[1] for r in rows if not np.isnan(ee[r])]
        if len(largest) == len(rows):
            near(packet["ellipse"]["semiMajorAxis"]["number"], math.sqrt(max(largest)), 0.006, "ellipse")
        else:
            assert "ellipse" not in packet
    return len(found)


def cot(path, picture):
    root = plain.parse(path).getroot()
    events = list(root)
    assert len(events) == picture.rows and all(event.tag == "event" for event in events)
    ee, en, nn, uu = (picture.numbers(f"position_covariance_{pair}_m2") for pair in ("ee", "en", "nn", "uu"))
    east, north = picture.numbers("velocity_east_m_s"), picture.numbers("velocity_north_m_s")
    for row, event in enumerate(events):
        # As Event-PUBLIC.xsd of MITRE has it, case 11-3895.
        at, point = event.attrib, event.find("point").attrib
        assert float(at["version"]) >= 2 and re.fullmatch(r"\w+(-\w+)*(;[^;]*)?", at["type"])
        assert re.fullmatch(r"\w(-\w+)*", at["how"]) and at["uid"] == f"trackweave.{picture.track[row]}"
        assert micros(at["time"]) == micros(at["start"]) == picture.time_us[row] < micros(at["stale"])
        places([[point["lon"], point["lat"], point["hae"]]], picture, slice(row, row + 1))
        if np.isnan(ee[row]):
            assert (point["ce"], point["le"]) == ("9999999.0", "9999999.0")
        else:
            largest = np.linalg.eigvalsh([[ee[row], en[row]], [en[row], nn[row]]])[1]
            near([float(point["ce"]), float(point["le"])], np.sqrt([largest, uu[row]]), 0.006, "ce, le")
        track = event.find("detail/track")
        if np.isnan(east[row]):
            assert track is None
        else:
            near(float(track.attrib["speed"]), math.hypot(east[row], north[row]), 0.006, "speed")
            turn = (float(track.attrib["course"]) - math.degrees(math.atan2(east[row], north[row]))) % 360
            near(min(turn, 360 - turn), 0, 0.006, "course")
        authorities = [element.text for element in event.iterfind("detail/__trackweave/authority")]
        assert authorities == picture.table["authorities"][row].as_py()
    return len(events)


def asterix(path, picture):
    edition = generated.Cat_062_1_18
    blocks = RawDatablock.parse(Bits.from_bytes(path.read_bytes()))
    assert not isinstance(blocks, ValueError), blocks
    records = []
    for block in blocks:
        assert block.get_category() == 62 and block.get_length() <= 1400
        found = edition.cv_uap.parse(block.get_raw_records())
        assert not isinstance(found, ValueError), found
        records.extend(found)
    assert len(records) == picture.rows
    value = lambda record, item: record.get_item(item)
    seen, left = {}, {track: len(rows) for track, rows in picture.by_track().items()}
    up, east = picture.numbers("velocity_up_m_s"), picture.numbers("velocity_east_m_s")
    north = picture.numbers("velocity_north_m_s")
    ee, nn, uu = (picture.numbers(f"position_covariance_{pair}_m2") for pair in ("ee", "nn", "uu"))
    for row, record in enumerate(records):
        track = int(picture.track[row])
        for item in ("010", "040", "070", "080", "105"):
            assert value(record, item) is not None, f"item {item} is mandatory"
        assert value(record, "010").as_uint() == 0
        ticks = value(record, "070").as_uint()
        assert ticks == picture.time_us[row] % 86_400_000_000 * 128 // 1_000_000
        place = value(record, "105").variation
        lat, lon = (place.get_item(name).variation.content.as_quantity() for name in ("LAT", "LON"))
        half = 0.5000001 / UNITS_A_DEGREE
        near([lon, lat], picture.place[row, :2], half, "place")
        height = value(record, "130")
        near(height.variation.content.as_quantity() * 0.3048, picture.place[row, 2], 0.96, "height")
        number = value(record, "040").as_uint()
        begins = track not in seen
        assert seen.setdefault(track, number) == number
        left[track] -= 1
        first, second = value(record, "080").unparse().to_bytes()
        assert (first & 2 == 2) == (picture.status[row] == "tentative") and first & 1 and not second & 1
        assert (bool(second & 0x20), bool(second & 0x40)) == (begins, left[track] == 0)
        velocity = value(record, "185")
        if np.isnan(east[row]):
            assert velocity is None and value(record, "220") is None
        else:
            found = [velocity.variation.get_item(name).variation.content.as_quantity() for name in ("VX", "VY")]
            near(found, [east[row], north[row]], 0.1251, "velocity")
            near(value(record, "220").variation.content.as_quantity() * 0.3048 / 60, up[row], 0.0159, "climb")
        accuracy = value(record, "500")
        if np.isnan(ee[row]):
            assert accuracy is None
        else:
            part = accuracy.variation.get_item("APW").variation
            found = [part.get_item(name).variation.content.as_quantity() for name in ("LAT", "LON")]
            metres = np.array(found) * [111_194.9, 111_194.9 * math.cos(math.radians(picture.place[row, 1]))]
            wanted = np.sqrt([nn[row], ee[row]])
            assert (metres >= wanted * 0.9999).all() and (metres <= wanted * 1.01 + 1.2).all(), (metres, wanted)
            above = accuracy.variation.get_item("AGA")
            if above is not None:
                assert 0 <= above.variation.content.as_quantity() * 0.3048 - math.sqrt(uu[row]) <= 1.906
    return len(records)


def mot(path, picture):
    if picture.rows == 0:
        assert path.read_text() == ""
        return 0
    # Its loader numbers from 0 what the file numbers from 1.
    frame = motmetrics.io.loadtxt(str(path), fmt="mot16")
    assert len(frame) == picture.rows
    lines = np.loadtxt(path, delimiter=",", ndmin=2)
    _, frames = np.unique(picture.time_us, return_inverse=True)
    assert np.array_equal(lines[:, 0], frames + 1)
    order = {}
    ids = [order.setdefault(int(track), len(order) + 1) for track in picture.track]
    assert lines[:, 1].tolist() == ids
    near(lines[:, 7:], picture.ecef() if picture.geodetic else picture.place, 0.001, "metres")
    existence = picture.numbers("existence")
    near(lines[:, 6], np.where(np.isnan(existence), -1, existence), 1e-7, "existence")
    return len(lines)


def oem(path, picture):
    if picture.rows == 0 or np.isnan(picture.numbers("velocity_east_m_s")).all():
        assert "META_START" not in path.read_text()
        return 0
    message = NdmIo().from_path(path)
    segments = message.body.segment
    tracks = {t: rows[~np.isnan(picture.numbers("velocity_east_m_s")[rows])] for t, rows in picture.by_track().items()}
    tracks = {track: rows for track, rows in tracks.items() if len(rows)}
    assert [int(segment.metadata.object_name) for segment in segments] == list(tracks)
    ecef = picture.ecef()
    lon, lat = np.radians(picture.place[:, 0]), np.radians(picture.place[:, 1])
    e = np.stack([-np.sin(lon), np.cos(lon), 0 * lon], axis=1)
    n = np.stack([-np.sin(lat) * np.cos(lon), -np.sin(lat) * np.sin(lon), np.cos(lat)], axis=1)
    u = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1)
    ve, vn, vu = (picture.numbers(f"velocity_{axis}_m_s")[:, None] for axis in ("east", "north", "up"))
    velocity = e * ve + n * vn + u * vu
    for segment, rows in zip(segments, tracks.values()):
        states = segment.data.state_vector
        assert segment.metadata.ref_frame == "ITRF2000" and str(segment.metadata.time_system) in ("UTC", "TimeSystem.UTC")
        assert [micros(str(state.epoch)) for state in states] == picture.time_us[rows].tolist()
        found = [[float(getattr(state, axis).value) for axis in ("x", "y", "z")] for state in states]
        near(found, ecef[rows] / 1000, 1e-6, "km")
        found = [[float(getattr(state, axis).value) for axis in ("x_dot", "y_dot", "z_dot")] for state in states]
        near(found, velocity[rows] / 1000, 2e-9, "km/s")
    return len(segments)


def stanag4676(path, picture):
    space = {"s": "urn:int:nato:stanag4676:0.14", "tw": "urn:trackweave:track:1"}
    root = etree.parse(str(path)).getroot()
    tracks = picture.by_track()
    elements = root.findall("s:tracks", space)
    assert [int(element.findtext("s:trackNumber", namespaces=space)) for element in elements] == list(tracks)
    ee = picture.numbers("position_covariance_ee_m2")
    for element, rows in zip(elements, tracks.values()):
        items = element.findall("s:items", space)
        assert [micros(item.findtext("s:trackItemTime", namespaces=space)) for item in items] == picture.time_us[rows].tolist()
        names = ("longitude", "latitude", "elevation")
        places(
            [[item.findtext(f"s:trackPointPosition/s:{name}", namespaces=space) for name in names] for item in items],
            picture,
            rows,
        )
        for item, row in zip(items, rows):
            covariance = item.findtext(".//s:covPosxPosx", namespaces=space)
            near(float(covariance or "nan"), ee[row], max(1e-4, 1e-6 * np.nan_to_num(ee[row])), "covariance")
            authorities = [authority.text for authority in item.iterfind("tw:authority", space)]
            assert authorities == picture.table["authorities"][row].as_py()
    return len(elements)


READERS = {
    "tracks.parquet": geoparquet,
    "tracks.geojson": geojson,
    "trips.geojson": trip,
    "tracks.csv": csv,
    "tracks.kml": kml,
    "tracks.czml": czml,
    "tracks.cot.xml": cot,
    "tracks.ast": asterix,
    "tracks.mot.txt": mot,
    "tracks.oem": oem,
    "tracks.4676.xml": stanag4676,
}


def main():
    checked = 0
    for folder in map(Path, sys.argv[1:]):
        if folder.name.startswith("_"):
            continue
        picture = Picture(folder)
        for name, reader in READERS.items():
            path = folder / name
            if not path.exists():
                assert not picture.geodetic, f"{path} is missing"
                continue
            count = reader(path, picture)
            print(f"{path}: {count} of {picture.rows} rows or their tracks, as tracks.parquet has them")
            checked += 1
    assert checked > 20, "too few files"


main()
