"""`glassline bench`: what the live picture costs, measured against the least that is possible and the obvious way.

One run starts real processes for each contender in turn: the broker, a publisher that sends like a node, the contender
(the web as users run it, a bare relay, a naive loop) and a process of viewers that reads as cheaply as can be.
"""
