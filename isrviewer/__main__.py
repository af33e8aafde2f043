"""``python -m isrviewer`` is the `isrviewer` command."""

import sys

from isrviewer.app import main

sys.exit(main())
