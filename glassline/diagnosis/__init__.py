"""Diagnosis: what was observed of each hop between lens and eye -> the first cause, in a sentence, with its remedy.

Pure: nothing here does I/O. Probes belong to the rooms that own the hop; they hand their observations in.

>>> from glassline.contract import Reason
>>> seen = [
...     Observation(hop=Hop.BROKER, state="failed", code=Reason.BROKER_REFUSED, facts={"address": "mqtt://server:1883"}),
...     Observation(hop=Hop.NODE, state="failed", code=Reason.NODE_OFFLINE, facts={"id": "pi-1"}),
... ]
>>> verdict = diagnose(seen)
>>> verdict.first_cause.sentence
'Nothing accepts connections at mqtt://server:1883: no broker runs there, or it listens elsewhere.'
>>> [(hop.hop.value, hop.state) for hop in verdict.hops]
[('node', 'unknown'), ('broker', 'failed')]
"""

from .chain import Hop, HopVerdict, Observation, State, Verdict, diagnose
from .faults import Fault, hop_of, remedy_of
from .lives import Lives
from .observers import observe_bridge, observe_device, observe_link, observe_web
from .seen import ProgramSeen, reported_age_s
from .words import Facts, age_text

__all__ = [
    "Facts", "Fault", "Hop", "HopVerdict", "Lives", "Observation", "ProgramSeen", "State", "Verdict", "age_text",
    "diagnose", "hop_of", "observe_bridge", "observe_device", "observe_link", "observe_web", "remedy_of",
    "reported_age_s",
]  # fmt: skip
