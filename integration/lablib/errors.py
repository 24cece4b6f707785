# SPDX-License-Identifier: GPL-3.0-or-later
"""The one exception that a lab raises for people to read: what, which object, lower case, no final stop."""


class LabError(Exception):
    """The lab cannot do what was asked; the text says why."""
