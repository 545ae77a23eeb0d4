"""The list of bad configurations: what is wrong, and what is said before anything is touched.

One row is one mistake, made in a sound test environment (`SOUND`). `docs/bad-configuration.md` is written
from this table, with the messages as they are: `python -m tests.unit.migration.bad_configuration`.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from migration import acceptance, config, files, quarantine, source
from migration.config import ROOT, Settings
from migration.cutover import gate
from migration.errors import Refusal
from migration.run import Run, find
from verbs.line import Line

PAGE = ROOT / "docs" / "bad-configuration.md"
SOUND = {
    "CUTOVER_ENV": "test",
    "SUPABASE_DB_URL": "postgresql://postgres:hunter2@db.abcdef.supabase.co:5432/postgres",
    "CONVEX_DEPLOY_KEY": "prod:happy-otter-123|hunter2",
    "CUTOVER_APP_URL": "https://test.permtracker.app",
}
SELF_HOSTED = {
    "CONVEX_DEPLOY_KEY": "",
    "CONVEX_SELF_HOSTED_URL": "https://convex.example.org",
    "CONVEX_SELF_HOSTED_ADMIN_KEY": "mine|hunter2",
}
PRODUCTION = '[environments.production]\ntarget = "happy-otter-123"\nsource = "abcdef"\n'
NAME = "happy-otter-123"
PAIR = json.dumps(
    {"postgres_dsn": "postgresql://u:hunter2@127.0.0.1:1/x", "convex_url": "http://127.0.0.1:2"}
)


def _cutover(url: str, more: str = "") -> str:
    """How the test environment goes live."""
    looked = 'resolvers = ["192.0.2.53"]\npoints_to = ["192.0.2.2"]\n'
    return f'[cutover.test]\nurl = "{url}"\n{looked}{more}'


Act = Callable[[Path, Mapping[str, str]], object]


def load(root: Path, environ: Mapping[str, str]) -> Settings:
    """What every task does first."""
    return config.load(root=root, environ=environ)


@dataclass(frozen=True)
class Case:
    """One mistake. `files`: content and mode by name in the checkout; `act`: what is refused."""

    wrong: str
    says: str
    change: Mapping[str, str] = field(default_factory=dict)
    toml: str = ""
    files: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    act: Act = load

    def message(self, root: Path) -> str:
        """What is said about it, with the checkout's place left out; made in `root`, an empty folder."""
        checkout = root / "checkout"
        checkout.mkdir()
        (checkout / "cutover.toml").write_text(self.toml)
        for name, (content, mode) in self.files.items():
            path = checkout / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
            path.chmod(mode)
        here = {name: text.replace("CHECKOUT", str(checkout)) for name, text in self.change.items()}
        environ = {"HOME": str(root), **SOUND, **here}
        try:
            self.act(checkout, environ)
        except Refusal as refusal:
            return str(refusal).replace(str(checkout), "CHECKOUT").replace(str(root), "HOME")
        raise AssertionError(f"{self.wrong}: nothing is refused")


def _connect(root: Path, environ: Mapping[str, str]) -> None:
    source.connect(load(root, environ)).close()


def _decisions(root: Path, environ: Mapping[str, str]) -> None:
    quarantine.load(load(root, environ).quarantine_file)
    acceptance.read(root / "acceptances.toml")


def _open_data(root: Path, environ: Mapping[str, str]) -> None:
    folder = load(root, environ).data_dir
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    files.private_folder(folder)


def _run(run_id: str) -> Act:
    def act(root: Path, environ: Mapping[str, str]) -> None:
        find(load(root, environ).runs_dir, run_id)

    return act


def _other_run(root: Path, environ: Mapping[str, str]) -> None:
    settings = load(root, environ)
    made = Run.create(settings.model_copy(update={"environment": "embedded"}))
    made.update_manifest(run_id="RUN")
    try:
        Run.open(settings, made.id)
    except Refusal as refusal:
        refusal.args = (str(refusal).replace(made.id, "RUN"),)
        raise


def _pin(*flags: tuple[str, bool]) -> Act:
    def act(_root: Path, _environ: Mapping[str, str]) -> None:
        line = Line()
        for env, production in flags:
            line.pin(env, production=production)

    return act


def _go_live(confirm: str) -> Act:
    """A cutover's first questions, before any gate is asked."""

    def act(root: Path, environ: Mapping[str, str]) -> None:
        settings = load(root, environ)
        gate.typed(settings, confirm)
        gate.equipped(settings)

    return act


CASES = (
    # which environment
    Case("no environment is chosen, and no pair is kept", "No environment is chosen", {"CUTOVER_ENV": ""}),
    Case("the environment is mistyped", "Did you mean 'production'?", {"CUTOVER_ENV": "prodution"}),
    Case(
        "embedded is asked for, and no pair runs", "No embedded pair is running", {"CUTOVER_ENV": "embedded"}
    ),
    Case("--production beside --env test", "contradict each other", act=_pin(("test", True))),
    Case(
        "a second environment on one line",
        "pinned to the environment test",
        act=_pin(("test", False), ("embedded", False)),
    ),
    # names of variables
    Case(
        "a variable that Cutover does not know", "Did you mean 'CUTOVER_DATA_DIR'?", {"CUTOVER_DATADIR": "/x"}
    ),
    Case("another one", "Did you mean 'CUTOVER_ENV'?", {"CUTOVER_ENVIRONMENT": "test"}),
    # values of variables
    Case("quotes around a value", "stray quotes", {"SUPABASE_DB_URL": f'"{SOUND["SUPABASE_DB_URL"]}"'}),
    Case("a newline after a key", "stray quotes", {"CONVEX_DEPLOY_KEY": "prod:happy-otter-123|hunter2\n"}),
    Case("a newline spelled \\n after a key", "stray quotes", {"CONVEX_DEPLOY_KEY": "prod:a-1|hunter2\\n"}),
    Case("a blank before a value", "stray quotes", {"CUTOVER_APP_URL": " https://permtracker.app"}),
    # the source
    Case("no source", "SUPABASE_DB_URL is not set", {"SUPABASE_DB_URL": ""}),
    Case("the source is no address", "is not a PostgreSQL address", {"SUPABASE_DB_URL": "postgres:hunter2"}),
    Case(
        "the transaction pooler",
        "transaction pooler (port 6543)",
        {"SUPABASE_DB_URL": "postgresql://postgres.abcdef:hunter2@x.pooler.supabase.com:6543/postgres"},
        act=_connect,
    ),
    Case(
        "a database elsewhere without encryption",
        "sslmode=disable",
        {"SUPABASE_DB_URL": f"{SOUND['SUPABASE_DB_URL']}?sslmode=disable"},
    ),
    Case(
        "SUPABASE_URL of another project than the database",
        "SUPABASE_URL is of the project 'other'",
        {"SUPABASE_URL": "https://other.supabase.co"},
    ),
    Case("SUPABASE_URL without https", "SUPABASE_URL is http", {"SUPABASE_URL": "http://abcdef.supabase.co"}),
    Case(
        "a management API without https",
        "CUTOVER_SUPABASE_API is http",
        {"CUTOVER_SUPABASE_API": "http://api.example.org"},
    ),
    Case(
        "Render's API without https",
        "CUTOVER_RENDER_API is http",
        {"CUTOVER_RENDER_API": "http://api.example.org"},
    ),
    # the target
    Case("no target", "No target is configured", {"CONVEX_DEPLOY_KEY": ""}),
    Case("half a target", "No target is configured", {**SELF_HOSTED, "CONVEX_SELF_HOSTED_ADMIN_KEY": ""}),
    Case("two targets", "the target is ambiguous", {"CONVEX_SELF_HOSTED_URL": "https://x.example.org"}),
    Case(
        "a key that names no deployment", "does not look like a deploy key", {"CONVEX_DEPLOY_KEY": "hunter2"}
    ),
    Case(
        "a preview key",
        "preview keys name no deployment",
        {"CONVEX_DEPLOY_KEY": "preview:team:project|hunter2"},
    ),
    Case(
        "a key of another deployment than the address",
        "is a key of 'happy-otter-123', but CONVEX_URL points at 'slow-dog-2'",
        {"CONVEX_URL": "https://slow-dog-2.convex.cloud"},
    ),
    Case("an address without https://", "is not the address", {"CONVEX_URL": "happy-otter-123.convex.cloud"}),
    Case(
        "an address with a path",
        "is not the address",
        {"CONVEX_URL": "https://happy-otter-123.convex.cloud/api"},
    ),
    Case(
        "http to a deployment elsewhere",
        "CONVEX_SELF_HOSTED_URL is http",
        {**SELF_HOSTED, "CONVEX_SELF_HOSTED_URL": "http://convex.example.org:3210"},
    ),
    # the site and the canary
    Case(
        "the site's address is none", "is not the address of a site", {"CUTOVER_APP_URL": "permtracker.app"}
    ),
    Case("http to the site", "CUTOVER_APP_URL is http", {"CUTOVER_APP_URL": "http://permtracker.app"}),
    Case("half a canary", "CUTOVER_CANARY_PASSWORD is not set", {"CUTOVER_CANARY_EMAIL": "c@example.org"}),
    # the right deployment
    Case(
        "the target is not the one that cutover.toml names",
        "cutover.toml says 'slow-dog-2' for test",
        toml='[environments.test]\ntarget = "slow-dog-2"\n',
    ),
    Case(
        "the source is not the one that cutover.toml names",
        "cutover.toml says 'zzz' for test",
        toml='[environments.test]\nsource = "zzz"\n',
    ),
    Case(
        "the test environment points at production", "belongs to the environment production", toml=PRODUCTION
    ),
    Case(
        "the site stands in production's list",
        "is an address of the environment production",
        toml='[environments.production]\nurls = ["https://test.permtracker.app"]\n',
    ),
    Case(
        "the site stands in another list than its own",
        "is none of the addresses that cutover.toml lists for test",
        toml='[environments.test]\nurls = ["https://staging.permtracker.app"]\n',
    ),
    Case(
        "production without names in cutover.toml",
        "does not name production's",
        {"CUTOVER_ENV": "production"},
    ),
    Case(
        "production without its name typed",
        "needs the target's name typed; none",
        {"CUTOVER_ENV": "production"},
        PRODUCTION,
    ),
    Case(
        "production with another name typed",
        "another name was given",
        {"CUTOVER_ENV": "production", "CUTOVER_CONFIRM": "happy-otter"},
        PRODUCTION,
    ),
    Case(
        "a development key for production",
        "the key of a development deployment",
        {"CUTOVER_ENV": "production", "CONVEX_DEPLOY_KEY": "dev:happy-otter-123|hunter2"},
        PRODUCTION,
    ),
    # cutover.toml
    Case("an unknown table in cutover.toml", "Did you mean 'sample'?", toml="[smaple]\nfraction = 0.1\n"),
    Case("an unknown key in cutover.toml", "Did you mean 'fraction'?", toml="[sample]\nfration = 0.1\n"),
    Case(
        "an unknown environment in cutover.toml", "Did you mean 'production'?", toml="[environments.prod]\n"
    ),
    Case("a value out of its range", "sample.fraction", toml="[sample]\nfraction = 2\n"),
    Case("a value of another type", "run.workers", toml='[run]\nworkers = "two"\n'),
    Case("cutover.toml is no TOML", "can not be read", toml="not toml at all"),
    # the cutover
    Case(
        "a command of the cutover is one string",
        "cutover.test.deploy",
        toml='[cutover.test]\ndeploy = "npx vercel deploy --prod"\n',
    ),
    Case("the public address has a path", "is not the address of a site", toml=_cutover("https://a.b/c")),
    Case("the public address is not encrypted", "in the clear", toml=_cutover("http://permtracker.app")),
    Case(
        "the public address stands in production's list",
        "is an address of the environment production",
        toml='[environments.production]\nurls = ["https://a.b"]\n' + _cutover("https://a.b"),
    ),
    Case(
        "test and production would point the same name elsewhere",
        "for test and for production",
        toml=_cutover("https://a.b") + '[cutover.production]\nurl = "https://a.b"\n',
    ),
    Case("a cutover without the target's name", "none was given", act=_go_live("")),
    Case("a cutover with another name", "another name was given", act=_go_live("slow-dog-2")),
    Case("a cutover that is not configured", "does not say the public address", act=_go_live(NAME)),
    Case(
        "a domain that could not be pointed back",
        "how to point it at v2 and back",
        toml=_cutover("https://a.b", 'domain = ["x"]\n'),
        act=_go_live(NAME),
    ),
    Case(
        "two ways to point the domain",
        "a command and Vercel are both given",
        toml=_cutover("https://a.b", 'domain = ["x"]\ndomain_back = ["y"]\nvercel_to = "z"\n'),
        act=_go_live(NAME),
    ),
    Case(
        "Vercel without a token",
        "VERCEL_TOKEN is not set",
        toml=_cutover("https://a.b", 'vercel_to = "z"\nvercel_from = "y"\n'),
        act=_go_live(NAME),
    ),
    Case(
        "a secret among a command's arguments",
        "has a secret among its arguments",
        {"VERCEL_TOKEN": "hunter2"},
        toml=_cutover("https://a.b", 'domain = ["x", "--token=hunter2"]\ndomain_back = ["y"]\n'),
        act=_go_live(NAME),
    ),
    # files
    Case(".env may be read by others", "chmod 600", files={".env": ("CUTOVER_ENV=test\n", 0o644)}),
    Case(".env has a line that is none", "line 1, is not NAME=value", files={".env": ("hunter2\n", 0o600)}),
    Case(
        "pair.json may be read by others",
        "chmod 600",
        {"CUTOVER_ENV": "embedded"},
        files={"fixtures/.pair/pair.json": (PAIR, 0o640)},
    ),
    Case(
        "pair.json is torn",
        "can not be read",
        {"CUTOVER_ENV": "embedded"},
        files={"fixtures/.pair/pair.json": (PAIR[:40], 0o600)},
    ),
    Case("people's data inside the checkout", "inside the checkout", {"CUTOVER_DATA_DIR": "CHECKOUT/data"}),
    Case("the data folder is open to others", "chmod 700", act=_open_data),
    Case(
        "quarantine.toml decides in no known way",
        "is not a list of resolutions",
        files={"quarantine.toml": ('[[resolution]]\ntable = "public.cases"\nas = "guess"\n', 0o644)},
        act=_decisions,
    ),
    Case(
        "acceptances.toml accepts without a name",
        "acceptances.toml can not be read",
        files={"acceptances.toml": ('[[accept]]\ncheck = "x"\ncount = 1\n', 0o644)},
        act=_decisions,
    ),
    # runs
    Case("a run that does not exist", "There is no run", act=_run("20260115T000000Z-aaaa")),
    Case("a path in place of a run", "There is no run", act=_run("../elsewhere")),
    Case("a run of another environment", "is pinned to the environment embedded", act=_other_run),
)


def page() -> str:
    """The page, with every message as it is now."""
    rows: list[str] = []
    for case in CASES:
        with tempfile.TemporaryDirectory() as folder:
            said = case.message(Path(folder).resolve())
        rows.append(f"| {len(rows) + 1} | {_cell(case.wrong)} | {_cell(said)} |")
    return "\n".join(
        [
            "# Bad configurations",
            "",
            "Made from `tests/unit/migration/bad_configuration.py`; do not edit. Each of these is refused",
            "with exit code 12 before anything is touched, and with this sentence. None shows a secret.",
            "",
            "| # | What is wrong | What is said |",
            "| ---: | --- | --- |",
            *rows,
            "",
        ]
    )


def _cell(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
