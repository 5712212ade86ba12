"""Lessons as data: their files, their formulas, and the values they ask about. No Qt, no torch."""
