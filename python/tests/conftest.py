"""What the tests share: the demo, and frames of its rows."""

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "data/demo"


@pytest.fixture(autouse=True, scope="session")
def at_root():
    """Paths of examples are those of a checkout."""
    before = Path.cwd()
    os.chdir(ROOT)
    yield
    os.chdir(before)


@pytest.fixture(scope="session")
def catalogue() -> str:
    return (DEMO / "recording/recording.toml").read_text()


@pytest.fixture(scope="session")
def rows() -> pa.Table:
    return pq.read_table(DEMO / "recording/detections.parquet")


@pytest.fixture(scope="session")
def truth() -> pa.Table:
    return pq.read_table(DEMO / "recording/truth.parquet")


def files(folder: Path) -> dict[str, bytes]:
    """The partners' files of an output, by path."""
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    names = ((path.relative_to(folder), path) for path in found)
    return {str(name): path.read_bytes() for name, path in names if name.parts[0] != "_operator"}
