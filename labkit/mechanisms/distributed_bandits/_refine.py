"""Bit by bit: explore, send only the few bits by which the estimate has moved, exploit, and explore more finely."""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator as Chance

from labkit.mechanisms.distributed_bandits._problem import Floats, Instance, Ints, Run
from labkit.mechanisms.distributed_bandits._quantise import code_length, grid, round_at_random
from labkit.mechanisms.distributed_bandits._trail import Trail
from labkit.mechanisms.distributed_bandits._worlds import Ball, Pool


@dataclass(frozen=True, slots=True)
class Epochs:
    """What progressive refinement did; arrays hold NaN after a replicate's last epoch.

    Attributes
    ----------
    tolerance : ndarray of float, shape (epochs,)
        tau: the error that is aimed at, halved in each epoch.
    server_error, agent_error : ndarray of float, shape (replicates, epochs)
        Distance of the server's and of the agents' common estimate from the true parameter.
    local_error, sent_error : ndarray of float, shape (replicates, epochs)
        Root mean square distance of an agent's own estimate, and of what it sends of it.
    bits_up, bits_down : ndarray of float, shape (replicates, epochs)
        Bits that one agent sends on average, and bits of the server's broadcast.
    epochs : ndarray of int, shape (replicates,)
        Epochs whose messages were sent before the horizon.
    clipped : ndarray of int, shape (replicates,)
        Vectors that did not fit into the range of the quantiser.
    """

    tolerance: Floats
    server_error: Floats
    agent_error: Floats
    local_error: Floats
    sent_error: Floats
    bits_up: Floats
    bits_down: Floats
    epochs: Ints
    clipped: Ints


def pls(
    instance: Instance,
    horizon: int,
    chance: dict[str, list[Chance]],
    *,
    constant: float = 6.0,
    uplink: float = 2.0,
    downlink: float = 1.0,
    actions: str = "pool",
    sparse: bool = False,
) -> Generator[float, None, Run]:
    """Progressive learning and sharing (PLS, arXiv 2211.02212), as read from the authors' code.

    With `actions` "ball" the agents may play any vector of the unit ball, as in the paper; exploration noise and the
    loss of exploiting are then closed forms. With "pool" they explore by the optimal design of each set, as long as
    gives the same accuracy, and exploit greedily; that is our construction, as is `sparse`: agents explore and send
    only the coordinates that stand out of the noise after the first epoch.
    """
    problem = instance.problem
    if instance.theta is None or problem.blocks > 1 or problem.availability < 1:
        raise ValueError("pls: allowed are synthetic problems with one parameter for all arms and all agents present")
    if actions not in ("pool", "ball") or (sparse and actions == "pool"):
        raise ValueError(
            f"actions = {actions!r}, sparse = {sparse}: allowed is 'pool', or 'ball' with or without sparse"
        )
    for name, number in (("constant", constant), ("uplink", uplink), ("downlink", downlink)):
        if not (number > 0 and math.isfinite(number)):
            raise ValueError(f"{name} = {number}: allowed is a number above 0")
    replicates = len(chance["counts"])
    trail, found = Trail(problem, horizon, replicates), []
    for replicate in range(replicates):
        world = Ball(instance, replicate, chance) if actions == "ball" else Pool(instance, replicate, chance)
        refiner = Refiner(world, horizon, chance["quantiser"][replicate], constant, uplink, downlink, sparse)
        refiner.run()
        trail.regret[replicate] = np.interp(trail.rounds, refiner.times, refiner.losses)
        for each in refiner.epochs:
            _post(trail, each, slice(replicate, replicate + 1))
        found.append(refiner.epochs)
        yield (replicate + 1) / replicates
    return trail.run("pls", _table(found))


def _post(trail: Trail, epoch: Epoch, which: slice) -> None:
    """Enter the messages of an epoch; the broadcast counts once per receiver."""
    agents = trail.problem.agents
    messages = np.array([2 * agents])
    bits = np.array([round(agents * (epoch.bits_up + epoch.bits_down))])
    per_agent = (np.array([epoch.bits_up]), np.array([epoch.bits_down]))
    sends = np.ones((1, agents), dtype=np.int64)
    trail.post_bits(epoch.time, sends, messages, messages * epoch.coordinates, bits, per_agent, which)


@dataclass(frozen=True, slots=True)
class Epoch:
    """One epoch of one replicate."""

    time: int
    tolerance: float
    server_error: float
    agent_error: float
    local_error: float
    sent_error: float
    bits_up: float
    bits_down: float
    coordinates: int
    clipped: int


def _table(found: list[list[Epoch]]) -> Epochs:
    longest = max(found, key=len)

    def column(name: str) -> Floats:
        rows = [[getattr(each, name) for each in epochs] + [np.nan] * (len(longest) - len(epochs)) for epochs in found]
        return np.array(rows, dtype=np.float64).reshape(len(found), len(longest))

    return Epochs(
        tolerance=np.array([each.tolerance for each in longest]),
        server_error=column("server_error"),
        agent_error=column("agent_error"),
        local_error=column("local_error"),
        sent_error=column("sent_error"),
        bits_up=column("bits_up"),
        bits_down=column("bits_down"),
        epochs=np.array([len(epochs) for epochs in found], dtype=np.int64),
        clipped=np.array([sum(each.clipped for each in epochs) for epochs in found], dtype=np.int64),
    )


class Refiner:
    """One replicate of PLS: the server, its agents, and the clock."""

    def __init__(
        self,
        world: Ball | Pool,
        horizon: int,
        chance: Chance,
        constant: float,
        uplink: float,
        downlink: float,
        sparse: bool,
    ) -> None:
        self.world, self.horizon, self.chance, self.sparse = world, horizon, chance, sparse
        self.constant, self.uplink, self.downlink = constant, uplink, downlink
        self.known, self.active = np.zeros(world.dim), np.ones(world.dim)
        self.times, self.losses = [0], [0.0]
        self.epochs: list[Epoch] = []

    def run(self) -> None:
        """Halve the tolerance epoch by epoch until the horizon."""
        world, dim, agents = self.world, self.world.dim, self.world.agents
        tolerance, reach, bound = 1 / (4 * math.sqrt(agents)), 0.5, 1.5
        size, number = 0.0, 0
        while self.times[-1] < self.horizon:
            number += 1
            # The authors' logarithm, kept above 1 where the horizon is very short.
            log = max(1.0, math.log(agents * math.log2(max(self.horizon, 2))))
            samples = math.ceil(self.constant * 4**number * dim * log)
            estimates, loss = world.explore(samples, self.active)
            self._spend(world.rounds(samples, self.active), loss)
            if self.times[-1] == self.horizon:
                return
            server = self._exchange(estimates, samples, tolerance, reach, bound)
            if not size and np.linalg.norm(server) >= 4 * tolerance:
                size = float(np.linalg.norm(server))
            if size:
                self._spend(int(agents * samples**2 * size**2), world.exploit(self.known))
            tolerance, reach = tolerance / 2, reach / 2
            bound = 5 * tolerance

    def _spend(self, rounds: int, loss: float) -> None:
        """Play so many rounds, or what is left, at this regret per agent and round."""
        rounds = min(rounds, self.horizon - self.times[-1])
        self.times.append(self.times[-1] + rounds)
        self.losses.append(self.losses[-1] + self.world.agents * rounds * loss)

    def _exchange(self, estimates: Floats, samples: int, tolerance: float, reach: float, bound: float) -> Floats:
        """Send increments up, their mean down; return the server's estimate."""
        world, scale = self.world, math.sqrt(self.world.dim / samples)
        accuracy_up, accuracy_down = self.uplink * max(world.sigma, 1e-9) * scale, self.downlink * tolerance
        up, bits_up, clipped = self._send(estimates - self.active * self.known, accuracy_up, reach + bound)
        server = np.asarray(self.known + up.mean(axis=0), dtype=np.float64)
        extra = 0.0
        if self.sparse and not self.epochs:
            extra = self._screen(server, samples)
            server = server * self.active
        down, bits_down, cut = self._send((server - self.known)[None], accuracy_down, bound + tolerance)
        sent, self.known = self.known + up, self.active * (self.known + down[0])
        self.epochs.append(
            Epoch(
                time=self.times[-1],
                tolerance=tolerance,
                server_error=float(np.linalg.norm(server - world.theta)),
                agent_error=float(np.linalg.norm(self.known - world.theta)),
                local_error=self._distance(estimates),
                sent_error=self._distance(sent),
                bits_up=bits_up,
                bits_down=bits_down + extra,
                coordinates=int(self.active.sum()),
                clipped=clipped + cut,
            )
        )
        return server

    def _screen(self, server: Floats, samples: int) -> float:
        """Keep the coordinates that noise alone would not reach (LASSO on an orthonormal design); return their bits."""
        level = self.world.sigma * math.sqrt(2 * math.log(2 * self.world.dim) / (samples * self.world.agents))
        kept = np.abs(server) > 2 * level
        self.active = kept.astype(np.float64) if kept.any() else self.active
        return float(self.active.sum() * math.ceil(math.log2(self.world.dim)))

    def _distance(self, estimates: Floats) -> float:
        """Return the root mean square distance of estimates from the truth, on the coordinates still in play."""
        apart = self.active * (estimates - self.world.theta)
        return float(np.sqrt((apart**2).sum(axis=1).mean()))

    def _send(self, vectors: Floats, accuracy: float, bound: float) -> tuple[Floats, float, int]:
        """Return what is read on the other side, the mean number of bits, and how many vectors were cut."""
        some = self.active > 0
        uniform = self.chance.random(vectors.shape)
        levels = round_at_random(vectors, accuracy, bound, uniform)
        read = np.asarray(levels * grid(accuracy, vectors.shape[1]) * some, dtype=np.float64)
        return read, float(code_length(levels[:, some]).mean()), int((np.abs(vectors) > bound).any(axis=1).sum())
