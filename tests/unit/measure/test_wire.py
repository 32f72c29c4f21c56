"""An answer's pieces: taken up when it is whole, however it is cut, and the instant is that of the last one."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import Any

import pytest

from harness.measure.clients import started
from harness.measure.wire import HELD_BYTES, AnswerError, Wire

BOUND = b"2\0\0\0\4"
ROW = b"D\0\0\0\x0bZ\0\0\0\x05I!"
DONE = b"C\0\0\0\x0dSELECT 1\0"
READY = b"Z\0\0\0\x05I"
FIELDS = b"SERROR\0C22012\0Mdivision by zero\0\0"
ERROR = b"E" + (len(FIELDS) + 4).to_bytes(4, "big") + FIELDS
NOTICE = b"N\0\0\0\x08Mhi\0"
STATUS = b"S\0\0\0\x08a\0b\0"


class Transport:
    """A transport without a socket: what is written is kept."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.aborted = False

    def get_extra_info(self, name: str) -> None:
        return None

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def abort(self) -> None:
        self.aborted = True


class Driver:
    """What the driver's protocol is told."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.ended: list[str] = []

    def data_received(self, data: bytes) -> None:
        self.pieces.append(data)

    def eof_received(self) -> None:
        self.ended.append("eof")

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended.append("lost")


class Talk:
    """A wire on which a request has been sent, and what came of it."""

    def __init__(self) -> None:
        self.transport, self.driver = Transport(), Driver()
        self.wire = Wire(self.transport, self.driver)
        self.answer: Any = None

    def told(self, pieces: list[bytes], lost: bool = False) -> Any:
        """The answer once all pieces came: a tag, an error, or None where it is not whole."""

        async def request() -> None:
            try:
                self.answer = await self.wire.ask(b"request")
            except (AnswerError, OSError) as error:
                self.answer = error

        async def talk() -> None:
            started(request())
            for piece in pieces:
                self.wire.data_received(piece)
            if lost:
                self.wire.connection_lost(None)

        asyncio.run(talk())
        return self.answer


def told(*pieces: bytes) -> Any:
    return Talk().told(list(pieces))


@pytest.mark.parametrize(
    ("answer", "tag"),
    [
        (BOUND + ROW + DONE + READY, b"SELECT 1"),
        (BOUND + DONE + READY, b"SELECT 1"),
        (b"C\0\0\0\x0aBEGIN\0" + READY, b"BEGIN"),
        (NOTICE + BOUND + ROW + DONE + READY, b"SELECT 1"),
        (BOUND + ROW + DONE + STATUS + NOTICE + READY, b"SELECT 1"),
        (BOUND + b"I\0\0\0\4" + READY, b""),
    ],
)
def test_an_answer_cut_anywhere_ends_where_it_ends(answer: bytes, tag: bytes) -> None:
    for cut in range(1, len(answer)):
        assert told(answer[:cut]) is None
        assert told(answer[:cut], answer[cut:]) == tag
    assert told(*(bytes([value]) for value in answer)) == tag


@pytest.mark.parametrize("before", [b"", BOUND, BOUND + ROW, BOUND + NOTICE + ROW])
def test_an_error_has_its_state_and_its_message(before: bytes) -> None:
    answer = before + ERROR + READY
    for cut in range(1, len(answer)):
        error = told(answer[:cut], answer[cut:])
        assert isinstance(error, AnswerError)
        assert (error.sqlstate, str(error)) == ("22012", "division by zero")


def test_a_row_that_looks_like_the_end_is_none() -> None:
    row = b"D\0\0\0\x0a" + READY
    assert told(BOUND + row) is None
    assert told(BOUND + row, row + DONE + READY) == b"SELECT 1"


@pytest.mark.parametrize("rows", [2, 1000, 100_000])
def test_rows_are_counted_by_the_tag_alone(rows: int) -> None:
    tag = f"SELECT {rows}".encode()
    done = b"C" + (len(tag) + 5).to_bytes(4, "big") + tag + b"\0"
    row = b"D\0\0\0\x10\0\1\0\0\0\6sixsix"
    assert told(BOUND + row, *[row] * (rows - 1), done + READY) == tag


def test_of_a_long_answer_the_rows_are_let_go() -> None:
    talk = Talk()
    size = HELD_BYTES // 3
    row = b"D" + (size + 4).to_bytes(4, "big") + bytes(size)
    held = []

    class Watched(Wire):
        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            held.append(sum(map(len, self._held)))

    talk.wire = Watched(talk.transport, talk.driver)
    assert talk.told([BOUND, *[row] * 30, row[:7], row[7:], DONE[:5], DONE[5:] + READY]) == b"SELECT 1"
    assert max(held) <= HELD_BYTES + len(row)


def test_a_value_longer_than_what_is_held_is_not_read_anew_with_each_piece() -> None:
    talk, looks = Talk(), []
    size = 3 * HELD_BYTES
    row = b"D" + (size + 4).to_bytes(4, "big") + bytes(size)

    class Watched(Wire):
        def _look_closely(self) -> None:
            looks.append(self._size)
            super()._look_closely()

    talk.wire = Watched(talk.transport, talk.driver)
    pieces = [row[place : place + (1 << 16)] for place in range(0, len(row), 1 << 16)]
    assert talk.told([BOUND, *pieces, DONE + READY]) == b"SELECT 1"
    assert len(looks) <= 4


def test_what_nobody_asked_for_goes_to_the_driver() -> None:
    talk = Talk()
    talk.wire.data_received(NOTICE)
    assert talk.told([BOUND + DONE + READY]) == b"SELECT 1"
    talk.wire.data_received(STATUS)
    assert talk.driver.pieces == [NOTICE, STATUS]
    assert talk.transport.written == [b"request"]


def test_what_is_no_answer_ends_the_connection() -> None:
    talk = Talk()
    error = talk.told([b"G\0\0\0\5\0" + READY])
    assert isinstance(error, ConnectionError)
    assert "kind b'G'" in str(error)
    assert talk.transport.aborted


@pytest.mark.parametrize(
    ("held", "state"), [(b"", ""), (BOUND + ROW, ""), (ERROR, "22012"), (BOUND + ROW + ERROR + b"Z", "22012")]
)
def test_a_connection_that_ends_tells_what_the_server_said(held: bytes, state: str) -> None:
    talk = Talk()
    error = talk.told([held] if held else [], lost=True)
    assert getattr(error, "sqlstate", "") == state
    assert isinstance(error, AnswerError if state else ConnectionError)
    assert talk.driver.ended == ["lost"]
    with pytest.raises(ConnectionError, match="closed"):
        talk.wire.ask(b"again")


def test_the_instant_is_that_of_the_last_piece() -> None:
    talk, instants = Talk(), []
    answer = BOUND + ROW + DONE + READY

    class Watched(Wire):
        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            instants.append(self.arrived_s)

    talk.wire = Watched(talk.transport, talk.driver)
    assert talk.told([answer[:9], answer[9:20], answer[20:]]) == b"SELECT 1"
    assert all(first < second for first, second in pairwise([talk.wire.asked_s, *instants]))
    assert talk.wire.arrived_s == instants[-1]
