"""The files that a network may come in, each read without running anything that is in it."""
