"""See inside a convolutional network while you draw."""

__version__ = "0.1.0"
