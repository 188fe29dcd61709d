"""Dense networks of 3 to 6 layers, sought with Optuna (Zhang et al., section 2.4.1)."""

import copy

import numpy as np
import torch
from torch import nn

from ..core.errors import DataError
from .folds import time_folds

SUFFIX = ".pt"
#: Share of the training rows, or months, that decide when to stop.
STOP = 0.2


class Dense(nn.Module):
    """(row, feature) in its own units to (row, 1) in the target's.

    Robust scaling, (value − median) / (third − first quartile), of inputs and target is part
    of the graph; a feature that does not vary is only centred. ``held`` puts the training
    range there too: ReLU goes on in straight lines for ever, and a fine cell may lie hundreds
    of quartile ranges beyond the few coarse cells of its class. So beyond the range a feature
    counts as the edge of it, which is what trees make of it.

    ``passes`` is a feature that the network departs from, x_p + f(others), in the target's
    units and −1 for none: the network does not see it, and it is not held.
    """

    def __init__(self, features, layers, units, held=True, passes=-1):
        super().__init__()
        self.held, self.passes = held, passes
        others = [i for i in range(features) if i != passes]
        self.register_buffer("others", torch.tensor(others), persistent=False)
        for name in ("x_centre", "x_scale", "x_low", "x_high"):
            self.register_buffer(name, torch.zeros(features))
        for name in ("y_centre", "y_scale"):
            self.register_buffer(name, torch.zeros(()))
        parts, width = [], len(others)
        for _ in range(layers):
            parts += [nn.Linear(width, units), nn.ReLU()]
            width = units
        self.body = nn.Sequential(*parts, nn.Linear(width, 1))

    def learn_scaling(self, x, y):
        """Take medians, quartile ranges and ranges of the training rows; ``y`` as `goal` says."""
        for name, values in (("x", x), ("y", y)):
            centre, scale = robust(values)
            setattr(self, f"{name}_centre", torch.tensor(centre, dtype=torch.float32))
            setattr(self, f"{name}_scale", torch.tensor(scale, dtype=torch.float32))
        low, high = np.min(x, axis=0), np.max(x, axis=0)
        self.x_low = torch.tensor(low, dtype=torch.float32)
        self.x_high = torch.tensor(high, dtype=torch.float32)

    def forward(self, x):
        """Values in the target's units."""
        y = self.scaled(x) * self.y_scale + self.y_centre
        return y if self.passes < 0 else y + x[:, self.passes : self.passes + 1]

    def goal(self, x, y):
        """What is left of the target for the body to learn."""
        return y if self.passes < 0 else y - x[:, self.passes]

    def scaled(self, x):
        """Values before they are brought back to the target's units; the loss looks at these."""
        if self.held:
            x = torch.minimum(torch.maximum(x, self.x_low), self.x_high)
        x = (x - self.x_centre) / self.x_scale
        return self.body(x if self.passes < 0 else x.index_select(1, self.others))


def robust(values):
    """Median and quartile range along the first axis; a range of 0 becomes 1."""
    low, centre, high = np.percentile(np.asarray(values, np.float64), [25, 50, 75], axis=0)
    scale = np.asarray(high - low)
    return centre, np.where(scale > 10 * np.finfo(np.float64).eps, scale, 1.0)


def search(table, config, seed, folder, say):
    """Best settings by Optuna's TPE: (settings, RMSE on the rows that decided when to stop).

    The study is kept in SQLite. Each trial's sampler is seeded by its number, so that a
    search that was cut off goes on to the very end it would have had.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    storage = f"sqlite:///{folder / 'study.db'}"
    study = optuna.create_study(storage=storage, study_name="dense", load_if_exists=True)
    complete = optuna.trial.TrialState.COMPLETE
    while (number := len(study.get_trials(deepcopy=False, states=(complete,)))) < (
        config.search.trials
    ):
        study.sampler = optuna.samplers.TPESampler(seed=1000 * seed + number)
        trial = study.ask()
        wanted = config.search
        settings = {
            "layers": trial.suggest_int("layers", *wanted.layers),
            "units": trial.suggest_int("units", *wanted.units, step=_step(wanted.units)),
            "rate": trial.suggest_float("rate", *wanted.rate, log=True),
        }
        _, epochs, error = stopped(table, settings, config, seed)
        trial.set_user_attr("epochs", epochs)
        study.tell(trial, error)
        say(f"trial {number + 1}: {error:.3f} with {settings}, {epochs} epochs")
    best = study.best_trial
    return {**best.params, "epochs": best.user_attrs["epochs"]}, float(best.value)


def _step(pair):
    return 64 if (pair[1] - pair[0]) % 64 == 0 and pair[1] > pair[0] else 1


def stopping(table, config, seed):
    """(rows that train, rows that decide when to stop).

    Rows at random have a neighbour and a month before and after among those that train, so
    that the error falls while the network learns its cells by heart: with a span of months
    it does not. The span is drawn among five. Raises `DataError` where the gap leaves none.
    """
    rng, count = np.random.default_rng(seed), round(1 / STOP)
    if config.search.stop == "random":
        order = rng.permutation(len(table))
        held = max(1, round(len(table) * STOP))
        return order[held:], order[:held]
    rest, stop = time_folds(table.month, count, config.search.gap)[rng.integers(count)]
    if not (len(rest) and len(stop)):
        raise DataError(
            f"months of training besides a fifth of them and {config.search.gap} on either side "
            "are expected",
            f"{np.unique(table.month).size} months",
            "search.gap",
            "Make the gap smaller, or stop by rows at random (search.stop).",
        )
    return rest, stop


def stopped(table, settings, config, seed):
    """Train with early stopping: (network, epochs of the best state, its RMSE)."""
    x, y = table.x, table.y
    rest, stop = stopping(table, config, seed)
    best = {"error": np.inf, "epoch": 0, "state": None}

    def watch(network, epoch):
        error = float(np.sqrt(np.mean((predict(network, x[stop]) - y[stop]) ** 2)))
        if error < best["error"]:
            state = copy.deepcopy(network.state_dict())
            best.update(error=error, epoch=epoch, state=state)
        return epoch - best["epoch"] < config.search.patience

    full = {**settings, "epochs": config.train.epochs}
    network = _train(x[rest], y[rest], full, config, seed, watch)
    network.load_state_dict(best["state"])
    return network.eval(), best["epoch"], best["error"]


def fit(x, y, settings, config, seed):
    """A network trained on all rows for the number of epochs that early stopping found."""
    return _train(x, y, settings, config, seed, lambda network, epoch: True)


def _train(x, y, settings, config, seed, watch):
    """Adam on the mean squared error of the scaled target."""
    if config.train.threads:
        torch.set_num_threads(config.train.threads)
    torch.manual_seed(seed)
    held = config.network.beyond == "held"
    passes = config.passed()
    network = Dense(x.shape[1], settings["layers"], settings["units"], held, passes)
    y = network.goal(x, y)
    network.learn_scaling(x, y)
    inputs = torch.from_numpy(np.ascontiguousarray(x, np.float32))
    goal = torch.from_numpy(np.asarray(y, np.float32))
    goal = (goal - network.y_centre) / network.y_scale
    # Without decay AdamW is Adam.
    optimiser = torch.optim.AdamW(
        network.parameters(), settings["rate"], weight_decay=config.search.decay
    )
    generator = torch.Generator().manual_seed(seed)
    for epoch in range(1, settings["epochs"] + 1):
        network.train()
        for rows in torch.randperm(len(goal), generator=generator).split(config.train.batch):
            optimiser.zero_grad(set_to_none=True)
            loss = torch.nn.functional.mse_loss(network.scaled(inputs[rows])[:, 0], goal[rows])
            loss.backward()
            optimiser.step()
        if not watch(network.eval(), epoch):
            break
    return network.eval()


def predict(network, x):
    """(row,) float64."""
    with torch.no_grad():
        parts = torch.from_numpy(np.ascontiguousarray(x, np.float32)).split(65536)
        return torch.cat([network(part)[:, 0] for part in parts]).numpy().astype(np.float64)


def save(network, path):
    """Write a network; ``load`` reads it back."""
    layers = sum(isinstance(m, nn.Linear) for m in network.body) - 1
    features, units = len(network.x_centre), network.body[0].out_features
    content = {
        "shape": [features, layers, units, network.held, network.passes],
        "state": network.state_dict(),
    }
    part = path.with_name(f".part-{path.name}")
    torch.save(content, part)
    part.replace(path)


def load(path):
    """The network in a file."""
    content = torch.load(path, weights_only=True)
    network = Dense(*content["shape"])
    network.load_state_dict(content["state"])
    return network.eval()


def gain(network, count):
    """A network has no gain; NaN."""
    return np.full(count, np.nan)
