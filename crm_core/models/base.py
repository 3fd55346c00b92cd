"""What every model gives back and how it is found: `Fitted`, `ModelSpec`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from importlib import import_module
from typing import Any, Literal

from crm_core.errors import CrmError

TimeUnit = Literal["day", "week"]
DAYS_IN: Mapping[TimeUnit, int] = {"day": 1, "week": 7}

_FORMAT = 1


@dataclass(frozen=True)
class Fitted:
    """What a model learned, from which rows and up to which day; plain data, kept as JSON.

    `parameters` are on their natural scale in `time_unit`s; a standard error is None where the
    data do not tell it (a parameter at its bound). `customers` is how many the fit rests on,
    `distinct` how many different rows they make. `fingerprint` changes when any of these rows
    changes. `warnings` are codes, worded by text key `warning.<code>`.
    """

    model: str
    as_of: date
    time_unit: TimeUnit
    parameters: Mapping[str, float]
    standard_errors: Mapping[str, float | None]
    log_likelihood: float
    customers: int
    distinct: int
    fingerprint: str
    warnings: tuple[str, ...] = ()

    def to_json(self) -> str:
        """The document kept in the store; the same fit gives the same text."""
        document = asdict(self) | {"format": _FORMAT, "as_of": self.as_of.isoformat()}
        return json.dumps(document, sort_keys=True, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Fitted:
        """The fit a document holds.

        Raises: CrmError("fitted_unreadable") for anything but a document of `to_json`.
        """
        try:
            document = json.loads(text)
            if document.pop("format") != _FORMAT:
                raise CrmError("fitted_unreadable")
            document["as_of"] = date.fromisoformat(document["as_of"])
            document["warnings"] = tuple(document["warnings"])
            return cls(**document)
        except (ValueError, TypeError, KeyError, AttributeError):
            raise CrmError("fitted_unreadable") from None

    @property
    def days_in_unit(self) -> int:
        """How many days one unit of time is."""
        return DAYS_IN[self.time_unit]


@dataclass(frozen=True)
class ModelSpec:
    """Where a model lives and what it must beat; its module is imported on first use.

    `module` offers `fit(store, *, as_of, …)` and `validate(store, *, origins, horizon_days)`.
    On a later period its `measure` must not be worse than that of method `baseline`. `table` is
    where its scores are, if not in a table of its name.
    """

    name: str
    module: str
    measure: str = ""
    baseline: str = ""
    better: Literal["lower", "higher"] = "lower"
    table: str = ""

    def verb(self, name: str) -> Callable[..., Any]:
        """The model's function of that name.

        >>> ModelSpec("bg_nbd", "crm_core.models.bg_nbd").verb("fit").__name__
        'fit'
        """
        found: Callable[..., Any] = getattr(import_module(self.module), name)
        return found


def need(model: str, **given: tuple[int, int]) -> None:
    """Stops a fit that would rest on too little; `given` is what there is and what it takes.

    Raises: CrmError("not_enough_data") with `<name>` and `<name>_needed` for each that is short.

    >>> need("bg_nbd", buyers=(12, 10))
    """
    short = {name: pair for name, pair in given.items() if pair[0] < pair[1]}
    if short:
        have = {name: pair[0] for name, pair in short.items()}
        takes = {f"{name}_needed": pair[1] for name, pair in short.items()}
        raise CrmError("not_enough_data", model=model, **have, **takes)
