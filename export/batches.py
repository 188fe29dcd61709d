"""Minibatches of patches, read from the cube in a fixed order for a seed and an epoch."""

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view

from .losses import Batch


class Batches:
    """Makes `Batch` objects from patches (month, row, column) of a `Cube`.

    Unknown inputs become the channel's ``fill``; unknown targets are marked and hold 0.
    All patches of a batch are taken at once from a view of the memory-mapped arrays: the
    one loop is numpy's, so that a step is bound by the network.
    """

    def __init__(self, cube, size, fills, device="cpu"):
        self.cube, self.size, self.device = cube, size, device
        self.fills = np.asarray(fills, np.float32)[:, None, None]
        cells = cube.cells.ravel()
        self._count = np.bincount(cells[cells >= 0], minlength=cube.coarse.shape[1])
        sigma = cube.sigma
        known = sigma[np.isfinite(sigma)]
        self._sigma = float(np.median(known)) if known.size else 1.0
        self._dynamic, self._static, self._cells, self._patterns = (
            sliding_window_view(a, (size, size), axis=(-2, -1))
            for a in (cube.dynamic, cube.static, cube.cells, cube.patterns)
        )

    def order(self, samples, seed, epoch, most=0):
        """Indexes into ``samples`` in the order of an epoch; ``most`` limits their number."""
        order = np.random.default_rng([seed, epoch]).permutation(len(samples))
        return order[:most] if most else order

    def make(self, samples):
        """The `Batch` of some patches (n, 3)."""
        t, r, c = np.asarray(samples).T
        x = self._inputs(t, r, c)
        known = np.isfinite(x)
        valid = known.all(axis=1)
        np.copyto(x, np.broadcast_to(self.fills, x.shape), where=~known)
        cells = self._cells[r, c]
        place, month = np.maximum(cells, 0), t[:, None, None]
        coarse = np.where(cells >= 0, self.cube.coarse[month, place], np.nan)
        coarse_valid = np.isfinite(coarse)
        stated = self.cube.sigma[month, place] / self._sigma
        with np.errstate(invalid="ignore"):
            sigma = np.where(np.isfinite(stated) & (stated > 0), stated, 1.0)
            patterns = self._patterns[:, t, r, c].swapaxes(0, 1)
            low, high = np.moveaxis(self.cube.bounds[:, t], (2, 1), (0, 1))[..., None, None]
            good = np.isfinite(patterns) & (patterns >= low) & (patterns <= high)
        rows = r[:, None] + np.arange(self.size)
        weight = np.where(valid, self.cube.area[rows][:, :, None], 0.0)
        fields = (
            x,
            np.where(coarse_valid, coarse, 0.0).astype(np.float32),
            coarse_valid,
            cells.astype(np.int64),
            self._whole(cells),
            sigma.astype(np.float32),
            np.where(good, patterns, 0.0).astype(np.float32),
            good,
            weight.astype(np.float32),
            valid,
        )
        return Batch(*(torch.from_numpy(np.ascontiguousarray(f)).to(self.device) for f in fields))

    def _inputs(self, t, r, c):
        """(patch, channel, y, x) float32, NaN where unknown."""
        parts = {"dynamic": self._dynamic[t, :, r, c], "static": None}
        if self._static.shape[0]:
            parts["static"] = self._static[:, r, c].swapaxes(0, 1)
        out = np.empty((len(t), len(self.cube.order), self.size, self.size), np.float32)
        for channel, (kind, i) in enumerate(self.cube.order):
            out[:, channel] = parts[kind][:, i]
        return out

    def _whole(self, cells):
        """Cells of coarse cells that lie wholly in their patch."""
        number = self._count.size
        flat = np.maximum(cells, 0) + np.arange(len(cells))[:, None, None] * number
        here = np.bincount(flat.ravel(), minlength=len(cells) * number)
        return (here[flat] == self._count[np.maximum(cells, 0)]) & (cells >= 0)
