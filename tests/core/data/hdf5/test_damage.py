"""What is damaged is found, named with its place, in bounded time, and by our error alone."""

import struct

import numpy as np
import pytest
from grace_water_toolbox.core.data.hdf5.lookup3 import lookup3
from grace_water_toolbox.core.data.sound import check_sound
from grace_water_toolbox.core.errors import ReadError


@pytest.fixture(scope="module")
def new(tmp_path_factory):
    """Bytes of a NetCDF-4 file: superblock 2, headers with checksums, a tree of chunks."""
    import netCDF4

    path = tmp_path_factory.mktemp("new") / "new.nc"
    with netCDF4.Dataset(path, "w") as file:
        file.createDimension("time", None)
        file.createDimension("lat", 40)
        two = ("time", "lat")
        for name, dims, sizes in (
            ("time", two[:1], (50,)), ("lat", two[1:], (40,)), ("water", two, (1, 10))
        ):  # fmt: skip
            variable = file.createVariable(name, "f4", dims, chunksizes=sizes)
            variable[:] = np.ones((50, 40)[-len(dims) :] if name != "time" else 50)
            variable.units = "cm"
    return path.read_bytes()


@pytest.fixture(scope="module")
def old(h5py_files):
    """Bytes of an HDF5 file of the oldest form: superblock 0, nothing with a checksum."""
    return (h5py_files / "oldest.h5").read_bytes()


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """Bytes of a NetCDF-4 file whose variables are linked in a heap."""
    import netCDF4

    path = tmp_path_factory.mktemp("many") / "many.nc"
    with netCDF4.Dataset(path, "w") as file:
        for number in range(30):
            file.createVariable(f"variable{number}", "f4")
    return path.read_bytes()


@pytest.fixture
def refused(tmp_path):
    """The message for a file of these bytes."""

    def call(content):
        path = tmp_path / "damaged.nc"
        path.write_bytes(content)
        with pytest.raises(ReadError) as caught:
            check_sound(path)
        assert str(caught.value).startswith("damaged.nc: a NetCDF-4 or HDF5 file")
        return str(caught.value)

    return call


def changed(content, at, new):
    return content[:at] + bytes(new) + content[at + len(new) :]


def places(content, signature):
    found, at = [], content.find(signature)
    while at >= 0:
        found.append(at)
        at = content.find(signature, at + 1)
    return found


def leaf(content):
    """Where a tree of chunks begins that has 40 entries or more."""
    for at in places(content, b"TREE\1\0"):
        if struct.unpack_from("<H", content, at + 6)[0] >= 40:
            return at
    raise LookupError("no such tree")


def test_the_published_sums():
    # Jenkins, driver5 of lookup3.c.
    assert lookup3(b"") == 0xDEADBEEF
    assert lookup3(b"Four score and seven years ago") == 0x17770551


def test_any_changed_byte_of_a_header_is_found(new, refused):
    at = places(new, b"OHDR")[1]
    size = 16 + new[at + 6]
    for byte in range(at, at + size):
        assert "at byte" in refused(changed(new, byte, [new[byte] ^ 16]))


def test_any_changed_byte_of_a_heap_of_names_is_found(many, refused):
    at = places(many, b"FRHP")[0]
    for byte in range(at, at + 146):
        for bit in (0, 5):
            assert "at byte" in refused(changed(many, byte, [many[byte] ^ 1 << bit]))


KEY = 8 + 3 * 8
#: Changes of a tree of chunks: bytes from its beginning, what is put there, what is said.
CHUNKS = {
    "kind": (4, [2], "kind 2"),
    "level": (5, [9], "level 9"),
    "children": (6, [65, 0], "65 children"),
    "fewer children": (6, [39, 0], "not count"),
    "size": (24, [1, 0, 0, 0], "other bytes than it has to hold"),
    "mask": (28, [1], "filters that there are none of"),
    "between": (32, [7], "between|not count"),
    "outside": (24 + KEY + 8 + 8, [0, 16], "outside|order|between"),
    "order": (24 + (KEY + 8) * 2 + 16, [10], "order"),
    "address": (24 + KEY, [255] * 6, "behind the end"),
    "address of another": (24 + KEY, [0] * 8, "same place"),
}


@pytest.mark.parametrize("case", CHUNKS)
def test_trees_of_chunks(new, refused, case):
    at, put, said = CHUNKS[case]
    message = refused(changed(new, leaf(new) + at, put))
    assert any(part in message for part in said.split("|")), message


def test_heaps_of_values(old, refused):
    at = places(old, b"GCOL")[0]
    assert "unknown version" in refused(changed(old, at + 4, [7]))
    assert "behind the end" in refused(changed(old, at + 8, [0, 0, 0, 9]))
    assert "points to no object" in refused(changed(old, at + 16, [99]))
    # A longer object would be copied behind the room that the library has for it.
    message = refused(changed(old, at + 24, [255]))
    assert "in place of" in message or "free bytes" in message or "too early" in message


@pytest.mark.parametrize(
    ("signature", "at", "put", "said"),
    [
        (b"HEAP", 24, [255] * 7, "behind the end"),
        (b"HEAP", 16, [255] * 4, "does not end"),
        (b"SNOD", 6, [255], "symbols in a node"),
        (b"SNOD", 8, [255] * 4, "name outside its heap"),
        (b"SNOD", 16, [255] * 8, "link to nowhere"),
        (b"SNOD", 16, [3, 0, 0, 0, 0, 0, 0, 0], "no object header"),
        (b"SNOD", 24, [9], "unknown kind 9"),
        (b"TREE\0", 4, [1], "kind 1"),
        (b"TREE\0", 6, [255], "children"),
        (b"TREE\0", 32, [0] * 8, "symbols|tree"),
    ],
)
def test_groups_of_the_older_form(old, refused, signature, at, put, said):
    message = refused(changed(old, places(old, signature)[0] + at, put))
    assert any(part in message for part in said.split("|")), message


def test_a_tree_that_returns_to_itself(old, refused):
    for signature, child in ((b"TREE\0", 24 + 8), (b"TREE\1\1", 24 + KEY)):
        at = places(old, signature)[0]
        message = refused(changed(old, at + child, struct.pack("<Q", at)))
        assert "tree" in message or "symbols" in message, message


def test_superblock(new, old, refused):
    assert "unknown version 9" in refused(changed(new, 8, [9]))
    assert "numbers of 3 bytes" in refused(changed(old, 13, [3]))
    assert "checksum" in refused(changed(new, 45, [new[45] ^ 1]))
    assert "trees of 0 children" in refused(changed(old, 16, [0, 0]))


@pytest.mark.parametrize("which", ["new", "old"])
def test_truncated_anywhere(request, refused, which):
    content = request.getfixturevalue(which)
    for share in (0.01, 0.3, 0.7, 0.99):
        refused(content[: int(share * len(content))])
    refused(content[:-1])


@pytest.mark.parametrize("which", ["new", "old"])
def test_random_bytes_give_our_error_or_none(request, tmp_path, which):
    content = request.getfixturevalue(which)
    path, found = tmp_path / "damaged.nc", 0
    for seed in range(150):
        rng = np.random.default_rng(seed)
        data = bytearray(content)
        for at in rng.integers(len(data), size=1 + 60 * (seed % 2)):
            data[at] = rng.integers(256)
        path.write_bytes(bytes(data))
        try:
            check_sound(path)
        except ReadError:
            found += 1
    assert found > 40
