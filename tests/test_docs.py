"""What is said of the code is true of the code."""

import json
import re
import subprocess
import sys
from importlib.metadata import packages_distributions

import pytest

from glassline import diagnosis
from glassline.contract.schema import json_schema
from glassline.contract.topics import SPECS
from pi_node.report.birth import FEATURES
from workbench.main import SUBCOMMANDS
from workbench.reference import reference

ROOMS = ("glassline", "pi_node", "broker", "bridge", "web", "workbench")


def test_the_settings_page_is_the_settings_tables(request):
    assert (request.config.rootpath / "docs/settings.md").read_text().strip() == reference().strip(), "run: make docs"


def test_the_published_schema_is_the_contract(request):
    kept = json.loads((request.config.rootpath / "docs/contract-v1.schema.json").read_text())
    assert kept == json.loads(json.dumps(json_schema())), "run: make docs"


def test_every_topic_and_command_is_described(request):
    text = (request.config.rootpath / "docs/design.md").read_text()
    for kind in SPECS:
        assert f"`{kind}" in text, f"docs/design.md does not name the topic {kind}"
    for command in FEATURES:
        assert command in text, f"docs/design.md does not name the command {command}"


def test_every_subcommand_stands_in_the_readme_and_can_be_asked_for_help(request):
    text = (request.config.rootpath / "README.md").read_text()
    for name in SUBCOMMANDS:
        assert f"`{name}`" in text
        run = subprocess.run(
            [sys.executable, "-m", "workbench.main", name, "--help"], capture_output=True, text=True, timeout=60
        )
        assert run.returncode == 0, run.stderr


def test_links_between_pages_lead_somewhere(request):
    root = request.config.rootpath
    for page in (root / "README.md", *(root / "docs").glob("*.md")):
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}, which is not there"


@pytest.mark.parametrize("room", ROOMS)
def test_no_other_distribution_owns_a_name_of_ours(room):
    owners = set(packages_distributions().get(room, []))
    assert owners <= {"glassline"}, f"{room} also belongs to {owners - {'glassline'}}"


def test_every_given_package_is_accounted_for(request):
    text = (request.config.rootpath / "docs/dependencies.md").read_text()
    for package in (
        "paho-mqtt",
        "ultralytics",
        "picamera2",
        "opencv-python",
        "supabase",
        "flask",
        "flask-sock",
        "amqtt",
        "pytest",
    ):
        assert package in text


def test_diagnosis_does_not_pull_in_anything_else():
    code = "import sys, glassline.diagnosis; print([m for m in ('paho', 'flask', 'cv2', 'numpy') if m in sys.modules])"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30).stdout.strip() == "[]"
    )
    assert diagnosis.__doc__
