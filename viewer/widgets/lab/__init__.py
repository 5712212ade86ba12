"""The convolution lab: input, kernels, settings, maps."""
