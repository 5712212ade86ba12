"""Training, the time machine, evaluation: what the training dock does."""
