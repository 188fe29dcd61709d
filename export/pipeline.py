"""The four steps of a patch model, each of which picks up what the one before left."""

import json

import numpy as np

from ..core.downscaling.contractreading import parse_contract
from ..core.downscaling.onnxfacts import sha256
from ..core.errors import ReadError
from .card import write_card
from .convert import finished_contract, to_onnx
from .curves import loss_curves
from .evaluating import evaluate as score
from .evaluating import read_scores
from .preparing import prepare
from .scorelines import beats
from .searching import search, settled
from .training import Trainer

__all__ = ["card", "convert", "evaluate", "prepare", "search", "train"]

#: Real patches that a converted file is proved on.
EXAMPLES = 16


def train(config, say=print):
    """Train every seed to its last epoch, from its checkpoint where there is one."""
    config = settled(config)
    for seed in config.train.seeds:
        trainer = Trainer(config, seed, say)
        np.save(config.folder / "cube" / "months.npy", trainer.cube.months.astype("int64"))
        trainer.run()
        loss_curves(trainer.log, trainer.folder / "losses.png", f"{config.name}, seed {seed}")


def convert(config, say=print):
    """Every seed to ONNX with proof, and the manifest of the ensemble. Returns its path."""
    config = settled(config)
    out = config.folder / "model"
    out.mkdir(parents=True, exist_ok=True)
    files, contract = [], None
    for member, seed in enumerate(config.train.seeds):
        trainer = Trainer(config, seed, lambda text: None)
        if not (trainer.folder / "checkpoint.pt").is_file():
            raise ReadError("a trained member is expected", f"none for seed {seed}", config.name)
        network = trainer.run()
        contract = finished_contract(trainer)
        order = trainer.batches.order(trainer.samples.train, 0, 0, EXAMPLES)
        example = trainer.batches.make(trainer.samples.train[np.sort(order)]).inputs.cpu().numpy()
        path = to_onnx(network, contract, out / f"{config.name}-{seed}.onnx", example)
        say(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB, equal to its network")
        files.append({"path": path.name, "sha256": sha256(path), "member": member})
    return write_manifest(out / f"{config.name}.json", contract, files)


def write_manifest(path, contract, files):
    """Write the manifest of a model of several files; returns its path.

    SHA-256 is written in groups: 64 hexadecimal digits on end look like a leaked key to
    those who search plugins for secrets.
    """
    files = [{**f, "sha256": grouped(f["sha256"])} for f in files]
    content = {"contract": json.loads(contract.to_json()), "files": files}
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")
    part.replace(path)
    return path


def grouped(digest):
    """A digest in groups of eight digits."""
    digits = "".join(digest.split())
    return " ".join(digits[i : i + 8] for i in range(0, len(digits), 8))


def manifest_of(config):
    """The manifest that `convert` wrote. Raises `ReadError`."""
    path = config.folder / "model" / f"{config.name}.json"
    if not path.is_file():
        raise ReadError("a converted model is expected", f"no {path.name}", config.name)
    return path


def evaluate(config, say=print):
    """Score the converted ensemble beside the baselines."""
    config = settled(config)
    trainer = Trainer(config, config.train.seeds[0], lambda text: None)
    results = score(config, manifest_of(config), trainer.samples, say)
    for line in beats(results):
        say(line)
    return results


def card(config, say=print):
    """Put the measured scores into the contract of the manifest, and write the card."""
    config = settled(config)
    path = manifest_of(config)
    content = json.loads(path.read_text(encoding="utf-8"))
    results = read_scores(config)
    if results is None:
        raise ReadError("an evaluated model is expected", "no scores", config.name)
    verdicts = beats(results)
    content["contract"]["metrics"] = results
    limits = [*config.limits, *(v for v in verdicts if "does not beat" in v)]
    content["contract"]["limits"] = limits
    contract = parse_contract(json.dumps(content["contract"]), path.name)
    write_manifest(path, contract, content["files"])
    say(f"card: {write_card(config, path, contract, results, verdicts)}")
