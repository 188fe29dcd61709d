"""Pictures over a small whole number."""

import numpy as np
import pytest
from grace_water_toolbox.core.errors import ParameterError
from grace_water_toolbox.core.report.spectrum import number_plot

PNG = b"\x89PNG\r\n\x1a\n"


def test_pictures_differ_with_what_they_show():
    values = np.array([50.0, 20.0, 5.0, np.nan, 0.0])
    pictures = {
        number_plot({"one": values}),
        number_plot({"one": values}, log=True),
        number_plot({"one": values}, marks={"one": 2}),
        number_plot({"one": (np.array([2, 4, 6, 8, 10]), values)}),
        number_plot({"one": values, "two": values[::-1]}),
        number_plot({"none": np.full(3, np.nan)}),
    }
    assert len(pictures) == 6 and all(picture[:8] == PNG for picture in pictures)


def test_what_does_not_fit():
    with pytest.raises(ParameterError, match="at least one"):
        number_plot({})
    with pytest.raises(ParameterError, match="one value for each number"):
        number_plot({"one": (np.arange(3), np.arange(4))})
