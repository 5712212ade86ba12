"""The network as a flow of cards: layers, blocks, their maps and kernels."""
