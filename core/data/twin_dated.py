"""The twin's monthly products of satellites and stations: a raster a month, packed as theirs."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..progress import SILENT
from . import months as calendar
from .rasterfile import RasterWriter
from .sample import NOTE
from .twin_fine import row_blocks


@dataclass(frozen=True)
class Dated:
    """How a product packs its months: number in the file x ``scale`` in ``units``."""

    name: str
    prefix: str
    units: str
    dtype: str
    scale: float
    nodata: float


DATED = (
    Dated("ndvi", "MOD13A3_NDVI", "1", "int16", 0.0001, -3000),
    Dated("lst", "MOD11A2_LST_Day", "K", "uint16", 0.02, 0),
    Dated("sm", "SM_surface", "m3 m-3", "int16", 0.0001, -9999),
    Dated("tas", "CHELSA_tas", "K", "uint16", 0.1, 65535),
    Dated("pr", "CHELSA_pr", "kg m-2 month-1", "uint16", 0.01, 65535),
    Dated("et", "PML_V2_ET", "mm day-1", "uint16", 0.001, 65535),
)


def write_dated(views, names, folders, progress=SILENT):
    """Write the months of the products ``names``, each into its folder; returns file names.

    ``<prefix>_YYYY-MM.tif``. Products that come from one view are made together.
    """
    products = [p for p in DATED if p.name in names]
    packed = _packed(views, products, progress.part(0, 0.5))
    written, count = [], len(products) * views.months.size
    for product in products:
        tags = {"units": product.units, "history": NOTE, "long_name": f"{product.name} (synthetic)"}
        for month, values in zip(views.months, packed.pop(product.name)):
            progress.check()
            name = f"{product.prefix}_{calendar.month_text(month)}.tif"
            with RasterWriter(
                Path(folders[product.name]) / name,
                views.truth.grid,
                [calendar.month_text(month)],
                dtype=product.dtype,
                nodata=product.nodata,
                units=product.units,
                tags=tags,
                scale=product.scale,
            ) as writer:
                writer.write(values[None])
            written.append(name)
            progress.set(0.5 + 0.5 * len(written) / count)
    return written


def _packed(views, products, progress):
    """Whole numbers (time, y, x) of each product, as they go into its files."""
    truth = views.truth
    shape = (views.months.size, *truth.grid.shape)
    packed = {p.name: np.empty(shape, p.dtype) for p in products}
    for row, ny in row_blocks(truth, 4):
        progress.check()
        part = slice(row * truth.factor, (row + ny) * truth.factor)
        found = _views(views, {p.name for p in products}, row + truth.window[0], ny)
        for p in products:
            values = found[p.name] / p.scale
            limits = np.iinfo(p.dtype)
            # One step from no data at least: a value must not turn into a hole.
            low = max(limits.min, 1 if p.nodata == 0 else limits.min)
            high = limits.max - (1 if p.nodata == limits.max else 0)
            known = np.isfinite(values)
            filled = np.where(known, np.rint(np.clip(values, low, high)), p.nodata)
            packed[p.name][:, part] = filled.astype(p.dtype)
        progress.set((row + ny) / truth.window[2])
    return packed


def _views(views, names, row, ny):
    found = {}
    if names & {"ndvi", "lst", "sm"}:
        found.update(views.satellites(row, ny))
    if names & {"tas", "pr", "et"}:
        seen = views.reanalysis(row, ny)
        days = calendar.days_in_month(views.months)[:, None, None]
        found["tas"] = seen["temperature"]
        found["pr"] = 10 * seen["precipitation"]
        found["et"] = 10 * seen["evapotranspiration"] / days
    return found
