"""The errors that a user can cause or meet, each with its exit code and the next step to take."""

from __future__ import annotations

EXIT_OK = 0
EXIT_REGRESSION = 1
EXIT_USAGE = 2
EXIT_INTEGRITY = 3
EXIT_INCONCLUSIVE = 4
EXIT_COULD_NOT_RUN = 5
EXIT_INTERRUPTED = 130


class HarnessError(Exception):
    """Something the user can mend; shown as one line without a traceback.

    `message` names the thing that is wrong; `next_step` says what to do about it.
    """

    exit_code = EXIT_COULD_NOT_RUN

    def __init__(self, message: str, next_step: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step

    def __str__(self) -> str:
        """The message and, where there is one, the next step, on one line."""
        return f"{self.message} — {self.next_step}" if self.next_step else self.message


class UsageError(HarnessError):
    """An option or an argument that cannot be used."""

    exit_code = EXIT_USAGE


class ScenarioError(HarnessError):
    """A scenario, seed or claims file that is wrong; the message names file and line."""

    exit_code = EXIT_USAGE


class ServerError(HarnessError):
    """The server cannot be started or reached, refuses, is too old, lacks a right, or went away."""


class DiskError(HarnessError):
    """There is not, or no longer, enough room on a disk, or a file there cannot be used."""


class SeedError(HarnessError):
    """The seed data could not be made or loaded."""


class MigrationError(HarnessError):
    """A statement of the schema or of a migration failed; the message names file, line and PostgreSQL's own words."""


class VerifyError(HarnessError):
    """The integrity check could not be carried out."""


class MeasureError(HarnessError):
    """The measurement could not be carried out."""


class SamplesError(MeasureError):
    """A samples file that cannot be used: none of ours, or of another schema version."""

    exit_code = EXIT_USAGE
