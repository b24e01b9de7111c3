"""What the documents show is true: docstrings, docs/python.md, the notebook; and what is typed is what is there."""

import doctest
import io
import re
import subprocess
import sys
from contextlib import redirect_stdout

import nbformat
import pytest
import trackweave as tw
from conftest import ROOT
from nbclient import NotebookClient


@pytest.mark.parametrize("of", [tw, tw.track, tw.run], ids=["module", "track", "run"])
def test_docstrings(of):
    examples = doctest.DocTestFinder(recurse=False).find(of, globs={})
    assert examples and examples[0].examples
    runner = doctest.DocTestRunner()
    for example in examples:
        runner.run(example)
    assert runner.failures == 0


def test_the_tutorial():
    """Blocks of Python one after the other; a block of text says what the block before it prints, `…` being anything."""
    text = (ROOT / "docs/python.md").read_text()
    known: dict = {}
    printed = ""
    for kind, block in re.findall(r"^```(python|text)\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        if kind == "python":
            with redirect_stdout(io.StringIO()) as said:
                exec(compile(block, "docs/python.md", "exec"), known)
            printed = said.getvalue()
        else:
            wanted = ".*".join(re.escape(part) for part in block.split("…"))
            assert re.fullmatch(wanted, printed, re.DOTALL), f"found\n{printed}\nwanted\n{block}"


def test_the_notebook():
    notebook = nbformat.read(ROOT / "docs/notebook.ipynb", as_version=4)
    nbformat.validate(notebook)
    first = notebook.cells[1].source.splitlines()
    assert len(first) + 2 <= 10
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(ROOT / "docs")}}).execute()
    shown = [cell.outputs[-1]["data"] for cell in notebook.cells if cell.cell_type == "code" and cell.outputs]
    assert "shape: (7, 5)" in shown[0]["text/plain"]
    assert shown[-1]["text/html"].startswith("<iframe srcdoc=")


def test_types():
    source = """
import trackweave as tw
radar = tw.Sensor.radar("north", at_m=(0, 0, 0), noise_range_m=20)
table: tw.Table = tw.Tracker([radar], frame="local").tracks(at=3.0)
run: tw.Run = tw.run("recording", {"rules.cedar": ""}, progress=True)
"""
    mypy = [sys.executable, "-m", "mypy", "--strict", "-c"]
    good = subprocess.run([*mypy, source], capture_output=True, text=True)
    assert good.returncode == 0, good.stdout
    bad = subprocess.run([*mypy, source.replace("noise_range_m=20", "noise_m=20")], capture_output=True, text=True)
    assert bad.returncode == 1 and "noise_m" in bad.stdout, bad.stdout
    stubs = subprocess.run([sys.executable, "-m", "mypy.stubtest", "trackweave"], capture_output=True, text=True)
    assert stubs.returncode == 0, stubs.stdout + stubs.stderr
