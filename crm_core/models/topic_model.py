"""What a contact is about, learned from topics that the shop itself gave: letters in a row tell.

Runs of one to three letters, weighed by how telling they are, and a logistic regression; where it is
not sure the rule list speaks. It is held against the rule list alone on messages it has not seen
(those that begin alike are all on one side), and is used only where it is right more often than
chance would have it.
Source: Zhang, Zhao & LeCun (2015), n-grams of characters; McNemar (1947) for the comparison.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any, Final

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from crm_core.errors import CrmError
from crm_core.metrics.contact_topics import TopicRule, pattern_of, plain_message
from crm_core.models.threads import one_thread

#: Different messages with a topic that it takes, and with each topic that is learned.
LEAST_LABELS: Final = 200
LEAST_OF_TOPIC: Final = 10
#: More teach nothing.
MOST_LABELS: Final = 5_000
FOLDS: Final = 3
SURE: Final = 0.5
#: Messages that begin with the same letters are kept on one side: they may be one text.
_ALIKE: Final = 12
_Z_ONE_SIDED_95: Final = 1.645

Tell = Callable[[Sequence[str]], list[str]]
"""From messages to topics, "" where unknown."""


@dataclass(frozen=True)
class TopicTrial:
    """How often each way was right on messages it had not seen, and which is used."""

    labels: int
    topics: tuple[str, ...]
    model_accuracy: float
    rules_accuracy: float
    is_better: bool

    def document(self) -> dict[str, Any]:
        """As plain JSON."""
        return {**vars(self), "topics": list(self.topics)}


def try_topics(labelled: Sequence[tuple[str, str]], rules: tuple[TopicRule, ...]) -> TopicTrial:
    """Both ways on held-out messages, each (message, topic) once.

    Raises: CrmError("topics_few") with too few different messages or fewer than two topics.
    """
    rows = lessons(labelled)
    names = tuple(sorted({topic for _, topic in rows}))
    if len(rows) < LEAST_LABELS or len(names) < 2:
        raise CrmError("topics_few", labels=len(rows), needed=LEAST_LABELS)
    by_rules = rule_teller(rules)
    fold = np.array([zlib.crc32(message[:_ALIKE].encode()) % FOLDS for message, _ in rows])
    model_right, rules_right = np.zeros(len(rows), bool), np.zeros(len(rows), bool)
    for held in range(FOLDS):
        there = np.flatnonzero(fold == held)
        if not len(there):
            continue
        taught = learn([rows[i] for i in np.flatnonzero(fold != held)], by_rules)
        messages, truth = zip(*(rows[i] for i in there), strict=True)
        model_right[there] = [
            told == topic for told, topic in zip(taught(messages), truth, strict=True)
        ]
        rules_right[there] = [
            told == topic for told, topic in zip(by_rules(messages), truth, strict=True)
        ]
    gained, lost = (model_right & ~rules_right).sum(), (rules_right & ~model_right).sum()
    differ = float(gained + lost)
    z = float(gained - lost) / sqrt(differ) if differ else 0.0
    return TopicTrial(
        labels=len(rows),
        topics=names,
        model_accuracy=float(model_right.mean()),
        rules_accuracy=float(rules_right.mean()),
        is_better=z > _Z_ONE_SIDED_95,
    )


def lessons(labelled: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Different messages with the topic that most of their contacts have, of topics with enough."""
    votes: dict[str, dict[str, int]] = {}
    for message, topic in labelled:
        key = plain_message(message).strip()
        if key:
            mine = votes.setdefault(key, {})
            mine[topic] = mine.get(topic, 0) + 1
    told = [
        (key, min(mine, key=lambda topic: (-mine[topic], topic)))
        for key, mine in sorted(votes.items(), key=lambda pair: zlib.crc32(pair[0].encode()))
    ][:MOST_LABELS]
    count: dict[str, int] = {}
    for _, topic in told:
        count[topic] = count.get(topic, 0) + 1
    return [(key, topic) for key, topic in told if count[topic] >= LEAST_OF_TOPIC]


def learn(rows: Sequence[tuple[str, str]], by_rules: Tell) -> Tell:
    """What tells the topic of messages, after these."""
    words = TfidfVectorizer(
        analyzer="char_wb", ngram_range=(1, 3), sublinear_tf=True, max_features=50_000
    )
    learner = LogisticRegression(C=10.0, max_iter=300)
    with one_thread():
        design = words.fit_transform([message for message, _ in rows])
        learner.fit(design, [topic for _, topic in rows])

    def tell(messages: Sequence[str]) -> list[str]:
        plain = [plain_message(message).strip() for message in messages]
        chances = learner.predict_proba(words.transform(plain))
        best = chances.argmax(axis=1)
        ruled = by_rules(messages)
        return [
            str(learner.classes_[place]) if chances[row, place] >= SURE else ruled[row]
            for row, place in enumerate(best)
        ]

    return tell


def rule_teller(rules: tuple[TopicRule, ...]) -> Tell:
    """The rule list, as the engine applies it."""
    patterns = [(topic, re.compile(p)) for topic, words in rules if (p := pattern_of(words))]

    def tell(messages: Sequence[str]) -> list[str]:
        plain = [plain_message(message) for message in messages]
        return [next((topic for topic, p in patterns if p.search(text)), "") for text in plain]

    return tell
