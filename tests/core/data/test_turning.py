"""A record whose maps are compressed whole is decoded once, and the answer stays the same."""

import numpy as np
import pytest
from grace_water_toolbox.core.data import turning
from grace_water_toolbox.core.data.grace import open_grace
from grace_water_toolbox.core.data.importing import import_grace
from grace_water_toolbox.core.data.multidim import MultidimFile, Variable
from grace_water_toolbox.core.data.turning import TurnedVariable, needs_turning
from grace_water_toolbox.core.errors import ReadError, WriteError
from grace_water_toolbox.core.progress import Progress

TIMES, NY, NX = 9, 37, 10


@pytest.fixture
def variable(tmp_path, make_product, calendar_months):
    """Opens ``lwe_thickness`` with pieces of ``chunks``; a corner is missing."""

    def build(chunks, **change):
        start, end = calendar_months("2004-01", TIMES)
        values = np.random.default_rng(0).normal(size=(TIMES, NY, NX)).astype("f4")
        values[:, 0, 0] = -99999
        lat, lon = -45 + np.arange(NY), 10.0 + np.arange(NX)
        path = make_product(
            tmp_path / "p.nc", values, lat, lon, start, end, fill=np.float32(-99999),
            chunks=chunks, **change,
        )  # fmt: skip
        return MultidimFile(path).variable("lwe_thickness"), path

    return build


@pytest.mark.parametrize("chunks", [(1, NY, NX), (4, 20, NX), (TIMES, 5, 3), (2, NY, 7)])
@pytest.mark.parametrize("batch", [1, 2**26])
def test_rows_are_those_of_the_variable(variable, tmp_path, monkeypatch, chunks, batch):
    monkeypatch.setattr(turning, "BATCH", batch)
    original, _ = variable(chunks)
    turned = TurnedVariable(original, tmp_path / "out.tif")
    for row, ny in ((0, NY), (0, 1), (5, 20), (15, 2), (31, 6), (36, 1)):
        start, count = [0, row, 0], [TIMES, ny, NX]
        np.testing.assert_array_equal(turned.read(start, count), original.read(start, count))
    assert (turned.name, turned.units, turned.shape) == ("lwe_thickness", "cm", (TIMES, NY, NX))
    assert [p.name for p in tmp_path.iterdir()] == ["p.nc"], "the copy has a name"
    turned.close()


def test_packed_values_keep_every_bit(tmp_path, make_product, calendar_months):
    start, end = calendar_months("2004-01", 2)
    values = np.random.default_rng(0).normal(size=(2, 40, 4))
    path = make_product(
        tmp_path / "p.nc", values, np.arange(40.0), np.arange(4.0), start, end, kind="i2",
        packing=(1 / 3000, 0.1), fill=np.int16(-32768), chunks=(1, 40, 4),
    )  # fmt: skip
    original = MultidimFile(path).variable("lwe_thickness")
    turned = TurnedVariable(original, tmp_path / "out.tif")
    whole = [0, 0, 0], [2, 40, 4]
    np.testing.assert_array_equal(turned.read(*whole), original.read(*whole))


def test_only_where_strips_would_decode_in_vain(variable):
    assert needs_turning(variable((1, NY, NX))[0], 10)
    assert not needs_turning(variable((1, NY, NX))[0], NY)
    assert not needs_turning(variable((TIMES, 5, NX))[0], 10)


def test_an_import_decodes_each_piece_once_and_changes_no_bit(
    variable, tmp_path, read_stack, monkeypatch
):
    _, path = variable((1, NY, NX), uncertainty=np.full((TIMES, NY, NX), 2.0), land=np.eye(NY, NX))
    import_grace(path, tmp_path / "a.tif", uncertainty_output=tmp_path / "as.tif")
    rows, read = [], Variable.read

    def counted(self, start=None, count=None, dtype="float64"):
        if self.name == "lwe_thickness":
            rows.append(count[0] * count[1])
        return read(self, start, count, dtype)

    monkeypatch.setattr(Variable, "read", counted)
    import_grace(path, tmp_path / "b.tif", uncertainty_output=tmp_path / "bs.tif", memory=1)
    assert sum(rows) == TIMES * NY
    for first, second in (("a.tif", "b.tif"), ("as.tif", "bs.tif")):
        (one, info), (two, other) = read_stack(tmp_path / first), read_stack(tmp_path / second)
        np.testing.assert_array_equal(one, two)
        assert info.history == other.history


def test_a_piece_that_is_too_large_to_decode(variable, monkeypatch):
    monkeypatch.setattr(turning, "LARGEST_PIECE", NY * NX * 4 - 1)
    with pytest.raises(ReadError, match=r"p\.nc: pieces .*'lwe_thickness'.*chunked anew"):
        open_grace(variable((1, NY, NX))[1])


def test_no_room_and_cancel(variable, tmp_path, monkeypatch):
    original, path = variable((1, NY, NX))
    with pytest.raises(WriteError, match=r"nowhere.*room for a temporary copy"):
        TurnedVariable(original, tmp_path / "nowhere" / "out.tif")

    class Stop(Progress):
        def check(self):
            raise KeyboardInterrupt

    monkeypatch.setattr(turning, "BATCH", 1)
    with pytest.raises(KeyboardInterrupt):
        TurnedVariable(original, tmp_path / "out.tif", Stop())
    assert [p.name for p in tmp_path.iterdir()] == [path.rsplit("/", 1)[1]]
