"""`python -m labkit` is the `labkit` command."""

from __future__ import annotations

import sys

from labkit.cli import main

sys.exit(main())
