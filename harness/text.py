"""Numbers, times, sizes and foreign strings as the reader sees them, the same in every format and every claim."""

from __future__ import annotations

import re
import unicodedata

MISSING = "–"
"""Stands where there is no figure."""

GAP = "\u00a0"
"""Between a number and its unit, so that a line never breaks there."""

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)")
_SHOWN = 160
_BEFORE_DIFFERENCE = 40
_KEPT = {"\n", "\t"}
_UNSEEN = {"Cf", "Co", "Zs", "Zl", "Zp"}


def count(value: int | None, noun: str = "", plural: str = "") -> str:
    """`count(1234, "row")` is `1,234 rows`."""
    if value is None:
        return MISSING
    name = noun if value == 1 or not noun else plural or f"{noun}s"
    return f"{value:,} {name}".rstrip()


def ratio(value: float | None) -> str:
    """A ratio to three significant digits: `1.31×`, `0.043×`, `15.2×`."""
    return MISSING if value is None else f"{_digits(value)}×"


def ratio_range(low: float | None, high: float | None) -> str:
    """An interval of ratios: `1.24–1.38`."""
    return MISSING if low is None or high is None else f"{_digits(low)}–{_digits(high)}"


def duration(seconds: float | None) -> str:
    """A time with the unit that suits it: `45 µs`, `0.32 ms`, `12.4 ms`, `1.20 s`, `2 min 5 s`."""
    if seconds is None:
        return MISSING
    if seconds >= 119.5:
        minutes, rest = divmod(round(seconds), 60)
        return f"{minutes:,}{GAP}min {rest}{GAP}s"
    if seconds >= 0.9995:
        return f"{_digits(seconds)}{GAP}s"
    if seconds >= 0.0000995:
        return f"{_digits(seconds * 1e3)}{GAP}ms"
    return f"{_digits(round(seconds * 1e6, 3))}{GAP}µs"


def milliseconds(seconds: float | None, digits: int = 4) -> str:
    """A time to so many significant digits where its unit stands elsewhere: `0.3055`, `12041`."""
    if seconds is None:
        return MISSING
    amount = 1e3 * seconds
    return f"{amount:.{digits}g}" if amount < 10**digits - 0.5 else f"{amount:.0f}"


def size(value: int | None) -> str:
    """Bytes in binary units, as PostgreSQL counts them but named: `812 B`, `12.4 MiB`."""
    if value is None:
        return MISSING
    amount, unit = float(value), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if abs(amount) < 999.5:
            break
        amount, unit = amount / 1024, larger
    return f"{amount:,.0f}{GAP}{unit}" if unit == "B" else f"{_digits(amount)}{GAP}{unit}"


def change(ratio_value: float | None) -> str:
    """A ratio as a change: `+4.2 %`, `−31.0 %`, `±0.0 %`."""
    if ratio_value is None:
        return MISSING
    percent = f"{abs(ratio_value - 1) * 100:.1f}"
    sign = "±" if percent == "0.0" else "+" if ratio_value > 1 else "−"
    return f"{sign}{percent}{GAP}%"


def share(part: int, whole: int) -> str:
    """A share in percent that never rounds something to nothing or nearly all to all."""
    if whole <= 0:
        return MISSING
    percent = 100 * part / whole
    if 0 < percent < 0.1:
        return f"under 0.1{GAP}%"
    if 99.9 < percent < 100:
        return f"over 99.9{GAP}%"
    return f"{percent:.1f}".removesuffix(".0") + f"{GAP}%"


def moment(iso: str) -> str:
    """A time as ISO 8601 writes it in UTC, for people: `2025-03-28 21:04:11 UTC`; anything else as it stands."""
    return f"{iso[:10]} {iso[11:19]} UTC" if _MOMENT.fullmatch(iso) else visible(iso)


def rounded(figure: str) -> str:
    """A figure with its unit as an axis labels it: without zeros behind the point."""
    number, gap, unit = figure.partition(GAP)
    return f"{number.rstrip('0').rstrip('.') if '.' in number else number}{gap}{unit}"


def several(names: list[str], limit: int = 4) -> str:
    """`a, b, c and 5 more`; `a and b`."""
    shown = names[:limit] if len(names) > limit + 1 else names
    rest = len(names) - len(shown)
    parts = [*shown, f"{rest:,} more"] if rest else shown
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1]))) if parts else ""


def visible(text: str) -> str:
    """The text with everything that cannot be seen, or that could turn its surroundings round, written out.

    Control and format characters, unusual spaces, lone surrogates and private ones become `\\uXXXX`; line ends and
    tabs stay. What is left is valid in HTML, in XML 1.0 and on a terminal.
    """
    return "".join(char if _plain(char) else _escape(char) for char in text)


def printable(text: str) -> str:
    """The text to be pasted elsewhere: only what no file or terminal can hold is written out, all else stays."""
    return "".join(char if _plain(char) or unicodedata.category(char) in _UNSEEN else _escape(char) for char in text)


def value(text: str | None) -> str:
    """A database value, quoted so that blanks at its ends show; NULL without quotes."""
    return "NULL" if text is None else f"'{visible(text)}'"


def value_pair(old: str | None, new: str | None) -> tuple[str, str]:
    """Old and new value, both cut to the same window around their first difference where they are long."""
    if old is None or new is None:
        return _window(old, 0), _window(new, 0)
    same = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    start = max(same - _BEFORE_DIFFERENCE, 0) if max(len(old), len(new)) > _SHOWN else 0
    return _window(old, start), _window(new, start)


def _window(text: str | None, start: int) -> str:
    if text is None:
        return value(None)
    cut = text[start : start + _SHOWN]
    before = "…" if start else ""
    after = f"… ({len(text):,} characters)" if start + _SHOWN < len(text) else ""
    return f"{before}{value(cut)}{after}"


def _digits(number: float) -> str:
    """Three significant digits, thousands separated, no exponent."""
    magnitude = abs(number)
    if magnitude >= 99.95 or magnitude == 0:
        return f"{number:,.0f}"
    decimals = 1 if magnitude >= 9.995 else 2
    while magnitude * 10**decimals < 9.5 and decimals < 9:
        decimals += 1
    return f"{number:.{decimals}f}"


def _plain(char: str) -> bool:
    if char in _KEPT or char == " ":
        return True
    point = ord(char)
    nobody = point & 0xFFFE == 0xFFFE or 0xFDD0 <= point <= 0xFDEF  # never characters; XML refuses some of them
    return not nobody and unicodedata.category(char) not in {"Cc", "Cs", *_UNSEEN}


def _escape(char: str) -> str:
    point = ord(char)
    return f"\\u{point:04x}" if point <= 0xFFFF else f"\\U{point:08x}"
