"""Facts about one customer as of a date: a catalogue, and how to build what is in it."""

from crm_core.features.build import build_features
from crm_core.features.catalog import FEATURES, feature
from crm_core.features.definition import Feature
from crm_core.features.left_behind import LEFT_DAYS, left_behind
from crm_core.features.preferences import PREFERENCES, attributes, preferences

__all__ = [
    "FEATURES",
    "LEFT_DAYS",
    "PREFERENCES",
    "Feature",
    "attributes",
    "build_features",
    "feature",
    "left_behind",
    "preferences",
]
