"""Architectures, checkpoints, and the capture of activations."""
