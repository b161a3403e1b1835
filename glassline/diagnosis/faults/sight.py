"""What a node sees with: camera and detector."""

from glassline.contract import Reason

from .fault import Fault

_CAMERA = (
    Reason.CAMERA_MISSING,
    Reason.CAMERA_BUSY,
    Reason.CAMERA_NO_FRAMES,
)

SIGHT_FAULTS: dict[Reason, Fault] = {
    Reason.CAMERA_MISSING: Fault(
        sentence="The node {id} cannot open its camera {camera}.",
        remedy="""
            On {id}: `rpicam-hello --list-cameras` lists ribbon cameras, `ls /dev/video*` USB ones, `sudo fuser -v
            /dev/video*` shows who holds one. Check the cable with the power off, set `camera` in [pi_node] of
            {file} (GLASS_CAMERA, --camera) to one that is there, like picamera:0 or usb:0, then `sudo systemctl
            restart pi_node`.
        """,
    ),
    Reason.CAMERA_BUSY: Fault(
        sentence="The camera {camera} of the node {id} is held by another program: {holder}.",
        remedy="""
            On {id}: `sudo fuser -v /dev/video* /dev/media*` shows who holds it; end that program (a second node, a
            preview, or motion), and the node takes the camera by itself within seconds.
        """,
    ),
    Reason.CAMERA_NO_FRAMES: Fault(
        sentence="The camera {camera} of the node {id} is open, but no picture has come from it for {age}.",
        remedy="""
            The node closes it and opens it anew by itself. If that does not help within a minute, on {id}: `sudo
            systemctl restart pi_node`; then check the camera's cable at both ends with the power off, and look at
            `sudo dmesg | tail`. A folder: camera needs pictures in its folder.
        """,
    ),
    Reason.CAMERA_BLACK: Fault(
        sentence="The camera {camera} of the node {id} gives black pictures: its lens is covered, or it is dark.",
        remedy="""
            Take the cap off the lens, and switch the light on. If the picture stays black, check the cable of the
            camera at both ends with the power off, and look with `rpicam-hello -t 0` on {id} (stop the node first:
            `sudo systemctl stop pi_node`). If your light leaves clean glass black (dark field): `black_level = 0` in
            [pi_node] of {file} (GLASS_BLACK_LEVEL, --black-level), then `sudo systemctl restart pi_node`.
        """,
    ),
    Reason.CAMERA_FROZEN: Fault(
        sentence="""
            The camera {camera} of the node {id} has given the very same picture for {age}: it is frozen, since no
            sensor sees the same twice.
        """,
        remedy="""
            On {id}: `sudo systemctl restart pi_node` opens the camera anew. If it comes again, check its cable with the
            power off, and look at `sudo dmesg | tail`.
        """,
    ),
    Reason.CAMERA_SLOW: Fault(
        state="degraded",
        sentence="""
            The camera {camera} of the node {id} gives {camera_fps} pictures a second, less than half of the {asked_fps}
            that it was asked for.
        """,
        remedy="""
            In the dark many cameras expose for longer: give more light, or set the exposure. Some cannot do this rate
            at this size: `rpicam-hello --list-cameras` and `v4l2-ctl --list-formats-ext` on {id} list what they can. A
            lower `camera_fps` in [pi_node] of {file} (GLASS_CAMERA_FPS, --camera-fps) asks for what it gives.
        """,
        follows=(Reason.POWER_THROTTLED, Reason.POWER_UNDERVOLTAGE, Reason.NODE_MEMORY_LOW),
    ),
    Reason.DETECTOR_MODEL_MISSING: Fault(
        sentence="The node {id} has no model {model}, so it finds no defects; its live picture goes on.",
        remedy="""
            On {id}: let `model` in [pi_node] of {file} (GLASS_MODEL, --model) name what `glassline model export` wrote
            (the .json card, or one of the models beside it), or leave it out for the model that comes with Glassline.
            Then `sudo systemctl restart pi_node`.
        """,
    ),
    Reason.DETECTOR_MODEL_UNKNOWN: Fault(
        sentence="What {id} is told to use as its model {model} is no model that Glassline can run.",
        remedy="""
            Models are an .onnx file, a folder NAME_ncnn_model or NAME_openvino_model, a .pt file of Ultralytics, or
            the .json card beside them: set `model` in [pi_node] of {file} (GLASS_MODEL, --model) to one of these.
            `glassline model export best.pt` makes all of them. Then `sudo systemctl restart pi_node`.
        """,
    ),
    Reason.DETECTOR_MODEL_BROKEN: Fault(
        sentence="The node {id} cannot use its model {model}, so it finds no defects; its live picture goes on.",
        remedy="""
            The file is damaged or not what its card says: copy model and card (.json) anew onto {id}, or export them
            again with `glassline model export best.pt`, or leave `model` in [pi_node] of {file} out for the model that
            comes with Glassline. Then `sudo systemctl restart pi_node`; `journalctl -u pi_node -n 50` says what was
            wrong with it.
        """,
    ),
    Reason.DETECTOR_CARD_WRONG: Fault(
        sentence="The card of the model {model} of {id} cannot be used, or was written for another file.",
        remedy="""
            A card (.json) holds the digests of the models beside it: copy all of them anew onto {id}. If the model was
            replaced on purpose, delete the card: what Ultralytics exports describes itself. Then `sudo systemctl
            restart pi_node`; `journalctl -u pi_node -n 50` names the key that is wrong.
        """,
    ),
    Reason.DETECTOR_TASK_WRONG: Fault(
        sentence="The model {model} of {id} is made for another task and gives no boxes of defects.",
        remedy="""
            Train a model that does (`glassline model train`, `yolo detect train` or `yolo segment train`), export it
            with `glassline model export best.pt`, and set `model` in [pi_node] of {file} (GLASS_MODEL, --model) to the
            card that it writes. Then `sudo systemctl restart pi_node`.
        """,
    ),
    Reason.DETECTOR_RUNTIME_MISSING: Fault(
        sentence="On {id} nothing is installed that runs its model {model}, so it finds no defects.",
        remedy="""
            In the virtual environment of the node: `pip install 'glassline[pi]'` for .onnx files, `pip install
            'glassline[ncnn]'` for ncnn, `pip install 'glassline[openvino]'` for OpenVINO, `pip install
            'glassline[train]'` for .pt (2 GB; `glassline model export` once, elsewhere, makes do without). Then `sudo
            systemctl restart pi_node`.
        """,
    ),
    Reason.DETECTOR_STARTING: Fault(
        state="degraded",
        sentence="The node {id} is getting its detector ready and finds no defects yet; its live picture goes on.",
        remedy="""
            Wait: a model is loaded in seconds; with `model = "auto"` or a card every way to run it is measured once,
            which takes minutes on a Pi. If it does not end, `journalctl -u pi_node -n 50` on {id} says what it is at;
            a `model` in [pi_node] of {file} (GLASS_MODEL, --model) that names one file is not measured.
        """,
    ),
    Reason.DETECTOR_STUCK: Fault(
        sentence="The node {id} gets pictures, but its detector has finished none for {age}.",
        remedy="""
            On {id}: `sudo systemctl restart pi_node`. If it comes again, see `journalctl -u pi_node -n 50`, `free
            -m` and `vcgencmd measure_temp`, or use a smaller model.
        """,
        follows=_CAMERA,
    ),
    Reason.DETECTOR_SLOW: Fault(
        state="degraded",
        sentence="""
            The detector of {id} looks at {detect_fps} pictures a second, less than a third of the {asked_detect_fps}
            that it was asked for: what passes quickly may be missed.
        """,
        remedy="""
            `model = "auto"` in [pi_node] of {file} (GLASS_MODEL, --model) takes the fastest way to run the model on
            this machine, `detector_threads` gives it more cores, a smaller model takes less time. If the rate is enough
            for your line, set `detect_fps` (GLASS_DETECT_FPS, --detect-fps) to it. `top` on {id} shows what else works
            there.
        """,
        follows=(Reason.POWER_THROTTLED, Reason.POWER_UNDERVOLTAGE, Reason.NODE_MEMORY_LOW),
    ),
    Reason.DETECTOR_SLOWED: Fault(
        state="degraded",
        sentence="""
            The detector of {id} works only {detect_share} of the time, to let the machine cool down ({cpu_temp}); the
            live picture goes on as it was.
        """,
        remedy="""
            It works more again by itself, a minute after the machine has cooled down. Give {id} a cooler and air, and
            keep the sun off it: `vcgencmd measure_temp` should stay below 78 °C. Or ask less of it: a smaller model, or
            a lower `detect_fps` in [pi_node] of {file} (GLASS_DETECT_FPS, --detect-fps). `hot_c` sets where it begins.
        """,
        follows=(Reason.POWER_UNDERVOLTAGE,),
    ),
}
