"""Strokes, digits, images, colours and mosaics as arrays."""
