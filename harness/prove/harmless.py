"""Rewritings of a view that change nothing: the check must not accuse them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from harness.prove.ground import Ground, Stand
from harness.sqltext import quote_ident


def harmless_edits(ground: Ground) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each with its name and the scripts that do it, of which the first that works is used; a view for each in turn."""
    makers: tuple[tuple[str, Callable[[Stand], str]], ...] = (
        ("the same definition", lambda stand: stand.text.sql),
        ("a condition that is always true", lambda stand: stand.text.with_filter("1 = 1")),
        ("a partner that is not used", _unused_partner),
        ("the view around a subquery", _wrapped),
        ("the view as a WITH query", _with_query),
        ("a further column", lambda stand: f"SELECT w.*, 1 AS bench_further FROM ({stand.text.sql}) AS w"),
        ("columns in another order", _reordered),
    )
    if not ground.stands:
        return
    for number, (name, make) in enumerate(makers):
        stand = ground.stands[number % len(ground.stands)]
        yield f"{name}: {stand.view.display}", ground.redefined(stand.view, make(stand))


def _names(stand: Stand) -> list[str]:
    return [quote_ident(column.name) for column in stand.view.columns]


def _unused_partner(stand: Stand) -> str:
    keys = [column.name for name in stand.change.key if (column := stand.change.now(name)) is not None]
    condition = " AND ".join(f"bench_again.{quote_ident(name)} = {stand.own(name)}" for name in keys)
    return stand.text.with_left_join(f"{stand.table.sql} AS bench_again", condition)


def _wrapped(stand: Stand) -> str:
    return f"SELECT {', '.join(f'w.{name}' for name in _names(stand))} FROM ({stand.text.sql}) AS w"


def _with_query(stand: Stand) -> str:
    return f"WITH w AS ({stand.text.sql}) SELECT {', '.join(f'w.{name}' for name in _names(stand))} FROM w"


def _reordered(stand: Stand) -> str:
    return f"SELECT {', '.join(f'w.{name}' for name in reversed(_names(stand)))} FROM ({stand.text.sql}) AS w"
