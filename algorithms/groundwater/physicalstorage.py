"""A model's storage and the glaciers' together."""

from contextlib import ExitStack

from qgis.core import (
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterDestination,
)

from ..base import GraceAlgorithm
from ..styling import classes, diverging

NUMBER = QgsProcessingParameterNumber.Type
MARKS = ((0, "inside", "#d9d9d9"), (1, "outside", "#d55e00"))


class PhysicalStorage(GraceAlgorithm):
    """TWSA_PI: storage that physics knows of, on a fine grid."""

    ID = "physicalstorage"
    NAME = "Physically informed storage"
    PAGE = "groundwater"
    SUMMARY = "Adds glacier storage to a model's storage and marks outliers of each month's map."
    HELP = (
        "TWSA_PI = storage anomaly of a hydrological model + glacier storage anomaly, both "
        "re-based to the months of the baseline that both have, in cm. It is the fine-scale "
        "pattern that the published downscaling learns from.",
        "Values outside the 1st to 99th percentile of each month's map are marked. They are kept "
        "out of losses when a network is trained: a model's extremes are often its errors. Each "
        "cell counts once, whatever its area.",
    )
    CITATION = "Li, Sun et al., section 2.2.2. docs/groundwater."
    TAGS = ("TWSA_PI", "PCR-GLOBWB", "glacier", "outlier", "percentile", "soft constraint")

    def declare(self):
        """Parameters."""
        self.add_stack(
            "INPUT", "Model storage", "Monthly stack of a model's total storage, cm, mm or m."
        )
        self.add_stack(
            "GLACIERS",
            "Glacier storage",
            "Monthly stack of glacier storage on the same grid, as from 'Glacier storage', zero "
            "where there is no ice.",
        )
        self.add_baseline("Month written YYYY-MM.")
        for name, label, value in (
            ("LOWER", "Lower percentile", 1.0),
            ("UPPER", "Upper percentile", 99.0),
        ):
            self.add(
                QgsProcessingParameterNumber(
                    name, self.tr(label), NUMBER.Double, value, minValue=0.0, maxValue=100.0
                ),
                "Percentile of each month's map (0 to 100) beyond which values are marked.",
                advanced=True,
            )
        self.add(
            QgsProcessingParameterRasterDestination("OUTPUT", self.tr("TWSA_PI stack")),
            "Physically informed storage anomaly, all values, cm.",
        )
        self.add(
            QgsProcessingParameterRasterDestination(
                "OUTPUT_OUTLIERS", self.tr("Outliers"), optional=True, createByDefault=False
            ),
            "Byte stack: 1 outside the percentiles of its month's map, 0 inside, 255 missing.",
        )
        self.add(
            QgsProcessingParameterRasterDestination(
                "OUTPUT_FILTERED",
                self.tr("TWSA_PI without outliers"),
                optional=True,
                createByDefault=False,
            ),
            "The stack with the marked values missing, cm, as losses use it.",
        )

    def check(self, parameters, context):
        """Units, grids, months, percentiles, from the headers."""
        from ...core.groundwater.physical import check_physical

        with ExitStack() as files:
            model, glaciers = self.open_stacks(files, "INPUT", "GLACIERS")
            check_physical(model, glaciers, *self._options(parameters, context))

    def compute(self, parameters, context, progress):
        """Add, mark, log, style."""
        from ...core.groundwater.physical import physical_stacks

        names = ("OUTPUT", "OUTPUT_OUTLIERS", "OUTPUT_FILTERED")
        output, outliers, filtered = (self.raster_target(parameters, n, context) for n in names)
        baseline, percentiles = self._options(parameters, context)
        with ExitStack() as files:
            model, glaciers = self.open_stacks(files, "INPUT", "GLACIERS")
            done = physical_stacks(
                model,
                glaciers,
                output,
                outliers=outliers,
                filtered=filtered,
                percentiles=percentiles,
                baseline=baseline,
                progress=progress,
            )
        seen = done.counted > 0
        progress.info(
            f"{int(seen.sum())} of {done.months.size} months have values; "
            f"{100 * done.outside.sum() / done.counted.sum():.2f} % of the values lie outside the "
            f"percentiles {percentiles[0]:g} and {percentiles[1]:g} of their month's map."
        )
        last = int(seen.nonzero()[0][-1]) + 1
        self.style(context, output, diverging(last, "cm"))
        self.style(context, filtered, diverging(last, "cm"))
        self.style(context, outliers, classes(last, MARKS))
        return {n: p for n, p in zip(names, (output, outliers, filtered)) if p}

    def _options(self, parameters, context):
        baseline = self.baseline(parameters, context)
        percentiles = tuple(
            self.parameterAsDouble(parameters, name, context) for name in ("LOWER", "UPPER")
        )
        return baseline, percentiles
