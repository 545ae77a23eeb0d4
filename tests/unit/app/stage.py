"""A small stage for tests of the app and of the browser suites: deployment, site, one person, some cases.

No PostgreSQL and no migration: the documents are written here, and so is what the pages must show.
"""

from __future__ import annotations

import base64
import json
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from fixtures import app_server, canary, deployment, wire
from fixtures.app.auth_environment import auth_environment
from fixtures.factories.documents import Documents, new_v2_case

FUNCTIONS = app_server.APP / "convex"
PASSWORD = "a canary's password of its own"
JAN_2024 = 1_704_067_200_000.0
CANARY, OWNER, NOBODY = "the canary", "the owner", "nobody"

RICH: dict[str, Any] = {
    "positionTitle": "Engineer\nII",
    "beneficiaryIdentifier": "FW-001",
    "caseNumber": "A-1",
    "internalCaseNumber": "I-9",
    "caseStatus": "i140",
    "progressStatus": "filed",
    "pwdFilingDate": "2023-01-05",
    "pwdDeterminationDate": "2023-06-01",
    "pwdExpirationDate": "2023-08-30",
    "pwdCaseNumber": "P-100",
    "pwdWageAmount": 8_500_000.0,
    "pwdWageLevel": "Level II",
    "jobOrderStartDate": "2023-06-10",
    "jobOrderEndDate": "2023-07-12",
    "jobOrderState": "CA",
    "sundayAdFirstDate": "2023-06-11",
    "sundayAdSecondDate": "2023-06-18",
    "sundayAdNewspaper": 'The "Daily", late edition',
    "noticeOfFilingStartDate": "2023-06-12",
    "noticeOfFilingEndDate": "2023-06-27",
    "recruitmentApplicantsCount": 3.0,
    "isProfessionalOccupation": True,
    "recruitmentNotes": "None was qualified.",
    "recruitmentSummaryCustom": "All steps done.",
    "additionalRecruitmentMethods": [
        {"method": "job_fair", "date": "2023-06-20", "description": "Spring fair"},
        {"method": "radio_ad", "date": "2023-06-21"},
    ],
    "recruitmentStartDate": "2023-06-10",
    "recruitmentEndDate": "2023-07-12",
    "filingWindowOpens": "2023-08-11",
    "filingWindowCloses": "2023-08-30",
    "recruitmentWindowCloses": "2023-07-31",
    "eta9089FilingDate": "2023-08-15",
    "eta9089CaseNumber": "E-5",
    "eta9089CertificationDate": "2024-06-01",
    "eta9089ExpirationDate": "2024-11-28",
    "i140FilingDate": "2024-07-01",
    "i140ReceiptDate": "2024-07-05",
    "i140ReceiptNumber": "WAC123",
    "i140Category": "EB-2",
    "i140ServiceCenter": "Texas",
    "i140PremiumProcessing": True,
    "rfiEntries": [
        {
            "id": "r1",
            "title": "Wage",
            "description": "Explain",
            "notes": "Done",
            "receivedDate": "2023-09-01",
            "responseDueDate": "2023-10-01",
            "responseSubmittedDate": "2023-09-20",
            "createdAt": JAN_2024,
        }
    ],
}


class FunctionError(Exception):
    """A function answered with an error."""


@dataclass
class Stage:
    """What is running, and what was written. `soiled`: a test may have changed the documents since."""

    folder: Path
    url: str
    admin_key: str = field(repr=False)
    app_url: str
    user: str
    cases: list[dict[str, Any]]
    pids: tuple[int, ...]
    soiled: bool = False

    def query(self, path: str, args: dict[str, Any] | None = None, *, by: str = CANARY) -> Any:
        """Ask the app (or, `by` the owner, the deployment) something."""
        return self._call("query", path, args, by)

    def mutation(self, path: str, args: dict[str, Any] | None = None, *, by: str = CANARY) -> Any:
        """Have the app change something."""
        self.soiled = True
        return self._call("mutation", path, args, by)

    def action(self, path: str, args: dict[str, Any]) -> Any:
        """Run an action as nobody: signing in is one."""
        self.soiled = True
        return self._call("action", path, args, NOBODY)

    def run(self, path: str) -> Any:
        """Run an internal function, as the deployment's owner."""
        self.soiled = True
        return self._call("run/" + path.replace(":", "/"), path, {}, OWNER)

    def fill(self, **changes: dict[str, Any]) -> None:
        """Put all documents back, but for `changes` to the canary's own (see `fill`)."""
        fill(self.folder, self.url, self.admin_key, **changes)
        self.soiled = bool(changes)

    def acting_as(self, user: str) -> str:
        """The Authorization of somebody's session, as the owner may claim it."""
        issuer = "https://cutover.test"
        identity = {"subject": f"{user}|test", "issuer": issuer, "tokenIdentifier": f"{issuer}|{user}"}
        return f"Convex {self.admin_key}:{base64.b64encode(json.dumps(identity).encode()).decode()}"

    def _call(self, route: str, path: str, args: dict[str, Any] | None, by: str) -> Any:
        known = {CANARY: self.acting_as(self.user), OWNER: f"Convex {self.admin_key}", NOBODY: ""}
        headers = {"Convex-Client": "cutover-tests-0.1.0", "Authorization": known.get(by, by)}
        body = {"path": path, "args": args or {}, "format": "json"}
        sent = {name: value for name, value in headers.items() if value}
        answer = httpx.post(f"{self.url}/api/{route}", json=body, headers=sent).json()
        if answer.get("status") != "success":
            raise FunctionError(answer.get("errorMessage") or str(answer))
        return answer["value"]

    def pair_file(self) -> Path:
        """A pair.json of this stage. There is no source, and nothing here asks for one."""
        path = self.folder / "pair.json"
        state = {
            "postgres_dsn": "postgresql://postgres@127.0.0.1:1/none",
            "convex_url": self.url,
            "convex_admin_key": self.admin_key,
            "app_url": self.app_url,
            "canary_email": canary.CANARY_EMAIL,
            "canary_password": PASSWORD,
        }
        path.write_text(json.dumps(state))
        path.chmod(0o600)
        return path

    def expected(self) -> dict[str, Any]:
        """What the checks would have written as expected_canary.json."""
        living = [case for case in self.cases if "deletedAt" not in case]
        summary = dict.fromkeys(("pwd", "recruitment", "eta9089", "i140", "complete", "closed"), 0)
        for case in living:
            complete = case["caseStatus"] == "i140" and case["progressStatus"] == "approved"
            summary["complete" if complete else case["caseStatus"]] += 1
        summary |= {"duplicates": 0, "total": len(living)}
        email = canary.CANARY_EMAIL
        return {"email": email, "cases": self.cases, "summary": summary, "convex_url": self.url}


def raise_curtain(folder: Path) -> Stage:
    """Start everything and fill it."""
    served = deployment.start(folder / "convex", FUNCTIONS, environment=auth_environment(folder / "auth"))
    try:
        user, cases = fill(folder, served.url, served.admin_key)
        site = app_server.start(folder / "site", served.url)
    except BaseException:
        deployment.stop(served.pid)
        raise
    return Stage(folder, served.url, served.admin_key, site.url, user, cases, (site.pid, served.pid))


def fill(
    folder: Path, url: str, admin_key: str, **changes: dict[str, Any]
) -> tuple[str, list[dict[str, Any]]]:
    """Replace all documents by those of the stage: the canary, and cases of every stage.

    `changes` are made to the canary's document of a table: `users={"deletedAt": 1.0}`; None takes out.
    """
    documents = Documents(_table_numbers(folder, url, admin_key))
    canary.add_to_target(documents, PASSWORD)
    for table, fields in changes.items():
        (document,) = documents.tables[table]
        document.update(fields)
        documents.tables[table] = [{key: value for key, value in document.items() if value is not None}]
    user = documents.tables["users"][0]["_id"]
    documents.add("cases", "rich", **new_v2_case(user, 'Acme "Quotes", Inc.', **RICH))
    for number in range(14):
        stage = ("pwd", "recruitment", "eta9089", "i140", "closed")[number % 5]
        plain: dict[str, Any] = {"caseStatus": stage, "progressStatusOverride": True}
        if number == 3:
            plain["progressStatus"] = "approved"
        if stage == "closed":
            plain |= {"closureReason": "withdrawn", "closedAt": JAN_2024}
        documents.add("cases", f"plain {number}", **new_v2_case(user, f"Employer {number:02d}", **plain))
    documents.add("cases", "deleted", **new_v2_case(user, "Deleted Co", deletedAt=JAN_2024))
    archive = folder / "stage.zip"
    with zipfile.ZipFile(archive, "w") as written:
        for name, text in documents.files().items():
            written.writestr(name, text)
    wire.import_zip(url, admin_key, archive, mode="replaceAll")
    return user, documents.tables["cases"]


def _table_numbers(folder: Path, url: str, admin_key: str) -> dict[str, int]:
    """The numbers the deployment's tables have: an import must keep to them."""
    wire.export_zip(url, admin_key, folder / "before.zip")
    with zipfile.ZipFile(folder / "before.zip") as archive:
        lines = archive.read("_tables/documents.jsonl").splitlines()
    return {row["name"]: row["id"] for row in map(json.loads, lines)}


def drop_curtain(stage: Stage) -> None:
    """End what was started."""
    for pid in stage.pids:
        deployment.stop(pid)
