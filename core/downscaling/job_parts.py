"""What a job runs with: channels, sessions, the coarse field it builds on."""

from ..data.units import storage_factor
from ..errors import ModelError
from .channels import Channels
from .coarsefield import CoarseField
from .patchrunner import PatchRunner
from .pixelrunner import PixelRunner
from .session import ModelSession


def job_runner(job):
    """The runner of a `Job` that makes its predictions, with a session for each file."""
    contract = job.model.contract
    coarse = None
    if any(v.role == "coarse" for v in contract.inputs):
        coarse = _coarse(job, next(v.units for v in contract.inputs if v.role == "coarse"))
    channels = Channels(contract, job.predictors, coarse)
    sessions = {
        stratum: [
            ModelSession(file, contract, job.provider, job.threads)
            for file in job.model.members(stratum)
        ]
        for stratum in (job.model.strata or (None,))
    }
    job.provider = next(iter(sessions.values()))[0].provider_key
    if contract.kind == "patch":
        if job.model.strata:
            raise ModelError("a patch model without strata is expected", "strata", job.model.name)
        return PatchRunner(contract, channels, sessions[None], job.domain.window)
    return PixelRunner(contract, _Shifted(channels, job.domain), sessions, job.strata)


class _Shifted:
    """Channels by cells of the domain in place of those of the predictor set."""

    def __init__(self, channels, domain):
        self._channels, self._row, self._col = channels, domain.row, domain.col

    def read(self, month, row, col, ny, nx):
        return self._channels.read(month, self._row + row, self._col + col, ny, nx)


def _coarse(job, units):
    factor = storage_factor(job.coarse.units, job.coarse.name) / storage_factor(units)
    return CoarseField(job.coarse, job.predictors.grid, factor)


def added_field(job):
    """What of the coarse field is added to the model's output: a function, or None."""
    target = job.model.contract.target
    if not target.adds:
        return None
    coarse, domain = _coarse(job, target.units), job.domain

    def add(month, row, col, ny, nx):
        return coarse.at(month, target.adds, domain.row + row, domain.col + col, ny, nx)

    return add
