"""Qt adaptors, each around one worker thread."""
