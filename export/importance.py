"""Which predictors matter: total gain of trees, and what is lost when one is shuffled."""

import csv

import numpy as np

from .coarsetable import channel_names

COLUMNS = ("seed", "class", "predictor", "gain", "permutation")


def permutation(predict, x, y, repeats, rng):
    """Rise of the RMSE (feature,) when a feature's values are shuffled among the rows.

    Mean over ``repeats`` shuffles (Breiman 2001). ``predict`` takes (row, feature).
    """
    base = np.sqrt(np.mean((predict(x) - y) ** 2))
    rise = np.zeros(x.shape[1])
    for feature in range(x.shape[1]):
        shuffled = np.array(x)
        for _ in range(repeats):
            shuffled[:, feature] = x[rng.permutation(len(x)), feature]
            rise[feature] += np.sqrt(np.mean((predict(shuffled) - y) ** 2)) - base
    return rise / max(repeats, 1)


def write_importance(run):
    """``importance.csv`` and ``importance.png`` of all seeds and classes."""
    names = channel_names(run.contract)
    rows = []
    for seed in run.config.train.seeds:
        for stratum in run.classes:
            facts = run.facts(seed, stratum)
            for name, gain, rise in zip(names, facts["gain"], facts["permutation"]):
                rows.append((seed, stratum, name, gain, rise))
    folder = run.config.folder
    with (folder / "importance.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows((*r[:3], f"{r[3]:.5f}", f"{r[4]:.5f}") for r in rows)
    means = mean_importance(rows, names)
    _plot(names, means, run.contract.target.units, folder / "importance.png", run.config.name)


def mean_importance(rows, names):
    """(predictor, 2): gain and rise of the RMSE, mean over seeds and classes."""
    return np.array([np.mean([r[3:] for r in rows if r[2] == name], axis=0) for name in names])


def _plot(names, means, units, path, title):
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    order = np.argsort(means[:, 1])
    panels = [(1, f"rise of the RMSE when shuffled, {units}", "#1b6f8a")]
    if np.isfinite(means[:, 0]).all():
        panels.append((0, "share of the total gain", "#b5651d"))
    height = 1.2 + 0.25 * len(names)
    figure, axes = plt.subplots(1, len(panels), figsize=(9, height), sharey=True, squeeze=False)
    for axis, (column, label, colour) in zip(axes[0], panels):
        axis.barh(np.arange(len(names)), means[order, column], color=colour)
        axis.set_yticks(np.arange(len(names)), [names[i] for i in order])
        axis.set_xlabel(label)
        axis.spines[["top", "right"]].set_visible(False)
    figure.suptitle(f"{title}: mean over seeds and classes")
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)
