"""Groundwater storage from total storage: the kernel."""

import numpy as np

from ..errors import ParameterError


def separate(tws, components):
    """ΔGWS = ΔTWS − Σ component anomalies.

    ``tws`` and each of ``components`` are arrays of one shape in one unit; a value
    missing anywhere is missing in the result.
    Source: Zhang et al., Eq. 15 (with surface water as a further component).
    """
    if not components:
        raise ParameterError("at least one storage to take off is expected", "none")
    result = np.array(tws, dtype=np.float64)
    for component in components:
        result -= component
    return result


def propagate(sigmas):
    """One-sigma of a sum or difference of independent terms: √Σσ².

    ``sigmas`` are arrays of one shape in one unit; missing anywhere is missing
    in the result.
    """
    total = np.zeros_like(np.asarray(sigmas[0], dtype=np.float64))
    for sigma in sigmas:
        total += np.square(sigma)
    return np.sqrt(total)


def rebase(fields, usable):
    """Re-base several fields (time, pixel) to the mean over their common months.

    A month counts for a pixel where ``usable`` (time, pixel) is true and every
    field has a value, so that all anomalies refer to the same months (METHODS §5).
    Returns the fields and the number of months used (pixel,); pixels without a
    common month become NaN.
    """
    common = usable.copy()
    for field in fields:
        common &= np.isfinite(field)
    count = common.sum(axis=0)
    out = []
    with np.errstate(invalid="ignore", divide="ignore"):
        for field in fields:
            mean = np.where(common, field, 0.0).sum(axis=0) / count
            out.append(field - mean)
    return out, count
