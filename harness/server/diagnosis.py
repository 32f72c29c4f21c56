"""Why a phase failed, as far as the server can tell: for the pipeline, which knows the server and the phase."""

from __future__ import annotations

from harness.errors import DiskError, HarnessError, ServerError
from harness.server.embedded import ELSEWHERE, NO_SPACE, last_words, log_tail
from harness.server.facts import Server
from harness.server.faults import LOOK_INTO_LOG, ConnectionLostError, as_harness_error
from harness.server.home import Home
from harness.server.process import processes_in


def explain_failure(error: BaseException, doing: str, server: Server | None) -> HarnessError | None:
    """The error as one that a user can mend, with the server's own words where it went away; None for a bug of ours.

    An embedded server that can no longer write its log ends itself: the client sees a lost connection only.
    """
    found = as_harness_error(error, doing)
    if not isinstance(found, ServerError) or server is None or server.home is None:
        return found
    home = Home(server.home)
    has_ended = not processes_in(home.data)
    if not has_ended and not isinstance(found, ConnectionLostError):
        return found
    if any(words in line for line in log_tail(home.log) or () for words in NO_SPACE):
        return DiskError(f"{doing}: the disk under {home.path.parent} is full", f"use a smaller --scale, {ELSEWHERE}")
    what = f"{doing}: the server has ended" if has_ended else found.message
    return ConnectionLostError(f"{what}; its last words: {last_words(home.log)}", LOOK_INTO_LOG)
