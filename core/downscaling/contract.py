"""The model contract: what a downscaling model wants, gives, and was made from.

It is a JSON text in the metadata of the ONNX file under `KEY`; the model card beside
the file is its readable copy. docs/model-contract.md has the fields one by one.
"""

import json
import math
from dataclasses import asdict, dataclass, field
from typing import Optional

KEY = "gracewater_contract"
SCHEMA = 1
TASKS = ("downscale",)
KINDS = ("patch", "pixel")
#: dynamic: one value a month; static: one for all; calendar: made from the month;
#: coarse: the coarse field itself, brought to the fine grid.
ROLES = ("dynamic", "static", "calendar", "coarse")
CALENDAR = ("month_sin", "month_cos", "years")
#: How a coarse field reaches the fine grid; conserving: a spline that has it as its cell means.
INTERPOLATIONS = ("replicate", "bilinear", "conserving")
BLENDS = ("average", "crop")
MISSING = ("refuse", "accept")
#: What a model makes of a predictor beyond its training range: '' is not stated, held: what
#: it makes of the edge of the range, line: a network goes on in straight lines.
BEYOND = ("", "held", "line")


@dataclass(frozen=True)
class Variable:
    """One predictor: its name, unit and role, and one input channel for each lag.

    ``lags`` in months before the month predicted; ``range`` (low, high) of the
    training data in ``units``; ``fill`` is what stands in for a missing cell in the
    patches of a patch model (never scored, never written); ``derived`` names how it
    is made from another variable, such as ``cumulative_anomaly(precipitation)``;
    ``interpolation`` says how a coarse field reaches the fine grid.
    """

    name: str
    units: str
    role: str = "dynamic"
    lags: tuple = (0,)
    range: tuple = (-math.inf, math.inf)
    fill: float = 0.0
    long_name: str = ""
    source: str = ""
    derived: str = ""
    interpolation: str = "bilinear"


@dataclass(frozen=True)
class Target:
    """What the model gives: ``adds`` names what of the coarse field is added to its output.

    ``conserves``: the last layer, which the toolbox carries out, adds the conserving spline
    of what the coarse means still lack, so that the result has those of the coarse field.
    """

    name: str
    units: str
    long_name: str = ""
    baseline: tuple = ()
    adds: str = ""
    conserves: bool = False


@dataclass(frozen=True)
class Spacing:
    """Cell size the model was trained for, and the share by which another may differ."""

    dx: float
    dy: float
    units: str = "degree"
    tolerance: float = 0.01


@dataclass(frozen=True)
class Tile:
    """Cells of a patch, shared by neighbours, and how shared cells are made one.

    ``average`` takes the mean of all patches over a cell; ``crop`` keeps the inner
    part and drops ``overlap`` // 2 cells at each side, which is exact where that
    is at least the model's receptive field. ``multiple`` is what height and width
    must divide by where the graph takes patches of any size (``fixed`` false).
    """

    height: int
    width: int
    overlap: int = 0
    blend: str = "average"
    multiple: int = 1
    fixed: bool = True


@dataclass(frozen=True)
class Training:
    """Where, when and from what the model learnt."""

    extent: tuple = ()
    period: tuple = ()
    data: str = ""
    licence: str = ""
    citation: str = ""


@dataclass(frozen=True)
class Contract:
    """All of it; see the module's documentation page.

    ``class_ranges`` maps a class to the (low, high) of each of ``inputs`` in the training of
    its own model, which is narrower than the inputs' own ``range``.
    """

    name: str
    kind: str
    target: Target
    inputs: tuple
    spacing: Spacing
    task: str = "downscale"
    title: str = ""
    version: str = "1"
    description: str = ""
    input: str = "predictors"
    output: str = "mean"
    output_std: str = ""
    missing: str = "refuse"
    beyond: str = ""
    tile: Optional[Tile] = None
    training: Training = field(default_factory=Training)
    coarse_spacing: float = 0.0
    strata: tuple = ()
    strata_source: str = ""
    class_ranges: dict = field(default_factory=dict)
    metrics: dict = field(default_factory=dict)
    limits: tuple = ()

    @property
    def channels(self):
        """(variable, lag) of each input channel, in the model's order."""
        return tuple((variable, lag) for variable in self.inputs for lag in variable.lags)

    def channel_ranges(self, stratum=None):
        """(low, high) of each channel in the training of a class; of all where not stated."""
        own = self.class_ranges.get(stratum) or [v.range for v in self.inputs]
        return [pair for v, pair in zip(self.inputs, own) for _ in v.lags]

    @property
    def needs_coarse(self):
        """Whether the coarse field is needed to make a fine one."""
        target = self.target
        return bool(target.adds) or target.conserves or any(v.role == "coarse" for v in self.inputs)

    def predictors(self):
        """The variables a user must bring: neither calendar nor coarse."""
        return tuple(v for v in self.inputs if v.role in ("dynamic", "static"))

    def to_json(self):
        """The JSON text that `contractreading.parse_contract` reads back."""
        content = {"schema": SCHEMA, **asdict(self)}
        for variable in content["inputs"]:
            variable["range"] = _ends(variable["range"])
        ranges = self.class_ranges.items()
        content["class_ranges"] = {str(n): [_ends(pair) for pair in own] for n, own in ranges}
        return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)


def _ends(pair):
    return [v if math.isfinite(v) else None for v in pair]
