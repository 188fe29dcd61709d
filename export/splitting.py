"""Which patches are learnt from, which are watched, and which are kept away.

``paper`` is the published split: within each month, blocks of 2 × 2 coarse cells go to
training or validation at random. A block trains in some months and validates in others,
so its static inputs and slow storage are known: that validation is not independent.
``held-out`` keeps fixed blocks out of all months, and a span of months out of all
blocks; what lies in both is test material that no training patch has touched.
"""

from dataclasses import dataclass

import numpy as np

from ..core.data.months import parse_month
from ..core.errors import DataError, ParameterError


@dataclass
class Samples:
    """Patches (month index, row, column), int32 (n, 3), and the blocks of the test.

    ``test_blocks`` (y, x) is true in blocks kept out of training; ``test_months`` (month,)
    likewise. Empty for the split of the paper.
    """

    train: np.ndarray
    validation: np.ndarray
    test_blocks: np.ndarray
    test_months: np.ndarray


def block_corners(shape, block):
    """Upper left corners (n, 2) of whole blocks; a rest at the right and below is dropped."""
    rows = np.arange(0, shape[0] - block + 1, block)
    columns = np.arange(0, shape[1] - block + 1, block)
    return np.array([(r, c) for r in rows for c in columns], dtype=np.int32).reshape(-1, 2)


def patches_of(corner, block, size, stride):
    """Corners (n, 2) of the patches inside one block."""
    steps = np.arange(0, block - size + 1, stride)
    return np.array([(corner[0] + r, corner[1] + c) for r in steps for c in steps], np.int32)


def usable_blocks(cube, config):
    """Blocks in which some coarse cell is land on more than the least share."""
    block = config.patches.block
    corners = block_corners(cube.grid.shape, block)
    share = _land_share(cube)
    keep = []
    for r, c in corners:
        cells = np.unique(cube.cells[r : r + block, c : c + block])
        cells = cells[cells >= 0]
        keep.append(bool((share[cells] > config.data.min_land).any()))
    return corners[np.array(keep, bool)]


def split_samples(cube, config):
    """The `Samples` of a configuration. Raises `DataError` where nothing is left to learn from."""
    p = config.patches
    if not p.stride <= p.size <= p.block:
        raise ParameterError(
            "stride ≤ size ≤ block is expected", f"{p.stride}, {p.size}, {p.block}", "patches"
        )
    rng = np.random.default_rng(config.split.seed)
    blocks = usable_blocks(cube, config)
    months = np.arange(cube.months.size)
    test_blocks = np.zeros(cube.grid.shape, bool)
    test_months = np.zeros(months.size, bool)
    if config.split.kind == "held-out":
        count = round(config.split.test_blocks * len(blocks))
        chosen = rng.permutation(len(blocks))[:count]
        for r, c in blocks[chosen]:
            test_blocks[r : r + p.block, c : c + p.block] = True
        blocks = np.delete(blocks, chosen, axis=0)
        test_months = _test_months(cube.months, config)
    inside = {tuple(b): patches_of(b, p.block, p.size, p.stride) for b in blocks}
    useful = {
        key: found[_enough_land(cube, found, p.size, config)] for key, found in inside.items()
    }
    train, validation = [], []
    fixed = rng.permutation(len(blocks))
    for t in months[~test_months]:
        # The published split draws anew each month; the other keeps its blocks.
        order = rng.permutation(len(blocks)) if config.split.kind == "paper" else fixed
        held = max(1, round(config.split.validation * len(blocks))) if len(blocks) > 1 else 0
        for place, index in enumerate(order):
            found = useful[tuple(blocks[index])]
            rows = np.column_stack([np.full(len(found), t), found])
            (validation if place < held else train).append(rows)
    empty = np.empty((0, 3), np.int32)
    samples = Samples(
        np.concatenate(train or [empty]).astype(np.int32),
        np.concatenate(validation or [empty]).astype(np.int32),
        test_blocks,
        test_months,
    )
    if not len(samples.train):
        raise DataError(
            "at least one patch to train on is expected",
            f"none in {len(blocks)} blocks of {p.block} cells",
            "patches",
            "Use smaller patches and blocks, or a larger domain.",
        )
    return samples


def _test_months(months, config):
    first, last = config.split.test_start, config.split.test_end
    if not first and not last:
        return np.zeros(months.size, bool)
    low = parse_month(first, "split.test_start") if first else months[0]
    high = parse_month(last, "split.test_end") if last else months[-1]
    return (months >= low) & (months <= high)


def _land_share(cube):
    """Land share (cell,) of each coarse cell, of the fine cells that lie in it."""
    flat, land = cube.cells.ravel(), cube.land.ravel()
    size = cube.coarse.shape[1]
    inside = flat >= 0
    count = np.bincount(flat[inside], minlength=size)
    known = np.bincount(flat[inside], land[inside].astype(float), minlength=size)
    return np.divide(known, count, out=np.zeros(size), where=count > 0)


def _enough_land(cube, corners, size, config):
    return np.array(
        [cube.land[r : r + size, c : c + size].mean() > config.data.min_land for r, c in corners],
        bool,
    )
