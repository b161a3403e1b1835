"""The node and what hangs on it: camera, detector, power, outbox, disk."""

from glassline.contract import Reason

from .broker import BROKER_FAULTS
from .fault import Fault

_STORING = (
    *BROKER_FAULTS,
    Reason.BRIDGE_OFFLINE,
    Reason.BRIDGE_SILENT,
    Reason.BRIDGE_OVERLOADED,
    Reason.STORE_DOWN,
    Reason.STORE_READ_ONLY,
    Reason.STORE_FULL,
    Reason.BRIDGE_BAD_CREDENTIALS,
)
_CAMERA = (
    Reason.CAMERA_MISSING,
    Reason.CAMERA_BUSY,
    Reason.CAMERA_NO_FRAMES,
)

NODE_FAULTS: dict[Reason, Fault] = {
    Reason.SETTINGS_WRONG: Fault(
        sentence="{program} cannot start with its settings: {error}.",
        remedy="""
            Mend [{program}] in {file}, or the GLASS_… variable or flag that the sentence names; `python -m {program}
            --help` lists all settings. Then `sudo systemctl restart {program}`, or start it anew.
        """,
        cuts=True,
    ),
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
            On {id}: `sudo systemctl restart pi_node`. If that does not help, check the camera's cable at both ends
            with the power off, and look at `sudo dmesg | tail`. A folder: camera needs pictures in its folder.
        """,
    ),
    Reason.CAMERA_BLACK: Fault(
        sentence="The camera {camera} of the node {id} gives black pictures: its lens is covered, or it is dark.",
        remedy="""
            Take the cap off the lens, and switch the light on. If the picture stays black, check the cable of the
            camera at both ends with the power off, and look with `rpicam-hello -t 0` on {id} (stop the node first:
            `sudo systemctl stop pi_node`). With dark-field light clean glass is nearly black: let a little light into
            the picture, at an edge or by a longer exposure; a mean brightness of 4 (of 255) is enough.
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
    Reason.NODE_OFFLINE: Fault(
        sentence="The node {id} is offline: it was stopped, or the broker lost it.",
        remedy="""
            On {id}: `systemctl status pi_node` shows whether it runs, `sudo systemctl start pi_node` (or `python -m
            pi_node`) starts it, `glassline doctor` says why it cannot get through. If {id} itself does not answer
            (`ping {host}`), check its power and network.
        """,
        cuts=True,
    ),
    Reason.NODE_SILENT: Fault(
        sentence="""
            The node {id} counts as online, but has said nothing for {age}, where it should speak every 5 s: it
            hangs, or lost power or network.
        """,
        remedy="""
            `ping {host}` shows whether {id} is reachable. If it is: `sudo systemctl restart pi_node` there, and
            `journalctl -u pi_node -n 50` says what it did last. If it is not: check its power and network.
        """,
        cuts=True,
    ),
    Reason.NODE_UNKNOWN: Fault(
        sentence="No node {id} has been heard at this broker.",
        remedy="""
            Start it (`sudo systemctl start pi_node`, or `python -m pi_node`). If it runs, `glassline doctor` on it
            shows to which broker it speaks (`broker` in [pi_node] of {file}) and by which name (`id`).
        """,
        cuts=True,
    ),
    Reason.NODE_BAD_CREDENTIALS: Fault(
        sentence="The node {id} comes to the broker, which does not let it in: its password is wrong.",
        remedy="""
            On the broker's machine `glassline rotate {id} --force` gives it a new password. Copy the file that it
            writes to {id}, with mode 0600, and let `credentials` in [pi_node] of {file} there name it. Then
            `sudo systemctl restart pi_node` there.
        """,
        cuts=True,
    ),
    Reason.NODE_DENIED: Fault(
        sentence="The broker does not take what the node {id} sends: its account has not the role of a node.",
        remedy="""
            On the broker's machine `glassline accounts` shows the role of {id}, which must be node: `glassline revoke
            {id}`, then `glassline enroll {id} --role node`, and copy the file that it writes to {id}. Mosquitto reads
            its lists again with `sudo systemctl reload mosquitto`.
        """,
    ),
    Reason.NODE_TWICE: Fault(
        sentence="""
            Two nodes call themselves {id}, and throw each other off the broker: a second Pi, or the same program
            started twice (or the broker itself closes the connection of {id} again and again).
        """,
        remedy="""
            On each machine that may be meant (the last one was {host}): `systemctl status pi_node` and `pgrep -af
            pi_node` show whether it runs there, and how often. Give each Pi a name of its own: `id` in [pi_node] of
            {file} (GLASS_ID, --id), with an account of its own (`glassline enroll NAME --role node`). If there is no
            second one, the broker's log, or that of a proxy before it, says why it closes the connection.
        """,
    ),
    Reason.NODE_OTHER_CONTRACT: Fault(
        sentence="What the node {id} sends is of another version of the contract than Glassline speaks here.",
        remedy="""
            Update Glassline on {id} and on the server to the same version: `glassline --version` shows it on each.
            Then `sudo systemctl restart pi_node` on {id}.
        """,
        cuts=True,
    ),
    Reason.NODE_NOT_ASKED: Fault(
        sentence="""
            The web asks for pictures, but the node {id} hears nothing of it, and sends one in 10 s as to nobody.
        """,
        remedy="""
            The account of the web must have the role web, and that of {id} the role node: `glassline accounts` on the
            broker's machine shows both; `glassline revoke NAME` and `glassline enroll NAME --role …` set one right. If
            the lists of mosquitto were changed by hand: `glassline enroll` writes them anew, and `sudo systemctl reload
            mosquitto` makes it read them.
        """,
    ),
    Reason.NODE_CLOCK_WRONG: Fault(
        state="degraded",
        sentence="""
            The clocks of {id} and of {observer} differ by {offset}: the times of defects are wrong, or will be.
        """,
        remedy="""
            `timedatectl` on both shows which clock is wrong; `sudo systemctl enable --now systemd-timesyncd` there sets
            it over the network (UDP port 123 must be open, or name a time server of your network as NTP= in
            /etc/systemd/timesyncd.conf).
        """,
        follows=(Reason.NODE_CLOCK_UNSYNCED,),
    ),
    Reason.NODE_CLOCK_UNSYNCED: Fault(
        state="degraded",
        sentence="The clock of {id} is not synchronised: the times of its defects may be wrong until it is.",
        remedy="""
            On {id}: `timedatectl` shows the clock, `sudo systemctl enable --now systemd-timesyncd` sets it over the
            network (UDP port 123 must be open, or name a time server of your network as NTP= in
            /etc/systemd/timesyncd.conf).
        """,
    ),
    Reason.POWER_UNDERVOLTAGE: Fault(
        state="degraded",
        sentence="{id} gets too little voltage: it becomes slow, and may stop or damage its card.",
        remedy="""
            Use the official power supply of this Pi with its own cable, and unplug USB devices it must feed.
            `vcgencmd get_throttled` on {id} prints throttled=0x0 once all is well after a restart.
        """,
    ),
    Reason.POWER_THROTTLED: Fault(
        state="degraded",
        sentence="{id} runs slower than it could, because it is too hot.",
        remedy="Give {id} a cooler and air, and keep the sun off it; `vcgencmd measure_temp` should stay below 80 °C.",
        follows=(Reason.POWER_UNDERVOLTAGE,),
    ),
    Reason.LINK_SLOW: Fault(
        state="degraded",
        sentence="The link of {id} carries only {link}: pictures are sent at {live}; defects are stored all the same.",
        remedy="""
            The picture recovers by itself within seconds of the link. `ping {host}` shows how long the way takes and
            what is lost on it, `iw dev wlan0 link` on {id} the signal of a wireless one: bring it nearer to the access
            point, use a cable, or find out who else fills the link. A lower `live_fps` in [pi_node] of {file}
            (GLASS_LIVE_FPS, --live-fps) leaves more for each picture.
        """,
    ),
    Reason.OUTBOX_FAILED: Fault(
        sentence="{id} cannot keep what it finds: its outbox cannot be read or written.",
        remedy="""
            On the machine of {id}: `journalctl -u pi_node -n 50` names the file and the cause, `df -h` shows whether
            the disk is full. A damaged file is put aside at the next start: `sudo systemctl restart pi_node`.
        """,
        follows=(Reason.DISK_FULL,),
    ),
    Reason.OUTBOX_FULL: Fault(
        sentence="""
            The outbox of {id} is full: {depth} detections wait to be stored. To make room {pictures_dropped} pictures
            and {dropped} detections were given up so far, the oldest first, detections only where no picture was left.
        """,
        remedy="""
            It empties by itself as soon as bridge and store work: on the server `systemctl status bridge` and
            `journalctl -u bridge -n 50`. `outbox_mb` in [pi_node] of {file} (GLASS_OUTBOX_MB, --outbox-mb) gives it
            more room.
        """,
        follows=_STORING,
    ),
    Reason.OUTBOX_WAITING: Fault(
        state="degraded",
        sentence="On {id} {depth} detections wait to be stored; none is lost.",
        remedy="""
            They go by themselves as soon as bridge and store take them. If they stay: on the server `systemctl
            status bridge` and `journalctl -u bridge -n 50`.
        """,
        follows=_STORING,
    ),
    Reason.DISK_FULL: Fault(
        sentence="The disk of {id} is full ({disk_free_mb} MB free).",
        remedy="""
            On the machine of {id}: `df -h` shows which disk, `sudo du -xh / | sort -h | tail -20` what fills it,
            `sudo journalctl --vacuum-size=100M` frees some at once.
        """,
    ),
}
