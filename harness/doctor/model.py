"""One check of the doctor's: what it saw, whether that would spoil a measurement, and how to fix it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """`spoils` is None where it could not be told; `fix` says what to do where it spoils, or what to know."""

    name: str
    saw: str
    spoils: bool | None = False
    fix: str = ""
