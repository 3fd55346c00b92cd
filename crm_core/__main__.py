"""`python -m crm_core COMMAND`: the stable interface for schedules and checks."""

import sys

from crm_core.cli import main

sys.exit(main(sys.argv[1:]))
