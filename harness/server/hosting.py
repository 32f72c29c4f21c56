"""An embedded server for a run: its folder made or found again, the server started in it, and both given up after."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

from harness.errors import ServerError
from harness.progress import Progress
from harness.server.account import Account, choose_account
from harness.server.address import connect
from harness.server.binaries import Binaries, find_binaries
from harness.server.embedded import Postmaster, configure, end_strays, initialise
from harness.server.facts import Server, read_facts
from harness.server.faults import ResumableError
from harness.server.home import Home, Owner, make_home
from harness.server.journal import Journal
from harness.server.options import ServerOptions
from harness.server.process import FileLock


@dataclass(frozen=True)
class Hosted:
    """A home that is ours to use: locked, its data folder made, with the programs and the account of its server."""

    home: Home
    owner: Owner
    account: Account
    binaries: Binaries
    lock: FileLock


@contextlib.asynccontextmanager
async def embedded_server(options: ServerOptions, journal: Journal, progress: Progress) -> AsyncIterator[Server]:
    """A new embedded server for a new run, or that of a resumed run again; deleted afterwards unless `keep`.

    It is kept, too, where a ResumableError ends the run. A server that cannot be started leaves nothing behind if it
    is new, and everything if it is not.
    """
    is_new = journal.state.home is None
    hosted = prepare_new(options, journal, progress) if is_new else prepare_again(options, journal)
    keep = options.keep or not is_new
    try:
        async with running(hosted, progress) as server:
            keep = options.keep
            yield server
    except ResumableError:
        keep = True
        raise
    finally:
        close(hosted, keep)


@contextlib.asynccontextmanager
async def kept_server(options: ServerOptions, journal: Journal, progress: Progress) -> AsyncIterator[Server]:
    """The kept server of a run that is over; it stays as it is."""
    hosted = prepare_again(options, journal)
    try:
        async with running(hosted, progress) as server:
            yield server
    finally:
        close(hosted, keep=True)


@contextlib.asynccontextmanager
async def running(hosted: Hosted, progress: Progress) -> AsyncIterator[Server]:
    """The server of a home, started, and stopped afterwards."""
    postmaster = Postmaster(hosted.home, hosted.binaries, hosted.account)
    try:
        await postmaster.wait_until_ready(progress)
        connection = await connect(postmaster.address)
        try:
            server = await read_facts(connection, postmaster.address, "embedded", hosted.home.path, allow_roles=True)
        finally:
            await connection.close()
        yield server
    finally:
        postmaster.stop()


def close(hosted: Hosted, keep: bool) -> None:
    """Deletes the home, or marks it as kept on purpose, and lets go of it."""
    try:
        if keep:
            hosted.home.write_owner(replace(hosted.owner, kept=True))
        else:
            hosted.home.remove()
    finally:
        hosted.lock.release()


def prepare_new(options: ServerOptions, journal: Journal, progress: Progress) -> Hosted:
    """A new home with a new data folder; nothing of it is left where that fails."""
    account = choose_account(options.run_as)
    home = make_home(journal.run_id, account)
    journal.record("embedded", home=str(home.path))
    lock = home.lock()
    try:
        binaries = find_binaries(options.pg_bin, account, home.copied)
        owner = Owner(journal.run_id, journal.path.resolve(), binaries.folder, options.run_as)
        home.write_owner(owner)
        initialise(home, binaries, account, progress)
    except BaseException:
        home.remove()
        lock.release()
        raise
    return Hosted(home, owner, account, binaries, lock)


def prepare_again(options: ServerOptions, journal: Journal) -> Hosted:
    """The home of an earlier session of the run, whatever still works in it ended, its settings made anew."""
    home = Home(journal.state.home) if journal.state.home else None
    owner = home.owner_of(journal.run_id) if home else None
    if home is None or owner is None or not home.data.is_dir():
        raise ServerError(f"the server of the run in {journal.folder} is gone", "start a new run")
    account = choose_account(owner.run_as)
    lock = home.lock()
    try:
        binaries = find_binaries(options.pg_bin or owner.programs, account, home.copied)
        end_strays(home.data)
        configure(home, binaries)
        owner = replace(owner, journal=journal.path.resolve(), programs=binaries.folder, kept=False)
        home.write_owner(owner)
    except BaseException:
        lock.release()
        raise
    return Hosted(home, owner, account, binaries, lock)
