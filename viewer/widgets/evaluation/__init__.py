"""How well a network does: confusion, reliability, robustness, comparison."""
