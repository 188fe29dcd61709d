"""The science: numpy and xarray in, numpy and xarray out. Imports no QGIS."""
