"""One checked role file per host becomes a working LVS director or real server at boot."""

__version__ = "0.1.0"
