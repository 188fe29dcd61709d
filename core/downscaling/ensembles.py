"""Several members of a model made into one mean and one standard deviation."""

import numpy as np


def combine(means, stds):
    """(mean, std) float32 over members, arrays of one shape; NaN stays NaN.

    The mean is the product, the spread between members its uncertainty (Li et al.,
    section 2.3). Where members state a standard deviation of their own the two are
    independent: σ² = mean(σ_i²) + variance of the means. The variance has ddof 0, so
    that one member has none; std is None where one member states none either.
    """
    if len(means) == 1:
        return means[0], stds[0]
    stack = np.stack(means).astype(np.float64)
    variance = stack.var(axis=0)
    if all(s is not None for s in stds):
        variance = variance + np.mean(np.square(np.stack(stds).astype(np.float64)), axis=0)
    return stack.mean(axis=0).astype(np.float32), np.sqrt(variance).astype(np.float32)
