"""`python -m wxcloudrun.ci run ...`, or `python3 ci.pyz run ...` with the file that each server has at /ci.pyz."""

import os
import sys

from wxcloudrun.ci.command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
