"""What is said to nodes, and answers."""

from functools import partial

from .. import checks, controls
from ..chain import NODE
from ..guards import DECODE
from ..payloads import NOISE, SCRIPT, message
from ..rows import (
    Row,
    as_json,
    mqtt,
)

TO_NODES = [
    Row(
        entrance="MQTT receipt",
        sent="random bytes, wrong values, a row that is `lost`",
        throw=mqtt("receipt", NOISE, message("Receipt", row="lost"), id=NODE),
        counted=[
            ("node", "refused_receipt_not_json"),
            ("node", "refused_receipt_wrong_value"),
            ("web", "refused_receipt_not_json"),
        ],
        holds="the outbox keeps what it has",
        guard=DECODE,
    ),
    Row(
        entrance="MQTT receipt",
        sent="500 rejections of events that nobody sent",
        throw=mqtt("receipt", *[message("Receipt")] * 500, id=NODE),
        counted=[("node", "detections_refused")],
        holds="nothing is forgotten, one line in the log",
        guard="receipts are bounded, and told once a minute",
    ),
    Row(
        entrance="MQTT cmd",
        sent="random bytes",
        throw=mqtt("cmd", NOISE, id=NODE, rest="ping"),
        counted=[("node", "refused_cmd_not_json")],
        holds="answered `command.invalid`",
        check=partial(checks.answered, code="command.invalid"),
        guard=DECODE,
    ),
    Row(
        entrance="MQTT cmd",
        sent="a setting of NaN",
        throw=mqtt("cmd", b'{"v":1,"args":{"live_fps":NaN}}', id=NODE, rest="config"),
        counted=[("node", "refused_cmd_not_finite")],
        holds="nothing is changed",
        guard="`values.Json`",
        control=controls.waits_for_no_number,
        harm="a pause of NaN seconds raises ValueError in the camera's thread",
    ),
    Row(
        entrance="MQTT cmd",
        sent="settings that are HTML, 0, or nobody's",
        throw=mqtt(
            "cmd",
            *(as_json({"args": args}) for args in ({"live_fps": SCRIPT}, {"live_fps": 0}, {"x" * 5000: 1})),
            id=NODE,
            rest="config",
        ),
        counted=[("node", "refused_cmd_invalid")],
        holds="nothing is changed, the answer says what is possible",
        check=partial(checks.answered, code="config.invalid"),
        guard="`pi_node/config/running.py`",
    ),
    Row(
        entrance="MQTT cmd",
        sent="models from elsewhere, of no size, by a path",
        throw=mqtt(
            "cmd",
            *(
                as_json({"args": {"url": url, "sha256": "a" * 64, "size": size}})
                for url in (f"http://192.0.2.1/models/{'a' * 64}", f"file:///models/{'a' * 64}", "../../etc/passwd")
                for size in (10, -1)
            ),
            id=NODE,
            rest="model",
        ),
        counted=[("node", "refused_cmd_refused"), ("node", "refused_cmd_invalid")],
        holds="nothing is fetched, the answer says what is wrong",
        check=partial(checks.answered, code="model.refused"),
        guard="`pi_node/models/source.py`",
    ),
    Row(
        entrance="MQTT cmd",
        sent="a command that nobody knows, one of 1970",
        throw=checks.both(
            mqtt("cmd", b"{}", id=NODE, rest="rm-rf"),
            mqtt("cmd", as_json({"ts": "1970-01-01T00:00:00Z"}), id=NODE, rest="restart"),
        ),
        counted=[("node", "refused_cmd_unknown"), ("node", "refused_cmd_expired")],
        holds="answered, not obeyed",
        guard="`pi_node/remote/commands.py`",
    ),
    Row(
        entrance="MQTT viewers",
        sent="leases of NaN, 1e9 and -1 fps",
        throw=mqtt("viewers", b'{"max_fps":NaN}', b'{"max_fps":1e9}', b'{"max_fps":-1}', id=NODE, rest="web-9"),
        counted=[("node", "refused_viewers_not_finite"), ("node", "refused_viewers_wrong_value")],
        holds="the rate stays",
        guard=DECODE,
        control=controls.waits_for_no_number,
        harm="a pause of NaN seconds raises ValueError in the camera's thread",
    ),
    Row(
        entrance="MQTT viewers",
        sent="leases of 1000 made-up webs",
        throw=checks.many_leases,
        holds="at most 64 are kept",
        check=checks.viewers_are_bounded,
        guard="`pi_node/live/leases.py`",
        control=controls.grows_with_every_name,
        harm="a dictionary by web id grows with every name",
    ),
    Row(
        entrance="MQTT reply",
        sent="random bytes, NaN as data",
        throw=mqtt("reply", NOISE, message("Reply", data={"a": float("nan")}), rest="ping"),
        counted=[("web", "refused_reply_not_json"), ("web", "refused_reply_not_finite")],
        holds="no answer to anybody",
        guard=DECODE,
    ),
    Row(
        entrance="MQTT review",
        sent="random bytes, ids that are none",
        throw=mqtt("review", NOISE, message("Review", event_id="../x"), id="web-9"),
        counted=[("web", "refused_review_not_json"), ("web", "refused_review_wrong_value")],
        holds="nothing is read",
        guard=DECODE,
    ),
]
