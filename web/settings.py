"""The settings table of the web."""

import re
from pathlib import Path
from typing import Self

from pydantic import field_validator, model_validator

from glassline.contract import check_id
from glassline.program import WEB_PORT, Settings, is_loopback, setting

PEOPLE_FILE = "var/people.json"
IN_PROJECT = "supabase"
_PUBLIC_URL = re.compile(r"https?://([\w.-]+|\[[0-9a-fA-F:.]+\])(:[0-9]{1,5})?/?")


class WebSettings(Settings, program="web"):
    """Shows the live pictures and the defects in a browser."""

    broker: str = setting("", "Address of the MQTT broker, like mqtt://server:1883, or auto.")
    id: str = setting("web-1", "Name of this web on the wire; one process per name.")
    credentials: str = setting(
        "", "File (0600) that `glassline enroll` made for this web: id, broker, password and CA in one."
    )
    password_file: str = setting("", "File (0600) with this web's broker password; empty: none is sent.")
    ca_file: str = setting("", "File with the authority that signed the broker's certificate; empty: the system's.")
    store: str = setting(
        "sqlite:var/glassline.db", "Where defects live, the same as the bridge's: sqlite:PATH or supabase:URL."
    )
    store_key_file: str = setting("", "File (0600) with the secret key of the Supabase project; SQLite needs none.")
    http_host: str = setting(
        "127.0.0.1", "Address to listen on; beyond this machine people sign in, and TLS is needed."
    )
    http_port: int = setting(WEB_PORT, "Port to listen on; 0 takes any free one.", ge=0, le=65535)
    tls_cert: str = setting("", "File with this web's certificate and its chain (PEM); empty: plain HTTP.")
    tls_key: str = setting("", "File (0600) with the certificate's private key (PEM); both or none.")
    behind_proxy: bool = setting(
        False,
        "A proxy on this machine does TLS, passes Host on and appends to X-Forwarded-For; people sign in. "
        "The web itself then listens on loopback.",
    )
    public_url: str = setting(
        "",
        "The address at which people open the page, where a proxy stands before it; the doctor looks there too.",
    )
    people: str = setting(
        "",
        "File (0600) of those who may sign in; supabase: the users of the store's project. Empty: nobody signs in on "
        "this machine, else var/people.json.",
    )
    tokens: str = setting(
        "", "File (0600) of the tokens that `glassline enroll --token` makes; empty: no machine joins over HTTPS."
    )
    models: str = setting(
        "var/models", "Folder of the models that nodes may fetch; `glassline model publish` fills it."
    )
    state_dir: str = setting("var/web", "Folder in which this web keeps what outlasts it: which alerts stand.")
    session_hours: float = setting(168.0, "How long somebody stays signed in.", unit="h", gt=0, le=8760)
    threads: int = setting(400, "Requests served at once; every open page holds one.", ge=20, le=2000)
    max_fps: float = setting(30.0, "The highest picture rate a page may ask of a node.", unit="fps", gt=0, le=120)
    stall_s: float = setting(
        20.0, "A page that takes longer than this for one message is dropped; it comes again by itself.",
        unit="s", gt=0, le=600,
    )  # fmt: skip
    command_timeout_s: float = setting(5.0, "How long a node may take to answer a command.", unit="s", gt=0, le=60)

    @field_validator("id")
    @classmethod
    def _id(cls, value: str) -> str:
        return check_id(value)

    @field_validator("public_url")
    @classmethod
    def _public_url(cls, value: str) -> str:
        if value and not _PUBLIC_URL.fullmatch(value):
            raise ValueError("expected the address of the page and no more, like https://glass.example")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if bool(self.tls_cert) != bool(self.tls_key):
            missing = "tls_key" if self.tls_cert else "tls_cert"
            raise ValueError(f"tls_cert and tls_key belong together: set {missing} too, or neither for plain HTTP")
        return self

    @model_validator(mode="after")
    def _users_of_a_project(self) -> Self:
        if self.people_in_project and not self.store.startswith("supabase:"):
            raise ValueError(
                f"people = {IN_PROJECT} means the users of the store's project, and the store is {self.store}: "
                "name a project with `store`, or a file with `people`"
            )
        return self

    @model_validator(mode="after")
    def _nobody_past_the_proxy(self) -> Self:
        """Whoever reached this web without the proxy would be believed what only the proxy may say."""
        if self.behind_proxy and not is_loopback(self.http_host):
            raise ValueError(
                f"behind_proxy = true with http_host {self.http_host} would let everybody come past the proxy: "
                "keep http_host = 127.0.0.1 and run the proxy on this machine, or set behind_proxy = false"
            )
        return self

    @model_validator(mode="after")
    def _never_in_clear(self) -> Self:
        if not (is_loopback(self.http_host) or self.tls_cert):
            raise ValueError(
                f"on {self.http_host} passwords and pictures would cross the network in clear: set tls_cert and "
                "tls_key; or keep 127.0.0.1 and set behind_proxy = true where a proxy on this machine does TLS; or "
                "keep 127.0.0.1 and come through a tunnel, like ssh -L 5000:127.0.0.1:5000 SERVER"
            )
        return self

    @property
    def scheme(self) -> str:
        """How it is spoken to."""
        return "https" if self.tls_cert else "http"

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach it."""
        return is_loopback(self.http_host) and not self.behind_proxy

    @property
    def is_encrypted(self) -> bool:
        """Whether browsers reach it through TLS only."""
        return bool(self.tls_cert) or self.behind_proxy

    @property
    def people_in_project(self) -> bool:
        """Whether people are users of the store's project."""
        return self.people == IN_PROJECT

    @property
    def alerts_file(self) -> Path:
        """Where it stands which alerts were told and are not over."""
        return Path(self.state_dir) / f"alerts-{self.id}.json"

    @property
    def people_file(self) -> str:
        """Where those stand who may sign in, or beside which their sessions do; empty: nobody signs in."""
        if self.people_in_project:
            return PEOPLE_FILE
        return self.people or ("" if self.is_local else PEOPLE_FILE)
