"""Wells in a real QGIS window: points and squares coloured by correlation."""

import csv
from pathlib import Path

import numpy as np
import pytest
from window import run_in_window

pytestmark = pytest.mark.window

HERE = Path(__file__).resolve().parent
T = np.arange(72)


def write(path, header, rows):
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(header)
        writer.writerows(rows)
    return str(path)


def test_wells_and_cells_are_coloured_by_correlation(make_stack, tmp_path):
    stack = make_stack(tmp_path / "stack.tif", np.stack([T, -T], axis=1)[:, None, :])
    noise = np.random.default_rng(0).normal(0, 1, 72)
    series = {"up": T, "down": -T, "noise": 100 * noise, "few": T[:5]}
    places = {"up": 70.2, "down": 70.8, "noise": 71.5, "few": 71.8}
    rows = [
        [name, f"{2004 + t // 12}-{t % 12 + 1:02d}-10", v]
        for name, values in series.items()
        for t, v in enumerate(values)
    ]
    asked = {
        "stack": stack,
        "wells": write(tmp_path / "wells.csv", ["n", "x", "y"],
                       [[n, x, 29.5] for n, x in places.items()]),
        "readings": write(tmp_path / "readings.csv", ["n", "day", "v"], rows),
        "values": {"POINT_FIELD": "n", "X_FIELD": "x", "Y_FIELD": "y", "POINTS_CRS": "EPSG:4326",
                   "WELL_FIELD": "n", "DATE_FIELD": "day", "VALUE_FIELD": "v"},
    }  # fmt: skip
    shown = run_in_window(HERE / "scenario_wells.py", asked, tmp_path / "window")
    assert {"Wells compared", "Cells compared", "Bins of the trend", "Well scores"} <= set(
        shown["layers"]
    )
    up, down, random, few = (row for row in shown["Wells compared"])
    assert up[1:] == ["#2166ac", "CC 0.8 to 1"]
    assert down[1:] == ["#b2182b", "CC −1 to −0.6"]
    assert random[1:] == ["#f7f7f7", "CC −0.2 to 0.2"] and abs(random[0]) < 0.2
    assert few == [None, "#bdbdbd", "too few months"]
    # Up and down cancel; the other cell is noise.
    assert [cell[1] for cell in shown["Cells compared"]] == ["#bdbdbd", "#f7f7f7"]
    assert (tmp_path / "window" / "map.png").stat().st_size > 10_000
