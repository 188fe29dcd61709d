"""Minibatches of patches, read from the cube in a fixed order for a seed and an epoch."""

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view

from .losses import Batch

#: Share of a graphics card's free memory that the cube may take; the network needs the rest.
SHARE = 0.5


class Batches:
    """Makes `Batch` objects from patches (month, row, column) of a `Cube`.

    Unknown inputs become the channel's ``fill``; unknown targets are marked and hold 0.
    All patches of a batch are taken at once from a view of the arrays. On a graphics card
    with room for the whole cube they are kept and cut there: to cut them here would take
    several times as long as the card needs to learn from them. Elsewhere they stay mapped
    from the disk. Both ways give the same batch to the bit.
    """

    def __init__(self, cube, size, fills, device="cpu"):
        self.size, self.device = size, device
        big = (cube.dynamic, cube.static, cube.patterns)
        self.home = home_of(sum(array.nbytes for array in big), device)
        self._dynamic, self._static, self._patterns, self._cells = (
            self._windows(array) for array in (*big, cube.cells.astype(np.int64))
        )
        kinds = [(kind == "static") * cube.dynamic.shape[1] + i for kind, i in cube.order]
        self._order = None if kinds == sorted(kinds) else self._put(np.array(kinds, np.int64))
        self._fills = self._put(np.asarray(fills, np.float32)[:, None, None])
        cells = cube.cells.ravel()
        count = np.bincount(cells[cells >= 0], minlength=cube.coarse.shape[1])
        self._count = self._put(count.astype(np.int64))
        self._coarse = self._put(np.asarray(cube.coarse, np.float32))
        self._sigma = self._put(relative_errors(cube.sigma))
        self._low, self._high = (self._put(cube.bounds[..., i].T) for i in (0, 1))
        self._area = self._put(cube.area.astype(np.float32))
        self._has_static = len(cube.static) > 0
        self._rows = torch.arange(size, device=self.home)

    def _put(self, array):
        return torch.from_numpy(np.array(array)).to(self.home)

    def _windows(self, array):
        """``cut(index)`` → tensor of the patches at ``index`` of ``array`` (…, y, x).

        In main memory numpy cuts, as fast again as torch does, and needs no copy of a file.
        """
        size = self.size
        if self.home == "cpu":
            view = sliding_window_view(array, (size, size), axis=(-2, -1))
            # As arrays: numpy would take a tensor of one number for that number.
            return lambda *index: torch.from_numpy(view[tuple(map(_array, index))])
        view = self._put(array).unfold(-2, size, 1).unfold(-2, size, 1)
        return lambda *index: view[index]

    def order(self, samples, seed, epoch, most=0):
        """Indexes into ``samples`` in the order of an epoch; ``most`` limits their number."""
        order = np.random.default_rng([seed, epoch]).permutation(len(samples))
        return order[:most] if most else order

    def make(self, samples):
        """The `Batch` of some patches (n, 3)."""
        t, r, c = self._put(np.asarray(samples, np.int64)).unbind(dim=1)
        x = self._inputs(t, r, c)
        known = torch.isfinite(x)
        valid = known.all(dim=1)
        cells = self._cells(r, c)
        inside, place, month = cells >= 0, cells.clamp(min=0), t[:, None, None]
        coarse = self._coarse[month, place]
        coarse_valid = torch.isfinite(coarse) & inside
        patterns = self._patterns(slice(None), t, r, c).swapaxes(0, 1)
        low, high = (bound[t][..., None, None] for bound in (self._low, self._high))
        good = torch.isfinite(patterns) & (patterns >= low) & (patterns <= high)
        area = self._area[r[:, None] + self._rows][:, :, None]
        fields = (
            torch.where(known, x, self._fills),
            torch.where(coarse_valid, coarse, torch.zeros_like(coarse)),
            coarse_valid,
            cells,
            self._whole(place, inside),
            self._sigma[month, place],
            torch.where(good, patterns, torch.zeros_like(patterns)),
            good,
            area * valid,
            valid,
        )
        return Batch(*(field.contiguous().to(self.device) for field in fields))

    def _inputs(self, t, r, c):
        """(patch, channel, y, x) float32, NaN where unknown."""
        x = self._dynamic(t, slice(None), r, c)
        if self._has_static:
            x = torch.cat([x, self._static(slice(None), r, c).swapaxes(0, 1)], dim=1)
        return x if self._order is None else x[:, self._order]

    def _whole(self, place, inside):
        """Cells of coarse cells that lie wholly in their patch."""
        number, patches = len(self._count), len(place)
        flat = place + torch.arange(patches, device=self.home)[:, None, None] * number
        # What lies in no coarse cell is counted apart, at the end.
        flat = torch.where(inside, flat, torch.full_like(flat, patches * number))
        here = torch.bincount(flat.reshape(-1), minlength=patches * number + 1)
        return (here[flat] == self._count[place]) & inside


def _array(index):
    return index.numpy() if isinstance(index, torch.Tensor) else index


def home_of(size, device):
    """Where ``size`` bytes of cube are kept for training on ``device``: there, or ``cpu``."""
    if device != "cuda":
        return "cpu"
    free, _ = torch.cuda.mem_get_info()
    return device if size <= SHARE * free else "cpu"


def relative_errors(sigma):
    """Errors as multiples of their median, float32; 1 where none is stated."""
    known = sigma[np.isfinite(sigma)]
    stated = np.asarray(sigma, np.float32) / (float(np.median(known)) if known.size else 1.0)
    with np.errstate(invalid="ignore"):
        return np.where(np.isfinite(stated) & (stated > 0), stated, 1.0).astype(np.float32)
