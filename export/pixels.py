"""The four steps of tree and dense models, each of which picks up what the one before left."""

import json
from dataclasses import replace

import numpy as np

from ..core.downscaling.contractreading import parse_contract
from ..core.downscaling.onnxfacts import sha256
from ..core.errors import DataError, ReadError
from . import dense, trees
from .coarsetable import build_table, run_folder
from .folds import random_split, sample_rows
from .holdout import Holdout
from .importance import permutation, write_importance
from .pipeline import manifest_of, write_manifest
from .pixelcard import write_pixel_card
from .pixelonnx import write_pixel_model
from .pixelscores import cross_validate, fit_scores, score_chain, score_wells, verdicts
from .preparing import prepare
from .welltable import read_wells, well_contract

__all__ = ["card", "convert", "evaluate", "prepare", "train"]

LEARNERS = {"trees": trees, "dense": dense}


class Run:
    """A configuration with its table, contract, and the rows that models may learn from."""

    def __init__(self, config, say=print):
        self.config, self.say = config, say
        self.learner = LEARNERS[config.network.kind]
        if config.wells.file:
            self.table, self.months = read_wells(config)
            self.contract = well_contract(config)
        else:
            self.table, self.contract, self.months = build_table(config, say)
        self.holdout = Holdout(config, self.months, self.table.shape)
        self.usable = self.holdout.training(self.table) & self._complete()
        stratum = np.where(self.usable, self.table.stratum, 0)
        numbers, counts = np.unique(stratum[stratum != 0], return_counts=True)
        self.classes = [int(n) for n, c in zip(numbers, counts) if c >= config.search.least]
        if not self.classes:
            raise DataError(
                f"a class with at least {config.search.least} rows is expected", "none", config.name
            )

    def _complete(self):
        """Rows a model can take: trees know NaN, a network does not."""
        x = self.table.x
        if self.learner is trees:
            return np.ones(len(x), bool)
        steps = range(0, len(x), 1 << 20)
        return np.concatenate([np.isfinite(x[i : i + (1 << 20)]).all(axis=1) for i in steps])

    def rows(self, stratum):
        """The `Table` of a class, in memory."""
        return self.table.take(np.flatnonzero(self.usable & (self.table.stratum == stratum)))

    def folder(self, seed, stratum):
        """Where one class of one member is kept."""
        return run_folder(self.config, f"seed{seed}", f"class{stratum}")

    def facts(self, seed, stratum):
        """What training left, or None where it is not there or was another training."""
        path = self.folder(seed, stratum) / "facts.json"
        if not path.is_file():
            return None
        facts = json.loads(path.read_text(encoding="utf-8"))
        return facts if facts["stamp"] == self.stamp() else None

    def stamp(self):
        """What a trained member depends on, as text."""
        c = self.config
        train = {k: v for k, v in vars(c.train).items() if k not in ("threads", "seeds")}
        parts = [vars(part) for part in (c.data, c.inputs, c.split, c.search, c.wells)]
        # The layer that closes the coarse means is the toolbox's: nothing is learnt for it.
        parts.append({k: v for k, v in vars(c.network).items() if k != "conserves"})
        return json.dumps([len(self.table), *parts, train], sort_keys=True)

    def model(self, seed, stratum):
        """A trained model. Raises `ReadError`."""
        if self.facts(seed, stratum) is None:
            raise ReadError(
                "a trained member is expected", f"none for seed {seed}", self.config.name
            )
        return self.learner.load(self.folder(seed, stratum) / f"model{self.learner.SUFFIX}")


def train(config, say=print):
    """Search on a sample, score on its held-out part, refit on all rows: every seed and class."""
    run = Run(config, say)
    for seed in config.train.seeds:
        for stratum in run.classes:
            if run.facts(seed, stratum) is None:
                _train_one(run, seed, stratum)
    write_importance(run)


def _train_one(run, seed, stratum):
    config, learner, folder = run.config, run.learner, run.folder(seed, stratum)
    begun = folder / "begun.txt"
    if not begun.is_file() or begun.read_text(encoding="utf-8") != run.stamp():
        for path in folder.iterdir():
            path.unlink()
        begun.write_text(run.stamp(), encoding="utf-8")
    table = run.rows(stratum)
    run.say(f"seed {seed}, class {stratum}: {len(table)} rows")
    rng = np.random.default_rng([seed, stratum])
    sample = table.take(sample_rows(len(table), config.search.samples, rng))
    fitting, held = random_split(len(sample), config.search.holdout, rng)
    settings, inner = learner.search(sample.take(fitting), config, seed, folder, run.say)
    first = learner.fit(sample.x[fitting], sample.y[fitting], settings, config, seed)
    scores = fit_scores(learner.predict(first, sample.x[held]), sample.y[held])
    shares = permutation(
        lambda x: learner.predict(first, x), sample.x[held], sample.y[held],
        config.search.repeats, rng,
    )  # fmt: skip
    model = learner.fit(table.x, table.y, settings, config, seed)
    learner.save(model, folder / f"model{learner.SUFFIX}")
    facts = {
        "stamp": run.stamp(),
        "settings": settings,
        "inner_rmse": inner,
        "held out 30 %": scores,
        "rows": len(table),
        "gain": [float(v) for v in learner.gain(model, table.x.shape[1])],
        "permutation": [float(v) for v in shares],
    }
    (folder / "facts.json").write_text(json.dumps(facts), encoding="utf-8")


def convert(config, say=print):
    """Every seed and class to ONNX with proof, and the manifest. Returns its path."""
    run = Run(config, lambda text: None)
    out = run_folder(config, "model")
    stratified = bool(config.data.strata)
    contract = _finished(run)
    files = []
    for member, seed in enumerate(config.train.seeds):
        for stratum in run.classes:
            model, rows = run.model(seed, stratum), run.rows(stratum).x
            path = out / (f"class{stratum}-{seed}.onnx" if stratified else f"model-{seed}.onnx")
            ranges = contract.class_ranges.get(stratum)
            own = replace(
                contract,
                strata=(stratum,) if stratified else (),
                class_ranges={stratum: ranges} if stratified else {},
            )
            worst = write_pixel_model(config.network.kind, model, own, path, rows)
            say(f"{path.name}: {path.stat().st_size / 1e3:.0f} kB, differs by {worst:.1e}")
            entry = {"path": path.name, "sha256": sha256(path), "member": member}
            files.append({**entry, "stratum": stratum} if stratified else entry)
    whole = replace(contract, strata=tuple(run.classes) if stratified else ())
    return write_manifest(out / f"{config.name}.json", whole, files)


def _finished(run):
    """The contract with ranges, and where and when the models learnt."""
    table, config = run.table, run.config
    variables, rows = run.contract.inputs, np.flatnonzero(run.usable)
    pairs = zip(variables, _ranges(variables, table.x[rows]))
    inputs = [replace(variable, range=pair) for variable, pair in pairs]
    classes = run.classes if config.data.strata else ()
    class_ranges = {number: _ranges(variables, run.rows(number).x) for number in classes}
    months = run.months[np.unique(table.month[rows])]
    learnt = replace(
        run.contract.training,
        extent=run.holdout.extent,
        period=(str(months[0]), str(months[-1])),
        data=config.data.description,
        licence=config.data.licence,
        citation=config.data.citation,
    )
    return replace(
        run.contract,
        inputs=tuple(inputs),
        class_ranges=class_ranges,
        training=learnt,
        coarse_spacing=run.holdout.spacing,
        limits=tuple(config.limits),
    )


def _ranges(variables, x):
    """(lowest, highest) of each variable over the rows and its lags; none where none is known."""
    found, at = [], 0
    for variable in variables:
        columns = x[:, at : at + len(variable.lags)]
        at += len(variable.lags)
        known = columns[np.isfinite(columns)]
        found.append((float(known.min()), float(known.max())) if known.size else (-np.inf, np.inf))
    return tuple(found)


def evaluate(config, say=print):
    """Cross-validate, then run the production chain; the scores, which are also kept."""
    run = Run(config, lambda text: None)
    results = {"cross-validation": cross_validate(run, say)}
    if config.wells.file:
        results["baselines"] = score_wells(run)
    else:
        results.update(score_chain(run, manifest_of(config), say))
    path = run_folder(config, "evaluation") / "scores.json"
    path.write_text(json.dumps(results, indent=1), encoding="utf-8")
    return results


def card(config, say=print):
    """Put the measured scores into the contract of the manifest, and write the card."""
    path = manifest_of(config)
    scores = config.folder / "evaluation" / "scores.json"
    if not scores.is_file():
        raise ReadError("an evaluated model is expected", "no scores", config.name)
    results = json.loads(scores.read_text(encoding="utf-8"))
    content = json.loads(path.read_text(encoding="utf-8"))
    run = Run(config, lambda text: None)
    results["verdicts"] = [] if config.wells.file else verdicts(results)
    content["contract"]["metrics"] = {k: v for k, v in results.items() if k != "verdicts"}
    lost = [line for line in results["verdicts"] if "does not beat" in line or "Without" in line]
    content["contract"]["limits"] = [*config.limits, *lost]
    contract = parse_contract(json.dumps(content["contract"]), path.name)
    write_manifest(path, contract, content["files"])
    say(f"card: {write_pixel_card(run, path, contract, results)}")
