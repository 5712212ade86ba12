"""Configuration, loop, metrics and run folder of a training."""
