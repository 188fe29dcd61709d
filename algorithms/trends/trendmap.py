"""Map trends and their significance."""

from qgis.core import (
    QgsProcessingParameterEnum,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterString,
)

from ..base import GraceAlgorithm
from ..styling import diverging

DESEASONALISE = ("stl", "stl-robust", "harmonic", "none")
TESTS = ("original", "hamed-rao", "yue-wang")


class TrendMap(GraceAlgorithm):
    """Sen slope and Mann–Kendall test of every pixel."""

    ID = "trendmap"
    NAME = "Trend map"
    PAGE = "trends"
    SUMMARY = "Sen slope and Mann–Kendall significance of every pixel of a monthly stack."
    HELP = (
        "Removes the season from each pixel's series, then gives the Sen slope (the median of the "
        "slopes between all pairs of months) and the Mann–Kendall test with its correction for "
        "ties. Bands: slope per year and per month, 95 % Theil limits per year, p, z, S, lag-1 "
        "autocorrelation r1 of the detrended series, number of months.",
        "'stl' needs a stack without gaps: fill it first and give the flags, then the filled "
        "months "
        "are set aside again for slope and test. 'harmonic' fits trend, annual and semiannual "
        "terms "
        "to the observed months and works with gaps.",
        "The plain test takes months as independent. Water storage remembers: with r1 around 0.7, "
        "as over most land, p is too small and the limits are too narrow. On a global 1° CSR grid "
        "the plain test calls 83 % of the land significant at p < 0.01, the one corrected for "
        "first-order memory (yue-wang) 63 %. Choose a corrected test, or read p together with r1. "
        "A corrected test gives p, z and limits; the plain p stays in the band p_original.",
    )
    CITATION = (
        "Sen (1968); Theil (1950); Mann (1945); Kendall (1975); Cleveland et al. (1990) for STL; "
        "Hamed & Rao (1998); Yue & Wang (2004); Zhang et al., sections 2.6–2.7."
    )
    TAGS = (
        "Sen slope", "Theil-Sen", "Mann-Kendall", "significance", "STL", "depletion", "rate",
        "autocorrelation", "Hamed-Rao", "Yue-Wang",
    )  # fmt: skip
    REQUIRES = ("rasterio", "scipy")

    def declare(self):
        """Parameters."""
        self.add_stack("INPUT", "Stack", "Monthly stack, for example TWSA or GWSA.")
        self.add_stack(
            "FLAGS",
            "Flags of the gap filling",
            "Flag stack of the gap filling. Filled months help to find the season but are set "
            "aside "
            "for slope and test. Without it every month counts.",
            optional=True,
        )
        self.add(
            QgsProcessingParameterEnum(
                "DESEASONALISE",
                self.tr("Remove the season by"),
                list(DESEASONALISE),
                defaultValue="stl",
                usesStaticStrings=True,
            ),
            "'stl': seasonal-trend decomposition by LOESS, period 12, not robust (needs a filled "
            "stack). 'stl-robust': the same, not drawn by outlying months, some 1000 cells a "
            "second. 'harmonic': annual and semiannual sinusoids. 'none': leave the season in.",
        )
        self.add(
            QgsProcessingParameterEnum(
                "TEST",
                self.tr("Significance test"),
                list(TESTS),
                defaultValue="original",
                usesStaticStrings=True,
            ),
            "'original': Mann–Kendall for independent months, with ties. 'hamed-rao': variance of "
            "the score multiplied by a factor from the significant rank correlations at lags up to "
            "a quarter of the months. 'yue-wang': by a factor from the lag-1 autocorrelation. "
            "Both on the true time axis, factors of 1 or more; limits, p and z follow. Further "
            "bands p_original and variance_factor.",
        )
        for name, label in (("START", "First month"), ("END", "Last month")):
            self.add(
                QgsProcessingParameterString(name, self.tr(label), optional=True),
                "Month written YYYY-MM; empty takes the whole record. At least 24 months.",
                advanced=True,
            )
        self.add(
            QgsProcessingParameterRasterDestination("OUTPUT", self.tr("Trend map")),
            "Float64 raster; band 1 is the slope per year in the stack's units.",
        )

    def check(self, parameters, context):
        """Grid, months and period, from the headers."""
        from ...core.data.grid import check_same_grid
        from ...core.data.stack import check_same_months
        from ...core.trends.mapping import select_months

        with self.open_stack("INPUT") as stack:
            select_months(stack, *self._period(parameters, context))
            if self.has("FLAGS"):
                with self.open_stack("FLAGS") as flags:
                    check_same_grid(stack.grid, flags.grid, stack.name, flags.name)
                    check_same_months(stack, flags)

    def compute(self, parameters, context, progress):
        """Map, log, style."""
        from ...core.trends.mapping import map_trend

        output = self.raster_target(parameters, "OUTPUT", context)
        start, end = self._period(parameters, context)
        test = self.parameterAsEnumString(parameters, "TEST", context)
        flags = self.open_stack("FLAGS") if self.has("FLAGS") else None
        try:
            with self.open_stack("INPUT") as stack:
                summary = map_trend(
                    stack,
                    output,
                    deseasonalise=self.parameterAsEnumString(parameters, "DESEASONALISE", context),
                    test=test,
                    flags=flags,
                    start=start,
                    end=end,
                    progress=progress,
                )
                units = stack.units
        finally:
            if flags is not None:
                flags.close()
        share, plain = 100 * summary.significant_share, 100 * summary.original_share
        progress.info(
            f"{summary.cells} cells, {summary.months} months {summary.first} to {summary.last}; "
            + f"p < 0.01 in {share:.0f} % of the cells "
            + (
                "(months taken as independent)."
                if test == "original"
                else f"by {test}, in {plain:.0f} % by the plain test."
            )
        )
        self.style(context, output, diverging(1, f"{units}/yr".lstrip("/")))
        return {"OUTPUT": output}

    def _period(self, parameters, context):
        return tuple(
            self.parameterAsString(parameters, n, context).strip() for n in ("START", "END")
        )
