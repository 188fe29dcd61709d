"""Glacier storage anomalies from outlines and changes of volume."""

from contextlib import ExitStack

import numpy as np
from qgis.core import (
    QgsProcessing,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterFile,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterRasterLayer,
)

from ...core.data.months import month_range, parse_month
from ...core.data.stack import short_name
from ...core.errors import ParameterError
from ...core.groundwater.glaciers import ICE_DENSITY, QUANTITIES
from ..base import GraceAlgorithm
from ..layers import check_source, read_polygons
from ..styling import diverging
from ..values import has_value
from .overlaps import overlaps

NUMBER = QgsProcessingParameterNumber.Type
ID_FIELDS = ("rgiid", "rgi_id")


class GlacierStorage(GraceAlgorithm):
    """What glaciers gain or lose, spread over grid cells as water."""

    ID = "glacierstorage"
    NAME = "Glacier storage"
    PAGE = "groundwater"
    SUMMARY = "Changes of glacier volume as a monthly stack of water on the cells of a grid."
    HELP = (
        "Change of volume over area gives the change of thickness, h = V/A; water equivalent is "
        "h · 850/1000; on a grid cell it is spread over the whole cell, LWE' = LWE · A_g/A_grid, "
        "with the exact area of ice in the cell and cell areas on the sphere. The result is an "
        "anomaly to the baseline, in cm.",
        "Changes come as a CSV table, one series for each glacier or one for a region of many "
        "outlines (cumulative; annual dates are joined by straight lines), or as a stack of "
        "thickness change on the grid.",
        "Cells without ice are zero. A cell with a glacier whose change is unknown is missing.",
    )
    CITATION = "Li, Sun et al., Eqs 1–4; density: Huss (2013), The Cryosphere 7, 877–887."
    TAGS = ("RGI", "glacier", "ice", "mass balance", "volume change", "LWE")
    REQUIRES = ("rasterio", "scipy")

    def declare(self):
        """Parameters."""
        self.add(
            QgsProcessingParameterFeatureSource(
                "GLACIERS",
                self.tr("Glacier outlines"),
                [QgsProcessing.SourceType.TypeVectorPolygon],
            ),
            "Polygons, for example of the Randolph Glacier Inventory, in any coordinate system. "
            "Where they overlap, the ice counts once.",
        )
        self.add(
            QgsProcessingParameterField(
                "GLACIER_FIELD",
                self.tr("Field with the glacier's id"),
                parentLayerParameterName="GLACIERS",
                optional=True,
            ),
            "Field that the table names its series by: a glacier's id, or a region's, which then "
            "has one series for all its outlines. Empty: RGIId or rgi_id, where the layer has it.",
        )
        self.add(
            QgsProcessingParameterFile(
                "CHANGES", self.tr("Table of changes"), extension="csv", optional=True
            ),
            "CSV of cumulative change: wide (a row for each glacier, columns ending in YYYY-MM) or "
            "long (columns rgiid, date, value). Either this or the thickness stack.",
        )
        self.add_choice(
            "QUANTITY",
            "What the table holds",
            QUANTITIES,
            "'volume': km³ of ice. 'mass': Gt (of water). 'thickness': m of ice, mean over the "
            "glacier.",
        )
        self.add_stack(
            "THICKNESS",
            "Thickness stack",
            "Monthly stack of cumulative change of ice thickness (m, cm or mm of ice), the mean "
            "over the ice of each cell, on the grid of the result.",
            optional=True,
        )
        self.add(
            QgsProcessingParameterRasterLayer("REFERENCE", self.tr("Reference"), optional=True),
            "Raster whose grid the result has. May be left out with a thickness stack.",
        )
        self.add_period(
            "Month written YYYY-MM, for tables only. Empty: that of the table.",
        )
        self.add_baseline("Month written YYYY-MM.")
        self.add(
            QgsProcessingParameterNumber(
                "DENSITY", self.tr("Density (kg m⁻³)"), NUMBER.Double, ICE_DENSITY, minValue=1.0
            ),
            "Density of the volume that is gained or lost, kg m⁻³; 850 is that of Huss (2013).",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterRasterDestination("OUTPUT", self.tr("Glacier storage anomaly")),
            "Monthly stack of glacier storage as water on the whole cell, anomaly, cm.",
        )

    def check(self, parameters, context):
        """One source of changes, a grid, a field, months."""
        from ...core.data.grid import check_same_grid

        table = has_value(parameters, "CHANGES")
        if table == self.has("THICKNESS"):
            found = "both" if table else "neither"
            raise ParameterError("either CHANGES or THICKNESS is expected", found, "CHANGES")
        if table and not self.has("REFERENCE"):
            raise ParameterError("a raster is expected beside a table", "none", "REFERENCE")
        self._field(parameters, context, table)
        self._months(parameters, context)
        if self.has("THICKNESS"):
            with self.open_stack("THICKNESS") as stack:
                stack.to_centimetres()
                if self.has("REFERENCE"):
                    check_same_grid(stack.grid, self._grid(), stack.name, "REFERENCE")

    def compute(self, parameters, context, progress):
        """Areas of ice by cell, then the stack."""
        from ...core.groundwater.glaciers import glacier_cells
        from ...core.groundwater.glacierstacks import (
            read_changes,
            write_glacier_raster,
            write_glacier_table,
        )

        output = self.raster_target(parameters, "OUTPUT", context)
        density = self.parameterAsDouble(parameters, "DENSITY", context)
        baseline = self.baseline(parameters, context)
        options = {"density": density, "baseline": baseline, "progress": progress.part(0.5, 1.0)}
        with ExitStack() as files:
            stack = None
            if self.has("THICKNESS"):
                stack = files.enter_context(self.open_stack("THICKNESS"))
            grid = stack.grid if stack else self._grid()
            source = self.parameterAsSource(parameters, "GLACIERS", context)
            field = self._field(parameters, context, stack is None)
            shapes = read_polygons(source, grid.crs, field, context, progress, "GLACIERS")
            for text in [t for t in shapes.remarks() if "numbered" not in t]:
                progress.warn(text)
            ids = list(dict.fromkeys(shapes.titles))
            place = {name: i for i, name in enumerate(ids)}
            group = [place[title] for title in shapes.titles]
            shared = overlaps(shapes, progress.check)
            if shared:
                count = sum(len(numbers) for numbers, _ in shared)
                progress.warn(f"{count} outlines overlap others: what they share counts once.")
            cells = glacier_cells(shapes.rings, group, grid, progress.part(0.05, 0.5), shared)
            if not cells.share.any():
                raise ParameterError(
                    "glaciers on the grid are expected", grid.describe(), "GLACIERS"
                )
            if stack is not None:
                done = write_glacier_raster(cells, stack, grid, output, **options)
            else:
                path = self.parameterAsFile(parameters, "CHANGES", context)
                where = f"CHANGES ({short_name(path)})"
                months = self._months(parameters, context)
                months, changes, lacking = read_changes(path, ids, where, months)
                if lacking:
                    few = ", ".join(lacking[:12]) + (" …" if len(lacking) > 12 else "")
                    progress.warn(f"{where} lacks {len(lacking)} of {len(ids)} glaciers: {few}.")
                quantity = self.parameterAsEnumString(parameters, "QUANTITY", context)
                done = write_glacier_table(
                    cells, changes, months, grid, output, quantity=quantity, where=where, **options
                )
        self._log(done, progress)
        self.style(context, output, diverging(done.months.size, "cm"))
        return {"OUTPUT": output}

    def _log(self, done, progress):
        whole = np.flatnonzero(np.isfinite(done.mass))
        change = "no month has values in all of them"
        if whole.size:
            first, last = whole[[0, -1]]
            change = f"{done.months[first]} to {done.months[last]}: "
            change += f"{done.mass[last] - done.mass[first]:+.3f} Gt"
        progress.info(
            f"{done.area_km2:,.2f} km² of ice, {done.inside_km2:,.2f} km² of it on the grid, in "
            f"{done.cells} cells; {change}."
        )
        if done.inside_km2 < 0.999 * done.area_km2:
            progress.warn("Some of the ice lies outside of the grid and is left out.")

    def _field(self, parameters, context, needed):
        source = self.parameterAsSource(parameters, "GLACIERS", context)
        field = self.parameterAsString(parameters, "GLACIER_FIELD", context).strip()
        check_source(source, "GLACIERS", field)
        if not field:
            known = [f for f in source.fields().names() if f.lower() in ID_FIELDS]
            field = known[0] if known else ""
        if needed and not field:
            raise ParameterError(
                "a field with the glaciers' ids is expected", "none", "GLACIER_FIELD"
            )
        return field

    def _months(self, parameters, context):
        texts = self.period(parameters, context)
        if not any(texts):
            return None
        if not all(texts):
            raise ParameterError("both START and END or neither are expected", "one", "START")
        first, last = (parse_month(text, n) for text, n in zip(texts, ("START", "END")))
        if last < first:
            raise ParameterError("END at or after START is expected", " to ".join(texts), "END")
        return month_range(first, last)

    def _grid(self):
        from ...core.data.reference import read_grid

        return read_grid(self.sources["REFERENCE"], "REFERENCE")

    def _resolve(self, parameters, context):
        """The outlines' file too, so that no output may replace it."""
        super()._resolve(parameters, context)
        layer = self.parameterAsVectorLayer(parameters, "GLACIERS", context)
        if layer is not None and layer.isValid():
            self.sources["GLACIERS"] = layer.source()
