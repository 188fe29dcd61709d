"""Loss curves as a picture."""

import numpy as np


def loss_curves(log, path, title=""):
    """Draw the training and validation losses of a log (rows of `training.FIELDS`) to PNG."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    epochs = [row["epoch"] for row in log]
    figure, axes = pyplot.subplots(1, 2, figsize=(9, 3.4), constrained_layout=True)
    for axis, part, name in zip(axes, ("coarse", "pattern"), ("coarse (GRACE)", "pattern")):
        axis.plot(epochs, [row[part] for row in log], label="training", color="#0072B2")
        watched = np.array([row[f"validation_{part}"] for row in log], float)
        if np.isfinite(watched).any():
            axis.plot(epochs, watched, label="validation", color="#D55E00")
        axis.set(xlabel="epoch", ylabel="loss, cm", title=f"{name} loss")
        axis.legend(frameon=False)
    figure.suptitle(title)
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
    return path
