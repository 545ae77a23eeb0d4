"""An open connection to a deployment: who it is, whether it runs, and calls of its functions.

The part of the target's adapter that knows the function routes (contract 1 and 6). Export and import stand
on it in `migration.target`, which is what the rest of the project uses.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx
import orjson

from migration import files, values
from migration.endpoints import TargetSettings, target_name
from migration.errors import Refusal, RunIncomplete
from migration.wire import Wire, WireError

_DEADLINE_S = 3600.0
_ISSUER = "https://cutover.invalid"
_SHOWN = 300
_VALUES = re.compile(r"\s*\b(Object|Value|Document):.*", re.DOTALL)


class FunctionFailed(RunIncomplete):
    """A function ran and failed, or could not be found. `data` is that of a ConvexError."""

    def __init__(self, path: str, message: str, data: Any) -> None:
        self.data = data
        super().__init__(
            f"The function {path} failed: {without_values(message)}", touched="Nothing was written by it."
        )


@dataclass(frozen=True)
class Answer:
    """What one function call of a batch came to: a value, or an error's text."""

    value: Any = None
    error: str | None = None
    data: Any = None


@dataclass(frozen=True)
class TargetInfo:
    """Who a deployment is. `identity` is a digest that is the same for the same deployment only."""

    url: str
    name: str
    instance_name: str
    kind: str
    version: str
    read_only_key: bool
    operations: tuple[str, ...] = ()  # what the key may do; empty: everything

    @property
    def identity(self) -> str:
        """What a run is pinned to (law 12)."""
        return files.digest_of("convex", self.kind, self.instance_name, self.name)


class Calls:
    """An open connection, as an admin. Close it, or use it as a context."""

    def __init__(
        self,
        url: str,
        admin_key: str,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.url = url
        self._wire = Wire(url, admin_key, transport=transport, sleep=sleep)
        self._sleep = sleep

    @classmethod
    def of(cls, settings: TargetSettings) -> Self:
        """The target that the settings name."""
        return cls(settings.url, settings.admin_key.get_secret_value())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection."""
        self._wire.close()

    # who it is, and whether it runs

    def info(self) -> TargetInfo:
        """Who the deployment is, having made sure that the key is an admin key of it."""
        key = self._json("GET", "/api/check_admin_key")
        if not isinstance(key, dict) or not key.get("success"):
            raise Refusal(f"The deployment at {self.url} did not accept the admin key.")
        return TargetInfo(
            url=self.url,
            name=target_name(self.url),
            instance_name=self._wire.send("GET", "/instance_name").text.strip(),
            kind=str(self._json("GET", "/api/v1/deployment_info").get("kind", "")),
            version=self._wire.send("GET", "/version").text.strip(),
            read_only_key=bool(key.get("isReadOnly")),
            operations=tuple(str(one) for one in key.get("allowedOps") or ()),
        )

    def variables(self) -> dict[str, str]:
        """The deployment's own environment variables: secrets, for nobody's eyes (contract 6)."""
        return dict(self._json("GET", "/api/v1/list_environment_variables")["environmentVariables"])

    def state(self) -> str:
        """`running`, `paused`, or what Convex made of it (`disabled`, `suspended`)."""
        return str(self.query("_system/frontend/deploymentState:deploymentState", {})["state"])

    def pause(self) -> None:
        """Stops the app's functions, and reads back that they are stopped."""
        self._wire.send("POST", "/api/v1/pause_deployment")
        self._expect_state("paused")

    def unpause(self) -> None:
        """Lets the app's functions run again; a running deployment is left as it is."""
        if self.state() == "running":
            return
        try:
            self._wire.send("POST", "/api/v1/unpause_deployment")
        except WireError as error:
            # so a repeat is answered when the first one was carried out and its answer lost
            if error.code != "UnpauseDeploymentFailed":
                raise
        self._expect_state("running")

    # function calls

    def query(self, path: str, args: Mapping[str, Any], acting_as: str | None = None) -> Any:
        """The value of a query, as an admin or as the user of this `users` id."""
        return self._call("/api/query", path, args, acting_as, repeatable=True)

    def mutation(self, path: str, args: Mapping[str, Any], acting_as: str | None = None) -> Any:
        """The value of a mutation. Never repeated after a lost answer: it may have run."""
        return self._call("/api/mutation", path, args, acting_as, repeatable=False)

    def run(self, path: str, args: Mapping[str, Any], acting_as: str | None = None) -> Any:
        """The value of a function of any kind (`dir/file:name`), not repeated after a lost answer."""
        return self._call("/api/function", path, args, acting_as, repeatable=False)

    def query_batch(
        self, queries: Sequence[tuple[str, Mapping[str, Any]]], acting_as: str | None = None
    ) -> list[Answer]:
        """Several queries at one timestamp, as one user; each answers for itself."""
        body = {"queries": [_called(path, args) for path, args in queries]}
        response = self._wire.send("POST", "/api/query_batch", json=body, acting_as=_identity(acting_as))
        results = self._decoded(response)["results"]
        if len(results) != len(queries):
            raise RunIncomplete(f"{len(queries)} queries were asked and {len(results)} were answered.")
        return [_answer(result) for result in results]

    def _json(self, method: str, path: str, **rest: Any) -> Any:
        return self._decoded(self._wire.send(method, path, **rest))

    def _decoded(self, response: httpx.Response) -> Any:
        try:
            return orjson.loads(response.content)
        except orjson.JSONDecodeError:
            raise Refusal(
                f"What answers at {self.url} is not a Convex deployment.",
                next_step="Check the target's address: it is the deployment's own, not the site's.",
            ) from None

    def _call(
        self, route: str, path: str, args: Mapping[str, Any], acting_as: str | None, *, repeatable: bool
    ) -> Any:
        response = self._wire.send(
            "POST", route, json=_called(path, args), acting_as=_identity(acting_as), repeatable=repeatable
        )
        answer = _answer(self._decoded(response))
        if answer.error is not None:
            raise FunctionFailed(path, answer.error, answer.data)
        return answer.value

    def _expect_state(self, wanted: str) -> None:
        found = self.state()
        if found != wanted:
            raise RunIncomplete(
                f"The deployment was told to be {wanted} and says that it is {found}.",
                next_step="Look at it in its dashboard before going on.",
            )

    def _until(self, what: str) -> Iterator[None]:
        """Yields until the caller has what it waits for, ever less often; `RunIncomplete` after an hour."""
        began, wait = time.monotonic(), 0.05
        while time.monotonic() - began < _DEADLINE_S:
            yield
            self._sleep(wait)
            wait = min(wait * 1.5, 0.5)
        raise RunIncomplete(
            f"Waited {_DEADLINE_S / 60:.0f} minutes for {what}.", next_step="Look at the target."
        )


def _called(path: str, args: Mapping[str, Any]) -> dict[str, Any]:
    return {"path": path, "format": "convex_encoded_json", "args": dict(args)}


def _identity(user_id: str | None) -> dict[str, str] | None:
    """The identity that v2's `getAuthUserId` takes for this user: the part of `subject` before `|`."""
    if user_id is None:
        return None
    subject = f"{user_id}|cutover"
    return {"subject": subject, "issuer": _ISSUER, "tokenIdentifier": f"{_ISSUER}|{subject}"}


def _answer(result: dict[str, Any]) -> Answer:
    if result.get("status") == "success":
        return Answer(value=values.decode(result.get("value")))
    return Answer(error=str(result.get("errorMessage", "no reason given")), data=result.get("errorData"))


def without_values(message: str) -> str:
    """A deployment's error text without the document it quotes: that may be a person's data (law 13)."""
    return _VALUES.sub("", message)[:_SHOWN].strip()
