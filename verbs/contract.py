"""`contract`: holds a deployment to the wire contract and says, statement by statement, what came of it.

Runs tests/contract as a process; the statements, their states and docs/contract.md are `fixtures.statements`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx

from fixtures import statements
from fixtures.statements import Judged, State
from migration.config import ROOT
from migration.errors import FAIL, PASS, UNKNOWN, Refusal
from verbs.show import answer

KEY = "CONVEX_SELF_HOSTED_ADMIN_KEY"
# Tests in the folder that judge the list and this verb, not a deployment.
NOT_OF_THE_WIRE = "not test_statements and not test_verb"


def run(*, url: str, confirm: str, select: str, workers: int) -> int:
    """Runs the suite against `url`, or the embedded deployment, and prints the list.

    `select` is a pytest expression over names of tests; what it leaves out counts as not tried. Only a whole
    run on the embedded deployment writes the page. FAIL when a test failed, UNKNOWN when no statement was
    tried, else PASS.
    """
    environment = dict(os.environ)
    environment.pop("CUTOVER_CONTRACT_URL", None)
    if url:
        _refuse_unless_meant(url, confirm)
        environment["CUTOVER_CONTRACT_URL"] = url.rstrip("/")
        workers = 0  # the tests empty the one deployment there is, one after another
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "junit.xml"
        command = [sys.executable, "-m", "pytest", "tests/contract", "-n", str(workers), "-q", "--no-header"]
        chosen = " and ".join([NOT_OF_THE_WIRE, *([f"({select})"] if select else [])])
        subprocess.run(
            [*command, "-k", chosen, f"--junitxml={report}"],
            cwd=ROOT,
            env=environment,
            stdout=sys.stderr,
            check=False,
        )
        tried = statements.outcomes(report) if report.exists() else {}
        judged = statements.judge(statements.read(), tried)
    answer("\n".join([*statements.lines(judged), statements.summary(judged)]))
    if not url and not select:
        statements.PAGE.write_text(statements.page(judged), "utf-8")
        answer(f"written: {statements.PAGE.relative_to(ROOT)}")
    return verdict(judged, tried)


def verdict(judged: Sequence[Judged], tried: Mapping[str, Sequence[str]]) -> int:
    """The exit code of a run: a failed test counts even when no statement names it."""
    if any("failed" in results for results in tried.values()):
        return FAIL
    return PASS if any(one.state is State.PASSED for one in judged) else UNKNOWN


def _refuse_unless_meant(url: str, confirm: str) -> None:
    """The suite empties the deployment: its name must be typed, and its key be in the environment."""
    if not os.environ.get(KEY):
        raise Refusal(f"The admin key of {url} is missing.", next_step=f"Set {KEY}.")
    try:
        name = httpx.get(f"{url.rstrip('/')}/instance_name", timeout=30).text.strip()
    except httpx.HTTPError as error:
        raise Refusal(f"{url} does not answer ({type(error).__name__}).", next_step="Check --url.") from error
    if confirm != name:
        raise Refusal(
            f"The contract suite EMPTIES the deployment {name} at {url}; nothing was touched.",
            next_step=f"If it may be emptied, add --confirm {name}.",
        )
