"""The way to the broker: settings, name, port, password, permission."""

from glassline.contract import Reason

from .fault import Fault

_BACKEND_URL = """
    BACKEND_URL is set here: it is the predecessor's setting and is not read. `broker` takes its place, and names the
    MQTT broker (port 1883), not the web page (port 5000).
"""

BROKER_FAULTS: dict[Reason, Fault] = {
    Reason.BROKER_NOT_ENROLLED: Fault(
        sentence="{id} has not been enrolled yet: it looks at glass and keeps what it finds, and knows no broker.",
        remedy="""
            On the server: `glassline enroll {id} --role node --token` prints a token. On {id}: `sudo glassline join
            PAGE --out /etc/glassline/credentials.toml` asks for it, where PAGE is `auto`, or the address at which the
            page is opened; then `sudo systemctl restart {program}`. Or copy the file that `glassline enroll {id} --role
            node` makes to that place, with mode 0600.
        """,
        cuts=True,
    ),
    Reason.BROKER_NOT_JOINED: Fault(
        sentence="{id} looks at glass, and could not fetch its credentials with its token yet: {error}.",
        remedy="""
            It goes on trying by itself; `journalctl -u glassline-join` on {id} has each new reason. Where its token was
            used, has expired or was lost: on the server `glassline flash --id {id} --again` writes what belongs on its
            card anew, with another token; or `glassline rotate {id} --token` prints one, for which `sudo glassline join
            PAGE --out /etc/glassline/credentials.toml` on {id} asks, PAGE being the address at which the page is
            opened; then `sudo systemctl restart {program}`.
        """,
        cuts=True,
    ),
    Reason.BROKER_ADDRESS_UNSET: Fault(
        sentence="{program} does not know where the broker is: its setting `broker` is empty, and none is guessed.",
        remedy="""
            Set `broker` in [{program}] of {file} (or GLASS_BROKER, or --broker) to mqtt://SERVER:1883, where SERVER
            is the name or address of the machine on which the broker runs (`hostname -I` there shows it), or mqtts://
            with TLS; or let `credentials` there name a file that `glassline enroll` made: it holds the address. Then
            `sudo systemctl restart {program}`, or start it anew.
        """,
        cuts=True,
        notes={"backend_url_set": _BACKEND_URL},
    ),
    Reason.BROKER_ADDRESS_INVALID: Fault(
        sentence="The broker address {address} of {program} cannot be used: {error}.",
        remedy="""
            Write `broker` in [{program}] of {file} (or GLASS_BROKER, or --broker) like mqtt://SERVER:1883, or
            mqtts://SERVER:8883 with TLS. Then `sudo systemctl restart {program}`, or start it anew.
        """,
        cuts=True,
        notes={"backend_url_set": _BACKEND_URL},
    ),
    Reason.BROKER_NOT_FOUND: Fault(
        sentence="{program} looks for its server by mDNS, and finds none: {search}.",
        remedy="""
            On the server `journalctl -u broker -n 30` must say "found by mDNS". It does where `listen` in [broker] has
            mqtts:// beyond loopback, `advertise` is on and `glassline ca init` made the certificate; for mosquitto run
            `glassline advertise`. `sudo ufw allow 5353/udp` opens a firewall. Not every network carries mDNS (guest
            Wi-Fi, another subnet): then set `broker` in [{program}] of {file} (or GLASS_BROKER, or --broker) to
            mqtts://SERVER:8883. It goes on looking, and detecting.
        """,
        cuts=True,
    ),
    Reason.BROKER_SEVERAL_FOUND: Fault(
        sentence="{program} finds several servers of its CA by mDNS, and takes none by chance: {found}.",
        remedy="""
            Choose one: set `broker` in [{program}] of {file} (or GLASS_BROKER, or --broker) to auto:NAME, where NAME is
            what stands before the bracket, or to mqtts://SERVER:8883, where SERVER stands in it. Then `sudo systemctl
            restart {program}`, or start it anew. `site` in [broker] on a server is its NAME.
        """,
        cuts=True,
    ),
    Reason.BROKER_FOUND_UNTRUSTED: Fault(
        sentence="{program} finds no server by mDNS that it can trust, but others: {found}.",
        remedy="""
            Never go on without a look: somebody may pose as the server. If one of them is yours, its CA is another one
            than that in the credentials here: `glassline ca show` there prints its fingerprint, and `glassline rotate
            {id}`, or `glassline enroll {id} --role {role}`, writes credentials with it: copy them here. If yours is not
            among them: `sudo systemctl start broker` on it; `journalctl -u broker -n 30` must say "found by mDNS".
        """,
        cuts=True,
    ),
    Reason.BROKER_LOCALHOST: Fault(
        sentence="""
            {program} looks for the broker at {address}, which is this machine itself: no broker runs here, or one at
            which nobody else speaks.
        """,
        remedy="""
            Set `broker` in [{program}] of {file} (or GLASS_BROKER, or --broker) to mqtt://SERVER:1883, where SERVER
            is the name or address of the machine on which the broker runs (`hostname -I` there shows it). There
            `listen` in [broker] must not be a loopback address.
        """,
        cuts=True,
        notes={"backend_url_set": _BACKEND_URL},
    ),
    Reason.BROKER_UNRESOLVED: Fault(
        sentence="The name {host} in the broker address {address} is not known on this network.",
        remedy="""
            `getent hosts {host}` must print an address. Check the spelling in `broker` in [{program}] of {file} (or
            GLASS_BROKER, or --broker), or put the address itself there (`hostname -I` on the broker's machine shows
            it). Names that end in .local need avahi-daemon on both machines.
        """,
        cuts=True,
    ),
    Reason.BROKER_REFUSED: Fault(
        sentence="Nothing accepts connections at {address}: no broker runs there, or it listens elsewhere.",
        remedy="""
            On {host}: `systemctl status broker` and `sudo ss -ltnp 'sport = :{port}'` show whether it runs and
            where it listens; `sudo systemctl start broker` (or `python -m broker`) starts it. If it listens on
            127.0.0.1 only, other machines are refused: set `listen` in [broker] of glassline.toml (GLASS_LISTEN,
            --listen). If it runs on another machine or port, correct `broker` in [{program}] of {file} (or
            GLASS_BROKER, or --broker).
        """,
        cuts=True,
        notes={"listens_elsewhere": "On {host} something does have port {port}, but listens at {elsewhere} only."},
    ),
    Reason.BROKER_TIMEOUT: Fault(
        sentence="""
            {address} does not answer at all: the machine is off or not on this network, a firewall swallows the
            connection, or the broker hangs.
        """,
        remedy="""
            `ping {host}` shows whether the machine is there. If it is: `sudo ufw allow {port}/tcp` on it opens its
            firewall, `sudo systemctl restart broker` ends a broker that hangs. If it is not: check cable, Wi-Fi and
            the address in `broker` in [{program}] of {file} (or GLASS_BROKER, or --broker).
        """,
        cuts=True,
    ),
    Reason.BROKER_BAD_CREDENTIALS: Fault(
        sentence="The broker at {address} does not let {id} in: it does not know the name, or the password is wrong.",
        remedy="""
            On the broker's machine `glassline accounts` shows who is known there; `glassline enroll {id} --role {role}`
            makes the account, `glassline rotate {id}` gives it a new password. Copy the file that they write to this
            machine, with mode 0600, and let `credentials` in [{program}] of {file} name it, in place of `password_file`
            (now: {password_file}). Then `sudo systemctl restart {program}`, or start it anew.
        """,
        cuts=True,
    ),
    Reason.BROKER_HANGS: Fault(
        sentence="The broker at {address} accepts connections, but says nothing: it hangs.",
        remedy="""
            On {host}: `sudo systemctl restart broker` (or mosquitto, where that is the broker); `journalctl -u broker
            -n 50` says what it did last. `sudo ss -ltnp 'sport = :{port}'` shows whether another program has its port.
        """,
        cuts=True,
    ),
    Reason.BROKER_NOT_MQTT: Fault(
        sentence="What accepts connections at {address} does not speak MQTT: it is {holder}.",
        remedy="""
            `sudo ss -ltnp 'sport = :{port}'` on {host} shows which program it is: end it there, and
            `sudo systemctl restart broker`. If the broker is elsewhere: MQTT usually has port 1883, with TLS 8883
            (mqtts://); 5000 is the web page. Correct the address in `broker` in [{program}] of {file} (or GLASS_BROKER,
            or --broker).
        """,
        cuts=True,
    ),
    Reason.BROKER_WANTS_TLS: Fault(
        sentence="The broker at {address} speaks TLS only, and {program} came without.",
        remedy="""
            Write `broker` in [{program}] of {file} (or GLASS_BROKER, or --broker) with mqtts:// instead of mqtt://, and
            let `ca_file` name the CA's certificate (`glassline ca show` on the broker's machine says where it lies).
            A file that `glassline enroll {id} --role {role}` makes has both right: name it in `credentials`.
        """,
        cuts=True,
    ),
    Reason.BROKER_HAS_NO_TLS: Fault(
        sentence="The broker at {address} speaks no TLS there, and {program} will not come without.",
        remedy="""
            With TLS a broker usually listens on port 8883, without on 1883: correct the port in `broker` in [{program}]
            of {file} (or GLASS_BROKER, or --broker). If it has no TLS yet: `glassline ca init` on the broker's machine
            makes a certificate, and `listen` in [broker] there takes mqtts://.
        """,
        cuts=True,
    ),
    Reason.BROKER_TLS_UNTRUSTED: Fault(
        sentence="The certificate of the broker at {address} was signed by a CA that {program} does not trust.",
        remedy="""
            Never go on without a look: somebody may have put himself in the way. On the broker's machine `glassline ca
            show` prints the CA's fingerprint; `openssl x509 -in CA.crt -noout -fingerprint -sha256` that of the file
            which `ca_file` in [{program}] of {file} names. If they differ because the CA was made anew, `glassline
            rotate {id}` writes credentials with the right one: copy them here.
        """,
        cuts=True,
    ),
    Reason.BROKER_TLS_EXPIRED: Fault(
        sentence="The certificate of the broker at {address} has expired, or the clock of this machine is ahead.",
        remedy="""
            `timedatectl` shows whether the clock here is right. If it is: on the broker's machine `glassline ca server`
            makes the certificate anew, and `sudo systemctl reload mosquitto` makes mosquitto read it; the embedded
            broker does so by itself. The CA and the files of the nodes stay as they are.
        """,
        cuts=True,
    ),
    Reason.BROKER_TLS_NOT_YET_VALID: Fault(
        sentence="""
            The certificate of the broker at {address} is not valid yet: the clock of this machine is behind, or that of
            the broker was ahead when it was made.
        """,
        remedy="""
            `timedatectl` shows the clock on both machines; `sudo systemctl enable --now systemd-timesyncd` sets it over
            the network. A Pi without a battery for its clock starts in the past and goes on by itself as soon as it
            knows the time. If the certificate is wrong: `glassline ca server` on the broker's machine.
        """,
        cuts=True,
    ),
    Reason.BROKER_TLS_WRONG_NAME: Fault(
        sentence="The certificate of the broker at {address} is good, but made for other names than {host}.",
        remedy="""
            On the broker's machine `glassline ca show` lists its names, and `glassline ca server --name {host}` adds
            this one (then `sudo systemctl reload mosquitto`; the embedded broker takes it by itself). Or write one of
            the names that are there into `broker` in [{program}] of {file} (or GLASS_BROKER, or --broker).
        """,
        cuts=True,
    ),
    Reason.BROKER_TLS_FAILED: Fault(
        sentence="TLS with the broker at {address} does not come about: {error}.",
        remedy="""
            TLS 1.2 or later is needed: `openssl s_client -connect {host}:{port}` shows what the broker offers. A broker
            that asks its clients for certificates of their own (mosquitto: `require_certificate`) must not.
        """,
        cuts=True,
    ),
    Reason.BROKER_NO_ECHO: Fault(
        sentence="The broker at {address} lets {id} in, but does not deliver its messages.",
        remedy="""
            Either {id} may not write its own topics: on the broker's machine `glassline accounts` shows its role, which
            must be {role} (`glassline revoke {id}`, then `glassline enroll {id} --role {role}`), and `sudo systemctl
            reload mosquitto` makes mosquitto read it again. Or the broker is stuck: `sudo systemctl restart broker`.
        """,
        cuts=True,
    ),
    Reason.BROKER_LOST: Fault(
        sentence="The connection to the broker at {address} broke {age} ago and is not back yet.",
        remedy="""
            On {host}: `systemctl status broker` and `sudo ss -ltnp 'sport = :{port}'` show whether it runs and
            where it listens. `glassline doctor` on this machine walks the way there step by step.
        """,
        cuts=True,
    ),
}
