"""Outlines that overlap, and the unions of them."""

from qgis.core import QgsFeature, QgsGeometry, QgsSpatialIndex

from ..layers import polygons_of, rings_of

#: Share of the smaller outline up to which two may overlap, as divides drawn twice do.
SLIVER = 1e-6


def overlaps(shapes, check):
    """Sets of numbers of `Polygons` that overlap, each with the rings of their union.

    Neighbours that share an edge do not overlap. ``check`` is called for each outline.
    """
    index, leader = QgsSpatialIndex(), list(range(len(shapes.geometries)))
    for number, geometry in enumerate(shapes.geometries):
        feature = QgsFeature(number)
        feature.setGeometry(geometry)
        index.addFeature(feature)
    for number, geometry in enumerate(shapes.geometries):
        check()
        for other in index.intersects(geometry.boundingBox()):
            if other > number and _overlap(geometry, shapes.geometries[other]):
                leader[_lead(leader, other)] = _lead(leader, number)
    sets = {}
    for number in range(len(leader)):
        sets.setdefault(_lead(leader, number), []).append(number)
    found = []
    for numbers in sets.values():
        if len(numbers) > 1:
            check()
            union = polygons_of(QgsGeometry.unaryUnion([shapes.geometries[i] for i in numbers]))
            found.append((numbers, rings_of(union, shapes.transform, shapes.step)))
    return found


def _overlap(one, other):
    if not one.intersects(other):
        return False
    common = one.intersection(other)
    return common.area() > SLIVER * min(one.area(), other.area())


def _lead(leader, number):
    while leader[number] != number:
        leader[number] = leader[leader[number]]
        number = leader[number]
    return number
