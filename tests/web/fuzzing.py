"""Schemathesis against a real web: what its OpenAPI document promises, it keeps, whatever it is sent."""

import subprocess
import sys
from pathlib import Path

ENTRY = "from schemathesis.cli import schemathesis; schemathesis()"
LEFT_OUT = "DELETE /api/session"
"""Ends the session with which all is asked."""
WHAT_NO_SCHEMA_SAYS = (
    "GET /api/defects", "GET /api/defects/export", "GET /api/figures", "POST /api/people", "PATCH /api/people/{name}",
    "POST /api/session/password", "POST /api/tokens", "PATCH /api/devices/{id}",
)  # fmt: skip
"""These refuse with 400 what only looks right: a cursor that this web never gave, a time before 1970, an end before its
beginning, a name with a space before it, a password or a role that may not be."""
REFUSED = ["2XX", "400", "401", "403", "404", "409", "429"]
REJECTED = ["400", "401", "403", "404", "405", "409", "414", "415", "429"]
WHAT_NODES_SAY = ("POST /api/devices/{id}/cmd/{name}", "POST /api/devices/{id}/model")
"""These answer 504 where a node that was there is gone."""
OR_GONE = ["1XX", "2XX", "3XX", "4XX", "504"]


def fuzz(
    url: str,
    folder: Path,
    *,
    headers: dict[str, str],
    known: dict[str, str],
    examples: int,
    seconds: int,
    seed: int = 1,
) -> str:
    """What Schemathesis says if anything is not as promised, else nothing.

    `known` gives values of path parameters by the beginning of the path, so that something is there to be found.
    """
    folder.mkdir(exist_ok=True)
    lines = ["[generation]", "database = 'none'"]
    lines += ["[checks.negative_data_rejection]", f"expected-statuses = {REJECTED}"]
    for prefix, value in known.items():
        lines += ["[[operations]]", f"include-path-regex = '^{prefix}'", f"parameters = {{ 'path.id' = '{value}' }}"]
    for name in WHAT_NO_SCHEMA_SAYS:
        lines += ["[[operations]]", f"include-name = '{name}'"]
        lines += ["[operations.checks.positive_data_acceptance]", f"expected-statuses = {REFUSED}"]
    for name in WHAT_NODES_SAY:
        lines += ["[[operations]]", f"include-name = '{name}'"]
        lines += ["[operations.checks.not_a_server_error]", f"expected-statuses = {OR_GONE}"]
    (folder / "schemathesis.toml").write_text("\n".join(lines))
    flags = [f"--header={name}: {value}" for name, value in headers.items()]
    run = subprocess.run(
        [
            sys.executable, "-c", ENTRY, "--config-file", str(folder / "schemathesis.toml"), "run",
            f"{url}/api/openapi.json", *flags, f"--exclude-name={LEFT_OUT}", f"--max-examples={examples}",
            f"--max-time={seconds}", "--seed=1", "--continue-on-failure", "--warnings=off", "--no-color",
            "--suppress-health-check=all", "--request-timeout=30", "--generation-with-security-parameters=false",
            "--exclude-checks=ignored_auth",
        ],
        cwd=folder, capture_output=True, text=True, timeout=seconds + 120,
    )  # fmt: skip
    print(*(line.strip() for line in run.stdout.splitlines() if " generated" in line))
    return "" if run.returncode == 0 else run.stdout + run.stderr
