"""The report on a mean map: the map and its profile by latitude."""

from ..data.bands import BandFile
from ..report.html import Report
from ..report.maps import map_plot
from ..report.profile import profile_plot
from .class_report import area_text
from .latitude import latitude_profile
from .thinning import picture_of

#: Belts of the profile on a projected grid, degrees.
BELT = 1.0


def mean_report(summary, info, path, version=""):
    """A `Report` of a `MeanSummary` of the raster at ``path``; ``info`` of the stack."""
    report = Report("Mean anomaly", info.long_name, version)
    label = f"mean, {info.units}" if info.units else "mean"
    with BandFile(path) as file:
        step = 0.0 if file.grid.is_geographic else BELT
        profile = latitude_profile(
            file.grid, lambda row, ny: file.read(["mean"], row, 0, ny)[0], step
        )
        picture, extent = picture_of(file, "mean")
    report.facts(
        [
            ("Months", f"{summary.first} to {summary.last}; "
             f"{summary.fewest} to {summary.most} with a value"),
            ("Baseline", " to ".join(info.baseline) if info.baseline else "not stated"),
            ("Areas", area_text(profile.sphere)),
        ]
    )  # fmt: skip
    report.say_synthetic(info.history)
    if summary.on_baseline:
        report.warning("The period is the baseline: the mean is zero by definition.")
    report.figure(map_plot(picture, extent, "", label), "Mean over the period.", "map of the mean")
    report.figure(
        profile_plot(profile.latitude, profile.mean, profile.sd, xlabel=label),
        "Mean by latitude, weighted by area. Red: below the baseline, blue: above.",
        "profile by latitude",
    )
    report.heading("History of the stack")
    for line in info.history:
        report.paragraph(line)
    return report
