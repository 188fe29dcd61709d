"""Gradient-boosted trees by randomised search (Zhang et al., section 2.4.1)."""

import json

import numpy as np

from .folds import random_folds

#: A trial that scored is never run again.
_TRIALS = "trials.json"


def draws(search, seed):
    """The settings of every trial: a list of dicts, the same for a seed."""
    from scipy.stats import loguniform, randint
    from sklearn.model_selection import ParameterSampler

    def whole(pair):
        return randint(int(pair[0]), int(pair[1]) + 1)

    space = {
        "n_estimators": whole(search.n_estimators),
        "max_depth": whole(search.max_depth),
        "min_child_weight": whole(search.min_child_weight),
        "learning_rate": _rates(search.learning_rate, loguniform),
    }
    found = ParameterSampler(space, search.trials, random_state=seed)
    return [{k: v.item() if hasattr(v, "item") else v for k, v in d.items()} for d in found]


def _rates(pair, loguniform):
    return [float(pair[0])] if pair[0] == pair[1] else loguniform(float(pair[0]), float(pair[1]))


def search(table, config, seed, folder, say):
    """Best of the drawn settings by random inner folds: (settings, mean RMSE of the folds).

    As RandomizedSearchCV, but each trial is kept as soon as it is scored, so that a search
    that was cut off goes on.
    """
    x, y, path = table.x, table.y, folder / _TRIALS
    done = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
    folds = random_folds(len(y), config.search.inner_folds, np.random.default_rng(seed))
    for number, settings in enumerate(draws(config.search, seed)):
        if number < len(done) and done[number]["settings"] == settings:
            continue
        errors = []
        for train, test in folds:
            model = fit(x[train], y[train], settings, config, seed)
            errors.append(float(np.sqrt(np.mean((predict(model, x[test]) - y[test]) ** 2))))
        done = [*done[:number], {"settings": settings, "rmse": float(np.mean(errors))}]
        part = path.with_name(f".{path.name}.part")
        part.write_text(json.dumps(done), encoding="utf-8")
        part.replace(path)
        say(f"trial {number + 1}: {done[-1]['rmse']:.3f} with {settings}")
    best = min(done[: config.search.trials], key=lambda trial: trial["rmse"])
    return best["settings"], best["rmse"]


def fit(x, y, settings, config, seed):
    """A fitted `xgboost.XGBRegressor`; NaN among ``x`` (row, feature) are missing."""
    from xgboost import XGBRegressor

    model = XGBRegressor(
        tree_method="hist", random_state=seed, n_jobs=config.train.threads or None, **settings
    )
    return model.fit(x, y)


def predict(model, x):
    """(row,) float64."""
    return model.predict(x).astype(np.float64)


def save(model, path):
    """Write a model; ``load`` reads it back."""
    part = path.with_name(f".part-{path.name}")
    model.save_model(part)
    part.replace(path)


def load(path):
    """The model in a file."""
    from xgboost import XGBRegressor

    model = XGBRegressor()
    model.load_model(path)
    return model


def gain(model, count):
    """Share of the total gain of each of ``count`` features; they add up to 1."""
    scores = model.get_booster().get_score(importance_type="total_gain")
    found = np.array([scores.get(f"f{i}", 0.0) for i in range(count)])
    return found / found.sum() if found.sum() > 0 else found


def thresholds(model):
    """(feature, value) of every split, value float32 as the model compares it."""
    learner = json.loads(bytes(model.get_booster().save_raw("json")))["learner"]
    pairs = set()
    for tree in learner["gradient_booster"]["model"]["trees"]:
        for left, feature, value in zip(
            tree["left_children"], tree["split_indices"], tree["split_conditions"]
        ):
            if left >= 0:
                pairs.add((int(feature), float(np.float32(value))))
    return sorted(pairs)


SUFFIX = ".json"
