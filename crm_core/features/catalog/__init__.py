"""The features, one file a theme. Words: `feature.<name>.label/.about`."""

from __future__ import annotations

from crm_core.errors import CrmError, close_match
from crm_core.features.catalog import care, habits, money, purchases, visits
from crm_core.features.definition import Feature

FEATURES: dict[str, Feature] = {
    feature.name: feature
    for theme in (purchases, money, habits, care, visits)
    for feature in theme.FEATURES
}


def feature(name: str) -> Feature:
    """The feature of that name.

    Raises: CrmError("unknown_feature") with the closest name.
    """
    if name not in FEATURES:
        raise CrmError("unknown_feature", name=name, match=close_match(name, FEATURES))
    return FEATURES[name]
