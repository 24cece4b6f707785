# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo: a story in six steps on a lab, told as it happens, and judged at the end.

    main      the command line, and what must be true for exit 0
    stage     the lab with its members, as the story speaks of them
    steps     the six steps; each fails unless it really took place
    narrator  one timed line an event
    table     the figures at the end
"""
