import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassline.contract import Role
from glassline.contract.roles import allowed, client_id_allowed, filter_covers, may_clear


@pytest.mark.parametrize(
    ("role", "id", "access", "topic"),
    [
        (Role.NODE, "pi-1", "publish", "glass/v1/pi-1/frame"),
        (Role.NODE, "pi-1", "publish", "glass/v1/pi-1/reply/ping"),
        (Role.NODE, "pi-1", "receive", "glass/v1/pi-1/cmd/+"),
        (Role.NODE, "pi-1", "receive", "glass/v1/pi-1/viewers/web-1"),
        (Role.BRIDGE, "bridge-1", "publish", "glass/v1/pi-1/receipt"),
        (Role.BRIDGE, "bridge-1", "receive", "glass/v1/+/detection"),
        (Role.WEB, "web-1", "publish", "glass/v1/pi-1/cmd/ping"),
        (Role.WEB, "web-1", "publish", "glass/v1/pi-1/viewers/web-1"),
        (Role.WEB, "web-1", "receive", "glass/v1/#"),
        (Role.OBSERVER, "eye", "receive", "glass/v1/+/frame"),
        (Role.OBSERVER, "eye", "publish", "glass/v1/eye/probe"),
    ],
)
def test_a_role_may_do_its_work(role, id, access, topic):
    assert allowed(role, id, access, topic)


@pytest.mark.parametrize(
    ("role", "id", "access", "topic"),
    [
        (Role.NODE, "pi-1", "publish", "glass/v1/pi-2/frame"),
        (Role.NODE, "pi-1", "publish", "glass/v1/pi-1/receipt"),
        (Role.NODE, "pi-1", "publish", "glass/v1/pi-1/cmd/ping"),
        (Role.NODE, "pi-1", "publish", "glass/v1/+/frame"),
        (Role.NODE, "pi-1", "receive", "glass/v1/pi-2/cmd/ping"),
        (Role.NODE, "pi-1", "receive", "glass/v1/#"),
        (Role.NODE, "pi-1", "receive", "#"),
        (Role.NODE, "pi-1", "receive", "glass/v1/+/cmd/+"),
        (Role.BRIDGE, "bridge-1", "publish", "glass/v1/pi-1/cmd/restart"),
        (Role.BRIDGE, "bridge-1", "publish", "glass/v1/pi-1/status"),
        (Role.WEB, "web-1", "publish", "glass/v1/pi-1/detection"),
        (Role.WEB, "web-1", "publish", "glass/v1/pi-1/viewers/web-2"),
        (Role.WEB, "web-1", "publish", "glass/v1/pi-1/status"),
        (Role.WEB, "web-1", "publish", "glass/v1/pi-1/info"),
        (Role.WEB, "web-1", "receive", "#"),
        (Role.WEB, "web-1", "receive", "$SYS/#"),
        (Role.OBSERVER, "eye", "publish", "glass/v1/eye/status"),
        (Role.OBSERVER, "eye", "publish", "glass/v1/pi-1/cmd/restart"),
    ],
)
def test_a_role_may_do_nothing_else(role, id, access, topic):
    assert not allowed(role, id, access, topic)


def test_a_web_clears_what_others_left_and_nobody_else_does():
    assert may_clear(Role.WEB, "web-1", "glass/v1/pi-1/status")
    assert may_clear(Role.WEB, "web-1", "glass/v1/pi-1/info")
    assert not may_clear(Role.WEB, "web-1", "glass/v1/pi-1/health")
    assert not may_clear(Role.NODE, "pi-2", "glass/v1/pi-1/status")
    assert not may_clear(Role.OBSERVER, "eye", "glass/v1/pi-1/status")


levels = st.lists(st.sampled_from(["a", "b", "+", ""]), min_size=1, max_size=4)


@given(levels, levels, st.lists(st.sampled_from(["a", "b", ""]), min_size=1, max_size=4), st.booleans(), st.booleans())
def test_what_a_filter_covers_it_also_matches(pattern, wanted, topic, pattern_hash, wanted_hash):
    """Whenever `covers` says yes, every topic that the covered filter matches is matched by the other as well."""
    import paho.mqtt.client as mqtt

    a = "/".join(pattern + ["#"] * pattern_hash)
    b = "/".join(wanted + ["#"] * wanted_hash)
    name = "/".join(topic)
    if name and filter_covers(a, b) and mqtt.topic_matches_sub(b, name):
        assert mqtt.topic_matches_sub(a, name)


def test_a_program_connects_as_itself_and_its_tools_beside_it():
    others = frozenset({"pi-1", "pi-2", "eye"})
    assert client_id_allowed(Role.NODE, "pi-1", "pi-1", others)
    assert client_id_allowed(Role.NODE, "pi-1", "pi-1.doctor", others)
    assert not client_id_allowed(Role.NODE, "pi-1", "pi-2", others)
    assert not client_id_allowed(Role.NODE, "pi-1", "pi-10", others)
    assert client_id_allowed(Role.OBSERVER, "eye", "mosq-ABC", others)
    assert not client_id_allowed(Role.OBSERVER, "eye", "pi-1", others)
    assert not client_id_allowed(Role.OBSERVER, "eye", "pi-1.doctor", others)
