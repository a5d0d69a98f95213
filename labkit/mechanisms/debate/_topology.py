"""Who hears whom."""

from __future__ import annotations

from typing import Literal, get_args

Topology = Literal["complete", "ring", "star"]


def neighbourhoods(agents: int, topology: Topology) -> tuple[tuple[int, ...], ...]:
    """Return whom each agent hears, itself always among them.

    Parameters
    ----------
    agents : int
        How many, 1 or more.
    topology : {"complete", "ring", "star"}
        Everyone hears everyone; each hears its two neighbours; agent 0 hears all and the others hear agent 0.

    Returns
    -------
    tuple of tuple of int
        For each agent the agents it hears, in rising order.

    Raises
    ------
    ValueError
        There is no such topology, or no agent.
    """
    if topology not in get_args(Topology):
        raise ValueError(f"topology = {topology!r}: allowed is one of {', '.join(map(repr, get_args(Topology)))}")
    if agents < 1:
        raise ValueError(f"agents = {agents!r}: allowed is a whole number from 1")
    everyone = tuple(range(agents))
    if topology == "complete":
        return (everyone,) * agents
    if topology == "star":
        return (everyone, *((0, reader) for reader in everyone[1:]))
    return tuple(tuple(sorted({(reader + step) % agents for step in (-1, 0, 1)})) for reader in everyone)
