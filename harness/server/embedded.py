"""A PostgreSQL server of our own: made, started and stopped here, and ended by the kernel if this process dies."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import subprocess
import threading
import time
from pathlib import Path

import psutil

from harness.errors import DiskError, ServerError
from harness.progress import Progress
from harness.server.account import Account
from harness.server.address import Address
from harness.server.binaries import Binaries
from harness.server.home import FOLDER_VARIABLE, PORT, USER, Home
from harness.server.process import processes_in
from harness.server.settings import as_config, memory_bytes, shared_memory_bytes, tuned_settings

_START_TIMEOUT_S = 600.0
_STOP_TIMEOUT_S = 60.0
_ASK_AGAIN_S = 0.5
_POLL_S = 0.01
_BUILTIN_LOCALES_SINCE = 17
_LOCALE = "C.UTF-8"
_STATUS_LINE = 7
NO_SPACE = ("No space left on device", "Check free disk space")
"""How PostgreSQL says that the disk is full."""

ELSEWHERE = f"free some space there, or name a folder on another disk in {FOLDER_VARIABLE}"
_TELLING = ("FATAL", "PANIC", "ERROR", "HINT", "DETAIL", "invalid", "unrecognized", "could not")


class Postmaster:
    """A running server. The thread that started it waits for it: the kernel ends it when its starter's thread ends."""

    def __init__(self, home: Home, binaries: Binaries, account: Account) -> None:
        self.home = home
        self._command: list[str | Path] = [binaries.postgres, "-D", home.data]
        self._account = account
        self._started = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._run, name="postgres", daemon=True)
        self._thread.start()
        self._started.wait()

    def _run(self) -> None:
        try:
            with self.home.log.open("ab") as log:
                self._process = self._account.start(self._command, self.home.server, log)
        finally:
            self._started.set()
        self._process.wait()

    @property
    def is_running(self) -> bool:
        """Whether the server has not ended yet."""
        return self._thread.is_alive()

    @property
    def address(self) -> Address:
        """Where the server listens."""
        return Address.of_socket(self.home.server, PORT, USER, self.home.passfile)

    async def wait_until_ready(self, progress: Progress) -> None:
        """Returns when connections are taken; raises ServerError, with the server's last words, where it ends first."""
        began_s = time.monotonic()
        told = False
        while (status := _status(self.home.data)) != "ready":
            waited_s = time.monotonic() - began_s
            if not self.is_running:
                raise ServerError(f"the server did not start: {last_words(self.home.log)}", "mend that, then run again")
            if waited_s > _START_TIMEOUT_S:
                raise ServerError(f"the server is not ready after {waited_s:.0f} s: {last_words(self.home.log)}")
            if waited_s > 5 and not told:
                told = True
                progress.note(f"waiting for the server ({status or 'starting'}): it recovers from its log")
            await asyncio.sleep(_POLL_S)

    def stop(self) -> None:
        """Ends the server at once; what was committed is in its log, from which a later start recovers.

        It is asked again until it ends: started from a shell's background job it ignores SIGQUIT while it only starts.
        """
        given_up_s = time.monotonic() + _STOP_TIMEOUT_S
        while self._process is not None and self.is_running and time.monotonic() < given_up_s:
            self._process.send_signal(signal.SIGQUIT)
            self._thread.join(_ASK_AGAIN_S)
        end_strays(self.home.data)


def initialise(home: Home, binaries: Binaries, account: Account, progress: Progress) -> None:
    """Makes the data folder: UTF-8, C.UTF-8, a random password, settings for this machine, and no TCP."""
    password = home.write_password()
    secret = home.server / "password"
    secret.touch(mode=0o600)
    secret.write_text(password, encoding="ascii")
    account.give(secret)
    try:
        _initdb(home, binaries, account, secret, progress)
    finally:
        secret.unlink()
    configure(home, binaries)


def configure(home: Home, binaries: Binaries) -> None:
    """Writes the server's settings and who may connect, for the machine as it is now."""
    free_bytes = psutil.disk_usage(str(home.path)).free
    preload = binaries.has_library("pg_stat_statements")
    settings = tuned_settings(memory_bytes(), shared_memory_bytes(), free_bytes, preload)
    private = {
        "listen_addresses": "",
        "port": str(PORT),
        "unix_socket_directories": str(home.server),
        "unix_socket_permissions": "0700",
        "cluster_name": home.path.name,
    }
    (home.data / "postgresql.conf").write_text(as_config({**private, **settings}), encoding="utf-8")
    (home.data / "pg_hba.conf").write_text("local all all scram-sha-256\n", encoding="ascii")


def _initdb(home: Home, binaries: Binaries, account: Account, secret: Path, progress: Progress) -> None:
    """With the server's own C.UTF-8 where it has one, else the system's, else C: the last is told."""
    common: list[str | Path] = [binaries.initdb, "-D", home.data, "-U", USER, "-E", "UTF8", f"--pwfile={secret}"]
    common += ["--auth=scram-sha-256", "--no-sync", "--no-instructions"]
    builtin = ["--locale=C", "--locale-provider=builtin", f"--builtin-locale={_LOCALE}"]
    first = builtin if binaries.major >= _BUILTIN_LOCALES_SINCE else [f"--locale={_LOCALE}"]
    done = account.run([*common, *first], home.server)
    if done.returncode and "locale" in done.stderr:
        progress.note(f"the system has no locale {_LOCALE}: the server uses C (text sorts alike, by bytes)")
        done = account.run([*common, "--locale=C"], home.server)
    if done.returncode:
        reason = " ".join(done.stderr.split()) or f"exit code {done.returncode}"
        if any(words in reason for words in NO_SPACE):
            raise DiskError(f"no room for a server in {home.path.parent}", ELSEWHERE)
        hint = "run bench as an account that the system knows" if "user does not exist" in reason else "mend that first"
        raise ServerError(f"initdb failed: {reason}", f"{hint}, or use a server of yours with --dsn")


def _status(data: Path) -> str:
    """What the server says about itself in its lock file: starting, ready, stopping; empty before that."""
    try:
        lines = (data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return lines[_STATUS_LINE].strip() if len(lines) > _STATUS_LINE else ""


def log_tail(log: Path) -> list[str] | None:
    """The last fifty lines of the server's log; None where there is no log."""
    try:
        return log.read_text(encoding="utf-8", errors="replace").splitlines()[-50:]
    except OSError:
        return None


def last_words(log: Path, count: int = 3) -> str:
    """The last lines of the server's log that say what went wrong, on one line."""
    lines = log_tail(log)
    if lines is None:
        return "it left no log"
    telling = [line for line in lines if any(word in line for word in _TELLING)]
    others = [line for line in lines if "LOG: " not in line]
    return " / ".join(line.strip() for line in (telling or others)[-count:]) or "it said nothing (was it killed?)"


def end_strays(data: Path) -> bool:
    """Ends every process that still works in the data folder, and removes the lock file that they leave.

    A process is known by its working folder, so a number that now belongs to another one is never hit; a zombie of a
    postmaster, whose lock file would stop the next start, counts as ended. Says whether there was one.
    """
    strays = processes_in(data) if data.is_dir() else []
    for way in (signal.SIGQUIT, signal.SIGKILL):
        for process in strays:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(way)
        _, strays_left = psutil.wait_procs(strays, timeout=10.0)
        if not strays_left or not processes_in(data):
            break
    (data / "postmaster.pid").unlink(missing_ok=True)
    return bool(strays)
