"""What a latitude profile is made of, and its report."""

import numpy as np

from ..data.bands import BandFile
from ..data.months import is_month
from ..data.stack import MonthlyStack
from ..errors import ParameterError, TimeAxisError
from ..report.html import Report
from ..report.profile import profile_plot
from .class_report import area_text
from .meanmap import mean_over_time
from .months import observed_reader


class ProfileSource:
    """A band of a map, or the mean of a stack over time; close it.

    ``grid``, ``unit``, ``what`` (in words), ``history``, ``planes`` for memory, and
    ``read(row, ny)`` -> (ny, nx). Raises `ParameterError` for a band that is not there, and
    for flags or a period that mean nothing for a single band.
    """

    def __init__(self, source, band="", flags=None, start="", end=""):
        self._file = BandFile(source)
        self._stack = None
        try:
            self._open(source, band, flags, start, end)
        except BaseException:
            self.close()
            raise

    def _open(self, source, band, flags, start, end):
        self.grid, self.history = self._file.grid, self._file.history
        quantity = self._file.tags.get("long_name", "")
        if not band:
            try:
                self._stack = MonthlyStack(source, self._file.name)
            except TimeAxisError:
                band = self._file.names[0]
        if self._stack is None:
            if flags is not None or start or end:
                raise ParameterError(
                    "a monthly stack is expected for FLAGS, START and END",
                    f"the band {band}",
                    self._file.name,
                    "Leave BAND empty for the mean of a stack.",
                )
            self._file.index(band)
            self._band, self.planes = band, 4
            # What a stack says of itself holds for its months, that of a map for its first band.
            whole = self._file.tags.get("units", "") if is_month(band) else ""
            self.unit = self._file.unit(band) or whole
            self.what = f"{band} ({quantity})" if quantity else band
            return
        picked, self._reads, self._observed = observed_reader(self._stack, flags, start, end)
        self._months = self._stack.months[picked]
        self.planes = 4 * picked.size
        self.unit = self._stack.units
        self.what = f"mean of {self._months[0]} to {self._months[-1]}"
        self.what += f" ({quantity})" if quantity else ""

    def read(self, row, ny):
        """Values of a strip of whole rows; of a stack, cells with half of the months."""
        if self._stack is None:
            return self._file.read([self._band], row, 0, ny)[0]
        window = row, 0, ny, self.grid.nx
        values, *flag = (read(*window).reshape(-1, ny * self.grid.nx) for read in self._reads)
        mean, _ = mean_over_time(self._observed(values, flag), self._months)
        return mean.reshape(ny, self.grid.nx)

    def close(self):
        """Release the files."""
        self._file.close()
        if self._stack is not None:
            self._stack.close()


def profile_report(profile, source, version=""):
    """A `Report` of a `LatitudeProfile` of a `ProfileSource`."""
    report = Report("Latitude profile", source.what, version)
    report.facts(
        [
            ("Quantity", source.what),
            ("Units", source.unit or "not stated"),
            ("Belts", f"{profile.mean.size}, {profile.south[-1]:g}° to {profile.north[0]:g}°"),
            ("Weights", area_text(profile.sphere)),
        ]
    )
    report.say_synthetic(source.history)
    report.figure(
        profile_plot(profile.latitude, profile.mean, profile.sd, xlabel=source.unit),
        "Mean by latitude, weighted by area.",
        "profile by latitude",
    )
    report.table(
        [
            (f"{lat:g}", mean, sd, low, high, int(cells), f"{area:,.0f}")
            for lat, mean, sd, low, high, cells, area in zip(
                profile.latitude, profile.mean, profile.sd, profile.low, profile.high,
                profile.cells, profile.area_km2,
            )
            if np.isfinite(mean)
        ],
        ["latitude, °", "mean", "sd", "smallest", "largest", "cells", "km²"],
        f"Belts with values, {source.unit or 'no unit stated'}",
        numeric=range(7),
    )  # fmt: skip
    return report
