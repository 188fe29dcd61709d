"""Training configurations: one TOML file a model, every key checked."""

from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path

import tomllib

from ..core.downscaling.contract import INTERPOLATIONS
from ..core.errors import ParameterError, ReadError


@dataclass
class Data:
    """Stacks on disk. ``patterns`` are fine sources of spatial detail (TWSA_PI, a model).

    ``strata`` is a raster of classes, each of which gets a tree or dense model of its own.
    ``models`` are the fine models of the baseline delta (empty: the patterns).
    ``prepare`` has them made first: ``sample``, ``groundwater`` or ``bangladesh 4`` (see
    `preparing`).
    """

    predictors: str = ""
    coarse: str = ""
    uncertainty: str = ""
    patterns: list = field(default_factory=list)
    truth: str = ""
    target: str = "twsa"
    strata: str = ""
    strata_source: str = ""
    start: str = ""
    end: str = ""
    exclude_percent: float = 1.0
    min_land: float = 0.2
    description: str = ""
    licence: str = ""
    citation: str = ""
    prepare: str = ""
    models: list = field(default_factory=list)


@dataclass
class Use:
    """Where a tree or dense model is used, when it learns from coarser predictors than that.

    The model's contract then has the cells of these ``predictors``, and the production chain
    is scored on them; what is empty is that of `Data`.
    """

    predictors: str = ""
    truth: str = ""
    strata: str = ""
    patterns: list = field(default_factory=list)


@dataclass
class Inputs:
    """The predictors in order: names of the set, with lags; month, years and coarse ones too."""

    variables: list = field(default_factory=list)
    lags: dict = field(default_factory=dict)
    calendar: bool = False
    years: bool = False
    coarse: str = ""


@dataclass
class Network:
    """What is trained: ``unet`` (Li et al.) or ``encoder-decoder`` (Uz et al.) see patches,
    ``trees`` and ``dense`` (Zhang et al.) one cell.

    To the output of the first two the coarse field (``adds``), to that of all networks one of
    the inputs (``passes``) is added. ``beyond`` the training range of its class an input of a
    dense network is ``held`` at the edge, as trees do, or the network goes on in straight
    lines (``line``, as published).
    ``conserves`` has the toolbox close the coarse means as a last layer: the loss sees the network
    before it, where the coarse field still teaches something.
    """

    kind: str = "unet"
    widths: list = field(default_factory=lambda: [64, 128, 256, 512])
    blocks: int = 3
    adds: str = ""
    passes: str = ""
    beyond: str = "held"
    conserves: bool = False


@dataclass
class Loss:
    """``static`` (dual loss), ``correlation`` or ``dynamic``; weights of its terms."""

    mode: str = "static"
    coarse: float = 1.0
    pattern: float = 1.0
    anomalies: bool = False
    grid: list = field(default_factory=list)


@dataclass
class Patches:
    """Cells of a patch, of a block of the split, and the step between patches in a block.

    ``overlap`` of patches in use; −1: what the step leaves.
    """

    size: int = 30
    stride: int = 10
    block: int = 60
    overlap: int = -1


@dataclass
class Split:
    """``paper``: blocks at random within each month. ``held-out``: fixed blocks and years."""

    kind: str = "paper"
    validation: float = 0.3
    test_blocks: float = 0.2
    test_start: str = ""
    test_end: str = ""
    seed: int = 0


@dataclass
class Train:
    """How long, how fast, on what."""

    epochs: int = 800
    batch: int = 512
    rate: float = 1e-3
    last_rate: float = 1e-5
    seeds: list = field(default_factory=lambda: [0, 1, 2])
    device: str = "auto"
    mixed: bool = False
    threads: int = 0
    checkpoint_minutes: float = 2.0
    most_patches: int = 0


@dataclass
class Search:
    """Pixel models: how hyperparameters are sought, and the folds of cross-validation.

    Pairs are the lowest and highest value tried. ``block`` in coarse cells and ``gap`` in
    months make blocked folds; ``least`` rows make a class worth a model of its own. A dense
    network stops early by a fifth of its ``months``, one span with ``gap`` on either side, or
    by a fifth of its rows at ``random``; ``decay`` is the weight decay of its Adam.
    """

    trials: int = 30
    samples: int = 200_000
    holdout: float = 0.3
    inner_folds: int = 3
    folds: int = 5
    block: int = 2
    gap: int = 12
    least: int = 200
    repeats: int = 5
    n_estimators: list = field(default_factory=lambda: [100, 1000])
    learning_rate: list = field(default_factory=lambda: [0.01, 0.3])
    max_depth: list = field(default_factory=lambda: [3, 10])
    min_child_weight: list = field(default_factory=lambda: [1, 10])
    layers: list = field(default_factory=lambda: [3, 6])
    units: list = field(default_factory=lambda: [128, 768])
    rate: list = field(default_factory=lambda: [1e-4, 1e-2])
    patience: int = 20
    stop: str = "months"
    decay: float = 0.0


@dataclass
class Wells:
    """A table (CSV) of wells in place of stacks: columns, and the range a value may lie in.

    ``sign`` is -1 where ``target`` is a depth, so that anomalies rise with the water.
    """

    file: str = ""
    target: str = ""
    well: str = "well"
    year: str = "year"
    month: str = "month"
    features: dict = field(default_factory=dict)
    valid: dict = field(default_factory=dict)
    sign: float = 1.0
    units: str = "m"
    spacing: float = 0.25


@dataclass
class Config:
    """A whole configuration; ``path`` is where it was read from."""

    name: str
    title: str = ""
    description: str = ""
    output: str = "runs"
    data: Data = field(default_factory=Data)
    use: Use = field(default_factory=Use)
    inputs: Inputs = field(default_factory=Inputs)
    network: Network = field(default_factory=Network)
    loss: Loss = field(default_factory=Loss)
    patches: Patches = field(default_factory=Patches)
    split: Split = field(default_factory=Split)
    train: Train = field(default_factory=Train)
    search: Search = field(default_factory=Search)
    wells: Wells = field(default_factory=Wells)
    limits: list = field(default_factory=list)
    path: str = ""

    @property
    def folder(self):
        """Where the run keeps its cube, checkpoints, logs and results."""
        base = Path(self.path).resolve().parent if self.path else Path.cwd()
        return (base / self.output / self.name).resolve()

    def passed(self):
        """Channel of the input that the network departs from, −1 for none.

        Raises `ParameterError` where there is no such input.
        """
        wanted, names = self.network.passes, self.inputs.variables
        if not wanted:
            return -1
        if self.network.kind == "trees":
            raise ParameterError("a network is expected", "trees", "network.passes")
        if wanted not in names or self.inputs.lags:
            raise ParameterError(
                f"one of {', '.join(names)} is expected, without lags", wanted, "network.passes"
            )
        return names.index(wanted)

    def used(self, key):
        """``predictors``, ``truth``, ``strata`` or ``patterns`` where the model is used."""
        return getattr(self.use, key) or getattr(self.data, key)

    def file(self, name):
        """A data file, relative to the configuration."""
        base = Path(self.path).resolve().parent if self.path else Path.cwd()
        return (base / name).resolve()


_CHOICES = {
    ("network", "kind"): ("unet", "encoder-decoder", "trees", "dense"),
    ("network", "adds"): ("", *INTERPOLATIONS),
    ("inputs", "coarse"): ("", *INTERPOLATIONS),
    ("loss", "mode"): ("static", "correlation", "dynamic"),
    ("network", "beyond"): ("held", "line"),
    ("search", "stop"): ("months", "random"),
    ("split", "kind"): ("paper", "held-out"),
    ("train", "device"): ("auto", "cpu", "cuda", "mps"),
}


def read_config(path, overrides=()):
    """The `Config` in a TOML file; ``overrides`` are texts such as ``train.epochs=5``.

    Raises `ReadError` and `ParameterError`, naming the key.
    """
    path = Path(path)
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ReadError("a configuration that can be read is expected", error, path.name) from error
    except tomllib.TOMLDecodeError as error:
        raise ReadError("a configuration in TOML is expected", error, path.name) from error
    for text in overrides:
        _override(content, text)
    config = _fill(Config, content, path.name, "")
    config.path = str(path)
    if not config.name:
        raise ParameterError("a name is expected", "none", f"{path.name}, name")
    for (part, key), allowed in _CHOICES.items():
        value = getattr(getattr(config, part), key)
        if value not in allowed:
            listed = ", ".join(repr(v) for v in allowed)
            raise ParameterError(
                f"one of {listed} is expected", repr(value), f"{path.name}, {part}.{key}"
            )
    return config


def _override(content, text):
    key, sign, value = text.partition("=")
    if not sign:
        raise ParameterError("overrides written section.key=value are expected", text)
    *parts, last = key.strip().split(".")
    for part in parts:
        content = content.setdefault(part, {})
    try:
        content[last] = tomllib.loads(f"v = {value}")["v"]
    except tomllib.TOMLDecodeError:
        content[last] = value.strip()


def _fill(kind, content, where, prefix):
    known = {f.name: f for f in fields(kind) if f.name != "path"}
    given = {}
    for key, value in content.items():
        if key not in known:
            raise ParameterError(
                f"one of {', '.join(sorted(known))} is expected", key, f"{where}, {prefix}{key}"
            )
        default = _default(known[key])
        if is_dataclass(default):
            if not isinstance(value, dict):
                raise ParameterError("a section is expected", value, f"{where}, {prefix}{key}")
            given[key] = _fill(type(default), value, where, f"{key}.")
            continue
        if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if default is not None and type(value) is not type(default):
            raise ParameterError(
                f"a value of type {type(default).__name__} is expected",
                repr(value),
                f"{where}, {prefix}{key}",
            )
        given[key] = value
    if kind is Config and "name" not in given:
        raise ParameterError("a name is expected", "none", f"{where}, name")
    return kind(**given)


def _default(item):
    from dataclasses import MISSING

    if item.default is not MISSING:
        return item.default
    return item.default_factory() if item.default_factory is not MISSING else ""
