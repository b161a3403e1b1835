"""What the node's log says of faults: once when one lasts, once when it is over, and little where it comes and goes."""

import logging
from dataclasses import replace

from glassline.contract import Reason
from glassline.diagnosis import Hop, Observation, diagnose
from pi_node.report.journal import Journal

FULL = Observation(hop=Hop.NODE, state="failed", code=Reason.DISK_FULL, facts={"id": "pi-1", "disk_free_mb": 3})
SLOW = Observation(hop=Hop.NODE, state="degraded", code=Reason.LINK_SLOW, facts={"id": "pi-1"})
WELL = Observation(hop=Hop.NODE, state="ok")


class Telling:
    """A journal that is given what is seen, once a second."""

    def __init__(self, caplog):
        caplog.set_level(logging.INFO)
        self.now_s, self._caplog, self._journal = 1000.0, caplog, Journal()

    def see(self, seconds, *observations):
        """What was said meanwhile: (level, text)."""
        self._caplog.clear()
        for _ in range(seconds):
            self._journal.note(diagnose(observations), self.now_s)
            self.now_s += 1
        return [(record.levelname, record.getMessage()) for record in self._caplog.records]


def test_a_fault_is_said_once_with_its_remedy_and_its_end_once(caplog):
    telling = Telling(caplog)
    assert telling.see(20, WELL) == []
    ((level, text),) = telling.see(600, FULL)
    assert level == "ERROR"
    assert text.startswith("The disk of pi-1 is full (3 MB free). Do this: On the machine of pi-1: `df -h`")
    assert text.endswith("[disk.full]")
    ((level, text),) = telling.see(600, WELL)
    assert level == "INFO"
    assert text == "This is over, after 10 min: The disk of pi-1 is full (3 MB free). [disk.full]"


def test_what_follows_from_another_fault_is_not_said_and_an_independent_one_is(caplog):
    waiting = Observation(hop=Hop.NODE, state="degraded", code=Reason.OUTBOX_WAITING, facts={"id": "pi-1"})
    down = Observation(hop=Hop.BROKER, state="failed", code=Reason.BROKER_REFUSED)
    said = Telling(caplog).see(30, down, Observation(hop=Hop.NODE, state="ok", via=()))
    assert len(said) == 1
    said = Telling(caplog).see(30, down, replace(waiting, via=()), replace(SLOW, via=()))
    assert [text.rpartition("[")[2] for _, text in said] == ["broker.connection_refused]", "link.slow]"]
    assert [level for level, _ in said] == ["ERROR", "WARNING"]


def test_a_moment_is_worth_no_word(caplog):
    telling = Telling(caplog)
    for _ in range(50):
        assert telling.see(2, FULL) == []
        assert telling.see(5, WELL) == []


def test_what_comes_and_goes_all_day_is_said_a_few_times_and_not_each_time(caplog):
    for on_s, off_s in ((5, 5), (10, 15), (30, 60)):
        telling = Telling(caplog)
        said = []
        for _ in range(24 * 3600 // (on_s + off_s)):
            said += telling.see(on_s, FULL) + telling.see(off_s, WELL)
        assert 1 <= len(said) <= 8, (on_s, off_s, len(said))


def test_after_an_hour_without_it_a_fault_is_new_again(caplog):
    telling = Telling(caplog)
    for _ in range(5):
        assert len(telling.see(30, FULL)) == 1
        assert len(telling.see(4000, WELL)) == 1
