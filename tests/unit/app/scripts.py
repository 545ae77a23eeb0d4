"""Runs one of the app's TypeScript test scripts: bundled by esbuild, in Node, with the clock in UTC."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from fixtures.app_server import APP, bundle
from fixtures.provision import node_binary

FACTS = APP.parents[1] / "checks" / "facts"


def run(script: str, folder: Path, *arguments: str | Path) -> Any:
    """The JSON that `fixtures/app/tests/<script>` prints. `folder` takes the bundle."""
    target = folder / f"{script}.cjs"
    bundle("script", APP / "tests" / script, target)
    environment = {**os.environ, "TZ": "UTC"}
    command = [node_binary(), target, *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return json.loads(done.stdout)
