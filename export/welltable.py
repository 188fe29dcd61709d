"""A table of wells with satellite and land data at each, in place of stacks.

One row a well and month, as Seyoum et al. (2019) published it for Illinois: predictors,
storage from GRACE and a level or depth. The target is the departure from the well's own
mean, so that what is learnt is the anomaly and not where the well stands.
"""

import csv

import numpy as np

from ..core.data.months import month_range
from ..core.downscaling.channels import calendar_value
from ..core.downscaling.contract import Contract, Spacing, Target, Variable
from ..core.errors import DataError, ParameterError, ReadError
from .coarsetable import Table, beyond_of, channel_names

#: What stands for a missing value besides an empty field.
_MISSING = ("", "NA", "NaN", "nan")


def well_contract(config):
    """The `Contract` of a model of wells; ``features`` are column = [name, units, role].

    Raises `ParameterError`.
    """
    if config.network.conserves:
        raise ParameterError(
            "false is expected for a model of wells, which has no coarse field to agree with",
            "true",
            "network.conserves",
        )
    inputs = []
    for column, entry in config.wells.features.items():
        if not (isinstance(entry, list) and len(entry) == 3):
            raise ParameterError(
                "a name, a unit and a role (dynamic or static) are expected",
                entry,
                f"wells.features.{column}",
            )
        inputs.append(Variable(*entry))
    if config.inputs.calendar:
        inputs += [Variable(n, "1", "calendar") for n in ("month_sin", "month_cos")]
    return Contract(
        name=config.name,
        kind="pixel",
        target=Target(config.data.target, config.wells.units),
        inputs=tuple(inputs),
        spacing=Spacing(config.wells.spacing, config.wells.spacing),
        title=config.title,
        description=config.description,
        missing="accept" if config.network.kind == "trees" else "refuse",
        beyond=beyond_of(config),
    )


def read_wells(config):
    """(`Table`, months): cells are wells in order of their names, the class is 1.

    Rows without a level are left out; values outside ``valid`` are missing. Raises
    `ReadError`, `ParameterError` for a column that is not there, `DataError`.
    """
    wells = config.wells
    path = config.file(wells.file)
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except OSError as error:
        raise ReadError("a table that can be read is expected", error, path.name) from error
    if not rows:
        raise DataError("rows are expected", "none", path.name)
    columns = [wells.well, wells.year, wells.month, wells.target, *wells.features]
    for name in columns:
        if name not in rows[0]:
            raise ParameterError(f"one of {', '.join(rows[0])} is expected", name, path.name)
    level = _numbers(rows, wells.target, wells.valid)
    rows = [row for row, known in zip(rows, np.isfinite(level)) if known]
    level = level[np.isfinite(level)] * wells.sign
    month = _months(rows, wells)
    months = month_range(month.min(), month.max())
    names, cell = np.unique([row[wells.well] for row in rows], return_inverse=True)
    mean = np.bincount(cell, level) / np.bincount(cell)
    x = [_numbers(rows, name, wells.valid) for name in wells.features]
    contract = well_contract(config)
    for variable, _ in contract.channels[len(x) :]:
        x.append(np.array([calendar_value(variable.name, m) for m in month]))
    table = Table(
        channel_names(contract),
        np.stack(x, axis=1).astype(np.float32),
        level - mean[cell],
        (month - months[0]).astype(np.int32),
        cell.astype(np.int32),
        np.ones(len(rows), np.int32),
        (1, names.size),
    )
    return table, months


def _numbers(rows, column, valid):
    low, high = valid.get(column, (-np.inf, np.inf))
    out = np.full(len(rows), np.nan)
    for i, row in enumerate(rows):
        text = (row[column] or "").strip()
        if text in _MISSING:
            continue
        try:
            value = float(text)
        except ValueError as error:
            raise DataError("numbers are expected", repr(text), f"column {column}") from error
        if low <= value <= high:
            out[i] = value
    return out


def _months(rows, wells):
    try:
        texts = [f"{int(r[wells.year]):04d}-{int(r[wells.month]):02d}" for r in rows]
        return np.array(texts, "datetime64[M]")
    except ValueError as error:
        raise DataError("years and months as whole numbers are expected", error) from error
