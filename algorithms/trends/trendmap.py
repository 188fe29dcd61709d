"""Map trends and their significance."""

from contextlib import ExitStack, contextmanager

from qgis.core import (
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterDestination,
)

from ..feedback import tell_accelerator
from ..styling import diverging
from .common import RecordAlgorithm

DESEASONALISE = ("stl", "stl-robust", "harmonic", "none")
FILLED = ("set-aside", "use")
TESTS = ("original", "hamed-rao", "yue-wang")


class TrendMap(RecordAlgorithm):
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
            "aside for slope and test (FILLED). Without it every month counts.",
            optional=True,
        )
        self.add_choice(
            "DESEASONALISE",
            "Remove the season by",
            DESEASONALISE,
            "'stl': seasonal-trend decomposition by LOESS, period 12, not robust (needs a filled "
            "stack). 'stl-robust': the same, not drawn by outlying months, some 1000 cells a "
            "second. 'harmonic': annual and semiannual sinusoids. 'none': leave the season in.",
        )
        self.add_choice(
            "TEST",
            "Significance test",
            TESTS,
            "'original': Mann–Kendall for independent months, with ties. 'hamed-rao': variance of "
            "the score multiplied by a factor from the significant rank correlations at lags up to "
            "a quarter of the months. 'yue-wang': by a factor from the lag-1 autocorrelation. "
            "Both on the true time axis, factors of 1 or more; limits, p and z follow. Further "
            "bands p_original and variance_factor.",
        )
        self.add_choice(
            "FILLED",
            "Filled months",
            FILLED,
            "With flags. 'set-aside': slope and test rest on observed months. 'use': filled "
            "months count like observed ones, which makes them look more certain than they are.",
            advanced=True,
        )
        self.add_stack(
            "UNCERTAINTY",
            "Uncertainty stack",
            "One-sigma uncertainty of every cell and month, same grid and months as the stack. "
            "Gives two further bands: 95 % limits of the slope from drawn errors, independent from "
            "month to month and one and the same within a filled gap (needs the flags to know "
            "it). They show the stated uncertainty alone; Theil's limits show the scatter. "
            "Takes as long as a slope a draw.",
            optional=True,
            advanced=True,
        )
        self.add(
            QgsProcessingParameterNumber(
                "DRAWS",
                self.tr("Draws of errors"),
                QgsProcessingParameterNumber.Type.Integer,
                defaultValue=200,
                minValue=40,
            ),
            "With an uncertainty stack: number of draws. With 200 the limits are good to a tenth "
            "of their width.",
            advanced=True,
        )
        self.add_period("Empty takes the whole record. At least 24 months.")
        self.add(
            QgsProcessingParameterRasterDestination("OUTPUT", self.tr("Trend map")),
            "Float64 raster; band 1 is the slope per year in the stack's units.",
        )

    def check(self, parameters, context):
        """Grid, months and period, from the headers."""
        from ...core.trends.mapping import check_trend

        with self._opened() as (stack, flags, sigma):
            settings = self._settings(parameters, context)
            settings.pop("draws")
            check_trend(stack, flags=flags, sigma=sigma, **settings)

    def compute(self, parameters, context, progress):
        """Map, log, style."""
        from ...core.trends.mapping import map_trend

        tell_accelerator(progress)
        output = self.raster_target(parameters, "OUTPUT", context)
        settings = self._settings(parameters, context)
        test = settings["test"]
        with self._opened() as (stack, flags, sigma):
            summary = map_trend(
                stack, output, flags=flags, sigma=sigma, progress=progress, **settings
            )
            units = stack.units
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

    @contextmanager
    def _opened(self):
        """The stack, its flags and its uncertainty, None where not given."""
        with ExitStack() as files:
            yield self.open_stacks(files, "INPUT", "FLAGS", "UNCERTAINTY")

    def _settings(self, parameters, context):
        def choice(name):
            return self.parameterAsEnumString(parameters, name, context)

        start, end = self.period(parameters, context)
        return {
            "deseasonalise": choice("DESEASONALISE"),
            "test": choice("TEST"),
            "filled": choice("FILLED"),
            "draws": self.parameterAsInt(parameters, "DRAWS", context),
            "start": start,
            "end": end,
        }
