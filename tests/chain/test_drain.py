"""After a long outage: what waits drains beside the live picture, which stays as it is."""

import pytest

from tests.support.chain import Chain

from .drain import drain


@pytest.fixture
def chain(tmp_path):
    chain = Chain(tmp_path)
    yield chain
    chain.stop()


@pytest.mark.alone
def test_a_backlog_drains_while_live_frames_keep_their_rate_and_latency(chain):
    drained = drain(chain, 500)
    print(drained)
    assert drained.meanwhile.fps > 0.9 * drained.after.fps
    assert drained.meanwhile.p99_s < drained.after.p99_s + 0.2
    assert 10 < drained.per_s < 50
    assert drained.memory_mb[1] < drained.memory_mb[0] + 50, "the backlog is read into memory"
