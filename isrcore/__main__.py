"""``python -m isrcore`` is the `isrcore` command."""

import sys

from isrcore.cli import main

sys.exit(main())
