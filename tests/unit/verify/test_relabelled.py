"""An enum's labels of then and now: which were renamed, and where that is not known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.verify.relabelled import new_labels
from tests.unit.verify.catalogues import column

STATE = replace(column(1, "state"), type_sql="state", base_type="state", category="E", labels=("on", "off", "broken"))


@pytest.mark.parametrize(
    ("now", "renamed"),
    [
        (("running", "off", "broken"), {"on": "running"}),
        (("running", "off", "spoilt"), {"on": "running", "broken": "spoilt"}),
        (("on", "off", "broken"), {}),
        (("off", "on", "broken"), {}),  # the labels are all there: in another order, or of another meaning
        (("running", "on", "off"), {}),  # one is gone, one is new, and not in its place
        (("running", "off", "broken", "sold"), {}),
    ],
)
def test_a_label_keeps_its_place(now: tuple[str, ...], renamed: dict[str, str]) -> None:
    assert new_labels(STATE, replace(STATE, labels=now)) == renamed


def test_what_has_another_type_now_is_told_otherwise() -> None:
    assert new_labels(STATE, replace(STATE, type_sql="other", labels=("running", "off", "broken"))) == {}
    assert new_labels(replace(STATE, category="C"), replace(STATE, category="C", labels=("x", "off", "broken"))) == {}
