"""Document ids of the target, encoded and decoded (contract 7.2). The checks' own implementation.

An id is the table number as a variable-length integer, 16 bytes, and a Fletcher-16 footer, in base 32.
"""

from __future__ import annotations

import uuid
from base64 import b32encode
from functools import lru_cache
from itertools import accumulate

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_FROM_RFC4648 = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", ALPHABET.encode())
_TO_DIGITS = str.maketrans(ALPHABET, "0123456789abcdefghijklmnopqrstuv")
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://permtracker.app/cutover")


_made: dict[str, int] = {}
"""The tables of ids that were just made: they are most often what is asked for next."""
_KEPT = 4096


def encode(number: int, body: bytes) -> str:
    """The id of the document with these 16 bytes in the table of this number."""
    payload = _head(number) + body
    whole = payload + _footer(payload)
    text = b32encode(whole).translate(_FROM_RFC4648, b"=").decode()
    if len(_made) >= _KEPT:
        _made.clear()
    _made[text] = number
    return text


@lru_cache(maxsize=256)
def _head(number: int) -> bytes:
    """A table's number, seven bits a byte, the lowest first."""
    head = bytearray()
    while number > 0x7F:
        head.append(number & 0x7F | 0x80)
        number >>= 7
    head.append(number)
    return bytes(head)


def decode(text: str) -> tuple[int, bytes]:
    """The table number and the 16 bytes of an id. ValueError when it is none."""
    value = int(text.translate(_TO_DIGITS), 32)  # what else Python takes for digits, `encode` does not write
    if value < 0:
        raise ValueError("a symbol outside the alphabet")
    length = len(text) * 5 // 8
    whole = (value >> (len(text) * 5 - length * 8)).to_bytes(length, "big")
    number, place = 0, 0
    for place, byte in enumerate(whole[:5]):
        number |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            break
    body = whole[place + 1 : -2]
    if len(body) != 16 or not number or encode(number, body) != text:
        raise ValueError("not an id: its length, checksum or padding is wrong")
    return number, body


def of_row(number: int, key: str) -> str:
    """The id of the document made of the row with this UUID (users, cases)."""
    return encode(number, bytes.fromhex(key.replace("-", "")))


def of_name(number: int, name: str) -> str:
    """The id of a document that has no row of its own, by its name (decision 0001, Ids)."""
    return encode(number, named(name).bytes)


def named(name: str) -> uuid.UUID:
    """The UUID of a thing without one: entries, notes and documents use it as text."""
    return uuid.uuid5(NAMESPACE, name)


def table_number(text: str) -> int | None:
    """The table number of an id, or None when the text is no id."""
    return _made.get(text) or _decoded(text)


@lru_cache(maxsize=65536)
def _decoded(text: str) -> int | None:
    try:
        return decode(text)[0]
    except ValueError:
        return None


def _footer(payload: bytes) -> bytes:
    """The sum of the bytes, and the sum of all sums on the way to it; each of it the last eight bits."""
    sums = list(accumulate(payload))
    return bytes((sums[-1] & 0xFF, sum(sums) & 0xFF))
