"""One layer, one channel, one pixel in detail."""
