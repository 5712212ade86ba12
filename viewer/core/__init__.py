"""Everything that needs no Qt."""
