from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from crm_core.models.triples import Triples
from tests.models.histories import Log, cdnow

CALIBRATION_END = date(1997, 9, 30)


@pytest.fixture(scope="session")
def sample(cdnow_sample: Path) -> Log:
    """The CDNOW 1/10 sample."""
    return cdnow(cdnow_sample)


@pytest.fixture(scope="session")
def sample_summary(sample: Log) -> dict[str, object]:
    """Its customers as of the published calibration's end."""
    return dict(sample.summary(CALIBRATION_END))


@pytest.fixture(scope="session")
def sample_triples(sample: Log) -> Triples:
    """Its distinct histories as of the published calibration's end."""
    seen = sample.summary(CALIBRATION_END)
    return Triples.of(seen["frequency"], seen["recency_days"], seen["age_days"])
