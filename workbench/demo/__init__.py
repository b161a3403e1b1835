"""The demo: the whole chain on one machine, with a rendered camera whose truth is known."""
