"""The shell around the toolbox: all that is QGIS and not a Processing algorithm."""
