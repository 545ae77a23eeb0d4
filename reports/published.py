"""What other programs read: the JSON Schema of results.json, and a run as JUnit's XML.

Works from a run's records alone and gives the same bytes for them. A consumer of the XML that knows nothing
of verdicts must not take a run for good that is not: what was not judged is an error, and the verdict is a
case of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree

from migration.model import JUDGED, CheckResult, MergedResults, Outcome, Phase, Verdict
from reports.read import Evidence, evidence
from reports.text import visible

SCHEMA = Path(__file__).parent / "schema" / "results.v1.json"
_TAGS = {Outcome.FAIL: "failure", Outcome.UNKNOWN: "error"}
_RED = {Verdict.FAIL.value: "failure", Verdict.UNKNOWN.value: "error"}


def schema() -> str:
    """The JSON Schema of results.json, as it is published."""
    found = MergedResults.model_json_schema(by_alias=True, mode="serialization")
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA.name}
    return json.dumps({**head, **found}, indent=2, sort_keys=True) + "\n"


def write_junit(folder: Path) -> Path:
    """Writes `junit.xml` of the run in `folder` into it."""
    root = junit(evidence(folder))
    ElementTree.indent(root)
    path, temporary = folder / "junit.xml", folder / ".junit.xml.new"
    temporary.write_bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n")
    temporary.replace(path)
    return path


def junit(found: Evidence) -> ElementTree.Element:
    """A suite for each suite of each phase, a case for each check, and one case for the verdict."""
    suites = [_verdict(found)]
    for phase in JUDGED:
        results = [result for result in found.results if result.phase is phase]
        for name in sorted({result.suite for result in results}):
            suites.append(_suite(phase, name, [one for one in results if one.suite == name], found))
        suites += _unjudged(phase, {result.id for result in results}, found)
    root = ElementTree.Element("testsuites", {"name": f"cutover {found.run_id}", **_sums(suites)})
    root.extend(suites)
    return root


def _verdict(found: Evidence) -> ElementTree.Element:
    """The run itself: also red when every check was green (rows in quarantine, nothing loaded)."""
    suite = ElementTree.Element("testsuite", name="run")
    case = ElementTree.SubElement(suite, "testcase", classname="run", name="verdict", time="0.000")
    verdict = str(found.verdict.get("verdict", Verdict.UNKNOWN))
    if verdict != Verdict.PASS:
        reasons = found.verdict.get("reasons")
        first = reasons[0] if isinstance(reasons, list) and reasons else "it was not judged"
        _red(case, _RED.get(verdict, "error"), f"{verdict}: {first}")
    return _counted(suite)


def _suite(phase: Phase, name: str, results: Iterable[CheckResult], found: Evidence) -> ElementTree.Element:
    suite = ElementTree.Element("testsuite", name=f"{phase.value}.{name}")
    for result in results:
        title = f"{result.id} {result.scope}".rstrip()
        case = ElementTree.SubElement(
            suite,
            "testcase",
            classname=suite.attrib["name"],
            name=visible(title),
            time=f"{result.duration_ms / 1000:.3f}",
        )
        standing = found.standing.get(result.id)
        if result.outcome in _TAGS:
            _red(case, _TAGS[result.outcome], result.error or _counts(result), _findings(result))
        elif standing:  # green at last, but not as a whole
            _red(case, _RED.get(standing[0], "error"), standing[1])
    return _counted(suite)


def _unjudged(phase: Phase, judged: set[str], found: Evidence) -> list[ElementTree.Element]:
    """What had to be judged and was not."""
    required = found.required.get(phase.value)
    missing = sorted(set(required) - judged) if isinstance(required, list) else []
    if required and not missing:
        return []
    suite = ElementTree.Element("testsuite", name=f"{phase.value}.not_judged")
    for name in missing or [phase.value]:
        case = ElementTree.SubElement(
            suite, "testcase", classname=suite.attrib["name"], name=visible(name), time="0.000"
        )
        _red(case, "error", "required, but without a result" if required else "the phase was not judged")
    return [_counted(suite)]


def _red(case: ElementTree.Element, tag: str, message: str, text: str = "") -> None:
    element = ElementTree.SubElement(case, tag, message=visible(message))
    element.text = text or None


def _counts(result: CheckResult) -> str:
    return ", ".join(f"{count} {kind.value}" for kind, count in result.totals.items() if count) or "failed"


def _findings(result: CheckResult) -> str:
    """The capped sample of findings, a line each; values are masked by the checks."""
    rows = [
        f"{one.cls.value} {one.kind.value} {one.table} {one.key} {one.field}: "
        f"expected {_value(one.expected)}, actual {_value(one.actual)}"
        for one in result.findings
    ]
    return "\n".join(visible(row) for row in rows)


def _value(value: str | None) -> str:
    return "absent" if value is None else value


def _counted(suite: ElementTree.Element) -> ElementTree.Element:
    cases = list(suite)
    suite.set("tests", str(len(cases)))
    for name, tag in (("failures", "failure"), ("errors", "error")):
        suite.set(name, str(sum(case.find(tag) is not None for case in cases)))
    return suite


def _sums(suites: Iterable[ElementTree.Element]) -> dict[str, str]:
    rows = list(suites)
    return {name: str(sum(int(row.attrib[name]) for row in rows)) for name in ("tests", "failures", "errors")}
