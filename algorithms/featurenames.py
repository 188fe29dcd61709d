"""What features are called: by a field, each by a name of its own, many in a sentence."""

from qgis.core import NULL


def title_of(feature, name_field):
    """The feature's name as text; empty where it has none."""
    value = feature[name_field] if name_field else None
    if value is None or value == NULL:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip()


def unused(title, names):
    """``title``, numbered when another feature has it already."""
    unique, number = title, 1
    while unique in names:
        number += 1
        unique = f"{title} ({number})"
    return unique


def listed(names, most=20):
    """Names in a sentence, cut where there are many."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
