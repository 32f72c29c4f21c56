"""Why a phase failed, as far as the server can tell: for the pipeline, which knows the server and the phase."""

from __future__ import annotations

from harness.errors import DiskError, HarnessError, ServerError
from harness.server.embedded import last_words
from harness.server.facts import Server
from harness.server.faults import ConnectionLostError, as_harness_error
from harness.server.home import Home

_NO_SPACE = "No space left on device"


def explain_failure(error: BaseException, doing: str, server: Server | None) -> HarnessError | None:
    """The error as one that a user can mend, with the server's own words where it went away; None for a bug of ours.

    An embedded server that can no longer write its log ends itself: the client sees a lost connection only.
    """
    found = as_harness_error(error, doing)
    if not isinstance(found, ConnectionLostError) or server is None or server.home is None:
        return found
    words = last_words(Home(server.home).log)
    if _NO_SPACE in words:
        return DiskError(
            f"{doing}: the disk under {server.home.parent} is full", "free some space, or use a smaller --scale"
        )
    return ServerError(f"{found.message}; the server's last words: {words}", found.next_step)
