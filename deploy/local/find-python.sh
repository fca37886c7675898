#!/bin/sh
# Prints a Python that can run the studio: the environment's own, else the system's first one of 3.11 to 3.13, else any newer.
for candidate in .venv/bin/python python3 python3.13 python3.12 python3.11; do
    "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo "$candidate" && exit 0
done
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo python3 && exit 0
echo "GenAISys Studio needs Python 3.11, 3.12 or 3.13, and this machine has $(python3 --version 2>/dev/null || echo no Python 3):" \
    "install one (Debian, Ubuntu: apt install python3 python3-venv), or name one: make PYTHON=/path/to/python3.11" >&2
exit 1
