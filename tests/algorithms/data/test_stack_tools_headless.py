"""The tools on stacks through the real ``qgis_process``, one after the other."""

import numpy as np
import pytest
from grace_water_toolbox.core.data.grid import Grid

pytestmark = pytest.mark.headless


def test_align_describe_extract_export(make_stack, read_stack, tmp_path):
    from headless import Headless

    values = np.arange(24 * 16.0).reshape(24, 4, 4)
    values[5] = np.nan
    fine = make_stack(tmp_path / "fine.tif", values, grid=Grid(170, 4, 5, 1, 4, 4))
    coarse = make_stack(tmp_path / "c.tif", np.zeros((1, 2, 2)), grid=Grid(-190, 4, 10, 2, 2, 2))
    with Headless() as program:

        def run(algorithm, **parameters):
            return program.run(f"gracewater:{algorithm}", **parameters)

        aligned = tmp_path / "aligned.tif"
        run("alignstack", INPUT=fine, REFERENCE=coarse, OUTPUT=aligned)
        found = run("describestack", INPUT=aligned)
        assert (found["MONTHS"], found["MISSING"], found["WIDTH"], found["HEIGHT"]) == (24, 1, 2, 2)
        run("stackcalculator", INPUT=aligned, INPUT_B=aligned, OPERATION="mean",
            OUTPUT=tmp_path / "same.tif")  # fmt: skip
        run("extractperiod", INPUT=tmp_path / "same.tif", PERIOD="year", YEAR=2005,
            STATISTIC="stack", OUTPUT=tmp_path / "year.tif")  # fmt: skip
        run("exportstack", INPUT=tmp_path / "year.tif", VARIABLE="tws",
            OUTPUT=tmp_path / "year.nc")  # fmt: skip
    whole, _ = read_stack(aligned)
    written, info = read_stack(f'NETCDF:"{tmp_path / "year.nc"}":tws')
    np.testing.assert_array_equal(written, whole[12:])
    assert info.grid.difference(Grid(-190, 4, 10, 2, 2, 2)) == "" and info.units == "cm"
