"""What a person sees: Qt widgets that take ``set_*`` and give signals; no torch, no files."""
