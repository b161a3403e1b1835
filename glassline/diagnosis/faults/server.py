"""Behind the broker: bridge, store, web, and the browser that watches."""

from glassline.contract import Reason

from ..hops import Hop
from .broker import BROKER_FAULTS
from .fault import Fault

_NO_PICTURE = (
    *BROKER_FAULTS,
    Reason.NODE_OFFLINE,
    Reason.NODE_SILENT,
    Reason.NODE_UNKNOWN,
    Reason.CAMERA_MISSING,
    Reason.CAMERA_NO_FRAMES,
)

SERVER_FAULTS: dict[Reason, Fault] = {
    Reason.BRIDGE_OFFLINE: Fault(
        sentence="""
            No bridge is online, so nothing is stored: detections wait in the nodes; the live picture goes on.
        """,
        remedy="""
            On the server: `systemctl status bridge` shows whether it runs, `sudo systemctl start bridge` (or
            `python -m bridge`) starts it, `glassline doctor` says why it cannot get through.
        """,
        cuts=True,
    ),
    Reason.BRIDGE_SILENT: Fault(
        sentence="""
            The bridge {id} counts as online, but has said nothing for {age}, where it should speak every 5 s: it
            hangs.
        """,
        remedy="""
            On the server: `sudo systemctl restart bridge`; `journalctl -u bridge -n 50` says what it did last. The
            detections wait in the nodes.
        """,
        cuts=True,
    ),
    Reason.BRIDGE_OVERLOADED: Fault(
        state="degraded",
        sentence="The bridge {id} gets more than its store takes: it drops the rest, and nodes send it again later.",
        remedy="""
            On the server: `top` and `iostat -x 5` show whether processor or disk is at its limit. Nothing is lost
            while the nodes' outboxes have room.
        """,
        follows=(Reason.STORE_DOWN, Reason.STORE_READ_ONLY),
    ),
    Reason.STORE_DOWN: Fault(
        sentence="The bridge {id} cannot write to its store: {error}.",
        remedy="""
            On the server: check `store` in [bridge] of {file} (GLASS_STORE, --store), `df -h`, and that the
            bridge's user may write there; `journalctl -u bridge -n 50` says more. The detections wait in the nodes
            meanwhile.
        """,
    ),
    Reason.STORE_READ_ONLY: Fault(
        sentence="The store of the bridge {id} can only be read: {error}.",
        remedy="""
            On the server: `findmnt -no OPTIONS -T PATH` (PATH: the file in `store` of [bridge] in {file}) shows
            whether its disk is mounted `ro`, `sudo dmesg | tail` why, and `ls -l` whether the bridge's user may
            write the file.
        """,
    ),
    Reason.WEB_DOWN: Fault(
        sentence="The web does not answer at {address}: {error}.",
        remedy="""
            On {host}: `systemctl status web` shows whether it runs, `sudo systemctl start web` (or `python -m web`)
            starts it, `sudo ss -ltnp 'sport = :{port}'` shows who has its port. If another program has it (on a
            Mac: AirPlay), choose another `http_port` in [web] of {file} (GLASS_HTTP_PORT, --http-port).
        """,
        cuts=True,
    ),
    Reason.WEB_CERTIFICATE: Fault(
        sentence="The web at {address} cannot be trusted, or does not speak HTTPS: {error}.",
        remedy="""
            On {host}: `glassline ca show` says who made its certificate, for which names, and until when; `glassline ca
            server` makes it anew. `tls_cert` and `tls_key` in [web] of {file} (GLASS_TLS_CERT, --tls-cert …) name its
            files; then `sudo systemctl restart web`. `timedatectl` shows whether the clock here is right.
        """,
        cuts=True,
    ),
    Reason.WEB_NOT_OURS: Fault(
        sentence="At {address} answers another program than Glassline's web.",
        remedy="""
            `sudo ss -ltnp 'sport = :{port}'` on {host} shows which. On a Mac port 5000 belongs to AirPlay (System
            Settings, AirDrop & Handoff). End it, or choose another `http_port` in [web] of {file} (GLASS_HTTP_PORT,
            --http-port).
        """,
        cuts=True,
    ),
    Reason.WEB_NO_FRAMES: Fault(
        sentence="The web answers, but no picture of {id} has come out of it for {age}.",
        remedy="""
            On the server: `journalctl -u web -n 50`, then `sudo systemctl restart web`. GLASS_DEBUG_FRAMES=1 in the
            environment of pi_node and web logs each picture that goes out and comes in.
        """,
        follows=_NO_PICTURE,
        awaits=(Hop.NODE, Hop.CAMERA),
    ),
    Reason.YOU_STALLED: Fault(
        sentence="The web sends, but nothing has arrived here for {age}.",
        remedy="""
            Reload the page. If it comes again, check this device's network; a proxy on the way must let WebSocket
            through (path /live).
        """,
        follows=(Reason.WEB_NO_FRAMES, *_NO_PICTURE),
        awaits=(Hop.NODE, Hop.CAMERA),
    ),
}
