"""The page about the seed file names every kind, and each of its own keys."""

import re
from pathlib import Path
from typing import Any, get_args

import pytest

from harness.seed.columns import AnyColumn, Generator
from harness.seed.spec import Anomaly, Pool

PAGE = (Path(__file__).parents[3] / "docs" / "seed.md").read_text(encoding="utf-8")
ROWS = {match[1]: match[0] for match in re.finditer(r"^\| `([a-z]+)` \|.*$", PAGE, re.MULTILINE)}
KINDS = [*get_args(get_args(AnyColumn)[0]), *get_args(get_args(Pool)[0])]


@pytest.mark.parametrize("model", KINDS, ids=lambda model: model.__name__)
def test_a_kind_has_its_row_with_all_its_keys(model: Any) -> None:
    (kind,) = get_args(model.model_fields["kind"].annotation)
    own = model.model_fields.keys() - Generator.model_fields.keys() - {"kind"}
    missing = [key for key in own if f"`{key}`" not in ROWS[kind]]
    assert missing == []


def test_no_row_is_about_a_kind_that_is_not_there() -> None:
    assert ROWS.keys() == {get_args(model.model_fields["kind"].annotation)[0] for model in KINDS}


def test_every_anomaly_is_named() -> None:
    assert [kind for kind in get_args(Anomaly.model_fields["kind"].annotation) if f"`{kind}`" not in PAGE] == []
