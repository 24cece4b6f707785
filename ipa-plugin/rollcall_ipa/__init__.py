# SPDX-License-Identifier: GPL-3.0-or-later
"""What the commands `ipa dnssec-keymanager-*` and `ipa dnssec-zone-*` are made of.

Nothing here decides about keys. What is shown was said by an agent of Rollcall, over its socket where it runs on this
server, else through its report in the directory; what is changed is written to the directory as the user who asks.

    agent     the control socket of the agent on this server
    tree      where things stand in the directory
    views     what agents say, from either source
    changes   appointments and requests
    masters   cn=masters of IPA
    health    the last health checks
    entries   all that as entries that `ipa` prints
"""
