"""The images that excite a map most."""
