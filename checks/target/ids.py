"""Document ids of the target, encoded and decoded (contract 7.2). The checks' own implementation.

An id is the table number as a variable-length integer, 16 bytes, and a Fletcher-16 footer, in base 32.
"""

from __future__ import annotations

import uuid
from functools import lru_cache

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_DIGIT = {symbol: value for value, symbol in enumerate(ALPHABET)}
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://permtracker.app/cutover")


def encode(number: int, body: bytes) -> str:
    """The id of the document with these 16 bytes in the table of this number."""
    head = bytearray()
    rest = number
    while rest > 0x7F:
        head.append(rest & 0x7F | 0x80)
        rest >>= 7
    head.append(rest)
    payload = bytes(head) + body
    whole = payload + _footer(payload)
    bits = len(whole) * 8
    width = -(-bits // 5)
    value = int.from_bytes(whole, "big") << (width * 5 - bits)
    return "".join(ALPHABET[value >> (5 * place) & 31] for place in range(width - 1, -1, -1))


def decode(text: str) -> tuple[int, bytes]:
    """The table number and the 16 bytes of an id. ValueError when it is none."""
    value = 0
    for symbol in text:
        if symbol not in _DIGIT:
            raise ValueError("a symbol outside the alphabet")
        value = value << 5 | _DIGIT[symbol]
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
    return encode(number, uuid.UUID(key).bytes)


def of_name(number: int, name: str) -> str:
    """The id of a document that has no row of its own, by its name (decision 0001, Ids)."""
    return encode(number, named(name).bytes)


def named(name: str) -> uuid.UUID:
    """The UUID of a thing without one: entries, notes and documents use it as text."""
    return uuid.uuid5(NAMESPACE, name)


@lru_cache(maxsize=65536)
def table_number(text: str) -> int | None:
    """The table number of an id, or None when the text is no id."""
    try:
        return decode(text)[0]
    except ValueError:
        return None


def _footer(payload: bytes) -> bytes:
    first = second = 0
    for byte in payload:
        first = (first + byte) & 0xFF
        second = (second + first) & 0xFF
    return bytes((first, second))
