"""Separate groundwater storage from total water storage."""

from contextlib import ExitStack

from qgis.core import (
    QgsProcessingParameterBoolean,
    QgsProcessingParameterRasterDestination,
)

from ...core.errors import ParameterError
from ..base import GraceAlgorithm
from ..styling import diverging, sequential
from ..values import has_value

COMPONENTS = {
    "SOILMOISTURE": ("Soil moisture", "Soil moisture of the whole column (all layers summed)"),
    "SNOW": ("Snow water equivalent", "Snow water equivalent"),
    "CANOPY": ("Canopy water", "Water on the canopy"),
    "SURFACEWATER": ("Surface water", "Lakes, reservoirs and rivers, where known"),
}


class SeparateGroundwater(GraceAlgorithm):
    """Total storage less everything above the water table."""

    ID = "separategroundwater"
    NAME = "Separate groundwater"
    PAGE = "groundwater"
    SUMMARY = "Takes soil moisture, snow, canopy and surface water off total storage: groundwater."
    HELP = (
        "Groundwater storage anomaly = total water storage anomaly − (soil moisture + snow water "
        "equivalent + canopy water [+ surface water]), each as an anomaly to the same months, on "
        "one grid, in cm of equivalent water height. Storages may come in cm, mm, m or kg m⁻² and "
        "as absolute values: they are converted and re-based.",
        "Give the flags of the gap filling to tell observed from filled months: only observed "
        "months enter the baseline, and the optional observed stack holds only them.",
        "Errors of independent terms add in quadrature. What the land model does not know "
        "(pumping, glaciers, often lakes) stays in the result. In glaciated areas the "
        "difference is "
        "not groundwater.",
    )
    CITATION = "Zhang et al., section 2.3, Eq. 15; surface water and errors: docs/groundwater."
    TAGS = ("GWSA", "GWS", "groundwater", "GLDAS", "soil moisture", "SWE", "mascon")

    def declare(self):
        """Parameters."""
        self.add_stack("INPUT", "TWSA stack", "Total water storage anomaly, best gap-filled.")
        for name, (label, what) in COMPONENTS.items():
            self.add_stack(
                name,
                label,
                f"{what}, a monthly stack on the grid of the TWSA stack, in cm, mm, m or kg m⁻². "
                "At least one component is needed; months it lacks are missing in the result.",
                optional=True,
            )
        self.add_stack(
            "FLAGS",
            "Flags of the gap filling",
            "Flag stack of the gap filling of the TWSA stack. Without it every month with a value "
            "counts as observed.",
            optional=True,
        )
        self.add(
            QgsProcessingParameterBoolean("REBASE", self.tr("Re-base all storages"), True),
            "Refer all storages to the mean of the months of the baseline that all of them have. "
            "Switch off only if they are anomalies to one baseline already.",
        )
        self.add_baseline("Month written YYYY-MM.")
        for name, label in (
            ("UNCERTAINTY", "TWSA"),
            *((f"UNCERTAINTY_{n}", v[0].lower()) for n, v in COMPONENTS.items()),
        ):
            self.add_stack(
                name,
                f"Uncertainty of {label}",
                f"One-sigma uncertainty of {label}, a monthly stack in a storage unit."
                + (
                    " OUTPUT_UNCERTAINTY of 'Fill gaps (SSA)' has the filled months' errors too."
                    if name == "UNCERTAINTY"
                    else ""
                ),
                optional=True,
                advanced=True,
            )
        self.add(
            QgsProcessingParameterRasterDestination("OUTPUT", self.tr("GWSA stack")),
            "Groundwater storage anomaly of every month that has all storages, cm.",
        )
        self.add(
            QgsProcessingParameterRasterDestination(
                "OUTPUT_OBSERVED",
                self.tr("GWSA of observed months"),
                optional=True,
                createByDefault=False,
            ),
            "The same, with the months that the gap filling made left missing, cm.",
        )
        self.add(
            QgsProcessingParameterRasterDestination(
                "OUTPUT_UNCERTAINTY",
                self.tr("Uncertainty of GWSA"),
                optional=True,
                createByDefault=False,
            ),
            "One-sigma uncertainty from the uncertainties given, added in quadrature, cm.",
        )

    def check(self, parameters, context):
        """Units, grids, months and baselines, from the headers."""
        from ...core.groundwater.separationinputs import check_inputs

        self._check_pairs(parameters)
        with ExitStack() as stacks:
            tws, components, flags, sigmas = self._open(stacks)
            rebased = self.parameterAsBool(parameters, "REBASE", context)
            baseline = self.baseline(parameters, context)
            check_inputs(tws, components, flags, [s for s in sigmas if s], rebased, baseline)

    def compute(self, parameters, context, progress):
        """Separate, log, style."""
        from ...core.groundwater.separating import separate_stacks

        names = ("OUTPUT", "OUTPUT_OBSERVED", "OUTPUT_UNCERTAINTY")
        output, observed, sigma = (self.raster_target(parameters, n, context) for n in names)
        self._check_pairs(parameters)
        rebased = self.parameterAsBool(parameters, "REBASE", context)
        with ExitStack() as stacks:
            tws, components, flags, sigmas = self._open(stacks)
            if not rebased:
                self._warn_of_baselines((tws, *components), progress)
            summary = separate_stacks(
                tws,
                components,
                output,
                flags=flags,
                tws_sigma=sigmas[0],
                component_sigmas=sigmas[1:],
                rebased=rebased,
                baseline=self.baseline(parameters, context),
                observed_output=observed,
                sigma_output=sigma,
                progress=progress,
            )
            last = tws.months.size
        self._log(summary, progress)
        self.style(context, output, diverging(last, "cm"))
        self.style(context, observed, diverging(last, "cm"))
        self.style(context, sigma, sequential(last, "cm"))
        return {n: p for n, p in zip(names, (output, observed, sigma)) if p}

    def _log(self, summary, progress):
        progress.info(f"{summary.complete_months} of {summary.months} months have all storages.")
        for name, months in summary.missing_in.items():
            progress.warn(f"{name} does not cover {months} of the months.")
        if summary.fewest_baseline_months < summary.expected_baseline_months:
            progress.warn(
                f"The common baseline has {summary.fewest_baseline_months} months in some cells, "
                f"of {summary.expected_baseline_months} in the period."
            )
        if summary.sigma_from:
            progress.info("Uncertainty counts: " + ", ".join(summary.sigma_from) + ".")
        if summary.months_without_sigma:
            progress.warn(
                f"{summary.months_without_sigma} months have no uncertainty, because one that was "
                "given lacks them: give 'Fill gaps (SSA)' the uncertainty of the observed months."
            )

    def _check_pairs(self, parameters):
        for name in COMPONENTS:
            if self.has(f"UNCERTAINTY_{name}") and not self.has(name):
                raise ParameterError(
                    f"{name} itself is expected beside its uncertainty", "none", name
                )
        wanted = has_value(parameters, "OUTPUT_UNCERTAINTY")
        if wanted and not any(n.startswith("UNCERTAINTY") for n in self.sources):
            raise ParameterError(
                "UNCERTAINTY of at least one storage is expected", "none", "OUTPUT_UNCERTAINTY"
            )

    def _warn_of_baselines(self, stacks, progress):
        silent = ", ".join(s.name for s in stacks if not s.baseline)
        if silent:
            progress.warn(
                f"Not re-based, and {silent} state no baseline: the result is an anomaly only if "
                "all storages are anomalies to the same months."
            )

    def _open(self, stacks):
        # In the order of the dialog, so that an error names the first stack at fault.
        tws, *components, flags = self.open_stacks(stacks, "INPUT", *COMPONENTS, "FLAGS")
        sigmas = self.open_stacks(
            stacks, "UNCERTAINTY", *(f"UNCERTAINTY_{name}" for name in COMPONENTS)
        )
        return tws, [c for c in components if c is not None], flags, list(sigmas)
