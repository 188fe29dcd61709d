"""The card of a tree or dense model: written from what was measured, never by hand."""

import numpy as np

from .coarsetable import channel_names
from .importance import mean_importance
from .scorelines import NO_REGION, score_lines, seed_lines

#: What a network makes of the world outside its training.
_NETWORKS = {
    "held": "- Outside the training range of its class a predictor counts as the edge of that "
    "range: the network cannot extrapolate.",
    "line": "- Outside the training range a network goes on in straight lines.",
}
#: What a model that conserves has beside its files.
_LAYER = "closes the coarse means, by the toolbox: 'model, corrected' below"
#: Parts of the scores that are no region.
_OTHERS = ("cross-validation", "baselines", *NO_REGION, "verdicts")


def write_pixel_card(run, manifest, contract, results):
    """Write ``<name>.md`` beside the manifest; returns its path."""
    config, training = run.config, contract.training
    cells = contract.spacing
    period = " to ".join(training.period)
    place = ""
    if training.extent:
        west, east, south, north = training.extent
        place = f"{west:g} to {east:g}, {south:g} to {north:g}"
    facts = [
        ("gives", f"{contract.target.name}, {contract.target.units}"),
        ("kind", f"{config.network.kind}, one cell at a time"),
        ("cells", f"{cells.dx:g} × {cells.dy:g} {cells.units}"),
        ("learnt on cells of", f"{contract.coarse_spacing:g}" if contract.coarse_spacing else ""),
        ("trained on", training.data),
        ("region", place),
        ("period", period),
        ("classes", ", ".join(map(str, contract.strata))),
        ("members", str(len(config.train.seeds))),
        ("missing predictors", contract.missing),
        ("last layer", _LAYER if contract.target.conserves else ""),
        ("licence of the data", training.licence or "not stated"),
    ]
    lines = [
        f"# {contract.title or contract.name}",
        "",
        contract.description,
        "",
        "| | |",
        "|---|---|",
    ]
    lines += [f"| {name} | {text} |" for name, text in facts if text]
    lines += ["", "## Predictors", "", *_predictors(run, contract)]
    lines += ["", "## Settings that were found", "", *_settings_found(run)]
    lines += ["", "## Cross-validation", "", *_folds(results, contract.target.units)]
    chain = {k: v for k, v in results.items() if k not in _OTHERS}
    if chain:
        lines += [
            "", "## Production chain", "",
            "Predicted on the fine grid, corrected by the residual, averaged back. Coarse scores "
            "are against the coarse field, fine and within-cell scores against the fine truth; "
            "RMSE and sub-grid SD in cm.",
            *score_lines(chain), *seed_lines(results),
            "", "## Verdict", "", *(f"- {line}" for line in results["verdicts"]),
        ]  # fmt: skip
    lines += [
        "", "## Limits", "", *(f"- {line}" for line in config.limits),
        "- Trees cannot extrapolate: outside the training range they give the value at its edge."
        if config.network.kind == "trees"
        else _NETWORKS[config.network.beyond],
        *_passed(config),
        "", "Every number above was measured by `evaluate` and `train`.", "",
    ]  # fmt: skip
    path = manifest.with_suffix(".md")
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def _passed(config):
    name = config.network.passes
    if name:
        yield f"- But {name} is added to what the network says, as it is and without bounds."


def _number(value, digits=3):
    return "–" if value is None or not np.isfinite(value) else f"{value:.{digits}f}"


def _predictors(run, contract):
    """Ranges, and what each is worth: mean over seeds and classes."""
    names = channel_names(contract)
    rows = []
    for seed in run.config.train.seeds:
        for stratum in run.classes:
            facts = run.facts(seed, stratum)
            values = zip(names, facts["gain"], facts["permutation"])
            rows += [(seed, stratum, *v) for v in values]
    means = mean_importance(rows, names)
    yield "| name | unit | role | training range | gain | RMSE rises by, when shuffled |"
    yield "|---|---|---|---|---|---|"
    for name, (v, _), (gain, rise) in zip(names, contract.channels, means):
        span = f"{v.range[0]:.4g} to {v.range[1]:.4g}"
        yield f"| {name} | {v.units} | {v.role} | {span} | {_number(gain)} | {_number(rise)} |"


def _settings_found(run):
    yield "| class | seed | rows | settings | R² of the held-out 30 % | RMSE |"
    yield "|---|---|---|---|---|---|"
    for stratum in run.classes:
        for seed in run.config.train.seeds:
            facts = run.facts(seed, stratum)
            settings = ", ".join(f"{k} {_short(v)}" for k, v in facts["settings"].items())
            held = facts["held out 30 %"]
            scores = f"{_number(held['r2'])} | {_number(held['rmse'])}"
            yield f"| {stratum} | {seed} | {facts['rows']} | {settings} | {scores} |"


def _short(value):
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _folds(results, units):
    """Random beside blocked folds, and baselines under the same folds."""
    yield (
        f"Mean over the seeds ± their standard deviation; RMSE in {units}. Random folds find "
        "neighbours and following months of what they are tested on in training; blocked folds "
        "keep whole places, or whole spans of months, away."
    )
    yield ""
    yield "| folds | class | R² | CC | RMSE | rows |"
    yield "|---|---|---|---|---|---|"
    for kind, classes in results["cross-validation"].items():
        for key, s in classes.items():
            values = " | ".join(_with_sd(s, name) for name in ("r2", "cc", "rmse"))
            yield f"| {kind} | {key} | {values} | {s['count']} |"
    for kind, made in results.get("baselines", {}).items():
        for name, s in made.items():
            values = " | ".join(_number(s[key]) for key in ("r2", "cc", "rmse"))
            yield f"| {kind} | *{name}* | {values} | {s['count']} |"


def _with_sd(scores, name):
    sd = scores.get(f"{name} sd")
    return _number(scores[name]) + (f" ± {_number(sd)}" if sd is not None else "")
