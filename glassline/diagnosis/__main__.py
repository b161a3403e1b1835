"""`python -m glassline.diagnosis` prints the troubleshooting page, which stands in docs/troubleshooting.md."""

import sys

from .page import troubleshooting_page

sys.stdout.write(troubleshooting_page())
