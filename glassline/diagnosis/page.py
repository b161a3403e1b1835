"""The troubleshooting page in Markdown, made from the codes, so that it can never say anything else than the doctor."""

from collections.abc import Collection

from glassline.contract import Reason

from .faults import FAULTS, Fault, hop_of
from .hops import Hop
from .words import render

_HEAD = """\
# Troubleshooting

<!-- Made by `python -m glassline.diagnosis > docs/troubleshooting.md` from glassline/diagnosis/faults. -->

Run `glassline doctor` first, on any machine of the chain: it walks camera → node → broker → bridge → store → web → you,
and names the first cause and its remedy. The strip above every live picture says the same. This page lists all that
they can say; `glassline doctor --json` prints the codes.

Detecting goes on without the network, storing without the page, and the live picture without the store: what waits is
sent later. So mend the first cause, and the rest follows by itself.

Commands with `systemctl` are for machines on which Glassline runs as a service. Where you started a program by hand,
stop it with Ctrl-C and start it anew.
"""

_TITLES = {
    Hop.CAMERA: "Camera",
    Hop.DETECTOR: "Detector",
    Hop.NODE: "Node",
    Hop.BROKER: "Broker, and the way to it",
    Hop.BRIDGE: "Bridge",
    Hop.STORE: "Store",
    Hop.WEB: "Web",
    Hop.YOU: "You, the browser",
}


def troubleshooting_page() -> str:
    """The whole page, by hop in chain order."""
    parts = [_HEAD]
    for hop in Hop:
        parts.append(f"## {_TITLES[hop]}\n")
        parts += [_section(code, FAULTS[code]) for code in Reason if hop_of(code) is hop]
    return "\n".join(parts)


def _section(code: Reason, fault: Fault) -> str:
    sentence, remedy = fault.render({})
    lines = [f"### `{code.value}`\n", f"**{_escaped(sentence)}**\n", f"{_escaped(remedy)}\n"]
    lines += [f"Said only where it applies: {_escaped(render(note, {}))}\n" for note in fault.notes.values()]
    if fault.state == "degraded":
        lines.append("A warning: the chain still works.\n")
    if fault.follows:
        lines.append(f"Not to blame while one of these is there: {_listed(fault.follows)}.\n")
    return "\n".join(lines)


def _listed(causes: Collection[Reason]) -> str:
    """Codes by name, or all of a kind at once."""
    kinds = {code: {other for other in Reason if _kind(other) == _kind(code)} for code in causes}
    names = [f"{_kind(code)}.*" if kinds[code] <= set(causes) else code.value for code in causes]
    return ", ".join(f"`{name}`" for name in dict.fromkeys(names))


def _kind(code: Reason) -> str:
    return code.value.partition(".")[0]


def _escaped(text: str) -> str:
    """`text` for Markdown: <placeholders> outside of `code` would be read as HTML."""
    outside = text.split("`")
    outside[::2] = [part.replace("<", "&lt;").replace(">", "&gt;") for part in outside[::2]]
    return "`".join(outside)
