# SPDX-License-Identifier: GPL-3.0-or-later
"""The health checks of Rollcall's agents within ipa-healthcheck, and over the logs of all servers within ipa-clustercheck.

Nothing is judged here: what is wrong, how bad that is and what to do about it was said by an agent (lib/control/health.h).

    registry          asks the agent on this server, once a run
    checks            its findings, one result each
    cluster_registry  reads the logs that ipa-healthcheck wrote on the servers
    cluster           which finding was made on which servers
"""
