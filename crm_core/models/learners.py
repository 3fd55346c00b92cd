"""Learners over what was seen of customers: who stays away, and what each will spend."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from crm_core.models.lessons import Lessons
from crm_core.models.triples import Floats, Ints

Predict = Callable[[Floats], Floats]

_LEAST_OF_EACH = 100
_FOLDS = 3
_TREES: dict[str, Any] = {
    "max_iter": 100,
    "learning_rate": 0.06,
    "max_leaf_nodes": 12,
    "min_samples_leaf": 60,
    "l2_regularization": 5.0,
    "max_features": 0.4,
    "early_stopping": False,
}


def is_enough(lessons: Lessons) -> bool:
    """Whether a hundred stayed away and a hundred came, so that there is something to learn."""
    away = float(lessons.stayed_away.sum())
    return min(away, len(lessons.stayed_away) - away) >= _LEAST_OF_EACH


def learn_logistic(lessons: Lessons) -> Predict:
    """Chance of staying away: logistic regression on standardised columns, drawn to zero a little."""
    learner = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1_000))
    learner.fit(lessons.design, lessons.stayed_away)
    return lambda design: np.asarray(learner.predict_proba(design)[:, 1])


def learn_boosting(lessons: Lessons, *, seed: int) -> Predict:
    """Chance of staying away: boosted trees, three times on two thirds of the customers, each set
    right on the third it had not seen (Platt's sigmoid)."""
    trees = HistGradientBoostingClassifier(**_TREES, random_state=seed)
    folds = _folds(lessons.customer_key)
    learner = CalibratedClassifierCV(trees, method="sigmoid", cv=folds)
    learner.fit(lessons.design, lessons.stayed_away)
    return lambda design: np.asarray(learner.predict_proba(design)[:, 1])


def learn_spend(lessons: Lessons, *, seeds: range) -> Predict:
    """Spend over the horizon: boosted trees of Poisson's loss, a mean over seeds."""
    learners = [
        HistGradientBoostingRegressor(loss="poisson", **_TREES, random_state=seed).fit(
            lessons.design, lessons.spent
        )
        for seed in seeds
    ]
    return lambda design: np.mean([learner.predict(design) for learner in learners], axis=0)


def _folds(customer_key: Ints) -> list[tuple[Ints, Ints]]:
    """Thirds by customer: nobody is learned from and predicted at once, however often seen."""
    _, person = np.unique(customer_key, return_inverse=True)
    third = person % _FOLDS
    rows = np.arange(len(third))
    return [(rows[third != fold], rows[third == fold]) for fold in range(_FOLDS)]
