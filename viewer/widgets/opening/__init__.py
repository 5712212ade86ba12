"""Dialogs about networks that are being opened."""
