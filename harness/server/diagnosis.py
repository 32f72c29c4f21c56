"""Why a phase failed, as far as the server can tell: for the pipeline, which knows the server and the phase."""

from __future__ import annotations

from harness.errors import DiskError, HarnessError, ServerError
from harness.server.embedded import ELSEWHERE, NO_SPACE, last_words, log_tail
from harness.server.facts import Server
from harness.server.faults import ConnectionLostError, as_harness_error
from harness.server.home import Home


def explain_failure(error: BaseException, doing: str, server: Server | None) -> HarnessError | None:
    """The error as one that a user can mend, with the server's own words where it went away; None for a bug of ours.

    An embedded server that can no longer write its log ends itself: the client sees a lost connection only.
    """
    found = as_harness_error(error, doing)
    if not isinstance(found, ConnectionLostError) or server is None or server.home is None:
        return found
    log = Home(server.home).log
    if any(words in line for line in log_tail(log) or () for words in NO_SPACE):
        return DiskError(f"{doing}: the disk under {server.home.parent} is full", f"use a smaller --scale, {ELSEWHERE}")
    return ServerError(f"{found.message}; the server's last words: {last_words(log)}", found.next_step)
