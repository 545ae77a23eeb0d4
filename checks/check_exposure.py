"""What happens by itself once the target is opened: mails to real people, jobs that wait in the queue?"""

from __future__ import annotations

import pytest

from checks import products
from checks.conftest import Judged
from checks.jobs import jobs
from checks.judges.mails import DIGEST, REMINDERS

pytestmark = pytest.mark.data


def test_reminders(judge: Judged) -> None:
    title = "reminders that v2 mails at its next run are those that v1's dates and wishes call for"
    judge(products.cases, REMINDERS, title=title, scope="mails", may_be_empty=True)


def test_digest(judge: Judged) -> None:
    title = "nobody from v1 gets v2's weekly digest, and v2's own people as before"
    judge(products.people, DIGEST, title=title, scope="mails", may_be_empty=True)


def test_queued_jobs(judge: Judged) -> None:
    title = "jobs that wait on the target and run when it is opened"
    judge(jobs, "jobs.queued", title=title, scope="jobs", may_be_empty=True)
