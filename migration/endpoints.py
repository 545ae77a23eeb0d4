"""What the environment variables say about the two sides: addresses, keys, and the names that identities
are told by.

Used by `migration.config`; nothing is connected to here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, SecretStr

from migration.errors import Refusal

_DEPLOY_KEY = re.compile(r"^(?:(?P<kind>prod|dev|preview):)?(?P<name>[^|]+)\|(?P<secret>.+)$")
_CLOUD = ".convex.cloud"
_POOLER_USER = re.compile(r"^[^.]+\.(?P<ref>[a-z0-9]+)$")
_API_HOST = re.compile(r"^(?P<ref>[a-z0-9]+)\.supabase\.(?:co|com)$")
_DIRECT_HOST = re.compile(r"^db\.(?P<ref>[a-z0-9]+)\.supabase\.(?:co|com)$")


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SourceSettings(_Frozen):
    """Where v1's rows are. `name` is the Supabase project's reference, or host:port/database elsewhere."""

    dsn: SecretStr
    name: str
    api_url: str | None = None
    api_key: SecretStr | None = None


class TargetSettings(_Frozen):
    """Where v2's documents go. `name` is the deployment's name, which production asks to be typed."""

    url: str
    admin_key: SecretStr
    name: str


def source_of(values: Mapping[str, str]) -> SourceSettings:
    """SUPABASE_DB_URL (needed), SUPABASE_URL and SUPABASE_KEY (optional)."""
    dsn = values.get("SUPABASE_DB_URL")
    if not dsn:
        raise Refusal(
            "SUPABASE_DB_URL is not set, so there is no source to read.",
            next_step="Set it to the direct or session connection of the Supabase project (port 5432).",
        )
    key, url = values.get("SUPABASE_KEY"), values.get("SUPABASE_URL")
    name = source_name(dsn)
    return SourceSettings(
        dsn=SecretStr(_encrypted(dsn)),
        name=name,
        api_url=_of_project(url, name) if url else None,
        api_key=SecretStr(key) if key else None,
    )


def target_of(values: Mapping[str, str]) -> TargetSettings:
    """A self-hosted deployment (CONVEX_SELF_HOSTED_URL and _ADMIN_KEY) or one in the cloud
    (CONVEX_DEPLOY_KEY)."""
    self_hosted = values.get("CONVEX_SELF_HOSTED_URL"), values.get("CONVEX_SELF_HOSTED_ADMIN_KEY")
    deploy_key = values.get("CONVEX_DEPLOY_KEY")
    if any(self_hosted) and deploy_key:
        raise Refusal(
            "CONVEX_DEPLOY_KEY and CONVEX_SELF_HOSTED_* are both set, so the target is ambiguous.",
            next_step="Unset one of them.",
        )
    if deploy_key:
        return _cloud(deploy_key, values.get("CONVEX_URL"))
    url, key = self_hosted
    if not url or not key:
        raise Refusal(
            "No target is configured.",
            next_step="Set CONVEX_DEPLOY_KEY, or CONVEX_SELF_HOSTED_URL and CONVEX_SELF_HOSTED_ADMIN_KEY.",
        )
    return TargetSettings(
        url=_address("CONVEX_SELF_HOSTED_URL", url), admin_key=SecretStr(key), name=target_name(url)
    )


def target_name(url: str) -> str:
    """`happy-otter-123` for https://happy-otter-123.convex.cloud, host:port for any other address."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if host.endswith(_CLOUD):
        return host.removesuffix(_CLOUD).split(".")[0]
    return f"{host}:{parts.port}" if parts.port else host


def source_name(dsn: str) -> str:
    """The Supabase project's reference from a direct or pooled address; host:port/database for any other
    server."""
    from psycopg.conninfo import conninfo_to_dict
    from psycopg.errors import ProgrammingError

    try:
        parts = {key: str(value) for key, value in conninfo_to_dict(dsn).items()}
    except ProgrammingError:
        raise Refusal(
            "SUPABASE_DB_URL is not a PostgreSQL address.",
            next_step="It looks like postgresql://USER:PASSWORD@HOST:5432/postgres (percent-encoded).",
        ) from None
    host = parts.get("host", "localhost").lower()
    for pattern, text in ((_DIRECT_HOST, host), (_POOLER_USER, parts.get("user", ""))):
        match = pattern.match(text)
        if match and "supabase" in host:
            return match["ref"]
    return f"{host}:{parts.get('port', '5432')}/{parts.get('dbname', parts.get('user', ''))}"


def is_local(host: str) -> bool:
    """Whether a host is this machine itself, to which nothing travels over a network."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def site_of(url: str) -> str:
    """CUTOVER_APP_URL, whole and encrypted."""
    return _address("CUTOVER_APP_URL", url, example="https://permtracker.app")


def management_of(url: str) -> str:
    """CUTOVER_SUPABASE_API, to which an access token is sent."""
    return _address("CUTOVER_SUPABASE_API", url, example="https://api.supabase.com")


def google_of(url: str) -> str:
    """An address of `[calendar]` in cutover.toml, to which people's tokens are sent."""
    return _address("[calendar] in cutover.toml", url, example="https://www.googleapis.com")


def vercel_of(url: str) -> str:
    """CUTOVER_VERCEL_API, to which an access token is sent."""
    return _address("CUTOVER_VERCEL_API", url, example="https://api.vercel.com")


def public_of(url: str) -> str:
    """The public address in cutover.toml, which people sign in at."""
    return _address("url in [cutover]", url, example="https://permtracker.app")


def render_of(url: str) -> str:
    """CUTOVER_RENDER_API, to which an API key is sent."""
    return _address("CUTOVER_RENDER_API", url, example="https://api.render.com")


def _encrypted(dsn: str) -> str:
    """The address, unless it says that people's data shall cross a network in the clear."""
    from psycopg.conninfo import conninfo_to_dict

    parts = conninfo_to_dict(dsn)
    if parts.get("sslmode") == "disable" and not is_local(str(parts.get("host", "localhost"))):
        raise Refusal(
            "SUPABASE_DB_URL turns encryption off (sslmode=disable) for a host that is not this machine.",
            next_step="Use sslmode=require, or verify-full with sslrootcert.",
        )
    return dsn


def _of_project(url: str, name: str) -> str:
    """SUPABASE_URL, which must be of the project that SUPABASE_DB_URL reads."""
    address = _address("SUPABASE_URL", url, example="https://REF.supabase.co")
    match = _API_HOST.match(urlsplit(address).hostname or "")
    if match and match["ref"] != name:
        raise Refusal(
            f"SUPABASE_URL is of the project {match['ref']!r}, but SUPABASE_DB_URL reads {name!r}.",
            next_step="Use both of the same project.",
        )
    return address


def _cloud(deploy_key: str, url: str | None) -> TargetSettings:
    match = _DEPLOY_KEY.match(deploy_key)
    if match is None or match["kind"] == "preview":
        raise Refusal(
            "CONVEX_DEPLOY_KEY does not look like a deploy key of one deployment.",
            next_step="It looks like prod:happy-otter-123|SECRET; preview keys name no deployment.",
        )
    address = _address("CONVEX_URL", url) if url else f"https://{match['name']}{_CLOUD}"
    name = target_name(address)
    if name != match["name"]:
        raise Refusal(
            f"CONVEX_DEPLOY_KEY is a key of {match['name']!r}, but CONVEX_URL points at {name!r}.",
            next_step="Use the key and the address of the same deployment.",
        )
    return TargetSettings(url=address, admin_key=SecretStr(deploy_key), name=name)


def _address(variable: str, url: str, *, example: str = "https://happy-otter-123.convex.cloud") -> str:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if parts.scheme not in {"http", "https"} or not host or parts.path.strip("/") or parts.query:
        raise Refusal(
            f"{variable} is not the address of a {_what(variable)}.",
            next_step=f"It looks like {example}, without a path.",
        )
    if parts.scheme == "http" and not is_local(host):
        raise Refusal(
            f"{variable} is http, so keys and people's data would cross the network in the clear.",
            next_step="Use https; only this machine itself may be reached without.",
        )
    return url.rstrip("/")


def _what(variable: str) -> str:
    return {
        "CUTOVER_APP_URL": "site",
        "SUPABASE_URL": "project",
        "CUTOVER_SUPABASE_API": "management API",
        "[calendar] in cutover.toml": "Google API",
        "CUTOVER_VERCEL_API": "management API",
        "url in [cutover]": "site",
        "CUTOVER_RENDER_API": "management API",
    }.get(variable, "deployment")
