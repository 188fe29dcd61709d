import numpy as np
import pytest
from grace_water_toolbox.core.errors import DataError
from grace_water_toolbox.core.trends.series import as_series, missing_patterns

NAN = np.nan


def test_series_become_float64():
    assert as_series([[1, 2], [3, 4]]).dtype == np.float64
    assert as_series(np.ones((3, 2), np.float32)).dtype == np.float64


@pytest.mark.parametrize("bad", [np.zeros(3), np.zeros((2, 2, 2)), [[1.0, np.inf]]])
def test_wrong_series_are_refused(bad):
    with pytest.raises(DataError):
        as_series(bad)


def test_pixels_are_grouped_by_their_gaps():
    values = np.array([[1.0, NAN, 2.0, NAN], [3.0, 4.0, 5.0, NAN], [6.0, 7.0, 8.0, NAN]])
    found = {tuple(o): sorted(p) for o, p in missing_patterns(values)}
    assert found == {(0, 1, 2): [0, 2], (1, 2): [1], (): [3]}


def test_one_pattern_keeps_the_order():
    ((observed, pixels),) = missing_patterns(np.array([[1.0, 2.0], [NAN, NAN], [3.0, 4.0]]))
    assert observed.tolist() == [0, 2]
    assert pixels.tolist() == [0, 1]


def test_every_pixel_comes_once():
    rng = np.random.default_rng(3)
    values = np.where(rng.random((9, 200)) < 0.2, NAN, 1.0)
    covered = []
    for observed, pixels in missing_patterns(values):
        covered += pixels.tolist()
        for pixel in pixels:
            assert np.flatnonzero(~np.isnan(values[:, pixel])).tolist() == observed.tolist()
    assert sorted(covered) == list(range(200))


def test_no_pixels_no_patterns():
    assert list(missing_patterns(np.empty((4, 0)))) == []
