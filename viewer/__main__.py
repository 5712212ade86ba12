"""``python -m viewer``: the same program as the ``convnet-viewer`` command."""

import sys

from viewer.cli import main

if __name__ == "__main__":
    sys.exit(main())
