"""The run's folder: made, written atomically, read back; result.json and its JSON schema."""

from __future__ import annotations

import contextlib
import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from harness.errors import HarnessError, UsageError
from harness.result.gate import Gate
from harness.result.integrity import Integrity
from harness.result.run import SCHEMA_VERSION, Result

RESULT_FILE = "result.json"
HALF_WRITTEN = ".*.new"
"""What a killed process leaves in a run's folder: a file that it was writing, parts of a seeding to go on with."""

_ADAPTER: TypeAdapter[Result] = TypeAdapter(Result)
_INTEGRITY: TypeAdapter[Integrity] = TypeAdapter(Integrity)
_GATE: TypeAdapter[Gate] = TypeAdapter(Gate)


def new_run_folder(results: Path, scenario: str, scale: str, now: datetime) -> Path:
    """Makes `<results>/<utc time>-<scenario>-<scale>/`; two runs in one second get folders of their own."""
    stem = f"{now:%Y%m%dT%H%M%SZ}-{scenario}-{scale}"
    try:
        results.mkdir(parents=True, exist_ok=True)
        for number in range(1, 1000):
            folder = results / (stem if number == 1 else f"{stem}-{number}")
            try:
                folder.mkdir()
            except FileExistsError:
                if not folder.is_dir():
                    raise
                continue
            return folder
    except OSError as error:
        raise HarnessError(
            f"cannot write to {results}: {error.strerror}", "give another folder with --results"
        ) from None
    raise HarnessError(f"{results} holds a thousand runs of this second", "give another folder with --results")


def point_latest(folder: Path) -> None:
    """`latest` beside the run's folder points to it; left alone where the name is taken by a real file."""
    link = folder.parent / "latest"
    if link.exists() and not link.is_symlink():
        return
    fresh = folder.parent / f".latest-{folder.name}"
    with contextlib.suppress(OSError):  # a disk without symbolic links; nothing else needs this one
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(folder.name)
        fresh.replace(link)


def write_atomically(path: Path, text: str) -> None:
    """The whole file or the old one: a reader, or a crash, never meets half of it."""
    fresh = path.with_name(f".{path.name}.new")
    try:
        with fresh.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise


def to_json(result: Result) -> str:
    """result.json's text: keys in the model's order, so that equal results are equal bytes."""
    return _ADAPTER.dump_json(result, indent=2).decode() + "\n"


def integrity_json(integrity: Integrity) -> str:
    """The integrity object alone, as `result.json` holds it."""
    return _INTEGRITY.dump_json(integrity, indent=2).decode() + "\n"


def gate_json(gate: Gate) -> str:
    """The comparison of two runs as JSON text; `gate_schema` describes it."""
    return _GATE.dump_json(gate, indent=2).decode() + "\n"


def write_result(folder: Path, result: Result) -> Path:
    """Writes the run's result.json."""
    path = folder / RESULT_FILE
    write_atomically(path, to_json(result))
    return path


def read_result(folder: Path) -> Result:
    """The result of a run, from its folder or from the path of its result.json; raises UsageError where it is none."""
    path = folder / RESULT_FILE if folder.is_dir() else folder
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(f"{folder} is not a run: it holds no {RESULT_FILE}", "give a folder under results/") from None
    except (OSError, json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"{path} is no result: {why}", "give the folder of a finished run") from None
    version = data.get("schema_version") if isinstance(data, dict) else None
    if version != SCHEMA_VERSION:
        hint = f"this version reads version {SCHEMA_VERSION}; run the bench that wrote it"
        raise UsageError(f"{path} has schema version {version!r}", hint)
    try:
        return _ADAPTER.validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{path}: {place}: {first['msg']}", "the file was changed or cut; take another run") from None


def json_schema() -> dict[str, Any]:
    """The JSON schema of result.json (draft 2020-12)."""
    return _ADAPTER.json_schema(mode="serialization")


def gate_schema() -> dict[str, Any]:
    """The JSON schema of a comparison of two runs (draft 2020-12)."""
    return _GATE.json_schema(mode="serialization")
