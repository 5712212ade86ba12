"""Lessons on the live program, and the glossary."""
