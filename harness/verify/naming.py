"""What a function's body names of what a migration took away, read word by word."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from harness import sqltext
from harness.catalogue import Catalogue, Function, Relation

_BEFORE_A_TABLE = frozenset({"from", "join", "update", "into", ",", "using", "only"})


@dataclass(frozen=True)
class Loss:
    """What a table lost: all of it, or some columns."""

    table: Relation
    columns: frozenset[str]
    whole: bool


def names_lost(function: Function, losses: list[Loss], after: Catalogue) -> Iterator[str]:
    """Lost columns (`table.column`) and tables that the function's body names.

    A qualified column counts where its qualifier stands for the table (NEW and OLD do in its triggers); a plain one
    where the body names the table and no other relation in it has such a column.
    """
    words = sqltext.words(function.body)
    aliases = aliases_in(words)
    arguments = frozenset(sqltext.words(function.identity.partition("(")[2]))
    for loss in losses:
        stands_for = {alias for alias, name in aliases.items() if name == loss.table.name} | {loss.table.name}
        if loss.table.oid in function.trigger_tables:
            stands_for |= {"new", "old"}
        used = loss.table.name in aliases.values()
        if loss.whole:
            if used and not any(item.name == loss.table.name for item in after.relations.values()):
                yield loss.table.display
            continue
        others = {name for name in aliases.values() if name != loss.table.name}
        plain = loss.columns - columns_of(others, after) - arguments if used else frozenset()
        yield from (f"{loss.table.display}.{name}" for name in _named(words, stands_for, loss.columns, plain))


def _named(
    words: tuple[str, ...], qualifiers: set[str], columns: frozenset[str], plain: frozenset[str]
) -> Iterator[str]:
    """A plain name counts until the body gives it a meaning of its own: a variable, or what AS calls an expression."""
    declaring = False
    own: set[str] = set()
    for place, word in enumerate(words):
        before = words[place - 1] if place else ""
        declaring = word == "declare" or (declaring and word != "begin")
        if before == "as" or (declaring and before in ("declare", ";")):
            own.add(word)
        elif word not in columns:
            continue
        elif place > 1 and before == ".":
            if words[place - 2] in qualifiers:
                yield word
        elif word in plain - own and words[place + 1 : place + 2] not in (("(",), (".",)):
            yield word


def aliases_in(words: tuple[str, ...]) -> Mapping[str, str]:
    """Names and aliases of the relations that the words use, each with the relation's name.

    A keyword behind a table's name (WHERE, ON) passes for an alias, too; nothing is ever qualified with it.
    """
    found: dict[str, str] = {}
    for place, (earlier, word) in enumerate(pairwise(words), start=1):
        if earlier not in _BEFORE_A_TABLE or not _is_name(word):
            continue
        following = list(words[place + 1 : place + 5])
        if following[:1] == ["."] and len(following) > 1:
            word, following = following[1], following[2:]  # noqa: PLW2901
        found[word] = word
        if following[:1] == ["as"]:
            following = following[1:]
        if following and _is_name(following[0]):
            found[following[0]] = word
    found |= _records(words)
    for place in range(1, len(words) - 2):  # r goods%ROWTYPE
        if words[place + 1 : place + 3] == ("%", "rowtype"):
            found[words[place - 1]] = found[words[place]] = words[place]
    return found


def _is_name(word: str) -> bool:
    """Neither a sign nor a string; a name that was quoted may hold spaces."""
    return not word.startswith(("'", "$")) and any(char.isalpha() or char == "_" for char in word)


def _records(words: tuple[str, ...]) -> Mapping[str, str]:
    """Variables that only ever hold whole rows of one relation: FOR r IN SELECT * FROM goods, SELECT * INTO r."""
    held: dict[str, set[str]] = {}
    for place, word in enumerate(words):
        rest = words[place + 1 : place + 3]
        if word == "for" and words[place + 2 : place + 4] == ("in", "select"):
            variable, behind = words[place + 1], words[place + 4 :]
        elif word == "select" and rest == ("*", "into"):
            behind = words[place + 4 if words[place + 3 : place + 4] == ("strict",) else place + 3 :]
            variable, behind = (behind[0] if behind else ""), ("*", *behind[1:])
        else:
            continue
        held.setdefault(variable, set()).add(_whole_rows_of(behind))
    return {variable: next(iter(names)) for variable, names in held.items() if len(names) == 1 and "" not in names}


def _whole_rows_of(behind: tuple[str, ...]) -> str:
    """The relation where SELECT is followed by `* FROM relation` or `r.* FROM relation r`, and by no other relation."""
    star = 1 if behind[:1] == ("*",) else 3 if behind[1:3] == (".", "*") else 0
    if not star or behind[star : star + 1] != ("from",):
        return ""
    query: list[str] = []
    for word in behind[star + 1 :]:
        if word in ("loop", ";"):
            break
        query.append(word)
    name = query[2:3] if query[1:2] == ["."] else query[:1]
    alone = "join" not in query and "," not in query[:5]
    return name[0] if name and alone and _is_name(name[0]) else ""


def columns_of(names: set[str], after: Catalogue) -> frozenset[str]:
    """The columns that relations of these names have now."""
    return frozenset(
        column.name for relation in after.relations.values() if relation.name in names for column in relation.columns
    )
