"""Many layers to one predictor set."""

from contextlib import ExitStack

from ..base import GraceAlgorithm
from ..extents import check_raw_extent, read_extent
from ..rasterlists import is_netcdf, list_items, list_sources
from ..styling import sequential
from ..values import has_value
from ..version import VERSION
from .predictor_parameters import declare_parameters


class PreparePredictors(GraceAlgorithm):
    """Layers, mapping and grid in, predictor set out."""

    ID = "preparepredictors"
    NAME = "Prepare predictors"
    PAGE = "predictors"
    SUMMARY = "Brings many layers to one grid, unit and month axis: the predictor set of a model."
    HELP = (
        "A downscaling model says in its contract which predictors it wants, in which units, on "
        "which cells, with which lags. This finds each among the layers by name, converts it, "
        "and writes one GeoTIFF for 'Downscale'. What is missing or does not fit is refused, all "
        "of it at once, with its unit and where such data come from.",
        "MAPPING says which layer is what where names do not tell: one line (or part between "
        "semicolons) a variable, 'precipitation = tp'. With a factor and a unit: "
        "'evapotranspiration = -1 * e [mm month-1]'. A layer is named as in QGIS, by its file or "
        "NetCDF variable, or by its number in the list, '#2'. Sums: "
        "'cumulative_precipitation = cumulative_anomaly(precipitation)'. Log and report show the "
        "whole mapping to copy and edit.",
        "Finer layers become area-weighted means. Coarser ones are interpolated (FINER), and log, "
        "report and history say which, from which cell size: that adds no detail. One map serves "
        "all months; for a variable that does not change, a stack becomes the mean of its months.",
        "Masked cells get no value and lend none. HOLES fills scattered holes by inverse distance "
        "before anything is summed up. Sine and cosine of the month and the coarse field are made "
        "by 'Downscale'.",
        "Without a model the set holds what MAPPING lists, or every layer under its own name.",
    )
    CITATION = (
        "Li, Sun et al., section 2.2.3 (12 predictors); Zhang et al., sections 2.1.3 and 2.4 (19 "
        "predictors)."
    )
    TAGS = ("predictors", "features", "align", "covariates", "ERA5-Land", "NDVI", "SoilGrids")
    REQUIRES = ("rasterio", "scipy")

    def __init__(self):
        """Start without resolved layers."""
        super().__init__()
        self.predictors = []

    def declare(self):
        """Parameters."""
        declare_parameters(self)

    def known_to_qgis(self, parameters):
        """Without NetCDF sources in the list, which QGIS does not open there."""
        rest = [x for x in list_items(parameters.get("PREDICTORS")) if not is_netcdf(x)]
        return {**parameters, "PREDICTORS": rest}

    def check(self, parameters, context):
        """Everything headers tell."""
        from ...core.downscaling.preparing import aligned_readers

        check_raw_extent(parameters.get("EXTENT"))
        with ExitStack() as files:
            plan, _, _ = self._plan(parameters, context, files)
            aligned_readers(plan, self._settings(parameters, context))

    def compute(self, parameters, context, progress):
        """Prepare, log, report, style."""
        from ...core.downscaling.prepare_report import prepare_report, warnings_of
        from ...core.downscaling.preparing import prepare

        output = self.raster_target(parameters, "OUTPUT", context)
        html = self.file_target(parameters, "OUTPUT_HTML", context)
        settings = self._settings(parameters, context)
        with ExitStack() as files:
            plan, contract, mask = self._plan(parameters, context, files)
            progress.info("MAPPING, to copy and edit:\n" + plan.mapping())
            summaries = prepare(plan, output, settings, mask=mask, progress=progress)
            for part, summary in zip(plan.parts, summaries):
                bands = "1 map" if part.months is None else f"{summary.bands} months"
                progress.info(
                    f"{part.variable.name}: {part.layer.name}, {part.conversion}, {bands}, "
                    f"{summary.line}; {100 * summary.share(summary.known):.4g} % known, of it "
                    f"{100 * summary.share(summary.filled):.3g} % filled."
                )
            for text in warnings_of(plan, summaries):
                progress.warn(text)
            progress.info(
                f"{len(plan.parts)} variables, {sum(s.bands for s in summaries)} bands on "
                f"{plan.grid.describe()}; {plan.usable.size} months can be predicted."
            )
            if html:
                name = mask.mask.name if mask else ""
                prepare_report(plan, summaries, settings, contract, name, VERSION).write(html)
            unit = plan.parts[0].variable.units
        self.style(context, output, sequential(1, unit))
        return {"OUTPUT": output, **({"OUTPUT_HTML": html} if html else {})}

    def _resolve(self, parameters, context):
        """The list of layers too."""
        super()._resolve(parameters, context)
        self.predictors = list_sources(self, parameters, "PREDICTORS", context)
        for number, (source, _) in enumerate(self.predictors, 1):
            self.sources[f"PREDICTORS {number}"] = source

    def _settings(self, parameters, context):
        from ...core.downscaling.preparing import Settings

        return Settings(
            self.parameterAsDouble(parameters, "HOLES", context),
            self.parameterAsEnumString(parameters, "FINER", context),
            self.parameterAsDouble(parameters, "MIN_SHARE", context),
            self.parameterAsBool(parameters, "EMPTY_CELLS", context),
        )

    def _plan(self, parameters, context, files):
        """(plan, contract or None, mask or None), from headers; ``files`` closes the layers."""
        from ...core.data.reference import read_grid
        from ...core.data.stack import short_name
        from ...core.downscaling.cumulating import Cumulation
        from ...core.downscaling.gridmask import GridMask
        from ...core.downscaling.layers import Layer
        from ...core.downscaling.mapping import parse_mapping
        from ...core.downscaling.model import load_model
        from ...core.downscaling.preparation import plan_preparation
        from ...core.downscaling.targetgrid import choose_grid
        from ...core.masks.maskfile import MaskFile

        def text(name):
            return self.parameterAsString(parameters, name, context).strip()

        entries = parse_mapping(text("MAPPING"))
        contract = None
        if has_value(parameters, "MODEL"):
            contract = load_model(self.parameterAsFile(parameters, "MODEL", context)).contract
        layers = []
        for number, (source, name) in enumerate(self.predictors, 1):
            layers.append(Layer(source, name, number))
            files.callback(layers[-1].close)
        reference = None
        if self.has("REFERENCE"):
            source = self.sources["REFERENCE"]
            name = f"REFERENCE ({short_name(source)})"
            reference = (read_grid(source, name), name)
        spacing = 0.0
        if has_value(parameters, "SPACING"):
            spacing = self.parameterAsDouble(parameters, "SPACING", context)
        extent = read_extent(self, parameters, "EXTENT", context)
        grid = choose_grid(layers, contract, reference, extent, spacing)
        plan = plan_preparation(
            layers,
            entries,
            contract,
            grid=grid,
            start=text("START"),
            end=text("END"),
            cumulation=Cumulation(
                "anomaly",
                text("CUMULATE_FROM"),
                self.baseline(parameters, context),
                self.parameterAsInt(parameters, "MAX_GAP", context),
            ),
        )
        mask = None
        if self.has("MASK"):
            file = files.enter_context(MaskFile(self.sources["MASK"]))
            mask = GridMask(file, grid, "the grid of the set")
        return plan, contract, mask
