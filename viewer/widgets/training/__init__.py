"""The training panel: set-up, run, curves, time slider, runs."""
