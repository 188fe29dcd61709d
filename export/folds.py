"""Which rows train and which are scored: at random, or whole places and whole times kept away.

Neighbouring cells and following months say nearly the same, so a random split of cell
× month finds in training what it is tested on. Blocked folds keep whole blocks of cells,
whole wells or whole spans of months away.
"""

import numpy as np

from ..core.errors import ParameterError

#: The ways of cross-validation that are reported side by side.
KINDS = ("random", "space", "time")


def random_split(count, share, rng):
    """(train, held out) of ``count`` rows, ``share`` of them held out; sorted indices."""
    order = rng.permutation(count)
    held = round(count * share)
    return np.sort(order[held:]), np.sort(order[:held])


def sample_rows(count, most, rng):
    """At most ``most`` of ``count`` rows, without repetition; sorted."""
    if count <= most:
        return np.arange(count)
    return np.sort(rng.choice(count, most, replace=False))


def random_folds(count, folds, rng):
    """Pairs (train, test) of rows; each row is tested once."""
    parts = np.array_split(rng.permutation(count), folds)
    return [(np.setdiff1d(np.arange(count), part), np.sort(part)) for part in parts]


def group_folds(groups, folds, rng):
    """Pairs (train, test): each group of ``groups`` (row,) lies wholly on one side.

    Groups are dealt, the largest first and equals in random order, to the fold that has
    the fewest rows. Fewer groups than folds make one fold a group. Raises `ParameterError`
    where there is only one group.
    """
    groups = np.asarray(groups)
    names, codes, counts = np.unique(groups, return_inverse=True, return_counts=True)
    if names.size < 2:
        raise ParameterError("at least two groups for blocked folds are expected", names.size)
    folds = min(folds, names.size)
    shuffled = rng.permutation(names.size)
    order = shuffled[np.argsort(-counts[shuffled], kind="stable")]
    fold_of, sizes = np.empty(names.size, int), np.zeros(folds)
    for group in order:
        fold_of[group] = int(sizes.argmin())
        sizes[fold_of[group]] += counts[group]
    of_row = fold_of[codes.ravel()]
    return [(np.flatnonzero(of_row != f), np.flatnonzero(of_row == f)) for f in range(folds)]


def space_blocks(cell, shape, size):
    """Number of the square block of ``size`` × ``size`` coarse cells that each row lies in."""
    row, col = np.divmod(np.asarray(cell), shape[1])
    return (row // size) * (-(-shape[1] // size)) + col // size


def time_folds(month, folds, gap=0):
    """Pairs (train, test): each test fold is one span of months.

    Rows within ``gap`` months of the span are in neither, as storage remembers.
    """
    month = np.asarray(month)
    spans = np.array_split(np.unique(month), folds)
    pairs = []
    for span in spans:
        test = (month >= span[0]) & (month <= span[-1])
        near = (month >= span[0] - gap) & (month <= span[-1] + gap)
        pairs.append((np.flatnonzero(~near), np.flatnonzero(test)))
    return pairs


def table_folds(kind, table, search, rng):
    """Folds of a `Table` of one class by one of `KINDS`."""
    if kind == "random":
        return random_folds(len(table), search.folds, rng)
    if kind == "space":
        return group_folds(space_blocks(table.cell, table.shape, search.block), search.folds, rng)
    return time_folds(table.month, search.folds, search.gap)
