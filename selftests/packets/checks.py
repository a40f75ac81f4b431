# SPDX-License-Identifier: GPL-2.0
"""What has to be so of all frames that came out of a case. Each check returns what
is wrong, in lines. By name they can be stored with their case."""

from .compare import flow_label, fragment_id


def one_identification(got):
    """All fragments of a packet have one identification, and it is not 0."""
    idents = {frame[fragment_id(frame)] for frame in got["underlay"]}
    return [] if len(idents) == 1 and bytes(4) not in idents else [f"identifications {idents}"]


def one_flow_label(got):
    found = [flow_label(frame) for frame in got["underlay"]]
    return [] if len(set(found)) == 1 and found[0] else [f"flow labels {found}"]


def flow_labels_differ(got):
    """Sixteen flows: an accident may give two of them one label, not more."""
    found = [flow_label(frame) for frame in got["underlay"]]
    return [] if len(set(found)) >= 15 and 0 not in found else [f"flow labels {found}"]


def a_second_or_two(got, side, rate):
    """As many errors as a second allows; when the frames took more than one, as two do."""
    count = len(got[side])
    return [] if rate <= count <= 2 * rate else [f"{count} errors"]
