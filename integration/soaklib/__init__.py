# SPDX-License-Identifier: GPL-3.0-or-later
"""The soak: random runs of a lab under faults, each judged by what its servers really served.

    plan      from a seed to what will be done when; nothing is started
    acts      does it to a lab
    rest      heals a lab, and says when it has come to rest
    run       one run: lab, cluster, plan, heal, judge
    main      the command line; many runs, each a process of its own; the figures
"""
