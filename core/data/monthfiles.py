"""A stack as one dated GeoTIFF a month."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..errors import ParameterError
from ..progress import SILENT
from .blocks import MEMORY_BUDGET
from .exporting import month_file, strip_rows
from .reference import written_type
from .stack import StackInfo, stack_writer
from .wholefolder import whole_folder

_PREFIX = re.compile(r"^[^\\/:*?\"<>|]*$")


def check_prefix(prefix):
    """Raise `ParameterError` for a prefix that is no part of a file name."""
    if not prefix or not _PREFIX.match(prefix):
        raise ParameterError("a part of a file name is expected", repr(prefix), "PREFIX")


def export_months(stack, folder, prefix, *, progress=SILENT, memory=MEMORY_BUDGET):
    """Write ``<prefix>_YYYY-MM.tif`` for each month of a stack; returns their paths.

    Each file is a stack of one month with units, baseline and history. All appear, or
    none: they are written in a hidden folder first. Raises `ParameterError`, `WriteError`.
    """
    check_prefix(prefix)
    with whole_folder(folder) as hidden:
        names = _write(stack, hidden, prefix, progress, memory)
    return [str(Path(folder) / name) for name in names]


def _write(stack, folder, prefix, progress, memory):
    kind, fill = written_type(stack)
    height = strip_rows(stack.grid, memory)
    names = []
    for band, month in enumerate(stack.months):
        info = replace(stack.info, months=stack.months[band : band + 1])
        names.append(month_file(prefix, month))
        with stack_writer(folder / names[-1], _dated(info), kind, fill) as writer:
            for row in range(0, stack.grid.ny, height):
                progress.check()
                ny = min(height, stack.grid.ny - row)
                values = stack.read(row, 0, ny, stack.grid.nx, bands=[band])
                writer.write(np.where(np.isfinite(values), values, fill), row)
        progress.set((band + 1) / stack.months.size)
    return names


def _dated(info):
    """The same stack; its GeoTIFF also says the month in the tag that other programs read."""
    return _DatedInfo(**{name: getattr(info, name) for name in info.__dataclass_fields__})


class _DatedInfo(StackInfo):
    def tags(self):
        """The tags of a stack and the date of its month."""
        stamp = str(self.months[0]).replace("-", ":")
        return {**super().tags(), "TIFFTAG_DATETIME": f"{stamp}:01 00:00:00"}
