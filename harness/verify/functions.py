"""Functions whose bodies name what the migration took away: PostgreSQL notices only when they are called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import asyncpg

from harness import sqltext
from harness.catalogue import Catalogue, Function, Relation
from harness.copying import SESSION
from harness.result import Finding
from harness.server.address import connect
from harness.server.faults import describe
from harness.verify.context import Context
from harness.verify.kinds import make_finding
from harness.verify.sequences import set_back

_CALL_TIMEOUT = "10s"
_BEGINS_SQL = ("select ", "insert ", "update ", "delete ", "with ", "merge ")
_BEFORE_A_TABLE = frozenset({"from", "join", "update", "into", ",", "using", "only"})


@dataclass(frozen=True)
class Loss:
    """What a table lost: all of it, or some columns."""

    table: Relation
    columns: frozenset[str]
    whole: bool


async def function_findings(context: Context) -> list[Finding]:
    """Functions that are gone, and functions that name a column or table that is gone.

    A body is proven broken where PostgreSQL itself refuses it (validated anew, or called without arguments, and rolled
    back); otherwise it is read word by word.
    """
    losses = [
        Loss(table.change.old, frozenset(column.name for column in table.change.dropped), table.change.new is None)
        for table in context.snapshot.tables
    ]
    now = {function.identity: function for function in context.after.functions}
    found = [
        make_finding(
            "function_lost",
            function.identity,
            f"the function {function.identity} is gone",
            count=1,
            query=f"SELECT to_regproc({sqltext.quote_literal(function.name_sql)});",
            database=context.after_db,
        )
        for function in context.before.functions
        if function.identity not in now
    ]
    found += [_changed(context, old, new, losses)
              for old in context.before.functions
              if (new := now.get(old.identity)) is not None and new.definition != old.definition]  # fmt: skip
    before = await connect(context.address, context.before_db, SESSION)
    try:
        async with set_back(before):
            found += await _broken(context, before, losses)
    finally:
        await before.close()
    return found


async def _broken(context: Context, before: Any, losses: list[Loss]) -> list[Finding]:
    found = []
    async with context.sessions.one() as connection:
        for function in context.after.functions:
            texts = [function, *_within(function)]
            named = sorted({name for text in texts for name in names_lost(text, losses, context.after)})
            said = await _refused(connection, before, function, losses)
            said = said or (f"names {', '.join(named)}" if named else "")
            if said:
                detail = f"{function.identity} {said}" + ("; what it names is gone" if named else "")
                query = _proof(function)
                found.append(
                    make_finding(
                        "function_broken",
                        function.identity,
                        detail,
                        count=1,
                        query=query,
                        database=context.verification_db,
                    )
                )
    return found


def _changed(context: Context, old: Function, new: Function, losses: list[Loss]) -> Finding:
    """A function that named what the migration takes away had to change; any other is worth a look."""
    had_to = sorted(set(names_lost(old, losses, context.after)))
    what = "its body" if old.body != new.body else "not its body, but how it runs, what it returns or with whose rights"
    why = f"; it named {', '.join(had_to)}" if had_to else ""
    return make_finding(
        "function_changed",
        old.identity,
        f"{old.identity} is defined otherwise: {what}{why}",
        severity="info" if had_to else None,
        count=1,
        query=f"SELECT pg_get_functiondef({new.oid});",
        database=context.after_db,
    )


def _within(function: Function) -> list[Function]:
    """The SQL that a PL/pgSQL body holds as strings, to be executed: each as a function of its own."""
    strings = [word[1:-1].replace("''", "'") for word in sqltext.words(function.body) if word.startswith("'")]
    return [replace(function, body=text) for text in strings if text.strip().lower().startswith(_BEGINS_SQL)]


async def _worked(before: Any, function: Function) -> bool:
    """Whether a call without arguments succeeded before the migration."""
    if not function.callable:
        return False
    transaction = before.transaction()
    await transaction.start()
    try:
        await before.execute(f"SET LOCAL statement_timeout = '{_CALL_TIMEOUT}'")
        await before.fetch(f"SELECT {function.name_sql}()")
    except asyncpg.PostgresError:
        return False
    finally:
        await transaction.rollback()
    return True


async def _refused(connection: Any, before: Any, function: Function, losses: list[Loss]) -> str:
    """PostgreSQL's words, where it refuses the function for a name that the migration took away, or where a call of it
    worked before.
    """
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.execute(
            f"SET LOCAL check_function_bodies = on; SET LOCAL statement_timeout = '{_CALL_TIMEOUT}'"
        )
        await connection.execute(function.definition)
        if function.callable:
            await connection.fetch(f"SELECT {function.name_sql}()")
    except (asyncpg.UndefinedColumnError, asyncpg.UndefinedTableError) as error:
        words = describe(error)
        lost = {name for loss in losses for name in (*loss.columns, loss.table.name)}
        named = any(name in words for name in lost)
        return f"fails: {words}" if named or await _worked(before, function) else ""
    except asyncpg.QueryCanceledError:
        return ""
    except asyncpg.PostgresError as error:
        return f"fails: {describe(error)}" if await _worked(before, function) else ""  # else for a reason of its own
    finally:
        await transaction.rollback()
    return ""


def _proof(function: Function) -> str:
    if function.callable:
        return f"SELECT {function.name_sql}();"
    return f"SELECT pg_get_functiondef({sqltext.quote_literal(function.name_sql)}::regproc);"


def names_lost(function: Function, losses: list[Loss], after: Catalogue) -> Iterator[str]:
    """Lost columns (`table.column`) and tables that the function's body names.

    A qualified column counts where its qualifier stands for the table (NEW and OLD do in its triggers); a plain one
    where the body names the table and no other relation in it has such a column.
    """
    words = sqltext.words(function.body)
    aliases = _aliases(words)
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
        plain = loss.columns - _columns_of(others, after) if used else frozenset()
        yield from (f"{loss.table.display}.{name}" for name in _named(words, stands_for, loss.columns, plain))


def _named(
    words: tuple[str, ...], qualifiers: set[str], columns: frozenset[str], plain: frozenset[str]
) -> Iterator[str]:
    for place, word in enumerate(words):
        if word not in columns:
            continue
        if place > 1 and words[place - 1] == ".":
            if words[place - 2] in qualifiers:
                yield word
        elif word in plain and words[place + 1 : place + 2] not in (("(",), (".",)):
            yield word


def _aliases(words: tuple[str, ...]) -> Mapping[str, str]:
    """Names and aliases of the relations that the words use, each with the relation's name.

    A keyword behind a table's name (WHERE, ON) passes for an alias, too; nothing is ever qualified with it.
    """
    found: dict[str, str] = {}
    for place, (earlier, word) in enumerate(pairwise(words), start=1):
        if earlier not in _BEFORE_A_TABLE or not word.isidentifier():
            continue
        following = list(words[place + 1 : place + 5])
        if following[:1] == ["."] and len(following) > 1:
            word, following = following[1], following[2:]  # noqa: PLW2901
        found[word] = word
        if following[:1] == ["as"]:
            following = following[1:]
        if following and following[0].isidentifier():
            found[following[0]] = word
    for place in range(1, len(words) - 2):  # r goods%ROWTYPE
        if words[place + 1 : place + 3] == ("%", "rowtype"):
            found[words[place - 1]] = found[words[place]] = words[place]
    return found


def _columns_of(names: set[str], after: Catalogue) -> frozenset[str]:
    return frozenset(
        column.name for relation in after.relations.values() if relation.name in names for column in relation.columns
    )
