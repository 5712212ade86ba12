"""Where the files in the box are: models, MNIST, fonts."""

from pathlib import Path

from viewer.core.errors import UserError

_PACKAGE = Path(__file__).resolve().parent.parent


def resource_path(*parts: str) -> Path:
    """Return the path of a file or folder in ``resources/``.

    The folder stands inside the package once installed from a wheel
    (``viewer/resources``), beside it in a checkout or an editable install.

    Parameters
    ----------
    *parts : str
        Path below ``resources/``; none for the folder itself.

    Returns
    -------
    pathlib.Path
        An existing path.

    Raises
    ------
    UserError
        If the file is missing: the installation is incomplete.
    """
    for root in (_PACKAGE / "resources", _PACKAGE.parent / "resources"):
        path = root.joinpath(*parts)
        if path.exists():
            return path
    name = "/".join(("resources", *parts))
    raise UserError(f"{name} is missing from this installation: install convnet-viewer again.")
