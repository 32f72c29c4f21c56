"""The page that lists a folder of runs, newest first."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from harness import text
from harness.errors import UsageError
from harness.report.emit import REPORT_FILE
from harness.report.evidence import Tone
from harness.report.html import render_template
from harness.report.verdict import figures, headline
from harness.result.store import RESULT_FILE, read_result, write_atomically

INDEX_FILE = "index.html"

_LOG_FILE = "log.txt"
_STAMP = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z(?=-)")
"""The time at the beginning of a run folder's name, for runs that have no other."""


@dataclass(frozen=True)
class Entry:
    """One run in the list; `link` is empty where the run has no page, `problem` says why a result cannot be read."""

    name: str
    link: str
    started_at: str
    started: str
    what: str
    server: str
    verdict: str
    tone: Tone
    sentence: str
    figures: tuple[str, ...]
    problem: str = ""


def write_index(results: Path) -> Path:
    """Writes index.html into the folder of runs; raises UsageError where the folder holds none."""
    found = {path.parent for name in (RESULT_FILE, _LOG_FILE) for path in results.glob(f"*/{name}")}
    folders = sorted(folder for folder in found if not folder.is_symlink())
    if not folders:
        raise UsageError(f"{results} holds no run", "give the folder in which runs lie, or one run's folder")
    entries = [_entry(folder) for folder in folders]
    entries.sort(key=lambda entry: (entry.started_at, entry.name), reverse=True)
    path = results / INDEX_FILE
    write_atomically(path, render_template("index.html.j2", entries=entries))
    return path


def _entry(folder: Path) -> Entry:
    link = f"{quote(folder.name)}/{REPORT_FILE}" if (folder / REPORT_FILE).exists() else ""
    name = text.visible(folder.name)
    try:
        result = read_result(folder)
    except UsageError as error:
        stamp = _STAMP.match(folder.name)
        started_at = "{}-{}-{}T{}:{}:{}Z".format(*stamp.groups()) if stamp else ""
        return Entry(name, link, started_at, "", "", "", "cannot be read", "open", "", (), text.visible(error.message))
    head = headline(result)
    return Entry(
        name=name,
        link=link,
        started_at=result.started_at,
        started=text.moment(result.started_at),
        what=text.visible(f"{result.scenario} at {result.scale}, {result.profile}"),
        server=text.visible(result.environment.server_version or text.MISSING),
        verdict=f"{head.exit_meaning} ({head.exit_code})",
        tone=head.tone,
        sentence=head.sentence,
        figures=tuple(figure.value for figure in figures(result)),
    )
