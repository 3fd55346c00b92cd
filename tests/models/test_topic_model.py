"""Topics are learned from the shop's own, and only used where they are told better than by rules."""

from __future__ import annotations

import random

import pytest

from crm_core.errors import CrmError
from crm_core.metrics.contact_topics import USUAL_RULES
from crm_core.models.topic_model import LEAST_LABELS, learn, lessons, rule_teller, try_topics

#: Words of a shop's own that no usual rule knows.
OWN = {
    "wasserschaden": ("tropft", "undicht", "nass geworden", "pfütze"),
    "montage": ("schraube", "anleitung", "aufbau", "dübel"),
}
FILL = (
    "hallo",
    "guten tag",
    "bitte",
    "leider",
    "seit gestern",
    "mein",
    "das regal",
    "die lampe",
    "hilfe",
)


def messages(seed: int, count: int) -> list[tuple[str, str]]:
    draw = random.Random(seed)
    found = []
    for _ in range(count):
        topic = draw.choice(list(OWN))
        words = [*draw.sample(FILL, 4), draw.choice(OWN[topic])]
        draw.shuffle(words)
        found.append((" ".join(words), topic))
    return found


def test_a_shops_own_words_are_learned() -> None:
    trial = try_topics(messages(1, 500), USUAL_RULES)
    assert trial.is_better
    assert trial.model_accuracy > 0.85
    assert trial.rules_accuracy < 0.1
    taught = learn(lessons(messages(1, 500)), rule_teller(USUAL_RULES))
    assert taught(["es tropft leider", "wo ist die schraube"]) == ["wasserschaden", "montage"]


def test_topics_at_random_are_not_learned() -> None:
    draw = random.Random(2)
    rows = [(text, draw.choice(("delivery", "return"))) for text, _ in messages(3, 400)]
    rows += [(f"where is my parcel {n}", "delivery") for n in range(200)]
    rows += [(f"i want a refund {n}", "return") for n in range(200)]
    trial = try_topics(rows, USUAL_RULES)
    assert not trial.is_better or trial.model_accuracy > trial.rules_accuracy


def test_few_messages_teach_nothing() -> None:
    with pytest.raises(CrmError) as caught:
        try_topics([("same words", "delivery")] * 1000, USUAL_RULES)
    assert caught.value.code == "topics_few"
    assert caught.value.facts["needed"] == LEAST_LABELS


def test_emoji_alone_are_no_lesson() -> None:
    rows = [("👍", "praise"), ("  ", "praise"), ("good tea", "praise")] * 20
    assert {message for message, _ in lessons(rows)} <= {"👍", "good tea"}
