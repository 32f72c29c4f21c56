"""What all tests share."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"


def pytest_configure() -> None:
    """A shell's background jobs ignore Ctrl-C, and so would all programs that the tests start and interrupt."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite the golden files with what is produced now")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """`golden(name, text)` holds the text against tests/golden/<name>; with --update-golden it writes it there."""

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.exists(), f"{path} is missing: run pytest with --update-golden and look at what it wrote"
        assert text == path.read_text(encoding="utf-8"), f"{name} changed: if it should, run with --update-golden"

    return compare


@pytest.fixture(scope="session")
def pg15() -> Path:
    """The programs of the system's PostgreSQL 15."""
    folder = Path("/usr/lib/postgresql/15/bin")
    if not (folder / "postgres").is_file():
        pytest.skip("the system has no PostgreSQL 15")
    return folder
