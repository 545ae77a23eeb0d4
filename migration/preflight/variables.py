"""The deployment's environment variables: what is absent, what was pasted with quotes or newlines, what is a
developer's, and what would mail or push to people from a rehearsal.

Pure: from names and values to sentences that name variables and never show a value. The lessons are those
of v2's go-live evening: another deployment's address, and `\\n` at the end of a value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import urlsplit

from migration.endpoints import is_local
from migration.variables import stray

_SENDS = re.compile(
    r"RESEND|MAIL|SMTP|SENDGRID|POSTMARK|SES_|TWILIO|VAPID|PUSH|ONESIGNAL|FCM|APNS|SLACK", re.IGNORECASE
)
_SENDER_SETTING = re.compile(r"_FROM$|_DISABLED$|^EMAIL_FROM|PUBLIC_KEY$", re.IGNORECASE)
_CONVEX = re.compile(r"https?://([a-z0-9-]+)(?:\.[a-z0-9-]+)?\.convex\.(?:cloud|site)", re.IGNORECASE)
_DEVELOPER = re.compile(
    r"\b(?:localhost|127\.0\.0\.1|changeme|change-me|your[-_](?:key|secret|token)|placeholder|example\.com)\b"
    r"|^dev:|^(?:dev|test|todo|xxx+)$|^sk_test_|^pk_test_",
    re.IGNORECASE,
)
_MULTILINE = ("PRIVATE_KEY", "CERTIFICATE")


def faults(
    variables: Mapping[str, str], required: Iterable[str], *, target: str, site: str | None, production: bool
) -> list[str]:
    """One sentence for each thing wrong. `target`: the deployment's own name, `site`: CUTOVER_APP_URL."""
    found = [f"{name} is not set" for name in required if not variables.get(name)]
    for name, value in sorted(variables.items()):
        found += [f"{name} {wrong}" for wrong in _wrong(name, value, target, production=production)]
    return found + list(_inconsistent(variables, site, production=production))


def senders(variables: Mapping[str, str]) -> list[str]:
    """The variables by which the deployment could mail or push: in a rehearsal, to real people."""
    return sorted(
        name
        for name, value in variables.items()
        if value and _SENDS.search(name) and not _SENDER_SETTING.search(name)
    )


def _wrong(name: str, value: str, target: str, *, production: bool) -> Iterator[str]:
    if not value.strip():
        yield "is empty"
        return
    if stray(value):
        yield "has stray quotes, blanks or a newline around its value"
    elif "\n" in value and not name.endswith(_MULTILINE):
        yield "has a newline in its value"
    others = {found for found in _CONVEX.findall(value) if found.lower() != target.lower()}
    if others and "." not in target and ":" not in target:
        yield f"points at another Convex deployment ({', '.join(sorted(others))})"
    if production and _DEVELOPER.search(value):
        yield "holds a developer's value"


def _inconsistent(variables: Mapping[str, str], site: str | None, *, production: bool) -> Iterator[str]:
    """What several settings say together."""
    own = variables.get("SITE_URL", "").strip()
    if own and production:
        parts = urlsplit(own)
        if parts.scheme != "https" or is_local(parts.hostname or "localhost"):
            yield "SITE_URL is not the https address of a public site"
        elif site and urlsplit(site).hostname != parts.hostname:
            yield "SITE_URL is of another host than CUTOVER_APP_URL"
    if (jwks := variables.get("JWKS")) and not _is_key_set(jwks):
        yield "JWKS is no JSON key set"
    if (key := variables.get("JWT_PRIVATE_KEY")) and "-----BEGIN PRIVATE KEY-----" not in key:
        yield "JWT_PRIVATE_KEY is no PKCS#8 private key"


def _is_key_set(text: str) -> bool:
    try:
        content = json.loads(text)
    except ValueError:
        return False
    keys = content.get("keys") if isinstance(content, dict) else None
    return isinstance(keys, list) and bool(keys) and all(isinstance(one, dict) for one in keys)
