"""Writes sound HDF5 files of many kinds with h5py; run as a script, in a process of its own.

h5py brings an HDF5 library with it, which must not meet GDAL's in one process.
"""

import sys
from pathlib import Path

import h5py
import numpy as np

NUMBERS = np.random.default_rng(0)


def chunked(file):
    """Every filter, alone and together, and arrays that are sparse, cut and grown."""
    values = np.round(NUMBERS.normal(size=(11, 13, 5)), 2)
    for number in range(16):
        more = {"compression": "gzip", "compression_opts": 4} if number & 1 else {}
        more |= {"scaleoffset": 2} if number & 8 and not number & 4 else {}
        file.create_dataset(
            f"chunked{number}", data=values, chunks=(3, 4, 5), shuffle=bool(number & 2),
            fletcher32=bool(number & 4), maxshape=(None, 13, None), fillvalue=-9999.0, **more,
        )  # fmt: skip
    file.create_dataset("lzf", data=values, compression="lzf", chunks=(4, 13, 5))
    sparse = file.create_dataset("sparse", shape=(400, 200), chunks=(4, 5), maxshape=(None, 200))
    for place in NUMBERS.permutation(4000)[:700]:
        sparse[4 * (place // 40), 5 * (place % 40)] = 1.0
    sparse.resize((150, 200))
    sparse.resize((500, 200))
    early = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    early.set_chunk((6, 6))
    early.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    space = h5py.h5s.create_simple((20, 20))
    h5py.h5d.create(file.id, b"early", h5py.h5t.NATIVE_INT32, space, early)


def kinds(file):
    """Every kind of value, and of place for them."""
    file["contiguous"] = NUMBERS.normal(size=(7, 8, 9))
    file.create_dataset("never_written", shape=(5, 5), dtype="f4")
    file["null"] = h5py.Empty("f4")
    file["scalar"] = 3.0
    compact = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    compact.set_layout(h5py.h5d.COMPACT)
    space = h5py.h5s.create_simple((10,))
    h5py.h5d.create(file.id, b"compact", h5py.h5t.NATIVE_INT32, space, compact)
    texts = np.array(["a", "", "ccc" * 100] * 9, object)
    file.create_dataset("texts", data=texts, dtype=h5py.string_dtype())
    file.create_dataset("packed_texts", data=texts, dtype=h5py.string_dtype(), compression="gzip")
    lists = file.create_dataset("lists", (4,), dtype=h5py.vlen_dtype("i4"))
    lists[0], lists[3] = [1, 2, 3], np.arange(5000)
    compound = [("a", "i1"), ("b", "f8"), ("c", "S3"), ("d", "i4", (2,))]
    file["compound"] = np.array([(1, 2.0, b"x", [1, 2])] * 5, dtype=compound)
    words = h5py.enum_dtype({"no": 0, "yes": 1}, basetype="i1")
    file.create_dataset("enumeration", data=[0, 1], dtype=words)
    for number, kind in enumerate(("f2", ">i8", "c16", "g", "?", "S5")):
        file[f"kind{number}"] = np.zeros(3, kind)
    file["opaque"] = np.void(b"123456")
    file["named_type"] = np.dtype("f8")
    file.create_dataset("of_named_type", data=np.arange(4.0), dtype=file["named_type"])
    file["of_named_type"].attrs.create("named", 3.0, dtype=file["named_type"])
    region = [file["contiguous"].regionref[2:3]]
    file.create_dataset("regions", data=region, dtype=h5py.regionref_dtype)


def groups(file):
    """Links of every kind, many links and attributes, some of them deleted again."""
    file.create_group("deep/er/yet")["up"] = file["/"]
    file["soft"], file["hard"] = h5py.SoftLink("/scalar"), file["scalar"]
    file["elsewhere"] = h5py.ExternalLink("other.h5", "/y")
    many = file.create_group("many")
    for number in range(150):
        many[f"member{number:04d}"] = number
    for number in range(0, 150, 3):
        del many[f"member{number:04d}"]
    holder = file["contiguous"]
    for number in range(300):
        holder.attrs[f"attribute{number}"] = f"text {number}" * (number % 7)
    for number in range(0, 300, 4):
        del holder.attrs[f"attribute{number}"]
    holder.attrs["long"], holder.attrs["texts"] = "x" * 60000, ["a", "bb", "ccc"]
    holder.attrs["empty"] = h5py.Empty("S1")


def scales(file):
    """Dimension scales as NetCDF-4 uses them; one of their users is deleted."""
    axis = file.create_dataset("axis", data=np.arange(7.0))
    axis.make_scale("axis")
    for number in range(40):
        user = file.create_dataset(f"user{number}", data=np.arange(7.0))
        user.dims[0].attach_scale(axis)
        user.attrs["refers"] = file["scalar"].ref
    del file["user3"]


def write(folder):
    for version in ("earliest", "v108", "v110", "latest"):
        for block in (0, 512):
            path = folder / f"{version}_{block}.h5"
            with h5py.File(path, "w", libver=version, userblock_size=block) as file:
                for part in (kinds, chunked, groups, scales):
                    part(file)
            with h5py.File(path, "a") as file:
                file["again"] = np.arange(100)
                file["contiguous"].attrs["more"] = 1
                del file["scalar"]
    with h5py.File(folder / "oldest.h5", "w", libver="earliest") as file:
        file.create_dataset("water", data=np.ones((50, 40)), chunks=(1, 10))
        file["water"].attrs["texts"] = ["a", "bb", "ccc"]
        for number in range(20):
            file[f"member{number:04d}"] = number
    for strategy in ("page", "fsm", "aggregate", "none"):
        with h5py.File(folder / f"{strategy}.h5", "w", fs_strategy=strategy) as file:
            file["values"] = np.arange(100)
    for sizes in ((4, 4), (8, 4), (4, 8)):
        made = h5py.h5p.create(h5py.h5p.FILE_CREATE)
        made.set_sizes(*sizes)
        path = folder / f"sizes_{sizes[0]}_{sizes[1]}.h5"
        with h5py.File(h5py.h5f.create(str(path).encode(), h5py.h5f.ACC_TRUNC, made)) as file:
            kinds(file)
            groups(file)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
