"""The node's settings table."""

from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from glassline.contract.ids import ID_PATTERN
from glassline.program import Settings, setting

from .attention import Labels, Region, Thresholds, checked
from .tuning import AUTO, parse_focus, parse_white_balance


def parse_wh(text: str) -> str:
    """`text`, if it is a size of pictures; else ValueError."""
    width, mark, height = text.partition("x")
    if not (mark and width.isdigit() and height.isdigit() and 16 <= int(width) <= 8192 and 16 <= int(height) <= 8192):
        raise ValueError("expected WIDTHxHEIGHT between 16x16 and 8192x8192, like 640x480")
    return text


def wh_of(text: str) -> tuple[int, int]:
    """(width, height) in pixels of WIDTHxHEIGHT."""
    width, _, height = text.partition("x")
    return int(width), int(height)


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
    image_wh: Annotated[str, AfterValidator(parse_wh)] = setting("640x480", "Size of a frame.", unit="px")
    camera_fps: float = setting(15.0, "Frames the camera is asked for.", unit="1/s", ge=1, le=120)
    camera_exposure_us: int = setting(
        0,
        "Exposure of picamera:N; short ones keep moving glass sharp. 0: the camera's own.",
        unit="µs",
        ge=0,
        le=1_000_000,
    )
    camera_gain: float = setting(
        0.0, "Gain of picamera:N; high ones brighten and are noisy. 0: the camera's own.", unit="times", ge=0, le=64
    )
    camera_white_balance: Annotated[str, AfterValidator(parse_white_balance)] = setting(
        AUTO,
        "White balance of picamera:N: auto, incandescent, tungsten, fluorescent, indoor, daylight, cloudy, or gains of "
        "red and blue, like 1.9,1.4.",
    )
    camera_focus: Annotated[str, AfterValidator(parse_focus)] = setting(
        AUTO,
        "Focus of picamera:N, if it has one: auto, or 1 over the distance in metres (5: 20 cm).",
        unit="dioptres",
    )
    model: str = setting(
        "",
        "Detector model: an .onnx file, a folder NAME_ncnn_model or NAME_openvino_model, or a .pt file; empty: the one "
        "that comes along. A .json card, or auto for that of the one that comes along: all ways to run the models "
        "beside it are measured once, and the fastest is taken.",
    )
    detector_half: bool = setting(
        False, "Compute in half precision where the processor can: faster, and scores and boxes move a little."
    )
    detector_threads: int = setting(2, "Processor cores that the detector may use.", ge=1, le=64)
    detect_fps: float = setting(10.0, "Frames the detector looks at, at most.", unit="1/s", ge=0.1, le=120)
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
    score_threshold: float = setting(
        0.0,
        "A box of this score begins a mark, one of half of it carries a mark on; 0: what the model's card recommends.",
        ge=0,
        le=1,
    )
    label_thresholds: Annotated[str, checked(Thresholds)] = setting(
        "", 'Score thresholds of single labels, where they differ, like "crack=0.4, scratch=0.6".'
    )
    labels_off: Annotated[str, checked(Labels)] = setting("", 'Labels that do not matter here, like "stain, chip".')
    region: Annotated[str, checked(Region)] = setting(
        "",
        'Region that is looked at: corners x,y of a polygon, 0-1 of the frame, like "0.1,0.2 0.9,0.2 0.9,0.8 0.1,0.8"; '
        "a box whose centre is outside does not count. Empty: all of the frame.",
    )
    black_level: float = setting(
        12.0,
        "Pictures darker than this on average, and the same all over, count as black: the lens is covered, or it is "
        "dark. 0: never, for light that leaves clean glass black.",
        unit="0-255",
        ge=0,
        le=255,
    )
    live_fps: float = setting(15.0, "Live frames sent, at most, however many are wanted.", unit="1/s", ge=0.1, le=120)
    live_quality: int = setting(80, "JPEG quality of live frames.", unit="1-100", ge=1, le=100)
    evidence_quality: int = setting(90, "JPEG quality of the picture kept of a defect.", unit="1-100", ge=1, le=100)
    frame_meta: bool = setting(False, "Also send the live frames' metadata as JSON on frame/meta.")
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
