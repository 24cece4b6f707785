# SPDX-License-Identifier: GPL-3.0-or-later
"""A laboratory on one machine: several masters, each with directory, DNS server and agent, a parent zone with its
registry, and validating resolvers. Its links can be cut and its masters killed; nothing of it outlives it.

    layout      what a lab consists of: directories, ports, addresses
    ports       free ports, claimed for one lab
    processes   children that cannot outlive their supervisor
    links       replication links that can be cut
    directory   the directory server of a master: the embedded slapd
    directory389  the same as a supplier of 389-ds
    ds389       an instance of 389-ds anywhere, without systemd
    named       the DNS servers of the masters and of the parent
    agent       the Rollcall agent of a master
    registry    the parent's registry: from CDS to DS
    resolver    the validating resolvers
    supervisor  the process that owns all the others
    client      how the command line, the demo and the tests talk to a lab
    probe       asks the resolvers and the masters, and keeps the score
    views       could a cache have held answers that do not fit? Over what was really served
"""
