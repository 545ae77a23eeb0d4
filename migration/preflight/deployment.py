"""Probes of the target: that it answers, what its key may do, what is deployed on it, what it would send.

Everything here is asked by requests that change nothing: who it is, its list of imports, its functions, its
schema, its variables (contract 6). Some of these routes belong to the dashboard and are promised to nobody;
where one does not answer, the gate says what is not known.
"""

from __future__ import annotations

import re
from typing import Any

from migration.calls import FunctionFailed
from migration.errors import Refusal
from migration.link import TABLES
from migration.preflight import variables
from migration.preflight.model import Answer
from migration.preflight.scene import Scene
from migration.preflight.schema import tables_of

NEEDED_OPERATIONS = (
    "deployment:data:view",
    "deployment:env:view",
    "deployment:backups:view",
    "deployment:backups:create",
    "deployment:backups:download",
    "deployment:backups:import",
    "deployment:pause",
    "deployment:unpause",
    "deployment:functions:actAsUser",
)
"""What the steps, the checks and a rollback ask of the key (contract 0: permission names)."""

NEEDED_FUNCTIONS = (
    "users:currentUser",
    "users:currentUserProfile",
    "cases:list",
    "cases:get",
    "dashboard:getSummary",
    "notifications:getUnreadCount",
    "auth:signIn",
)
"""Of v2's functions those that the checks read through, and the way in."""

_NEVER = "migrations:"  # functions of the first migration kit: they ask nobody who they are
_RUNNING = ("running", "paused")
_WORD = re.compile(r"[A-Z]?[a-z]+")
_SPELLINGS = {"env": {"environment", "variables"}}


def reachable(scene: Scene) -> Answer:
    """It is a deployment, takes our key, can be paused and unpaused, and nobody imports into it just now."""
    info, state = scene.info, scene.target.state()
    if state not in _RUNNING:
        return Answer(False, f"{info.name} is {state}: Convex, not you, has stopped it.")
    importing = [one for one in scene.target.query("_system/cli/queryImport:list", {}) or [] if _busy(one)]
    if importing:
        return Answer(False, f"Somebody's import is being carried out on {info.name}.")
    return Answer(True, f"{info.name} ({info.kind or 'kind not told'}) is {state}.")


def permitted(scene: Scene) -> Answer:
    """The key may do what every later step asks of it."""
    info = scene.info
    lacking = lacks(info.operations)
    if info.read_only_key:
        return Answer(False, "The key may only read.")
    if lacking:
        return Answer(False, f"The key lacks {', '.join(lacking)}.")
    return Answer(
        True, "The key may do everything." if not info.operations else "The key may do what is needed."
    )


def lacks(operations: tuple[str, ...]) -> list[str]:
    """The needed permissions that are not among `operations`; an empty list of those means all (contract 6).

    A deployment spells them `ViewData` where its documentation says `deployment:data:view`.
    """
    allowed = [_words(one) for one in operations]
    return [one for one in NEEDED_OPERATIONS if operations and _words(one) not in allowed]


def functions(scene: Scene) -> Answer:
    """v2's functions are deployed, and none of the first migration kit's."""
    found = scene.target.query("_system/cli/modules:apiSpec", {}) or []
    visible = {_path(one): (one.get("visibility") or {}).get("kind") for one in found if _path(one)}
    missing = [name for name in NEEDED_FUNCTIONS if visible.get(name) != "public"]
    exposed = sorted(name for name in visible if name.startswith(_NEVER))
    if exposed:
        return Answer(False, f"Functions of the first migration kit are deployed: {', '.join(exposed[:4])}.")
    if missing:
        return Answer(False, f"Of v2's functions there is no public {', '.join(missing)}.")
    return Answer(True, f"{len(visible)} functions are deployed.")


def schema(scene: Scene) -> Answer:
    """v2's schema is deployed; kept in the scene, so that `audit` can hold every document to it."""
    try:
        answer = scene.target.query("_system/frontend/getSchemas", {"componentId": None}) or {}
    except FunctionFailed:
        return _by_tables(scene)
    if not answer.get("active"):
        return Answer(False, "No schema is deployed.")
    try:
        scene.schema = tables_of(str(answer["active"]))
    except (ValueError, KeyError, TypeError, AttributeError):
        return Answer(False, "What the deployment calls its schema can not be read.")
    missing = [name for name in TABLES if name not in scene.schema]
    loose = [name for name in TABLES if name in scene.schema and scene.schema[name] is None]
    if missing:
        return Answer(False, f"The deployed schema has no table {', '.join(missing)}.")
    if loose:
        return Answer(False, f"The deployed schema takes any document in {', '.join(loose)}.")
    return Answer(True, f"The schema declares {len(scene.schema)} tables.")


def environment(scene: Scene) -> Answer:
    """What v2's functions read is set, and clean."""
    asked, production = scene.settings.preflight, scene.settings.environment == "production"
    found = scene.target.variables()
    required = [*asked.required_variables, *(asked.production_variables if production else ())]
    wrong = variables.faults(
        found,
        required,
        target=scene.settings.target.name,
        site=scene.settings.app_url,
        production=production,
    )
    if wrong:
        return Answer(False, f"{'; '.join(wrong)}.")
    return Answer(True, f"{len(found)} variables are set, {len(required)} required ones among them.")


def silent(scene: Scene) -> Answer:
    """A rehearsal can mail or push to nobody."""
    found = variables.senders(scene.target.variables())
    if found:
        return Answer(
            False, f"The deployment holds {', '.join(found)}, and real people's addresses go there."
        )
    return Answer(True, "No mail or push key is set.")


def _by_tables(scene: Scene) -> Answer:
    """The schema can not be read: whether every field fits stays unknown until the import itself."""
    page = (scene.target.query("_system/cli/tables", _everything()) or {}).get("page") or []
    names = {str(one.get("name")) for one in page}
    missing = [name for name in TABLES if name not in names]
    if missing:
        raise Refusal(f"UNKNOWN: the schema can not be read, and there is no table {', '.join(missing)}.")
    return Answer(True, "UNKNOWN whether every field fits: the schema can not be read; its tables are there.")


def _everything() -> dict[str, Any]:
    return {"paginationOpts": {"cursor": None, "numItems": 10000.0}}


def _busy(one: Any) -> bool:
    return isinstance(one, dict) and (one.get("state") or {}).get("state") == "in_progress"


def _path(one: Any) -> str:
    """`cases:list` of `cases.js:list`; empty for an HTTP action."""
    return str(one.get("identifier", "")).replace(".js:", ":") if isinstance(one, dict) else ""


def _words(operation: str) -> frozenset[str]:
    """`deployment:backups:create` and `CreateBackups` are the same words."""
    words = {word.lower() for word in _WORD.findall(operation)} - {"deployment", "functions"}
    return frozenset(one for word in words for one in _SPELLINGS.get(word, {word}))
