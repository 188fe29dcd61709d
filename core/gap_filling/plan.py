"""The procedure of one gap-filling run: checked, in words, and applied."""

from dataclasses import dataclass
from typing import Optional

import numpy as np

from ..errors import ParameterError
from .crossvalidation import Candidates, check_candidates
from .stages import fill_fixed, fill_published


@dataclass(frozen=True)
class FillPlan:
    """The procedure of one run."""

    preset: str
    window: int
    modes: int
    tolerance: float
    candidates: Optional[Candidates]
    extrapolate: bool

    @property
    def published(self):
        """Whether there are two stages."""
        return self.preset == "published"

    @property
    def text(self):
        """In words, for the history and the report."""
        c = self.candidates
        if not self.published:
            how = f"one stage, M = {self.window}, K = {self.modes}"
        else:
            how = "two published stages, M = 24, K = 12 to 2017-06, then M = "
            how += f"48, K = {self.modes}" if c is None else _choices(c)
        ends = ", ends of the record extrapolated" if self.extrapolate else ""
        return f"{how}, tolerance {self.tolerance:g}{ends}"

    def years(self, months):
        """The years that are hidden, for a record with these months."""
        whole = months.size == 0 or months[-1] <= np.datetime64("2017-06")
        if not self.published or self.candidates is None or whole:
            return np.empty(0, int)
        return check_candidates(months, self.candidates)

    def check(self, months):
        """An empty run finds a record too short for the windows before any file exists."""
        try:
            self.fill(np.empty((months.size, 0)), months, None)
        except ParameterError as error:
            if not self.published:
                raise
            remedy = (
                f"{error.remedy} 'published' has windows of 24 and 48 months: a shorter record "
                "needs PRESET = fixed with a smaller WINDOW, smaller CANDIDATE_WINDOWS, "
                "or more years in FOLDS."
            )
            raise ParameterError(error.expected, error.found, error.where, remedy) from error

    def check_sigma(self):
        """Filled months need an error of their stage."""
        if self.published and self.candidates is None:
            raise ParameterError(
                "a cross-validation is expected for OUTPUT_UNCERTAINTY",
                "no years to hide",
                "FOLDS",
                "Without it the error of the months filled in stage b is not known.",
            )

    def fill(self, values, months, tick):
        """The `StagedFill` of values (time, pixel)."""
        settings = {
            "tolerance": self.tolerance, "extrapolate": self.extrapolate, "progress": tick,
        }  # fmt: skip
        if not self.published:
            return fill_fixed(values, months, self.window, self.modes, **settings)
        c = self.candidates
        if c is None:
            return fill_published(values, months, modes_b=self.modes, **settings)
        return fill_published(
            values, months, window_b=min(c.windows), modes_b=max(c.modes), candidates=c, **settings
        )


def listed_numbers(numbers):
    """``4, 6 … 12`` of a set of numbers, runs of three and more abbreviated."""
    numbers = sorted(set(numbers))
    parts, start = [], 0
    for i in range(1, len(numbers) + 1):
        if i < len(numbers) and numbers[i] == numbers[i - 1] + 1:
            continue
        run = numbers[start:i]
        parts += [f"{run[0]}…{run[-1]}"] if len(run) > 2 else [str(n) for n in run]
        start = i
    return ", ".join(parts)


def _choices(c):
    windows, modes, years = (listed_numbers(n) for n in (c.windows, c.modes, c.years))
    return f"{windows}, K = {modes} chosen by hiding the years {years}"
