"""Convex document ids: a table number and 16 bytes, spelled as one string (law 9).

The first thing the mapping needs and the last thing a digest needs: `_id`s are chosen before the import, and
digests compare (table name, 16 bytes) because table numbers differ from deployment to deployment.
Not here: which 16 bytes a row gets (`migration.identity`).

Spelling (wire contract 7.2): VInt of the table number, the 16 bytes, a Fletcher-16 footer modulo 256 with
its low byte first; then base32, most significant bit first, lower-case Crockford alphabet, no padding.
"""

from __future__ import annotations

import binascii
from base64 import b32decode, b32encode

_RFC4648 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_CROCKFORD = b"0123456789abcdefghjkmnpqrstvwxyz"
_TO_CONVEX = bytes.maketrans(_RFC4648, _CROCKFORD)
_FROM_CONVEX = bytes.maketrans(_CROCKFORD, _RFC4648)
_INNER = 16
_FOOTER = 2


class InvalidId(ValueError):
    """Not the spelling of a document id. The message never repeats the text, which may be personal data."""


def encode(table_number: int, raw: bytes) -> str:
    """The id of the document with these 16 bytes in the table of this number (1 to 2**32 - 1)."""
    if not 0 < table_number < 2**32:
        raise InvalidId(f"table number {table_number} is not between 1 and 4294967295")
    if len(raw) != _INNER:
        raise InvalidId(f"an id holds {_INNER} bytes, not {len(raw)}")
    body = _vint(table_number) + raw
    return b32encode(body + _footer(body)).rstrip(b"=").translate(_TO_CONVEX).decode("ascii")


def decode(document_id: str) -> tuple[int, bytes]:
    """Table number and 16 bytes of an id; `InvalidId` for anything that `encode` would not have written."""
    try:
        spelled = document_id.encode("ascii")
        if spelled.translate(None, _CROCKFORD):
            raise InvalidId("not a document id: a letter outside the alphabet")
        padded = spelled.translate(_FROM_CONVEX) + b"=" * (-len(spelled) % 8)
        data = b32decode(padded)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise InvalidId("not a document id: not base32") from error
    number, raw = _split(data)
    if encode(number, raw) != document_id:
        raise InvalidId("not a document id: wrong checksum or spelling")
    return number, raw


def _split(data: bytes) -> tuple[int, bytes]:
    number = shift = 0
    for position, byte in enumerate(data[:5]):
        number |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            raw = data[position + 1 : position + 1 + _INNER]
            if len(raw) == _INNER and len(data) == position + 1 + _INNER + _FOOTER:
                return number, raw
            break
    raise InvalidId("not a document id: wrong length")


def _vint(number: int) -> bytes:
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _footer(body: bytes) -> bytes:
    low = high = 0
    for byte in body:
        low += byte
        high += low
    return bytes((low & 0xFF, high & 0xFF))
