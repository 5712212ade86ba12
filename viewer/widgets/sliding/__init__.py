"""The sliding window: a kernel on its way over its input."""
