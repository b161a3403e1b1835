"""Settings changed from afar on a running node: in force, echoed, kept, and taken back where they do not work."""

import itertools

import pytest

from glassline.contract.frames import extract
from glassline.contract.messages import Command, FrameMeta, Health, Info, Lease, Reply, decode
from tests.pi_node.test_node import embedded, listener, newest, node, until

__all__ = ["embedded"]
NUMBERS = itertools.count()


def order(heard, name, args):
    """Send a command and wait for its reply."""
    id = f"c{next(NUMBERS)}"
    heard.link.publish("cmd", Command(id=id, args=args).to_json(), id="pi-1", rest=name)
    replies = [None]

    def answered():
        found = [decode(Reply, payload) for kind, _, payload, _ in list(heard.messages) if kind == "reply"]
        replies[0] = next((reply for reply in found if reply.id == id), None)
        return replies[0]

    until(answered, 15)
    return replies[0]


def config(heard, **args):
    return order(heard, "config", args)


def works(heard):
    return until(
        lambda: (h := newest(heard, "health", Health)) and h.state == "ok" and h.last_detect_age_s is not None, 60
    )


def info(heard):
    return newest(heard, "info", Info)


def decided(heard, timeout_s=60):
    return until(lambda: not info(heard).config.on_probation, timeout_s)


def newest_frame(heard):
    frames = [payload for kind, _, payload, _ in list(heard.messages) if kind == "frame"]
    return decode(FrameMeta, extract(frames[-1])) if frames else None


def test_each_setting_is_in_force_echoed_and_kept(tmp_path, embedded):
    wanted = {
        "image_wh": "320x240", "camera_fps": 8, "camera_exposure_us": 4000, "camera_gain": 2,
        "detect_fps": 4, "live_fps": 6, "live_quality": 60,
        "evidence_quality": 70, "frame_meta": True, "score_threshold": 0.4, "label_thresholds": {"crack": 0.5},
        "labels_off": ["stain"], "region": [[0, 0], [0.9, 0], [0.9, 1], [0, 1]],
    }  # fmt: skip
    with listener(embedded) as heard:
        with node(tmp_path, broker=embedded):
            assert works(heard)
            reply = config(heard, **wanted)
            assert reply.status == "ok"
            assert {"image_wh", "camera_fps", "region"} <= set(reply.data["on_probation"])
            assert set(info(heard).config.on_probation) == set(wanted)
            assert decided(heard)
            assert info(heard).config.changed == sorted(wanted)
            assert info(heard).config.taken_back is None
            assert {name: info(heard).settings[name] for name in wanted} == wanted
            assert info(heard).camera.image_wh == (320, 240)
            assert info(heard).camera.fps == 8
            heard.link.publish("viewers", Lease(max_fps=30, ttl_s=30).to_json(), id="pi-1", rest="web-1")
            until(lambda: newest_frame(heard).image_wh == (320, 240))
            until(lambda: heard.count("frame/meta"))
            until(lambda: 7 < newest(heard, "health", Health).capture_fps < 9, 20)
            until(lambda: 3 < newest(heard, "health", Health).detect_fps < 5, 20)
            assert newest(heard, "health", Health).live.fps == 6
            assert newest(heard, "health", Health).live.quality == 60
        heard.messages.clear()
        with node(tmp_path, broker=embedded):
            until(lambda: info(heard) and info(heard).camera.image_wh, 30)
            assert {name: info(heard).settings[name] for name in wanted} == wanted


def test_a_size_that_the_camera_cannot_give_is_taken_back_and_said(tmp_path, embedded):
    with listener(embedded) as heard, node(tmp_path, broker=embedded, camera="scene:?seed=11&max_width=640"):
        assert works(heard)
        assert config(heard, image_wh="1280x720", live_fps=3).data["on_probation"] == ["image_wh", "live_fps"]
        until(lambda: (h := newest(heard, "health", Health)) and "camera.missing" in h.reasons, 20)
        refused = config(heard, camera_fps=5)
        assert refused.error.code == "config.on_probation"
        assert decided(heard)
        back = info(heard).config.taken_back
        assert back.settings == {"image_wh": "1280x720"}
        assert "camera.missing" in back.why
        assert "only pictures up to 640 px wide" in back.why
        assert (info(heard).settings["image_wh"], info(heard).settings["live_fps"]) == ("640x480", 15)
        until(lambda: newest(heard, "health", Health).reasons == ["node.config_taken_back"], 20)
        detected = newest(heard, "health", Health).frames.detected
        until(lambda: newest(heard, "health", Health).frames.detected > detected, 20)
        assert "taken back: image_wh = '1280x720'" in (tmp_path / "log").read_text()
        config(heard, live_fps=4)
        until(lambda: newest(heard, "health", Health).reasons == [], 20)
        assert info(heard).config.taken_back is None


@pytest.mark.parametrize("how", ["kill", "terminate"])
def test_a_node_that_ends_during_probation_comes_back_with_what_worked(tmp_path, embedded, how):
    with listener(embedded) as heard:
        with node(tmp_path, broker=embedded) as process:
            assert works(heard)
            config(heard, live_fps=4)
            assert config(heard, image_wh="800x600").data["on_probation"] == ["image_wh"]
            getattr(process, how)()
            process.wait(10)
        heard.messages.clear()
        with node(tmp_path, broker=embedded):
            until(lambda: info(heard) and info(heard).config.taken_back, 30)
            assert (info(heard).settings["image_wh"], info(heard).settings["live_fps"]) == ("640x480", 4)
            until(lambda: (h := newest(heard, "health", Health)) and "node.config_taken_back" in h.reasons, 30)
