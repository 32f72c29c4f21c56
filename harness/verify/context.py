"""What every part of the check needs to know."""

from __future__ import annotations

from dataclasses import dataclass

from harness.catalogue import Catalogue
from harness.progress import Progress
from harness.server.address import Address
from harness.snapshot import Snapshot
from harness.verify.carriers import Carriers
from harness.verify.ledger import Ledger
from harness.verify.paths import Paths
from harness.verify.sessions import Sessions


@dataclass(frozen=True)
class Context:
    """The databases, what was read of them, and the sessions on the verification clone."""

    address: Address
    before_db: str
    after_db: str
    verification_db: str
    snapshot: Snapshot
    carriers: Carriers
    paths: Paths
    sessions: Sessions
    progress: Progress
    ledger: Ledger

    @property
    def in_place(self) -> bool:
        """Whether old and new are of one database and one state of it: then nothing needs to be copied."""
        return self.before_db == self.verification_db

    @property
    def before(self) -> Catalogue:
        """The catalogue before the migration."""
        return self.snapshot.before

    @property
    def after(self) -> Catalogue:
        """The catalogue after it."""
        return self.snapshot.after
