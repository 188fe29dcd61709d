"""Whether an HDF5 file is built as its specification says, before a library opens it.

HDF5 1.10, which GDAL stands on in many installations, ends the process on some damaged
headers. So the structure is walked here first, in Python, where damage is only an error.
Source of every layout in this folder: the HDF5 file format specification, version 3.0.
"""
