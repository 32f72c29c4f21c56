"""Which indexes another one makes needless: the same key under another name, or a key that begins another's; pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from harness.catalogue.model import Index


@dataclass(frozen=True)
class Key:
    """What an index's definition says after USING: method, key parts in order, and the rest (INCLUDE, WHERE, ...)."""

    method: str
    parts: tuple[str, ...]
    rest: str

    @property
    def text(self) -> str:
        """The key as one writes it: `a, b DESC`."""
        return ", ".join(self.parts)


def key_of(index: Index) -> Key:
    """The key of an index, from the definition that PostgreSQL gives."""
    method, _, tail = index.definition.partition(" USING ")[2].partition(" ")
    depth, quoted, start = 0, "", 1
    parts: list[str] = []
    for place, char in enumerate(tail):
        if quoted or char in "\"'":
            quoted = "" if char == quoted else quoted or char
        elif char in "([":
            depth += 1
        elif char in ")]":
            depth -= 1
        if not quoted and (depth, char) in ((1, ","), (0, ")")):
            parts.append(tail[start:place].strip())
            start = place + 1
        if not quoted and depth == 0:
            return Key(method, tuple(parts), tail[place + 1 :].strip())
    return Key(method, (tail,), "")


class Earlier:
    """The indexes of an earlier state, of which a new one may bear the name."""

    def __init__(self, indexes: Iterable[Index] = ()) -> None:
        every = tuple(indexes)
        self._themselves = {(item.relation, item.oid) for item in every}
        self._same = {_said(item) for item in every}

    def has_itself(self, item: Index) -> bool:
        """Whether the index was there, under whatever name."""
        return (item.relation, item.oid) in self._themselves

    def __contains__(self, item: Index) -> bool:
        """Whether the index, or one of the same name and key on the same table, was there.

        PostgreSQL makes an index anew where a column gets another type.
        """
        return self.has_itself(item) or _said(item) in self._same


def _said(index: Index) -> tuple[int, str, Key, bool]:
    return index.relation, index.name, key_of(index), index.is_unique


def duplicate_of(item: Index, others: Sequence[Index], old: Earlier) -> str:
    """The index with the same key for whose sake this one is needless; empty where there is none.

    Of two equal ones that stays which something relies on, else the unique one, else the older, else the first by name.
    A deferrable constraint's index does less than a unique one: it lets equal values be for a while.
    """
    if not item.valid:
        return ""
    twins = [other for other in others if _could_replace(other, item) and key_of(other) == key_of(item)]
    if item.is_unique:
        twins = [other for other in twins if other.is_unique and other.immediate]
    better = [other for other in twins if _rank(other, old) < _rank(item, old)]
    return min(better, key=lambda other: _rank(other, old)).name if better else ""


def redundant_with(item: Index, others: Sequence[Index]) -> str:
    """An index whose key begins with all of this one's and goes on; empty where there is none, or this is unique."""
    mine = key_of(item)
    if item.is_unique or not item.valid or mine.method != "btree":
        return ""
    for other in others:
        theirs = key_of(other)
        longer = theirs.parts[: len(mine.parts)] == mine.parts and len(theirs.parts) > len(mine.parts)
        if longer and (theirs.method, theirs.rest) == (mine.method, mine.rest) and _could_replace(other, item):
            return other.name
    return ""


def _could_replace(other: Index, item: Index) -> bool:
    """Whether another index of the table can do without this one, as far as anything but their keys tells.

    The share of a partitioned index goes with the whole: only another's share can stand for it.
    """
    may_go = item.stands_alone or (item.attached and other.attached and not (item.constrains or item.relied_on))
    return may_go and other is not item and other.relation == item.relation and other.valid


def _rank(index: Index, old: Earlier) -> tuple[bool, bool, bool, str]:
    return (index.stands_alone, not index.is_unique, index not in old, index.name)
