"""What programs say of themselves."""

from functools import partial

from .. import checks, controls
from ..chain import GOOD
from ..guards import DECODE, LINK, TEXT, by_both
from ..payloads import message
from ..rows import (
    Row,
    crowd,
    mqtt,
)

PRESENCE = [
    Row(
        entrance="MQTT status",
        sent="other words, HTML, NUL",
        throw=mqtt("status", b"maybe", b"ONLINE", b"<b>", b"\0"),
        counted=by_both("status", "wrong_value"),
        holds="nothing is believed",
        guard="`messages.decode_status`",
    ),
    Row(
        entrance="MQTT info",
        sent="NaN and 1e999 in the settings",
        throw=mqtt(
            "info",
            message("Info", id=GOOD, settings={"a": float("nan")}),
            message("Info", id=GOOD).replace(b'"b": 0.5', b'"b": 1e999'),
        ),
        counted=by_both("info", "not_finite"),
        holds="not believed",
        check=checks.api_is_json,
        guard="`values.Json`",
        control=controls.breaks_the_browsers_json,
        harm="/api/devices is no JSON any more: every page stays empty",
    ),
    Row(
        entrance="MQTT info",
        sent="settings 100 levels deep",
        throw=mqtt(
            "info",
            message("Info", id=GOOD).replace(b'"b": 0.5', b'"b": ' + b"[" * 100 + b"]" * 100),
        ),
        counted=by_both("info", "too_deep"),
        holds="not believed",
        guard="`values.Json`: 16 levels",
    ),
    Row(
        entrance="MQTT info",
        sent="another device's id",
        throw=mqtt("info", message("Info", id="pi-1")),
        counted=by_both("info", "wrong_id"),
        holds="not believed",
        guard="the topic says who it is",
    ),
    Row(
        entrance="MQTT info",
        sent="150 kB",
        throw=mqtt("info", message("Info", id=GOOD, features=["x" * 900] * 160)),
        holds="not handed on",
        check=partial(checks.broker_log_has, kind="denied_oversize"),
        guard=LINK,
        control=controls.takes_many_times_its_size,
        harm="kept for each of 200 programs, sent to every page every 5 s",
    ),
    Row(
        entrance="MQTT info",
        sent="HTML as host, camera, model and version",
        throw=checks.html_info,
        holds="shown as text; nothing runs",
        check=checks.html_runs_nowhere,
        guard=TEXT,
        control=controls.runs_the_script,
        harm="innerHTML runs it",
    ),
    Row(
        entrance="MQTT health",
        sent="wrong types, NaN, 10,000 counters, the year 9999",
        throw=mqtt(
            "health",
            message("Health", state="fine"),
            message("Health", cpu_temp_c=float("nan")),
            message("Health", counters={f"c{at}": -1 for at in range(1000)}),
            message("Health", ts="9999-12-31T23:59:59Z"),
        ),
        counted=[("web", "refused_health_wrong_value"), ("web", "refused_health_not_finite")],
        holds="not believed",
        guard=DECODE,
        control=controls.overflows,
        harm="reckoning with its clock raises OverflowError",
    ),
    Row(
        entrance="MQTT health",
        sent="HTML and made-up codes as reasons",
        throw=checks.html_health,
        holds="told as text; nothing runs",
        check=checks.html_runs_nowhere,
        guard=TEXT,
        control=controls.runs_the_script,
        harm="innerHTML runs it",
    ),
    Row(
        entrance="MQTT status, health",
        sent="10,000 made-up devices",
        throw=crowd(10_000, ("status", b"online")),
        holds="web: 200, store: 1000, page: 300; the good one stays",
        check=checks.devices_are_bounded,
        guard="`web/programs/hub.py`, `bridge/presence.py`, the store, `live/wall.js`",
        control=controls.grows_with_every_name,
        harm="a dictionary by device id grows to 10,000",
    ),
]
