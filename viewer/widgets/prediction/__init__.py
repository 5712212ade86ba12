"""The answer: classes, their probabilities, the most probable one."""
