"""The official `convex` command against the embedded deployment: the judge that knows the real wire."""

from __future__ import annotations

import json
import os
import subprocess
import zipfile
from pathlib import Path

import pytest

from fixtures.deployment import FIXTURES, PACKAGES
from fixtures.provision import node_binary
from tests.contract.client import Client, lines_of, make_zip, table_entries
from tests.contract.test_import import AUTHORS, BOOKS, author_line, book_line, identifier

CLI_SECONDS = 120


def convex(client: Client, *arguments: str) -> tuple[int, str]:
    """Exit code and output of `npx convex ...`, run where the packages are, its key in the environment."""
    variables = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "CI": "1",
        "CONVEX_SELF_HOSTED_URL": client.deployment.url,
        "CONVEX_SELF_HOSTED_ADMIN_KEY": client.deployment.admin_key,
    }
    command = [str(node_binary()), str(PACKAGES / "convex" / "bin" / "main.js"), *arguments]
    done = subprocess.run(
        command, cwd=FIXTURES, env=variables, capture_output=True, text=True, timeout=CLI_SECONDS, check=False
    )
    return done.returncode, done.stdout + done.stderr


def names(client: Client) -> list[str]:
    return sorted(author["name"] for author in client.documents("authors"))


def test_run_calls_a_function_and_prints_its_result(client: Client) -> None:
    code, output = convex(client, "run", "library:echo", '{"value": {"a": [1, "x"]}}')
    assert (code, json.loads(output)) == (0, {"a": [1, "x"]})


def test_run_acts_as_a_user(client: Client) -> None:
    code, output = convex(client, "run", "library:whoAmI", "--identity", '{"name": "x"}')
    identity = json.loads(output)
    assert (code, identity["name"], identity["issuer"]) == (0, "x", "https://convex.test")


def test_run_without_an_identity_is_the_administrator(client: Client) -> None:
    assert convex(client, "run", "library:addQuietly", '{"name": "internal"}')[0] == 0
    assert names(client) == ["internal"]


def test_run_of_a_failing_function_prints_why(client: Client) -> None:
    code, output = convex(client, "run", "library:failPlainly")
    assert (code, "out of paper" in output) == (1, True)


def test_run_of_a_missing_function_lists_those_there_are(client: Client) -> None:
    code, output = convex(client, "run", "library:nope")
    assert code == 1
    assert "library:addAuthor" in output


def test_export_then_replace_all_brings_everything_back(client: Client, tmp_path: Path) -> None:
    authors = [author_line(n) for n in range(3)]
    books = [book_line(n, identifier(AUTHORS, 1), pages=float(n)) for n in range(3)]
    client.run_import(make_zip(table_entries({"authors": (AUTHORS, authors), "books": (BOOKS, books)})))
    before = {table: client.documents(table) for table in ("authors", "books")}
    target = tmp_path / "snapshot.zip"
    code, output = convex(client, "export", "--path", str(target))
    assert code == 0, output
    with zipfile.ZipFile(target) as archive:
        assert [json.loads(line) for line in archive.read("books/documents.jsonl").splitlines()] == before[
            "books"
        ]
    client.value("mutation", "library:addAuthor", {"name": "extra"})
    code, output = convex(client, "import", "--replace-all", "-y", str(target))
    assert (code, "Added 6 documents" in output) == (0, True), output
    assert {table: client.documents(table) for table in ("authors", "books")} == before


def test_export_includes_files_when_asked(client: Client, tmp_path: Path) -> None:
    stored = client.value("action", "actions:storeText", {"text": "hello"})
    plain = tmp_path / "without_files.zip"
    code, output = convex(client, "export", "--path", str(plain))
    assert code == 0, output
    with zipfile.ZipFile(plain) as archive:
        assert not [name for name in archive.namelist() if "_storage" in name]
    target = tmp_path / "with_files.zip"
    code, output = convex(client, "export", "--include-file-storage", "--path", str(target))
    assert code == 0, output
    with zipfile.ZipFile(target) as archive:
        assert archive.read(f"_storage/{stored['id']}") == b"hello"


FILES: dict[str, bytes] = {
    "a.jsonl": b'{"name":"x"}\n',
    "a.json": b'[{"name":"x"}]',
    "a.csv": b"name\nx\n",
    "a.zip": make_zip({"authors/documents.jsonl": '{"name":"x"}\n'}),
}


@pytest.mark.parametrize("name", list(FILES))
@pytest.mark.parametrize("mode", [None, "--append", "--replace", "--replace-all"])
def test_import_in_every_mode_and_format(client: Client, tmp_path: Path, name: str, mode: str | None) -> None:
    client.run_import(lines_of([{"a": 1}]), form="jsonLines", table="loose")
    if mode is not None:
        client.value("mutation", "library:addAuthor", {"name": "before"})
    (tmp_path / name).write_bytes(FILES[name])
    flags = [*([mode] if mode else []), *([] if name == "a.zip" else ["--table", "authors"])]
    code, output = convex(client, "import", *flags, "-y", str(tmp_path / name))
    assert code == 0, output
    assert names(client) == (["before", "x"] if mode == "--append" else ["x"])
    # Only replace-all touches a table that the file does not name.
    tables = [entry["name"] for entry in client.system("cli/tables")["page"]]
    assert ("loose" in tables) == (mode != "--replace-all")


def test_import_into_a_table_with_documents_fails_and_says_so(client: Client, tmp_path: Path) -> None:
    client.value("mutation", "library:addAuthor", {"name": "before"})
    (tmp_path / "a.jsonl").write_bytes(lines_of([{"name": "x"}]))
    code, output = convex(client, "import", "--table", "authors", "-y", str(tmp_path / "a.jsonl"))
    assert (code, "already has documents" in output) == (1, True)
    assert names(client) == ["before"]


def test_import_that_would_delete_waits_without_yes(client: Client, tmp_path: Path) -> None:
    client.value("mutation", "library:addAuthor", {"name": "before"})
    (tmp_path / "a.jsonl").write_bytes(lines_of([{"name": "x"}]))
    code, _ = convex(client, "import", "--table", "authors", "--replace", str(tmp_path / "a.jsonl"))
    assert code == 1
    [latest] = client.system("cli/queryImport:list")[:1]
    assert latest["state"]["state"] == "waiting_for_confirmation"
    assert names(client) == ["before"]


@pytest.mark.any_project
def test_large_file_is_uploaded_in_parts(client: Client, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(lines_of([{"name": f"{n}" + "x" * 900} for n in range(7_000)]))
    assert (tmp_path / "a.jsonl").stat().st_size > 5 << 20
    code, output = convex(client, "import", "--table", "authors", "-y", str(tmp_path / "a.jsonl"))
    assert (code, client.system("cli/tableSize", {"tableName": "authors"})) == (0, 7_000), output


def test_data_lists_tables_and_documents(client: Client) -> None:
    client.value("mutation", "library:addAuthor", {"name": "Ada"})
    assert convex(client, "data") == (0, "authors\nbooks\n")
    code, output = convex(client, "data", "authors", "--format", "jsonl", "--limit", "5")
    assert (code, '"Ada"' in output) == (0, True)


@pytest.mark.embedded_only
def test_component_is_refused_by_name(client: Client) -> None:
    code, output = convex(client, "data", "--component", "waitlist")
    assert (code, "Components are not covered" in output) == (1, True)


@pytest.mark.any_project
def test_env_sets_lists_gets_and_removes(client: Client) -> None:
    assert convex(client, "env", "set", "COLOUR", "green")[0] == 0
    assert convex(client, "env", "get", "COLOUR")[1].strip() == "green"
    assert "COLOUR=green" in convex(client, "env", "list", "--include-values")[1]
    assert convex(client, "env", "remove", "COLOUR")[0] == 0
    assert "COLOUR" not in convex(client, "env", "list")[1]
