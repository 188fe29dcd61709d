"""An independent SSA iteration and the real monthly record, for this folder's tests."""

from collections import namedtuple

import numpy as np
import pytest
from grace_water_toolbox.core import accelerate
from grace_water_toolbox.core.gap_filling import ssa_lanes

Plain = namedtuple("Plain", "filled reconstruction iterations separation")


def _reconstruct(x, window, k):
    """Trajectory matrix, SVD, k modes, diagonal averages: the equations as printed."""
    n = len(x)
    length = n - window + 1
    trajectory = np.array([x[i : i + length] for i in range(window)])
    u, s, vt = np.linalg.svd(trajectory, full_matrices=False)
    low_rank = (u[:, :k] * s[:k]) @ vt[:k]
    total, count = np.zeros(n), np.zeros(n)
    for i in range(window):
        total[i : i + length] += low_rank[i]
        count[i : i + length] += 1
    apart = (s[k - 1] - s[k]) / s[k - 1] if k < window and s[k - 1] > 0 else 1.0
    return total / count, apart


def plain_ssa(series, window, modes, tolerance=1e-2, max_iterations=10_000):
    """One series, one loop in another, numpy's SVD; no scaling."""
    x = np.array(series, dtype=float)
    gap = np.isnan(x)
    x[gap] = 0.0
    iterations, separation = np.zeros(modes, dtype=int), 1.0
    for k in range(1 if gap.any() else modes, modes + 1):
        while iterations[k - 1] < max_iterations:
            fit, apart = _reconstruct(x, window, k)
            separation = min(separation, apart)
            iterations[k - 1] += 1
            old, new = x[gap], fit[gap]
            x[gap] = new
            change = np.sqrt(np.mean((new - old) ** 2)) if gap.any() else 0.0
            size = np.sqrt(np.mean(old**2)) if gap.any() else 0.0
            if change == 0 or (size > 0 and change / size < tolerance):
                break
    return Plain(x, fit, iterations, separation)


@pytest.fixture(scope="session")
def plain():
    return plain_ssa


@pytest.fixture(scope="session")
def record(csr):
    """The CSR grid as a complete monthly record: months (265,), values (265, 64800)."""
    import netCDF4

    with netCDF4.Dataset(csr) as source:
        days = np.asarray(source["time"][:])
        values = np.ma.filled(source["lwe_thickness"][:].astype(float), np.nan)
    values = values.reshape(len(days), -1)
    stamp = np.datetime64("2002-01-01") + np.floor(days).astype("timedelta64[D]")
    stamp = stamp.astype("datetime64[M]")
    months = np.arange(np.datetime64("2002-04"), np.datetime64("2024-05"))
    monthly = np.full((len(months), values.shape[1]), np.nan)
    for row, month in enumerate(months):
        if (stamp == month).any():
            monthly[row] = values[stamp == month].mean(axis=0)
    return months, monthly


@pytest.fixture(scope="module", params=["numba", "numpy"])
def engine(request):
    """Every test of a file, once with compiled kernels and once without."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "numba":
            pytest.importorskip("numba")
            patch.delenv(accelerate.SWITCH, raising=False)
            assert ssa_lanes.kernel() is not None
        else:
            patch.setenv(accelerate.SWITCH, "off")
            assert ssa_lanes.kernel() is None
        yield request.param
