"""A headless Chromium, and a server that hands out pages under a content policy."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from harness.report import build, html
from tests.browsing import PROGRAMS, start_browser
from tests.unit.report.cases import CASES
from tests.unit.report.samples import write_samples

WITH_SAMPLES = ("regression", "all_good")


@pytest.fixture(scope="package")
def browser() -> Iterator[Any]:
    """Chromium, driven; skipped where it is not installed, but never in CI."""
    missing = [name for name in PROGRAMS if not shutil.which(name)]
    if missing:
        words = f"the report's pages need {' and '.join(missing)} (Debian: apt-get install chromium chromium-driver)"
        pytest.fail(words) if os.environ.get("CI") else pytest.skip(words)
    driver = start_browser()
    try:
        yield driver
    finally:
        driver.quit()


@pytest.fixture(scope="package")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one page per situation: `<case>.html`."""
    folder = tmp_path_factory.mktemp("pages")
    for case, result in CASES.items():
        samples = None
        if case in WITH_SAMPLES:
            medians = {item.query: (item.before_s, item.after_s) for item in result.latency if item.arm == "after"}
            known = {query: (before, after) for query, (before, after) in medians.items() if before and after}
            samples = folder / "samples.parquet"
            write_samples(samples, known, void_query="orders_list")
        (folder / f"{case}.html").write_text(html.render(build(result, samples)), encoding="utf-8")
    return folder


class _UnderPolicy(SimpleHTTPRequestHandler):
    """Hands out files with the content policy that Jenkins sends for its artefacts."""

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", "sandbox; default-src 'none'; img-src 'self'; style-src 'self'")
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
        """Silent."""


@contextmanager
def under_policy(folder: Path) -> Iterator[str]:
    """The address of a server on this machine that serves the folder under the policy."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_UnderPolicy, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="package")
def policed(pages: Path) -> Iterator[str]:
    """The address under which the pages are served with the policy."""
    with under_policy(pages) as address:
        yield address
