"""Facts about one customer as of a date: a catalogue, and how to build what is in it."""

from crm_core.features.build import build_features
from crm_core.features.catalog import FEATURES, feature
from crm_core.features.definition import Feature

__all__ = ["FEATURES", "Feature", "build_features", "feature"]
