"""The panel of lessons: list, pages, answers, pointers."""
