"""Search of the loss weights with the uncertainty of GRACE as the criterion (Li et al., 3.2).

Weights count whose coarse loss (L_AE) ends below the mean stated uncertainty, in training
and in validation: then the model agrees with GRACE as well as GRACE with the truth. Among
them the one with the largest λ_MAE / λ_AE wins, which says most about detail.
"""

import json
from copy import deepcopy
from dataclasses import asdict, dataclass

import numpy as np

from ..core.errors import DataError
from .training import Trainer, settings_text

#: The published grid.
GRID = [[a, b] for a in (2.0, 1.5, 1.0) for b in (2.0, 1.5, 1.0)]


@dataclass
class Trial:
    """A pair of weights and the losses (cm) at the end of its training."""

    coarse_weight: float
    pattern_weight: float
    coarse: float
    validation_coarse: float
    pattern: float
    validation_pattern: float

    def below(self, noise):
        """Whether both coarse losses are below ``noise`` (False for NaN)."""
        return bool(self.coarse < noise and self.validation_coarse < noise)


def choose(trials, noise):
    """(trial, whether it meets the criterion) by the rule in the module's text.

    Equal ratios: the smaller validation loss against the pattern. Where none meets the
    criterion, the one with the smallest validation coarse loss.
    """
    good = [t for t in trials if t.below(noise)]
    if not good:
        return min(trials, key=lambda t: (t.validation_coarse, t.coarse)), False
    rank = [(-t.pattern_weight / t.coarse_weight, t.validation_pattern) for t in good]
    return good[min(range(len(good)), key=rank.__getitem__)], True


def mean_uncertainty(cube):
    """Mean stated uncertainty of observed coarse cells and months, cm. Raises `DataError`."""
    known = np.isfinite(cube.coarse) & np.isfinite(cube.sigma)
    if not known.any():
        raise DataError(
            "stated uncertainties of the coarse field are expected for the criterion of the search",
            "none",
            "data.uncertainty",
        )
    return float(cube.sigma[known].mean())


def search(config, say=print):
    """Train the first seed with each pair of ``loss.grid`` and write ``search.json``.

    Returns the chosen `Trial`, or None where the configuration has no grid.
    """
    if not config.loss.grid:
        return None
    trials, noise = [], None
    for coarse, pattern in config.loss.grid:
        one = deepcopy(config)
        one.loss.coarse, one.loss.pattern = float(coarse), float(pattern)
        folder = config.folder / "search" / f"{coarse:g}-{pattern:g}"
        trainer = Trainer(one, config.train.seeds[0], say, folder)
        noise = noise or mean_uncertainty(trainer.cube)
        trainer.run()
        last = trainer.log[-1]
        names = ("coarse", "validation_coarse", "pattern", "validation_pattern")
        trials.append(Trial(float(coarse), float(pattern), *(last[n] for n in names)))
    chosen, met = choose(trials, noise)
    result = {
        "settings": _settings(config),
        "mean stated uncertainty, cm": noise,
        "criterion met": met,
        "chosen": asdict(chosen),
        "trials": [asdict(t) for t in trials],
    }
    path = config.folder / "search.json"
    path.write_text(json.dumps(result, indent=1), encoding="utf-8")
    say(
        f"weights {chosen.coarse_weight:g} and {chosen.pattern_weight:g}: coarse loss "
        f"{chosen.coarse:.2f} and {chosen.validation_coarse:.2f} cm, "
        f"{'below' if met else 'NOT below'} the stated {noise:.2f} cm"
    )
    return chosen


def settled(config):
    """The configuration with the weights that `search` has found for it, where it has."""
    path = config.folder / "search.json"
    if not config.loss.grid or not path.is_file():
        return config
    found = json.loads(path.read_text(encoding="utf-8"))
    if found["settings"] != _settings(config):
        return config
    out = deepcopy(config)
    out.loss.coarse = found["chosen"]["coarse_weight"]
    out.loss.pattern = found["chosen"]["pattern_weight"]
    return out


def _settings(config):
    plain = deepcopy(config)
    plain.loss.coarse = plain.loss.pattern = 1.0
    return settings_text(plain)
