"""`python -m crm_core COMMAND`: the stable interface for schedules and checks."""

import sys

from crm_core.cli import main
from crm_core.cli.process import end_in_order

end_in_order()
sys.exit(main(sys.argv[1:]))
