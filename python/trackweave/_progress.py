"""How far a run is, on stderr."""

from __future__ import annotations

import sys
from importlib import import_module
from types import TracebackType
from typing import Any


class Bar:
    """A bar of tqdm where that is installed, a line of text otherwise."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._stage: str | None = None
        try:
            tqdm = import_module("tqdm.auto")
        except ImportError:
            return
        self._bar = tqdm.tqdm(unit="row", unit_scale=True)

    def __enter__(self) -> Bar:
        return self

    def __call__(self, stage: str, done: int | None, total: int | None) -> None:
        if self._bar is not None:
            self._bar.set_description(stage, refresh=False)
            self._bar.total, self._bar.n = total, done or 0
            self._bar.refresh()
        elif stage != self._stage:
            print(f"trackweave: {stage}", file=sys.stderr)
        self._stage = stage

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()
