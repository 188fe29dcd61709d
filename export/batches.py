"""Minibatches of patches, read from the cube in a fixed order for a seed and an epoch."""

import numpy as np
import torch

from .losses import Batch


class Batches:
    """Makes `Batch` objects from patches (month, row, column) of a `Cube`.

    Unknown inputs become the channel's ``fill``; unknown targets are marked and hold 0.
    """

    def __init__(self, cube, size, fills, device="cpu"):
        self.cube, self.size, self.device = cube, size, device
        self.fills = np.asarray(fills, np.float32)[:, None, None]
        cells = cube.cells.ravel()
        self._count = np.bincount(cells[cells >= 0], minlength=cube.coarse.shape[1])
        sigma = cube.sigma
        known = sigma[np.isfinite(sigma)]
        self._sigma = float(np.median(known)) if known.size else 1.0

    def order(self, samples, seed, epoch, most=0):
        """Indexes into ``samples`` in the order of an epoch; ``most`` limits their number."""
        order = np.random.default_rng([seed, epoch]).permutation(len(samples))
        return order[:most] if most else order

    def make(self, samples):
        """The `Batch` of some patches (n, 3)."""
        parts = [self._one(int(t), int(r), int(c)) for t, r, c in samples]
        stacked = [torch.from_numpy(np.stack(field)).to(self.device) for field in zip(*parts)]
        return Batch(*stacked)

    def _one(self, t, row, col):
        cube, n = self.cube, self.size
        x = cube.inputs(t, row, col, n, n)
        known = np.isfinite(x)
        valid = known.all(axis=0)
        x = np.where(known, x, self.fills)
        coarse, cells = cube.coarse_at(t, row, col, n, n)
        coarse_valid = np.isfinite(coarse)
        whole = self._whole(cells)
        sigma = np.ones_like(coarse)
        if np.isfinite(cube.sigma[t]).any():
            stated = cube.sigma[t][np.maximum(cells, 0)] / self._sigma
            sigma = np.where(np.isfinite(stated) & (stated > 0), stated, 1.0)
        here = np.s_[:, t, row : row + n, col : col + n]
        patterns = np.asarray(cube.patterns[here])
        low, high = (cube.bounds[:, t, i][:, None, None] for i in (0, 1))
        with np.errstate(invalid="ignore"):
            good = np.isfinite(patterns) & (patterns >= low) & (patterns <= high)
        weight = np.where(valid, cube.area[row : row + n, None], 0.0)
        return (
            x.astype(np.float32),
            np.where(coarse_valid, coarse, 0.0).astype(np.float32),
            coarse_valid,
            cells.astype(np.int64),
            whole,
            sigma.astype(np.float32),
            np.where(good, patterns, 0.0).astype(np.float32),
            good,
            weight.astype(np.float32),
            valid,
        )

    def _whole(self, cells):
        """Cells of coarse cells that lie wholly in the patch."""
        flat = np.maximum(cells, 0).ravel()
        here = np.bincount(flat, minlength=self._count.size)
        return ((here == self._count)[np.maximum(cells, 0)]) & (cells >= 0)
