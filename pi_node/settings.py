"""The node's settings table."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, StringConstraints, TypeAdapter, ValidationError

from glassline.contract.ids import ID_PATTERN
from glassline.contract.tunable import (
    AUTO,
    Labels,
    Region,
    Thresholds,
    Tunable,
    bounds_of,
    facts_of,
    parse_focus,
    parse_wh,
    parse_white_balance,
)
from glassline.program import Settings, setting
from glassline.vision import LOOKS


def wh_of(text: str) -> tuple[int, int]:
    """(width, height) in pixels of WIDTHxHEIGHT."""
    width, _, height = text.partition("x")
    return int(width), int(height)


def tunable(name: str, default: Any) -> Any:
    """A row that the command `config` may change while the node runs: its bounds are those of the contract."""
    field = Tunable.model_fields[name]
    least, most = bounds_of(field)
    bounds = {key: value for key, value in (("ge", least), ("le", most)) if value is not None}
    return setting(default, field.description or "", unit=facts_of(field)["unit"], **bounds)


def checked(kind: Any) -> AfterValidator:
    """Have a value of the settings checked as one of these, and keep it as it is written."""
    adapter = TypeAdapter(kind)

    def check(value: Any) -> Any:
        try:
            adapter.validate_python(value)
        except ValidationError as error:
            raise ValueError(error.errors()[0]["msg"]) from None
        return value

    return AfterValidator(check)


class NodeSettings(Settings, program="pi_node"):
    """Watches glass with a camera and sends live frames and defects to the broker."""

    broker: str = setting(
        "",
        "Address of the MQTT broker, like mqtt://192.168.1.10:1883; it is never guessed. auto: mDNS finds the server "
        "whose CA stands in the credentials; auto:NAME: the one of that name.",
    )
    id: Annotated[str, StringConstraints(pattern=ID_PATTERN)] = setting(
        "pi-1", "Name of this node on the wire: 1-32 lower case letters, digits or '-'."
    )
    credentials: str = setting(
        "", "File (0600) that `glassline enroll` made for this node: id, broker, password and CA in one."
    )
    password_file: str = setting("", "File (mode 0600) with this node's password at the broker; empty: none.")
    ca_file: str = setting("", "File with the CA certificate that signs the broker's, for mqtts://.")
    camera: str = setting(
        "picamera:0",
        "Camera: picamera:0, usb:0 (or usb:/dev/v4l/by-id/…), rtsp://USER@HOST/PATH, video:PATH (plays a film), "
        "folder:PATH (replays photographs) or scene:?seed=1 (rendered glass).",
    )
    camera_password_file: str = setting("", "File (0600) with the password of an rtsp:// camera's user; empty: none.")
    image_wh: Annotated[str, AfterValidator(parse_wh)] = tunable("image_wh", "640x480")
    camera_fps: float = tunable("camera_fps", 15.0)
    camera_exposure_us: int = tunable("camera_exposure_us", 0)
    camera_gain: float = tunable("camera_gain", 0.0)
    camera_white_balance: Annotated[str, AfterValidator(parse_white_balance)] = tunable("camera_white_balance", AUTO)
    camera_focus: Annotated[str, AfterValidator(parse_focus)] = tunable("camera_focus", AUTO)
    model: str = setting(
        "",
        "Detector model: an .onnx file, a folder NAME_ncnn_model or NAME_openvino_model, or a .pt file; empty: the one "
        "that comes along. A .json card, or auto for that of the one that comes along: all ways to run the models "
        "beside it are measured once, and the fastest is taken.",
    )
    detector_half: bool = setting(
        False, "Compute in half precision where the processor can: faster, and scores and boxes move a little."
    )
    detector_looks: Annotated[int, checked(Literal[LOOKS])] = setting(
        1,
        "How many mirror images of each picture the detector looks at, 1, 4 or 8: so many times as slow, with fewer "
        "false boxes. For glass that stands still.",
    )
    detector_threads: int = setting(2, "Processor cores that the detector may use.", ge=1, le=64)
    detect_fps: float = tunable("detect_fps", 10.0)
    hot_c: float = setting(
        78.0,
        "From this temperature of the processor on the detector does less, until it has cooled down; "
        "a Pi's firmware slows everything down from 80 to 85 on.",
        unit="°C",
        ge=30,
        le=120,
    )
    sysfs: str = setting("/sys", "Folder where the kernel shows temperature and throttling.")
    procfs: str = setting("/proc", "Folder where the kernel shows free memory, routes and the signal of Wi-Fi.")
    score_threshold: float = tunable("score_threshold", 0.0)
    label_thresholds: Annotated[str, checked(Thresholds)] = tunable("label_thresholds", "")
    labels_off: Annotated[str, checked(Labels)] = tunable("labels_off", "")
    region: Annotated[str, checked(Region)] = tunable("region", "")
    black_level: float = setting(
        12.0,
        "Pictures darker than this on average, and the same all over, count as black: the lens is covered, or it is "
        "dark. 0: never, for light that leaves clean glass black.",
        unit="0-255",
        ge=0,
        le=255,
    )
    live_fps: float = tunable("live_fps", 15.0)
    live_quality: int = tunable("live_quality", 80)
    evidence_quality: int = tunable("evidence_quality", 90)
    frame_meta: bool = tunable("frame_meta", False)
    state_dir: str = setting("var/pi_node", "Folder for the outbox and for settings changed from the page.")
    outbox_mb: int = setting(
        500,
        "Disk space of the outbox; when full, the oldest pictures are given up first, the oldest detections last.",
        unit="MB",
        ge=1,
    )

    def wh(self) -> tuple[int, int]:
        """(width, height) in pixels of `image_wh`."""
        return wh_of(self.image_wh)
