"""Does the open deployment answer nothing that it must not? No session, no key."""

from __future__ import annotations

import pytest

from checks.access import ANONYMOUS, INTERNAL, MIGRATION, access
from checks.conftest import Judged

pytestmark = pytest.mark.app


@pytest.mark.parametrize("path", ANONYMOUS)
def test_without_session(judge: Judged, path: str) -> None:
    judge(access, f"anonymous.{path}", title=f"{path} answers emptily without a session", scope=path)


@pytest.mark.parametrize("path", MIGRATION)
def test_no_migration_function(judge: Judged, path: str) -> None:
    judge(access, f"closed.{path}", title=f"the deployment has no {path}", scope=path)


@pytest.mark.parametrize("path", INTERNAL)
def test_internal_function(judge: Judged, path: str) -> None:
    judge(access, f"closed.{path}", title=f"the public can not call {path}", scope=path)
