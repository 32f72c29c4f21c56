"""Functions that mean a lost column without naming it as one: INSERT without a list, names given to format()."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness import sqltext
from harness.catalogue import Catalogue, Function
from harness.verify.naming import Loss, aliases_in, columns_of

_OPENS, _CLOSES = frozenset({"(", "["}), frozenset({")", "]"})


def shifted(function: Function, losses: Sequence[Loss]) -> Iterator[str]:
    """What the function says of each INSERT without a list of columns that gives a value to one that is gone.

    Only of a body that the migration left as it was: one that it wrote anew counts by the table as it is now.
    """
    words = sqltext.words(function.body)
    for loss in losses:
        places = [place for place, column in enumerate(loss.table.columns, start=1) if column.name in loss.columns]
        for given in _inserted(words, loss.table.name) if places and not loss.whole else ():
            if given >= places[0]:
                gone = loss.table.columns[places[0] - 1].name
                yield (
                    f"gives {given} values to {loss.table.display} without a list of columns, counting {gone}, which is"
                    " gone: it fails, or each value behind that lands in the next column"
                )


def _inserted(words: tuple[str, ...], table: str) -> Iterator[int]:
    """How many values each INSERT INTO the table without a list of columns gives; of `r.*` nobody knows."""
    for place, word in enumerate(words):
        if word != "into" or words[place - 1 : place] != ("insert",):
            continue
        rest = words[place + 1 :]
        if rest[1:2] == (".",):
            rest = rest[2:]
        if rest[:1] != (table,):
            continue
        rest = rest[3:] if rest[1:2] == ("as",) else rest[1:]
        given = _values(rest)
        if given:
            yield given


def _values(rest: tuple[str, ...]) -> int:
    """The number of items of the list behind VALUES or SELECT; 0 where a star stands in it, or no such list."""
    if rest[:2] == ("values", "("):
        items = rest[2:]
    elif rest[:1] == ("select",):
        items = rest[1:]
    else:
        return 0
    depth, commas, previous = 0, 0, ""
    for word in items:
        if word == "*" and (previous in (".", ",", "")):
            return 0
        if depth == 0 and word in (")", ";", "from"):
            break
        depth += (word in _OPENS) - (word in _CLOSES)
        commas += depth == 0 and word == ","
        previous = word
    return commas + 1


def names_in_format(function: Function, losses: Sequence[Loss], after: Catalogue) -> Iterator[str]:
    """Lost columns that are given as strings to format(), for a %I, or to quote_ident(), beside their table's name."""
    words = sqltext.words(function.body)
    if "execute" not in words:
        return
    given = {*_quoted(words), *_formatted(words)}
    texts = {part for word in words if word.startswith("'") for part in sqltext.words(_inner(word).replace("%", " "))}
    near = {*aliases_in(words).values(), *texts, *given}
    for loss in losses:
        others = {name for name in near if name != loss.table.name}
        for name in sorted(loss.columns & given) if loss.table.name in near and not loss.whole else ():
            if name not in columns_of(others, after):
                yield f"{loss.table.display}.{name}"


def _inner(literal: str) -> str:
    return literal[1:-1].replace("''", "'")


def _quoted(words: tuple[str, ...]) -> Iterator[str]:
    for place, word in enumerate(words):
        call = words[place : place + 4]
        if len(call) == 4 and (word, call[1], call[2][:1], call[3]) == ("quote_ident", "(", "'", ")"):
            yield _inner(call[2])


def _formatted(words: tuple[str, ...]) -> Iterator[str]:
    """The strings that stand for the %I of a format() whose arguments are all single words."""
    for place, word in enumerate(words):
        template = words[place + 2 : place + 3]
        if word != "format" or words[place + 1 : place + 2] != ("(",) or not template or template[0][:1] != "'":
            continue
        kinds = [text[0] for text in template[0].replace("%%", "").split("%")[1:] if text]
        for number, kind in enumerate(kinds):
            pair = words[place + 3 + 2 * number : place + 5 + 2 * number]
            if pair[:1] != (",",):
                break
            if kind == "I" and len(pair) == 2 and pair[1].startswith("'"):
                yield _inner(pair[1])
