"""What tree and dense models are worth: cross-validation, then the production chain."""

import json
from contextlib import ExitStack

import numpy as np

from ..core.data.stack import MonthlyStack
from ..core.downscaling.comparing import compare_downscaling
from ..core.downscaling.domain import choose_domain, choose_months
from ..core.downscaling.model import load_model
from ..core.downscaling.places import ClassRaster
from ..core.downscaling.predictorset import PredictorSet
from ..core.downscaling.running import Job, downscale
from ..core.errors import ParameterError
from .coarsetable import run_folder
from .evaluating import CORRECTED, add_baselines, run_alone
from .folds import KINDS, sample_rows, table_folds
from .regions import held_out_regions, observed_months
from .scorelines import RAW_SEEDS, SEEDS, beats, spread_of


def fit_scores(found, truth):
    """R² = 1 − SSE/SST, correlation, RMSE and number of pairs, as a dict."""
    found, truth = np.asarray(found, float), np.asarray(truth, float)
    error = found - truth
    total = float(np.sum((truth - truth.mean()) ** 2))
    with np.errstate(invalid="ignore", divide="ignore"):
        cc = float(np.corrcoef(found, truth)[0, 1]) if len(truth) > 1 else np.nan
    return {
        "r2": 1 - float(np.sum(error**2)) / total if total > 0 else None,
        "cc": cc if np.isfinite(cc) else None,
        "rmse": float(np.sqrt(np.mean(error**2))),
        "count": len(truth),
    }


def cross_validate(run, say=print):
    """{kind: {class or "all": scores}}: mean over the seeds, and their standard deviation.

    Every seed and class keeps its predictions, so that a run that was cut off goes on.
    """
    found = {}
    for kind in KINDS:
        by_seed = []
        for seed in run.config.train.seeds:
            parts = {s: _folded(run, kind, seed, s, say) for s in run.classes}
            parts = {s: p for s, p in parts.items() if p is not None}
            if not parts:
                continue
            scores = {str(s): fit_scores(*p) for s, p in parts.items()}
            scores["all"] = fit_scores(*np.concatenate(list(parts.values()), axis=1))
            by_seed.append(scores)
        if by_seed:
            found[kind] = {key: _over_seeds([s[key] for s in by_seed]) for key in by_seed[0]}
    return found


def _over_seeds(scores):
    out = {}
    for name in ("r2", "cc", "rmse"):
        values = [s[name] for s in scores if s[name] is not None]
        out[name] = float(np.mean(values)) if values else None
        out[f"{name} sd"] = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return {**out, "count": scores[0]["count"]}


def _folded(run, kind, seed, stratum, say):
    """(2, row): predicted and true of every tested row; None where there is one block only."""
    settings = run.facts(seed, stratum)["settings"]
    path = run.folder(seed, stratum) / f"folds-{kind}.npz"
    key = json.dumps([run.stamp(), settings], sort_keys=True)
    if path.is_file():
        with np.load(path) as kept:
            if str(kept["key"]) == key:
                return kept["pairs"]
    table, rng = run.rows(stratum), np.random.default_rng([seed, stratum, KINDS.index(kind)])
    table = table.take(sample_rows(len(table), run.config.search.samples, rng))
    try:
        folds = table_folds(kind, table, run.config.search, rng)
    except ParameterError:
        return None
    say(f"{kind} folds, seed {seed}, class {stratum}")
    pairs = []
    for train, test in folds:
        if not (len(train) and len(test)):
            continue
        model = run.learner.fit(table.x[train], table.y[train], settings, run.config, seed)
        pairs.append(np.stack([run.learner.predict(model, table.x[test]), table.y[test]]))
    pairs = np.concatenate(pairs, axis=1)
    np.savez(path, key=key, pairs=pairs)
    return pairs


def score_chain(run, manifest, say=print):
    """Predict fine, correct, aggregate back: {region: {product: scores}}, spread, verdicts.

    The members are run together (the model) and each alone, which gives the spread
    between seeds.
    """
    config = run.config
    folder = run_folder(config, "evaluation")
    with ExitStack() as files:
        coarse = files.enter_context(MonthlyStack(str(config.file(config.data.coarse))))
        predictors = files.enter_context(PredictorSet(str(config.file(config.used("predictors")))))
        opened, alone = _products(config, manifest, predictors, coarse, folder, files, say)
        truth = None
        if config.used("truth"):
            truth = files.enter_context(MonthlyStack(str(config.file(config.used("truth")))))
        results, spread, raw = {}, {}, {}
        for name, (inside, months) in _regions(run, coarse, predictors.grid).items():
            say(f"scoring {name}")
            rows = compare_downscaling(
                {**opened, **alone}, coarse, truth=truth, months=months, inside=inside
            )
            scores = {row.name: row.plain() for row in rows}
            results[name] = {k: v for k, v in scores.items() if k in opened}
            spread[name] = spread_of([scores[k] for k in alone if k.endswith(CORRECTED)])
            raw[name] = spread_of([scores[k] for k in alone if not k.endswith(CORRECTED)])
    return {**results, SEEDS: spread, RAW_SEEDS: raw}


def verdicts(results):
    """What the scores of a chain say, as sentences: fine RMSE, then what RMSE does not show."""
    lines = beats(results)
    for region in ("held out in both", "held out in space", "held out in time", "all"):
        rows = results.get(region, {})
        own, plain = rows.get("model, corrected"), rows.get("model")
        if own is None or own["within_cc"] is None:
            continue
        for name, scores in rows.items():
            if (
                name not in ("model", "model, corrected")
                and (scores["within_cc"] or -1) > (own["within_cc"])
            ):
                lines.append(
                    f"The model does not beat '{name}' at within-cell correlation "
                    f"({own['within_cc']:.2f} against {scores['within_cc']:.2f}, {region})."
                )
        better = "lower" if plain["fine_rmse"] < own["fine_rmse"] else "higher"
        lines.append(
            f"Without the correction fine RMSE is {better} ({plain['fine_rmse']:.2f} against "
            f"{own['fine_rmse']:.2f} cm) and coarse RMSE {plain['coarse_rmse']:.2f} cm instead "
            f"of {own['coarse_rmse']:.2f} ({region}); with it the coarse score proves nothing."
        )
        break
    return lines


def _products(config, manifest, predictors, coarse, folder, files, say):
    model = load_model(manifest)
    months, usable = choose_months(model.contract, predictors, config.data.start, config.data.end)
    domain = choose_domain(predictors.grid)
    strata = None
    if config.data.strata:
        strata = ClassRaster(str(config.file(config.used("strata"))), domain.grid)
        files.callback(strata.close)

    def job_of(some):
        return Job(some, predictors, domain, months, usable, coarse, strata=strata)

    say("running the model")
    downscale(job_of(model), folder / "model.tif")
    opened = {"model": files.enter_context(MonthlyStack(str(folder / "model.tif")))}
    add_baselines(config, opened, coarse, folder, files)
    alone = {}
    members = sorted({f.member for f in model.files})
    for member in members if len(members) > 1 else ():
        some = type(model)(
            model.path, model.contract, tuple(f for f in model.files if f.member == member)
        )
        alone.update(run_alone(job_of(some), f"member {member}", folder, files))
    return opened, alone


def _regions(run, coarse, fine):
    every, hold = observed_months(coarse), run.holdout
    held = np.intersect1d(every, run.months[hold.held])
    return held_out_regions(every, held, hold.fine_blocks(fine) if hold.blocks.any() else None)


def score_wells(run):
    """Baselines of a table of wells under the same folds: {folds: {baseline: scores}}.

    The anomaly is the departure from the well's own mean, so that mean is 0. Climatology is
    the mean anomaly of a calendar month over the training rows of all wells; where wells
    are known from training, also of the well itself.
    """
    stratum, seed = run.classes[0], run.config.train.seeds[0]
    table = run.rows(stratum)
    calendar = run.months[table.month].astype(int) % 12
    wells = table.cell
    found = {}
    for kind in KINDS:
        rng = np.random.default_rng([seed, stratum, KINDS.index(kind)])
        folds = table_folds(kind, table, run.config.search, rng)
        test = np.concatenate([t for _, t in folds])
        made = {"per-well mean": np.zeros(test.size)}
        made["climatology"] = _climatology(folds, calendar, table.y)
        if kind != "space":
            made["climatology of the well"] = _climatology(folds, wells * 12 + calendar, table.y)
        found[kind] = {name: fit_scores(values, table.y[test]) for name, values in made.items()}
    return found


def _climatology(folds, key, y):
    """Mean of the training rows with the same key, 0 where there is none."""
    parts = []
    for train, test in folds:
        total = np.bincount(key[train], y[train], minlength=key.max() + 1)
        count = np.bincount(key[train], minlength=key.max() + 1)
        parts.append(np.divide(total, count, out=np.zeros(len(total)), where=count > 0)[key[test]])
    return np.concatenate(parts)
