"""The one exception that carries a sentence for the person at the screen."""


class UserError(Exception):
    """Something outside the program is wrong: a file, a setting, a display.

    The message is one complete sentence that says what is wrong and what to do.
    The command line prints it and exits with 1; the window shows it and keeps
    what it had.
    """
