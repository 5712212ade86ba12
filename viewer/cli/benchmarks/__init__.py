"""What ``convnet-viewer bench`` measures: one module a part, each run in a process of its own."""
