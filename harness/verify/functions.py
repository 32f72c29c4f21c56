"""Functions whose bodies name what the migration took away: PostgreSQL notices only when they are called."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import asyncpg

from harness import sqltext
from harness.catalogue import Function
from harness.copying import SESSION
from harness.result import Finding
from harness.server.address import connect
from harness.server.faults import describe
from harness.verify.context import Context
from harness.verify.kinds import make_finding
from harness.verify.naming import Loss, names_lost
from harness.verify.objects import identity_now
from harness.verify.sequences import set_back
from harness.verify.shifted import names_in_format, shifted

_CALL_TIMEOUT = "10s"
_LOOK = ", which the migration takes away: look whether it did anything else"
_BEGINS_SQL = ("select ", "insert ", "update ", "delete ", "with ", "merge ")


async def function_findings(context: Context) -> list[Finding]:
    """Functions that are gone, and functions that name a column or table that is gone.

    A body is proven broken where PostgreSQL itself refuses it (validated anew, or called without arguments, and rolled
    back); otherwise it is read word by word.
    """
    losses = losses_of(context)
    now = {function.identity: function for function in context.after.functions}
    found = [_lost(context, old, losses) for old in context.before.functions if old.identity not in now]
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
    then = {function.identity: function.body for function in context.before.functions}
    async with context.sessions.one() as connection:
        for function in context.after.functions:
            texts = [function, *_within(function)]
            names = {name for text in texts for name in names_lost(text, losses, context.after)}
            named = sorted({*names, *names_in_format(function, losses, context.after)})
            said = await _refused(connection, before, function, losses)
            said = said or (f"names {', '.join(named)}" if named else "")
            if not said and then.get(function.identity) == function.body:
                said = next((text for item in texts for text in shifted(item, losses)), "")
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


def losses_of(context: Context) -> list[Loss]:
    """What each changed table lost."""
    return [
        Loss(table.change.old, frozenset(column.name for column in table.change.dropped), table.change.new is None)
        for table in context.snapshot.tables
    ]


def trigger_findings(context: Context, found: Iterable[Finding]) -> Iterator[Finding]:
    """Of the findings, those about triggers that are gone and whose function named what the migration takes away are
    warnings: what keeps a copy up to date has to go with it.
    """
    losses, before, after = losses_of(context), context.before, context.after
    there = {item.identity for item in after.objects if item.kind == "trigger"}
    gone = {
        item.identity: item.definition
        for item in before.objects
        if item.kind == "trigger" and identity_now(item, before, after) not in there
    }
    for item in found:
        if item.kind == "trigger_lost" and item.object in gone:
            calls = gone[item.object]
            mine = [each for each in before.functions if f"EXECUTE FUNCTION {each.name_sql}(" in calls]
            named = sorted({name for each in mine for name in names_lost(each, losses, after)})
            if named:
                detail = f"{item.detail}; its function named {', '.join(named)}{_LOOK}"
                yield replace(item, severity="warning", detail=detail)
                continue
        yield item


def _lost(context: Context, old: Function, losses: list[Loss]) -> Finding:
    """A function that named what the migration takes away could not stay as it was: a warning."""
    named = sorted(set(names_lost(old, losses, context.after)))
    return make_finding(
        "function_lost",
        old.identity,
        f"the function {old.identity} is gone" + (f"; it named {', '.join(named)}{_LOOK}" if named else ""),
        severity="warning" if named else None,
        count=1,
        query=f"SELECT to_regproc({sqltext.quote_literal(old.name_sql)});",
        database=context.after_db,
    )


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
