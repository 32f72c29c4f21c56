"""Reads a TOML file and validates it; every error names the file, the place and what to do."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from harness.errors import ScenarioError

Model = TypeVar("Model", bound=BaseModel)


def read_toml(path: Path) -> dict[str, object]:
    """The file's content; raises ScenarioError where it is missing, not TOML or not UTF-8."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ScenarioError(f"{path}: {error.strerror}", "mend the path") from None
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(f"{path}: not valid TOML: {error}", "mend the file there") from None
    except UnicodeDecodeError as error:
        raise ScenarioError(f"{path}: not UTF-8: {error}", "save the file as UTF-8") from None


def validate(model: type[Model], data: object, path: Path) -> Model:
    """The data as that model; raises ScenarioError with every wrong entry and its place."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        places = "; ".join(f"{place(item['loc'])}: {item['msg']}" for item in error.errors())
        raise ScenarioError(f"{path}: {places}", "mend these entries") from None


def place(location: tuple[int | str, ...]) -> str:
    """`('query', 2, 'weight')` as `query[3].weight`: people count from one."""
    text = ""
    for part in location:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return text
