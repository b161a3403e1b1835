"""The node and what hangs on it: settings, power, outbox, disk, clock, and how it comes through."""

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

NODE_FAULTS: dict[Reason, Fault] = {
    Reason.SETTINGS_WRONG: Fault(
        sentence="{program} cannot start with its settings: {error}.",
        remedy="""
            Mend [{program}] in {file}, or the GLASS_… variable or flag that the sentence names; `python -m {program}
            --help` lists all settings. Then `sudo systemctl restart {program}`, or start it anew.
        """,
        cuts=True,
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
        sentence="""
            The node {id} comes to the broker, which does not let it in: it does not know the name any more, or the
            password is wrong.
        """,
        remedy="""
            On the broker's machine `glassline accounts` shows who is known there: `glassline enroll {id} --role node`
            makes the account, `glassline rotate {id} --force` gives it a new password. Copy the file that they write to
            {id}, with mode 0600, and let `credentials` in [pi_node] of {file} there name it. Then `sudo systemctl
            restart pi_node` there.
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
    Reason.NODE_CONFIG_TAKEN_BACK: Fault(
        state="degraded",
        sentence="On {id} a change of settings was taken back, and the former ones are in force: {change}; {undone}.",
        remedy="""
            It works as before. Send the change again once its cause is mended; any other change, or `"reset": true`
            with the command `config`, makes this sentence go. `journalctl -u pi_node -n 50` on {id} says more.
        """,
    ),
    Reason.NODE_MEMORY_LOW: Fault(
        state="degraded",
        sentence="""
            On {id} only {memory_free_mb} MB of memory are left: it becomes slow, and the kernel may end a program.
        """,
        remedy="""
            On {id}: `ps aux --sort=-rss | head` shows what takes it; end what need not run there, a desktop or a
            browser. If it is pi_node itself: a smaller `image_wh` or model in [pi_node] of {file}, or a Pi with more
            memory.
        """,
    ),
    Reason.NODE_MODEL_NOT_FETCHED: Fault(
        state="degraded",
        sentence="The model {fetched} did not come to {id}, which goes on with the one it has: {not_fetched}.",
        remedy="""
            Send it again once that is mended: `glassline model publish` on the server makes the archive and says how.
            The address must be one under which {id} reaches the web: `public_url` in [web] of {file} sets it.
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
        follows=(Reason.LINK_WIFI_WEAK,),
    ),
    Reason.LINK_WIFI_WEAK: Fault(
        state="degraded",
        sentence="""
            The Wi-Fi of {id} is weak: {wifi}, where -67 and more is good; the picture stutters, or the link breaks.
        """,
        remedy="""
            Bring {id} or the access point nearer, take metal out of the way, or use a cable. `iw dev wlan0 link` on
            {id} shows signal and rate while you do; 5 GHz is faster nearby, 2.4 GHz reaches further.
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
    Reason.DISK_LOW: Fault(
        state="degraded",
        sentence="""
            On the disk of {id} only {disk_free_mb} MB are free: without a server the outbox might not get the room that
            it may take.
        """,
        remedy="""
            On {id}: `df -h` shows which disk, `sudo du -xh / | sort -h | tail -20` what fills it. Or allow the outbox
            less: `outbox_mb` in [pi_node] of {file} (GLASS_OUTBOX_MB, --outbox-mb), then `sudo systemctl restart
            pi_node`.
        """,
    ),
}
