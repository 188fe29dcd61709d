"""What a trained model is worth: the same inference as in QGIS, scored against baselines.

The members' ONNX files are run over the whole domain by `core.downscaling`, not by
PyTorch, so that what is scored is what users get. Scores are taken over everything and
over the blocks and months that training never saw, beside the coarse field replicated,
bilinear, delta with each pattern, and the patterns themselves.
"""

import json
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from ..core.data.aligning import align_stack
from ..core.data.stack import MonthlyStack
from ..core.downscaling.comparing import compare_downscaling
from ..core.downscaling.correcting import correct_residuals
from ..core.downscaling.delta import downscale_delta
from ..core.downscaling.domain import choose_domain, choose_months
from ..core.downscaling.model import load_model
from ..core.downscaling.predictorset import PredictorSet
from ..core.downscaling.product import make_product
from ..core.downscaling.running import Job, downscale
from .extrascores import ALONE, climatology, coverage, stated_noise
from .regions import held_out_regions, observed_months
from .scorelines import RAW_SEEDS, SEEDS, spread_of

#: What the name of a member alone ends in, once its coarse means are closed.
CORRECTED = ", corrected"


def evaluate(config, model_path, samples, say=print):
    """Scores by region and product: {region: {product: {score: value}}}.

    Regions: ``all`` and, where the split keeps some away, ``held out in space``, ``held
    out in time``, ``held out in both``. Stacks stay in the run's ``evaluation`` folder.
    """
    folder = config.folder / "evaluation"
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as files:
        opened, alone = _products(config, model_path, folder, files, say)
        _add_climatology(config, samples, opened, folder, files)
        coarse = files.enter_context(MonthlyStack(str(config.file(config.data.coarse))))
        truth = None
        if config.data.truth:
            truth = files.enter_context(MonthlyStack(str(config.file(config.data.truth))))
        results, extra, seeds, raw = {}, {}, {}, {}
        for name, (inside, months) in _regions(config, samples, coarse).items():
            say(f"scoring {name}")
            rows = compare_downscaling(
                {**opened, **alone}, coarse, truth=truth, months=months, inside=inside
            )
            scores = {row.name: row.plain() for row in rows}
            results[name] = {k: v for k, v in scores.items() if k in opened}
            seeds[name] = spread_of([scores[k] for k in alone if k.endswith(CORRECTED)])
            raw[name] = spread_of([scores[k] for k in alone if not k.endswith(CORRECTED)])
            extra[name] = _extra(config, folder, opened, truth, months, inside)
    spread = _member_spread(folder, opened)
    if spread is not None:
        results["members"] = {"mean one sigma between members, cm": spread, **extra}
    if len(alone) > 1:
        results.update({SEEDS: seeds, RAW_SEEDS: raw})
    path = folder / "scores.json"
    path.write_text(json.dumps(results, indent=1), encoding="utf-8")
    return results


def _add_climatology(config, samples, opened, folder, files):
    """The seasonal cycle of the coarse field in training, as the least of all baselines."""
    months = np.load(config.folder / "cube" / "months.npy").astype("datetime64[M]")
    path = folder / "climatology.tif"
    with MonthlyStack(str(config.file(config.data.coarse))) as coarse:
        used = months[np.unique(samples.train[:, 0])]
        work = folder / "climatology_coarse.tif"
        made = climatology(coarse, used, opened["model"].grid, path, work)
    if made:
        opened["climatology"] = files.enter_context(MonthlyStack(str(path)))


def _extra(config, folder, opened, truth, months, inside):
    """Share of the truth within 95 % of the ensemble, and the stated noise of the months."""
    found = {}
    if truth is not None and (folder / "sigma.tif").is_file():
        with MonthlyStack(str(folder / "sigma.tif")) as sigma:
            found["picp95"] = coverage(opened["model"], sigma, truth, months, inside)
    if config.data.uncertainty:
        with MonthlyStack(str(config.file(config.data.uncertainty))) as stated:
            found["stated noise, cm"] = stated_noise(stated, months)
    return found


def _products(config, model_path, folder, files, say):
    """({name: stack}, {name: stack}): model, with and without correction, and every baseline,
    as open stacks; and each member alone, with and without."""
    model = load_model(model_path)
    predictors = files.enter_context(PredictorSet(str(config.file(config.data.predictors))))
    coarse = files.enter_context(MonthlyStack(str(config.file(config.data.coarse))))
    months, usable = choose_months(model.contract, predictors, config.data.start, config.data.end)
    job = Job(model, predictors, choose_domain(predictors.grid), months, usable, coarse)
    paths = {"model": folder / "model.tif"}
    say("running the model")
    sigma = folder / "sigma.tif" if len(model.files) > 1 else ""
    make_product(job, paths["model"], std_output=sigma)
    opened = {"model": files.enter_context(MonthlyStack(str(paths["model"])))}
    say("correcting and making baselines")
    if model.contract.target.conserves:
        # What the graph says before the layer that closes the coarse means.
        downscale(job, folder / "alone.tif")
        opened[ALONE] = files.enter_context(MonthlyStack(str(folder / "alone.tif")))
    add_baselines(config, opened, coarse, folder, files)
    if model.contract.target.conserves:
        opened.pop("model, corrected")
    alone = {}
    for file in model.files if len(model.files) > 1 else ():
        say(f"running {file.path.name} alone")
        job.model = load_model(file.path)
        alone.update(run_alone(job, file.path.stem, folder, files))
    return opened, alone


def run_alone(job, name, folder, files):
    """One member as open stacks: {name: as it is, name with `CORRECTED`: closed to the coarse}."""
    raw, closed = folder / f"{name}.tif", folder / f"{name}_corrected.tif"
    downscale(job, raw)
    fine = files.enter_context(MonthlyStack(str(raw)))
    correct_residuals(fine, job.coarse, closed)
    return {name: fine, name + CORRECTED: files.enter_context(MonthlyStack(str(closed)))}


def add_baselines(config, opened, coarse, folder, files):
    """Add to ``opened`` (name to stack, "model" among them) its correction and every baseline."""
    made = {
        "model, corrected": lambda out: correct_residuals(opened["model"], coarse, out),
        "replicate": lambda out: align_stack(coarse, opened["model"].grid, out, method="nearest"),
        "bilinear": lambda out: align_stack(
            coarse, opened["model"].grid, out, method="bilinear", min_share=0.0
        ),
    }
    fine_models = config.data.models or config.used("patterns")
    for number, name in enumerate(fine_models, 1):
        pattern = files.enter_context(MonthlyStack(str(config.file(name))))
        label = f" {number}" if len(fine_models) > 1 else ""
        opened[f"pattern{label}"] = pattern
        for method in ("replicate", "conserving"):
            made[f"delta{label} ({method})"] = lambda out, p=pattern, m=method: downscale_delta(
                coarse, p, out, method=m
            )
    for name, make in made.items():
        path = folder / f"{''.join(c if c.isalnum() else '_' for c in name)}.tif"
        make(path)
        opened[name] = files.enter_context(MonthlyStack(str(path)))


def _regions(config, samples, coarse):
    every = observed_months(coarse)
    held = every[:0]
    if samples.test_months.any():
        cube_months = np.load(config.folder / "cube" / "months.npy").astype("datetime64[M]")
        held = np.intersect1d(every, cube_months[samples.test_months])
    blocks = samples.test_blocks if samples.test_blocks.any() else None
    return held_out_regions(every, held, blocks)


def _member_spread(folder, opened):
    path = folder / "sigma.tif"
    if not path.is_file():
        return None
    with MonthlyStack(str(path)) as stack:
        total, count = 0.0, 0
        for band in range(stack.months.size):
            values = stack.read(bands=[band])
            known = np.isfinite(values)
            total += float(values[known].sum())
            count += int(known.sum())
    return total / count if count else None


def read_scores(config):
    """Scores of the last evaluation of a configuration, or None."""
    path = Path(config.folder) / "evaluation" / "scores.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
