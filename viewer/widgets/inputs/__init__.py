"""What the network is asked about: pad, pictures, data sets, pinned drawings."""
