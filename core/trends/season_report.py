"""The report on seasonality: the map, the shares, and what noise scores."""

from ..data.bands import BandFile
from ..report.html import Report
from ..report.maps import map_plot
from .class_report import SOURCE, area_text
from .seasonality import BANDS, PUBLISHED, WHITE_NOISE
from .thinning import picture_of


def share_rows(summary):
    """(threshold %, area km², share %, published share %) of each threshold."""
    published = dict(PUBLISHED)
    return [(level, area, share, published[level]) for level, area, share in summary.above]


def season_report(summary, info, path, version=""):
    """A `Report` of a `SeasonalitySummary` of the raster at ``path``; ``info`` of the stack."""
    report = Report("Seasonality", info.long_name, version)
    report.facts(
        [
            ("Share", "C = σ̄ / (σ̄ + δ): standard deviation within a year, mean over years, "
             "against that of the annual means; n − 1"),
            ("Years", f"{summary.first} to {summary.last}, "
             f"{summary.fewest} to {summary.most} of them complete"),
            ("Mean over the area", f"{summary.mean:.1f} %"),
            ("Area with a value", f"{summary.area_km2:,.0f} km²"),
            ("Areas", area_text(summary.sphere)),
        ]
    )  # fmt: skip
    report.say_synthetic(info.history)
    report.warning(
        f"Noise without any season scores {WHITE_NOISE:.0f} %. Only values above that show more "
        "season than noise has by itself; the rule that more than 50 % is seasonal is unsafe."
    )
    with BandFile(path) as file:
        picture, extent = picture_of(file, BANDS[0])
    report.figure(
        map_plot(
            picture,
            extent,
            "",
            f"seasonal share, % (white noise: {WHITE_NOISE:.0f})",
            False,
            "RdBu_r",
            limits=(0, 100),
        ),
        "Blue: variations slower than a year. Red: within the year.",
        "map of the seasonal share",
    )
    report.table(
        [(f"{level:g} %", f"{area:,.0f}", f"{share:.2f}", f"{known:.2f}")
         for level, area, share, known in share_rows(summary)],
        ["above", "km²", "share of the area, %", f"{SOURCE}, %"],
        "Shares of the area",
        numeric=[1, 2, 3],
    )  # fmt: skip
    report.note(
        f"{SOURCE} (section 3.3.2) give 52.30 and 26.09 % for groundwater storage at 1 km, "
        "2002–2020. Another quantity, period or region has other shares."
    )
    report.heading("History of the stack")
    for line in info.history:
        report.paragraph(line)
    return report
