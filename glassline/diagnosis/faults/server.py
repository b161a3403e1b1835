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
    Reason.NODE_BAD_CREDENTIALS,
    Reason.NODE_DENIED,
    Reason.NODE_TWICE,
    Reason.NODE_OTHER_CONTRACT,
    Reason.NODE_NOT_ASKED,
    Reason.CAMERA_MISSING,
    Reason.CAMERA_BUSY,
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
        follows=(Reason.BRIDGE_BAD_CREDENTIALS,),
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
        follows=(Reason.BRIDGE_BAD_CREDENTIALS,),
    ),
    Reason.BRIDGE_BAD_CREDENTIALS: Fault(
        sentence="""
            The bridge {id} comes to the broker, which does not let it in: it does not know the name any more, or the
            password is wrong. Nothing is stored; detections wait in the nodes.
        """,
        remedy="""
            On the broker's machine `glassline accounts` shows who is known there: `glassline enroll {id} --role bridge`
            makes the account, `glassline rotate {id} --force` gives it a new password. Let `credentials` in [bridge] of
            {file} name the file that they write. Then `sudo systemctl restart bridge`.
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
        follows=(Reason.STORE_DOWN, Reason.STORE_READ_ONLY, Reason.STORE_FULL),
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
    Reason.STORE_FULL: Fault(
        sentence="The disk of the store of the bridge {id} is full: {error}.",
        remedy="""
            On the server: `df -h` shows which disk, `sudo du -xh / | sort -h | tail -20` what fills it, `sudo
            journalctl --vacuum-size=100M` frees some at once. `keep_evidence_gb` in [bridge] of {file}
            (GLASS_KEEP_EVIDENCE_GB, --keep-evidence-gb) lets the oldest pictures go by themselves. The detections wait
            in the nodes meanwhile.
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
            files; then `sudo systemctl restart web`. `timedatectl` shows whether the clock here is right. Where a CA of
            your own signed it, the doctor of another machine takes its `ca.crt` by `SSL_CERT_FILE=ca.crt glassline
            doctor`, a browser by its settings.
        """,
        cuts=True,
    ),
    Reason.WEB_NOT_OURS: Fault(
        sentence="At {address} answers another program than Glassline's web: {holder}.",
        remedy="""
            `sudo ss -ltnp 'sport = :{port}'` on {host} shows which. On a Mac port 5000 belongs to AirPlay (System
            Settings, AirDrop & Handoff). End it, or choose another `http_port` in [web] of {file} (GLASS_HTTP_PORT,
            --http-port).
        """,
        cuts=True,
    ),
    Reason.WEB_WEBSOCKET_BLOCKED: Fault(
        sentence="""
            The web answers at {address}, but no WebSocket comes through to it: a proxy on the way does not pass it on.
        """,
        remedy="""
            The proxy must pass on WebSocket at the path /live: nginx needs `proxy_http_version 1.1;`, `proxy_set_header
            Upgrade $http_upgrade;`, `proxy_set_header Connection upgrade;` and `proxy_read_timeout 1h;` there. Apache
            needs mod_proxy_wstunnel, Caddy nothing. A hoster that allows no WebSocket cannot show live pictures.
        """,
        cuts=True,
    ),
    Reason.WEB_ORIGIN_REFUSED: Fault(
        sentence="""
            The web refuses the page that was opened at {address}: it is asked under another name than the page has, by
            a proxy that puts its own in place.
        """,
        remedy="""
            The proxy must pass on the name that people type: nginx needs `proxy_set_header Host $http_host;`, Apache
            `ProxyPreserveHost On`. `behind_proxy = true` in [web] of {file} (GLASS_BEHIND_PROXY, --behind-proxy) says
            that there is one. Without a proxy: open the page by the very address at which the web listens.
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
    Reason.YOU_OFFLINE: Fault(
        sentence="This device has no network.",
        remedy="Connect it again (Wi-Fi, cable, flight mode): the page goes on by itself, or `Reload` it.",
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
