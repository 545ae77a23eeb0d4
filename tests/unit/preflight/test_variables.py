"""What is wrong with a deployment's variables is said by name, and never by value."""

from __future__ import annotations

import pytest

from migration.preflight.variables import faults, senders

REQUIRED = ("SITE_URL", "JWT_PRIVATE_KEY", "JWKS")
CLEAN = {
    "SITE_URL": "https://permtracker.app",
    "JWT_PRIVATE_KEY": "-----BEGIN PRIVATE KEY----- hunter2 -----END PRIVATE KEY-----",
    "JWKS": '{"keys": [{"kty": "RSA"}]}',
}


def wrong(
    changes: dict[str, str], *, production: bool = True, site: str | None = CLEAN["SITE_URL"]
) -> list[str]:
    values = {name: value for name, value in {**CLEAN, **changes}.items() if value != "<unset>"}
    found = faults(values, REQUIRED, target="happy-otter-123", site=site, production=production)
    assert "hunter2" not in " ".join(found)
    return found


def test_clean_variables_have_no_fault() -> None:
    assert wrong({}) == []
    assert wrong({"SITE_URL": "http://127.0.0.1:3000"}, production=False) == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"JWKS": "<unset>"}, "JWKS is not set"),
        ({"SITE_URL": ""}, "SITE_URL is not set"),
        ({"EXTRA": "  "}, "EXTRA is empty"),
        ({"SITE_URL": "https://permtracker.app\n"}, "SITE_URL has stray quotes, blanks or a newline"),
        ({"SITE_URL": "https://permtracker.app\\n"}, "SITE_URL has stray quotes, blanks or a newline"),
        ({"SITE_URL": '"https://permtracker.app"'}, "SITE_URL has stray quotes, blanks or a newline"),
        ({"AUTH_GOOGLE_ID": "abc "}, "AUTH_GOOGLE_ID has stray quotes, blanks or a newline"),
        ({"AUTH_GOOGLE_ID": "ab\nc"}, "AUTH_GOOGLE_ID has a newline in its value"),
        ({"API": "https://slow-dog-2.convex.cloud"}, "API points at another Convex deployment (slow-dog-2)"),
        ({"API": "https://slow-dog-2.convex.site/x"}, "API points at another Convex deployment (slow-dog-2)"),
        ({"CALLBACK": "http://localhost:3000/cb"}, "CALLBACK holds a developer's value"),
        ({"MODE": "dev"}, "MODE holds a developer's value"),
        ({"CONVEX_DEPLOYMENT": "dev:happy-otter-123"}, "CONVEX_DEPLOYMENT holds a developer's value"),
        ({"STRIPE": "sk_test_hunter2"}, "STRIPE holds a developer's value"),
        ({"SITE_URL": "http://permtracker.app"}, "SITE_URL is not the https address of a public site"),
        ({"SITE_URL": "https://old.permtracker.app"}, "SITE_URL is of another host than CUTOVER_APP_URL"),
        ({"JWKS": "hunter2"}, "JWKS is no JSON key set"),
        ({"JWKS": '{"keys": []}'}, "JWKS is no JSON key set"),
        ({"JWT_PRIVATE_KEY": "hunter2"}, "JWT_PRIVATE_KEY is no PKCS#8 private key"),
    ],
)
def test_a_fault_is_named(changes: dict[str, str], sentence: str) -> None:
    found = wrong(changes)
    assert any(one.startswith(sentence) for one in found), found


@pytest.mark.parametrize(
    "value",
    ["https://happy-otter-123.convex.cloud", "https://happy-otter-123.convex.site", "https://x.example"],
)
def test_the_deployment_s_own_address_is_no_fault(value: str) -> None:
    assert wrong({"API": value}) == []


def test_a_private_key_may_have_lines() -> None:
    lines = "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----"
    assert wrong({"JWT_PRIVATE_KEY": lines}) == []


@pytest.mark.parametrize("name", ["AUTH_RESEND_KEY", "RESEND_API_KEY", "SMTP_PASSWORD", "VAPID_PRIVATE_KEY"])
def test_a_key_that_mails_or_pushes_is_named(name: str) -> None:
    assert senders({**CLEAN, name: "hunter2"}) == [name]


def test_what_can_not_send_is_not_named() -> None:
    assert senders({**CLEAN, "AUTH_EMAIL_FROM": "x", "VAPID_PUBLIC_KEY": "x", "AUTH_RESEND_KEY": ""}) == []
