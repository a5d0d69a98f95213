"""One batch of a decision market on urns, written down as a plain loop over episodes: the textbook to compare with."""

import math

CAP = 15.0


def chance_of(logit):
    return 1 / (1 + math.exp(-logit)) if logit > -700 else 0.0


def score(logit, success, scoring):
    logit = max(-CAP, min(CAP, logit))
    p = chance_of(logit if success else -logit)
    return math.log(p) if scoring == "log" else p - (p * p + (1 - p) * (1 - p)) / 2


def chances(prices, exploration):
    leader = prices.index(max(prices))
    return [1 - exploration if action == leader else exploration / (len(prices) - 1) for action in range(len(prices))]


def step(weights, guess, episodes, noise, luck, market):
    """Return new weights and guesses (nested lists) after one batch; agents report in order of their numbers."""
    agents, count, actions = len(weights), len(luck), len(weights[0][0])
    features = len(guess[0])
    push = [[[0.0] * actions for _ in range(features)] for _ in range(agents)]
    lesson = [[0.0] * features for _ in range(agents)]
    size = [0.0] * agents
    for episode in range(count):
        price, made = list(episodes.opening[episode]), []
        for agent in range(agents):
            seen = [*episodes.own[agent][episode], *(max(-CAP, min(CAP, each)) for each in price)]
            mean = [
                sum(x * row[action] for x, row in zip(seen, weights[agent], strict=True)) for action in range(actions)
            ]
            sample = [m + market.noise * noise[agent][episode][action] for action, m in enumerate(mean)]
            made.append((seen, price, mean, sample))
            price = sample if market.quoted == "sample" else mean
        chance = chances(price, market.exploration)
        action, passed = 0, chance[0]
        while luck[episode] > passed and action < actions - 1:
            action += 1
            passed += chance[action]
        success = episodes.success[episode][action]
        for agent, (seen, before, mean, sample) in enumerate(made):
            gain = score(sample[action], success, market.scoring) - score(before[action], success, market.scoring)
            surprise = gain / chance[action] - sum(x * g for x, g in zip(seen, guess[agent], strict=True))
            size[agent] += sum(x * x for x in seen)
            for feature, x in enumerate(seen):
                lesson[agent][feature] += x * surprise
                for other in range(actions):
                    push[agent][feature][other] += x * surprise * (sample[other] - mean[other]) / market.noise**2
    pace = [min(market.rate, count / each) / count for each in size]
    return (
        [
            [[w + market.rate / count * d for w, d in zip(*rows, strict=True)] for rows in zip(*both, strict=True)]
            for both in zip(weights, push, strict=True)
        ],
        [[g + pace[agent] * d for g, d in zip(guess[agent], lesson[agent], strict=True)] for agent in range(agents)],
    )
