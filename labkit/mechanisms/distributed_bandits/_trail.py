"""What a policy leaves on its way: regret and messages at the recorded rounds."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from labkit.mechanisms.distributed_bandits._problem import BITS_PER_NUMBER, Floats, Ints, Problem, Run, recorded_rounds


class Trail:
    """The cost ledger of a run: who sent how much, and when.

    Attributes
    ----------
    rounds : ndarray of int, shape (recorded,)
        The rounds that are recorded.
    regret : ndarray of float, shape (replicates, recorded)
        Regret so far.
    sent : ndarray of int, shape (replicates, recorded)
        Numbers sent so far.
    raster : ndarray of int, shape (agents, recorded)
        Messages of each agent since the last recorded round, first replicate.
    messages, bits, bits_up, bits_down : ndarray, shape (replicates,)
        Totals.
    """

    def __init__(self, problem: Problem, horizon: int, replicates: int) -> None:
        self.problem, self.horizon, self.rounds = problem, horizon, recorded_rounds(horizon)
        self.regret = np.zeros((replicates, len(self.rounds)))
        self.sent = np.zeros((replicates, len(self.rounds)), dtype=np.int64)
        self.raster = np.zeros((problem.agents, len(self.rounds)), dtype=np.int64)
        self.messages = np.zeros(replicates, dtype=np.int64)
        self.bits = np.zeros(replicates, dtype=np.int64)
        self.bits_up, self.bits_down = np.zeros((2, replicates))

    def post(
        self,
        round_: int,
        up: ArrayLike,
        down: ArrayLike,
        size: int,
        which: slice = slice(None),
        bits: int | None = None,
    ) -> None:
        """Enter messages of `size` numbers each.

        Parameters
        ----------
        round_ : int
            When they are sent.
        up, down : array_like, shape (replicates entered, agents)
            Messages that each agent sends, and that each gets from a server.
        size : int
            Numbers in each of them.
        which : slice
            The replicates they belong to.
        bits : int, optional
            Bits of a message that an agent sends; its numbers as they are where not given.
        """
        sends, gets = np.asarray(up, dtype=np.int64), np.asarray(down, dtype=np.int64)
        messages, down_cost = (sends + gets).sum(axis=1), size * BITS_PER_NUMBER
        up_cost = down_cost if bits is None else bits
        # Where there is no server, what one neighbour sends another gets.
        received = gets.mean(axis=1) * down_cost if gets.any() else sends.mean(axis=1) * up_cost
        total = sends.sum(axis=1) * up_cost + gets.sum(axis=1) * down_cost
        self.post_bits(round_, sends, messages, messages * size, total, (sends.mean(axis=1) * up_cost, received), which)

    def post_bits(
        self,
        round_: int,
        sends: Ints,
        messages: Ints,
        numbers: Ints,
        bits: Ints,
        per_agent: tuple[Floats, Floats],
        which: slice,
    ) -> None:
        """Enter messages whose bits the sender has counted: all of them, and those one agent sends and receives."""
        column = int(np.searchsorted(self.rounds, round_))
        self.sent[which, column] += numbers
        self.messages[which] += messages
        self.bits[which] += bits
        self.bits_up[which] += per_agent[0]
        self.bits_down[which] += per_agent[1]
        if not which.start:
            self.raster[:, column] += sends[0]

    def run(self, policy: str, detail: Any) -> Run:
        """Return the run, when it is over."""
        sent = self.sent.cumsum(axis=1)
        return Run(
            policy, self.problem, self.horizon, self.rounds, self.regret, sent, self.messages, sent[:, -1].copy(),
            self.bits, self.bits_up, self.bits_down, self.raster, detail,
        )  # fmt: skip
