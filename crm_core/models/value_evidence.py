"""What a shop's own past says of its values: which models it chose, and how far totals were off."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from crm_core.errors import CrmError
from crm_core.models import beginnings
from crm_core.models import blend as blends
from crm_core.models.beginnings import Beginnings
from crm_core.models.blend import Blend
from crm_core.models.lessons import Past
from crm_core.models.rhythm import Sight
from crm_core.models.threads import one_thread
from crm_core.models.triples import Triples
from crm_core.models.value_choice import Choice, lacking
from crm_core.models.value_columns import YEAR_DAYS
from crm_core.store import Tables

NAME = "value_choice"


@dataclass(frozen=True)
class Evidence:
    """How the order model was chosen, whether trees rank better here, and errors of past totals
    (relative, newest first). `too_few` says what the trial of trees lacked, if anything; `begun`
    what facts of the first order would have done to the order model."""

    choice: Choice
    blend: Blend | None
    too_few: Mapping[str, tuple[int, int]]
    spend_errors: tuple[float, ...]
    begun: Beginnings

    @property
    def order_errors(self) -> tuple[float, ...]:
        """Errors of the chosen model's totals of orders."""
        mine = [trial for trial in self.choice.trials if trial.model == self.choice.model]
        return tuple(t.purchases_error for t in mine if t.purchases_error is not None)

    @property
    def method(self) -> str:
        """`blend` where trees pay, else `order_model`."""
        return "blend" if self.blend is not None and self.blend.pays else "order_model"

    @property
    def used_beginnings(self) -> Beginnings | None:
        """Those that shape values: not beside trees, with which they were not tried."""
        return self.begun if self.begun.used and self.method == "order_model" else None

    @property
    def ranking_reason(self) -> str:
        """Why that: `own_past` either way, or `too_few_customers`, `too_little_to_test`."""
        if self.blend is None:
            return "too_few_customers" if "customers" in self.too_few else "too_little_to_test"
        deciding = [day for day in self.blend.gains if day != self.blend.last]
        return "own_past" if deciding else "too_little_to_test"

    def document(self) -> str:
        """The choices and what each still lacks, as JSON."""
        missing = {name: list(pair) for name, pair in self.choice.missing.items()}
        return json.dumps(
            {
                "model": NAME,
                "order_model": self.choice.model,
                "reason": self.choice.reason,
                "missing": missing,
                "learned_from": self.choice.fitted.customers,
                "ranking": self.method,
                "ranking_reason": self.ranking_reason,
                "ranking_missing": {name: list(pair) for name, pair in self.too_few.items()},
                "begun": self.begun.used if self.used_beginnings else "",
                "multipliers": dict(self.begun.multipliers) if self.used_beginnings else {},
                "bic": dict(self.choice.bic),
                "order_errors": list(self.order_errors),
                "spend_errors": list(self.spend_errors),
            },
            sort_keys=True,
        )

    def table(self) -> pa.Table:
        """Each trial as a row: question (orders, ranking, beginnings), method, origin, decides, measure, value;
        low and high where the value has a range; chosen: whether the method is in use."""
        rows = [*self._of_orders(), *self._of_ranking(), *self._of_beginnings()]
        types = {
            "question": pa.string(),
            "method": pa.string(),
            "origin": pa.date32(),
            "decides": pa.bool_(),
            "measure": pa.string(),
            "value": pa.float64(),
            "low": pa.float64(),
            "high": pa.float64(),
            "chosen": pa.bool_(),
        }
        return pa.table(
            {name: pa.array([row.get(name) for row in rows], types[name]) for name in types}
        )

    def _of_orders(self) -> list[dict[str, object]]:
        rows: list[dict[str, object]] = []
        for trial in self.choice.trials:
            told = {"score": trial.score, "purchases_error": trial.purchases_error}
            rows += [
                _row("orders", trial.model, trial.origin, trial.decides, measure, value)
                | {"chosen": trial.model == self.choice.model}
                for measure, value in told.items()
            ]
        return rows

    def _of_ranking(self) -> list[dict[str, object]]:
        if self.blend is None:
            return []
        rows = [
            _row("ranking", "blend", day, day != self.blend.last, "gini_gain", gain.gain)
            | {"low": gain.low, "high": gain.high}
            for day, gain in self.blend.gains.items()
        ]
        for method, told in self.blend.told.items():
            rows += [
                _row("ranking", method, self.blend.last, False, measure, value)
                for measure, value in told.items()
            ]
        return [{**row, "chosen": row["method"] == self.method} for row in rows]

    def _of_beginnings(self) -> list[dict[str, object]]:
        used = "" if self.used_beginnings is None else self.begun.used
        return [
            _row("beginnings", fact, day, day != self.begun.last, "gini_gain", gain.gain)
            | {"low": gain.low, "high": gain.high, "chosen": fact == used}
            for fact, gains in self.begun.gains.items()
            for day, gain in gains.items()
        ]


def gather(store: Tables, choice: Choice, triples: Triples, as_of: date) -> Evidence:
    """Tries values on the shop's past: trees only from 2,000 customers on."""
    past = Past(store, as_of, triples, choice.model)
    with one_thread():
        deciding, last = past.trials(YEAR_DAYS)
        errors = [_error(sight) for sight in ([] if last is None else [last]) + list(deciding)]
        begun = Beginnings() if lacking(triples) else beginnings.learn(past, YEAR_DAYS)
    blend, too_few = None, dict(lacking(triples))
    try:
        blend = blends.learn(past, YEAR_DAYS, customers=triples.customers)
    except CrmError:
        too_few["customers"] = (triples.customers, blends.LEAST_CUSTOMERS)
    told = tuple(error for error in errors if error is not None)
    return Evidence(choice, blend, too_few, told, begun)


def _error(sight: Sight) -> float | None:
    """How far off the revenue of everybody would have been."""
    snapshot = sight.snapshot
    brought = float(snapshot.next_cents.sum()) / 100.0
    said = float(sight.rhythm.expected_revenue(snapshot, snapshot.horizon_days).sum())
    return said / brought - 1.0 if brought > 0 else None


def _row(
    question: str, method: str, origin: date | None, decides: bool, measure: str, value: object
) -> dict[str, object]:
    return {
        "question": question,
        "method": method,
        "origin": origin,
        "decides": decides,
        "measure": measure,
        "value": value,
    }
