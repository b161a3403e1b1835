"""It shows now: after a freeze of any hop the viewer sees the newest picture, not the backlog."""

import signal
import time

import pytest

from tests.support.chain import Viewer, running_chain
from tests.support.waiting import until

FREEZE_S = 20


@pytest.mark.parametrize("frozen", ["broker", "web"])
def test_after_a_freeze_of_20_s_at_most_two_frames_are_older_than_1_s(tmp_path, frozen):
    with running_chain(tmp_path) as chain:
        chain.wait_until_live()
        with Viewer(chain.site.url, max_fps=10) as viewer:
            until(lambda: len(viewer.frames) > 20, 30, what=chain.logs)
            chain.signal(frozen, signal.SIGSTOP)
            time.sleep(FREEZE_S)
            thawed_s = time.time()
            chain.signal(frozen, signal.SIGCONT)
            until(lambda: len([a for a in viewer.ages_since(thawed_s) if a < 1]) > 30, 40, what=chain.logs)
            old = [age_s for age_s in viewer.ages_since(thawed_s) if age_s > 1]
            print(
                f"after {FREEZE_S} s of a frozen {frozen}: {len(old)} frames older than 1 s",
                [round(age_s, 1) for age_s in old],
            )
            assert len(old) <= 2
