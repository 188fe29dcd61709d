"""Runs of basin statistics over layers made for a test."""

import pytest

from .basinlayers import NINE, SMALL, number, polygon_file, table


@pytest.fixture
def stack(tmp_path, make_stack):
    return make_stack(tmp_path / "stack.tif", NINE, grid=SMALL)


@pytest.fixture
def basins(tmp_path):
    """Function: shapes -> layer file outside of the folder that runs write to."""
    (tmp_path / "in").mkdir()
    return lambda *shapes, file="basins.gpkg", **more: polygon_file(
        tmp_path / "in" / file, shapes, **more
    )


@pytest.fixture
def statistics(tmp_path, stack, provider, log):
    """Function: run over a layer; means by basin name, in order of the rows. Keeps rows."""
    import processing

    def call(layer, **parameters):
        out = tmp_path / "out.csv"
        given = {"INPUT": stack, "BASINS": layer, "BASIN_FIELD": "name", "OUTPUT": str(out)}
        given.update(parameters)
        call.results = processing.run("gracewater:basinstatistics", given, feedback=log)
        call.rows = table(out)
        return {row["basin"]: number(row["value"]) for row in call.rows}

    return call


@pytest.fixture
def refused_with(refused, tmp_path, stack):
    """Function: run that must fail and leave nothing; the message."""

    def call(layer, **parameters):
        out = tmp_path / "out"
        out.mkdir(exist_ok=True)
        given = {"INPUT": stack, "BASINS": layer, "BASIN_FIELD": "name"}
        outputs = {
            "OUTPUT": out / "series.csv",
            "OUTPUT_SUMMARY": out / "summary.gpkg",
            "OUTPUT_HTML": out / "report.html",
        }
        return refused("basinstatistics", tmp_path, **{**given, **outputs, **parameters})

    return call
