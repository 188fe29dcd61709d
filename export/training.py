"""Training of patch networks: one member a seed, resumable to the bit on the CPU."""

import csv
import math
import os
import time
from dataclasses import asdict

import numpy as np
import torch

from ..core.errors import DependencyError
from .batches import Batches
from .channelstatistics import channel_statistics
from .cube import build_cube
from .losses import SoftConstraint, dual_loss
from .networks import build_network, parameter_count
from .splitting import split_samples

FIELDS = (
    "epoch", "rate", "loss", "coarse", "pattern",
    "validation_loss", "validation_coarse", "validation_pattern", "seconds",
)  # fmt: skip


def choose_device(wanted):
    """The torch device for ``auto``, ``cpu``, ``cuda`` or ``mps``. Raises `DependencyError`."""
    there = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if wanted == "auto":
        return next(name for name in ("cuda", "mps", "cpu") if there[name])
    if not there[wanted]:
        raise DependencyError(f"a machine with {wanted} is expected", "none", "train.device")
    return wanted


class Trainer:
    """Trains one member (``seed``) of a configuration; ``run`` may be cut off and called again.

    The state after each epoch (weights, optimiser, running correlation, random numbers)
    goes to ``checkpoint.pt`` at intervals; the order of patches follows from seed and epoch
    alone. So a run that was killed goes on as if it had not been.
    """

    def __init__(self, config, seed, say=print, folder=None):
        self.config, self.seed, self.say = config, seed, say
        self.cube = build_cube(config, say)
        self.samples = split_samples(self.cube, config)
        self.device = choose_device(config.train.device)
        if config.train.threads:
            torch.set_num_threads(config.train.threads)
        torch.use_deterministic_algorithms(self.device == "cpu")
        self.folder = folder or config.folder / f"seed{seed}"
        self.folder.mkdir(parents=True, exist_ok=True)
        months = np.unique(self.samples.train[:, 0])
        rng = np.random.default_rng([config.split.seed, 1])
        self.percentiles, self.ranges, self.fills = channel_statistics(self.cube, months, rng)
        self.spread = self._spread(months)
        self.batches = Batches(self.cube, config.patches.size, self.fills, self.device)
        torch.manual_seed(seed)
        self.network = build_network(config, self.percentiles, self.spread).to(self.device)
        if self.device == "cuda":
            # The order of values in memory that its convolutions take as it is.
            self.network.to(memory_format=torch.channels_last)
        self.optimiser = torch.optim.Adam(self.network.parameters(), lr=config.train.rate)
        self.soft = self._soft_constraint(months)
        self.epoch, self.log = 0, []
        self.scaler = torch.amp.GradScaler(enabled=self._mixed)
        # Patches of a run are all of one size: the fastest convolution is sought once.
        torch.backends.cudnn.benchmark = self.device == "cuda"

    @property
    def _mixed(self):
        return self.config.train.mixed and self.device == "cuda"

    def _spread(self, months):
        """Standard deviation of the observed coarse field over training months, cm."""
        values = self.cube.coarse[months]
        known = values[np.isfinite(values)]
        return float(known.std()) if known.size and known.std() > 0 else 1.0

    def _soft_constraint(self, months):
        """The soft constraint, its trust from correlations with the coarse field; or None."""
        if self.config.loss.mode == "static" and self.config.network.kind == "unet":
            return None
        trust = coarse_correlations(self.cube, months)
        return SoftConstraint(self.config.loss.mode, trust, self.config.loss.pattern)

    def loss(self, batch, update=True):
        """(L, coarse part, pattern part) of a batch."""
        with torch.autocast(self.device, enabled=self._mixed):
            prediction = self.network(batch.inputs)
        prediction = prediction.float()
        if self.config.network.adds:
            # The coarse channel is the last, brought to the fine grid as the contract says.
            prediction = prediction + self._coarse_channel(batch)
        if self.soft is None:
            weights = (self.config.loss.coarse, self.config.loss.pattern)
            return dual_loss(prediction, batch, weights, self.config.loss.anomalies)
        return self.soft(prediction, batch, update)

    def _coarse_channel(self, batch):
        names = [v.role for v, _ in self.cube.contract.channels]
        if "coarse" in names:
            return batch.inputs[:, names.index("coarse")]
        return batch.coarse

    def run(self):
        """Train to the last epoch, from the checkpoint where there is one."""
        self._resume()
        train = self.config.train
        steps = math.ceil(len(self._of_epoch(0)) / train.batch)
        self.say(
            f"{self.config.name}, seed {self.seed}: {parameter_count(self.network)} parameters, "
            f"{len(self.samples.train)} patches, {steps} steps an epoch, on {self.device}"
        )
        saved = time.monotonic()
        while self.epoch < train.epochs:
            self._one_epoch()
            minutes = (time.monotonic() - saved) / 60
            if minutes >= train.checkpoint_minutes or self.epoch == train.epochs:
                self.save()
                saved = time.monotonic()
        self.network.eval()
        return self.network

    def _of_epoch(self, epoch):
        return self.batches.order(
            self.samples.train, self.seed, epoch, self.config.train.most_patches
        )

    def _rate(self, epoch):
        """Cosine from the first to the last rate [METHODS §7]."""
        train = self.config.train
        share = epoch / max(1, train.epochs - 1)
        return (
            train.last_rate + (train.rate - train.last_rate) * (1 + math.cos(math.pi * share)) / 2
        )

    def _one_epoch(self):
        started, parts, counts = time.monotonic(), [], []
        rate = self._rate(self.epoch)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.network.train()
        order = self._of_epoch(self.epoch)
        for begin in range(0, len(order), self.config.train.batch):
            chosen = self.samples.train[np.sort(order[begin : begin + self.config.train.batch])]
            batch = self.batches.make(chosen)
            self.optimiser.zero_grad(set_to_none=True)
            loss, coarse, pattern = self.loss(batch)
            self.scaler.scale(loss).backward()
            self.scaler.step(self.optimiser)
            self.scaler.update()
            parts.append(torch.stack([loss.detach(), coarse, pattern]))
            counts.append(len(chosen))
        means = weighted_means(parts, counts)
        watched = self._validate()
        self.epoch += 1
        row = [self.epoch, rate, *means, *watched, time.monotonic() - started]
        self.log.append(dict(zip(FIELDS, (self.epoch, *map(float, row[1:])))))
        self.say(
            f"epoch {self.epoch}/{self.config.train.epochs}: loss {row[2]:.3f}, coarse "
            f"{row[3]:.3f}, pattern {row[4]:.3f}; validation {watched[1]:.3f}, {watched[2]:.3f}; "
            f"{row[-1]:.1f} s"
        )

    def _validate(self):
        samples = self.samples.validation
        most = self.config.train.most_patches
        if most and len(samples) > most // 2:
            keep = np.random.default_rng([self.config.split.seed, 2]).permutation(len(samples))
            samples = samples[np.sort(keep[: most // 2])]
        if not len(samples):
            return [math.nan] * 3
        self.network.eval()
        parts, counts = [], []
        with torch.no_grad():
            for begin in range(0, len(samples), self.config.train.batch):
                chosen = samples[begin : begin + self.config.train.batch]
                parts.append(torch.stack(self.loss(self.batches.make(chosen), update=False)))
                counts.append(len(chosen))
        return weighted_means(parts, counts)

    def save(self):
        """Checkpoint and log, each whole or not at all."""
        state = {
            "epoch": self.epoch,
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "scaler": self.scaler.state_dict(),
            "soft": self.soft.state() if self.soft is not None else {},
            "log": self.log,
            "settings": settings_text(self.config),
        }
        path = self.folder / "checkpoint.pt"
        torch.save(state, path.with_suffix(".part"))
        os.replace(path.with_suffix(".part"), path)  # noqa: PTH105
        part = self.folder / "log.csv.part"
        with part.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, FIELDS)
            writer.writeheader()
            writer.writerows(self.log)
        part.replace(self.folder / "log.csv")

    def _resume(self):
        path = self.folder / "checkpoint.pt"
        if not path.is_file():
            return
        state = torch.load(path, map_location=self.device, weights_only=True)
        if state["settings"] != settings_text(self.config):
            self.say("the settings have changed: training starts anew")
            return
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.scaler.load_state_dict(state["scaler"])
        if self.soft is not None:
            self.soft.load(state["soft"])
        self.epoch, self.log = state["epoch"], list(state["log"])
        self.say(f"going on after epoch {self.epoch}")


def weighted_means(parts, counts):
    """Means of the batches' losses, each weighing as many as it has patches.

    They are fetched at the end, all at once: an accelerator is not made to wait for each.
    """
    values = torch.stack(parts).cpu().double().numpy()
    counts = np.asarray(counts, float)
    return list(counts @ values / counts.sum())


def settings_text(config):
    """What a checkpoint depends on, the number of epochs too: the rate falls with it.

    The conserving last layer is not in it: the toolbox carries it out, the loss does not see it.
    """
    content = asdict(config)
    content["network"].pop("conserves")
    for key in ("path", "output", "title", "description", "limits"):
        content.pop(key)
    for key in ("seeds", "threads", "checkpoint_minutes", "device"):
        content["train"].pop(key)
    return repr(content)


def coarse_correlations(cube, months):
    """R_k: mean over coarse cells of the temporal correlation of A H_k with G, training months."""
    flat, found = cube.cells.ravel(), []
    inside = flat >= 0
    weight = np.repeat(cube.area, cube.grid.nx)
    size = cube.coarse.shape[1]
    for k in range(len(cube.patterns)):
        series = np.full((len(months), size), np.nan)
        for i, t in enumerate(months):
            values = np.asarray(cube.patterns[k, t]).ravel()
            use = inside & np.isfinite(values)
            total = np.bincount(flat[use], values[use] * weight[use], minlength=size)
            mass = np.bincount(flat[use], weight[use], minlength=size)
            np.divide(total, mass, out=series[i], where=mass > 0)
        found.append(_mean_correlation(series, cube.coarse[months]))
    return np.array(found)


def _mean_correlation(first, second):
    known = np.isfinite(first) & np.isfinite(second)
    count = known.sum(axis=0)
    a, b = (np.where(known, x, 0.0) for x in (first, second))
    a = (a - a.sum(axis=0) / np.maximum(count, 1)) * known
    b = (b - b.sum(axis=0) / np.maximum(count, 1)) * known
    scale = np.sqrt((a**2).sum(axis=0) * (b**2).sum(axis=0))
    good = (count >= 12) & (scale > 0)
    return float(np.mean((a * b).sum(axis=0)[good] / scale[good])) if good.any() else 0.0
