"""signstation: a desktop code-signing workstation for Linux."""

__version__ = "0.1.0"
