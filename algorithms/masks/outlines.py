"""Polygon layers as the core's outlines: streamed, repaired, united where they overlap."""

import numpy as np
from qgis.core import (
    QgsFeatureRequest,
    QgsGeometry,
    QgsProcessingFeatureSource,
)

from ...core.errors import DataError, located
from ...core.masks.outlines import Outlines, touching_groups
from ..layers import DENSIFY_SHARE, check_source, polygons_of, rings_of
from ..sourcecrs import transform_to

_NO_CHECK = QgsProcessingFeatureSource.Flag.FlagSkipGeometryValidityChecks


class LayerOutlines:
    """The polygons of a feature source, read twice: once for their boxes, then by place.

    ``outlines`` is the core's `Outlines`; ``count``, ``repaired`` and ``skipped`` are
    numbers of features. Only features near the window at work are held.
    """

    def __init__(self, source, crs_wkt, context, progress, name):
        check_source(source, name)
        self._source, self._name, self._check = source, name, progress.check
        transform = transform_to(source, crs_wkt, context, "grid", "REFERENCE")
        self._transform = None if transform.isShortCircuited() else transform
        box = source.sourceExtent()
        self._step = 0.0
        if self._transform is not None:
            self._step = max(box.width(), box.height()) * DENSIFY_SHARE
        self.repaired = self.skipped = 0
        self._ids, self._invalid = [], set()
        boxes, vertices = [], []
        for feature in self._features():
            self._check()
            geometry = self._geometry(feature, first=True)
            if geometry is None:
                self.skipped += 1
                continue
            self._ids.append(feature.id())
            boxes.append(self._box(geometry, feature.id()))
            vertices.append(geometry.constGet().nCoordinates())
        if not boxes:
            raise DataError(
                "at least one polygon is expected", f"none in {source.sourceName()}", name
            )
        self.count = len(boxes)
        self.outlines = Outlines(boxes, vertices, self._fetch)

    def remarks(self):
        """What was done to the features, one sentence each."""
        if self.repaired:
            yield f"{self.repaired} geometries of {self._name} were invalid and repaired."
        if self.skipped:
            yield f"{self.skipped} features of {self._name} without a polygon were left out."

    def _features(self, ids=None):
        request = QgsFeatureRequest()
        if ids is not None:
            request.setFilterFids(ids)
        request.setSubsetOfAttributes([])
        request.setInvalidGeometryCheck(QgsFeatureRequest.InvalidGeometryCheck.GeometryNoCheck)
        return self._source.getFeatures(request, _NO_CHECK)

    def _geometry(self, feature, first=False):
        """The feature's polygons, valid; None where it has none."""
        geometry = polygons_of(feature.geometry())
        if geometry is None:
            return None
        if first and not geometry.isGeosValid():
            self._invalid.add(feature.id())
            self.repaired += 1
        if feature.id() in self._invalid:
            geometry = polygons_of(geometry.makeValid())
            if geometry is None and first:
                self._invalid.discard(feature.id())
                self.repaired -= 1
        return geometry

    def _box(self, geometry, number):
        if self._transform is None:
            return _corners(geometry)
        with located(f"{self._name}, feature {number}"):
            points = np.concatenate(rings_of(geometry, self._transform, self._step))
        return *points.min(axis=0), *points.max(axis=0)

    def _fetch(self, index):
        """Rings of the union of some features, in the grid's coordinates."""
        wanted = [self._ids[i] for i in index]
        shapes = []
        for feature in self._features(wanted):
            self._check()
            geometry = self._geometry(feature)
            if geometry is not None:
                shapes.append(geometry)
        if len(shapes) != len(wanted):
            raise DataError(
                f"{len(wanted)} features are expected again", len(shapes), self._name,
                "Has the layer changed meanwhile?",
            )  # fmt: skip
        rings = []
        for group in touching_groups([_corners(shape) for shape in shapes]):
            self._check()
            with located(self._name):
                union = _united([shapes[i] for i in group])
                rings.extend(rings_of(union, self._transform, self._step))
        return rings


def _united(shapes):
    """One geometry of adjacent and overlapping outlines: an area counts once."""
    if len(shapes) == 1:
        return shapes[0]
    union = polygons_of(QgsGeometry.unaryUnion(shapes))
    if union is None:
        raise DataError(
            "polygons that can be united are expected",
            "some that cannot",
            remedy="Run 'Fix geometries' on the layer.",
        )
    return union


def _corners(geometry):
    box = geometry.boundingBox()
    return box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum()
