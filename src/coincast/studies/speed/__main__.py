"""The process of its own in which one side is timed."""

import sys

from coincast.studies.speed.timing import main

main(*sys.argv[1:])
