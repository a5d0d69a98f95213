"""The three sets a model of 135 million parameters gets right about half of the time, sixty questions each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

import numpy as np

from labkit.llm.questions._question import Question

_Item = TypeVar("_Item")

_CAPITALS = """
Afghanistan:Kabul Albania:Tirana Algeria:Algiers Angola:Luanda Argentina:Buenos_Aires Armenia:Yerevan
Australia:Canberra Austria:Vienna Azerbaijan:Baku Bangladesh:Dhaka Belgium:Brussels Brazil:Brasilia Bulgaria:Sofia
Cambodia:Phnom_Penh Canada:Ottawa Chile:Santiago China:Beijing Colombia:Bogota Croatia:Zagreb Cuba:Havana
Denmark:Copenhagen Ecuador:Quito Egypt:Cairo Estonia:Tallinn Ethiopia:Addis_Ababa Finland:Helsinki France:Paris
Germany:Berlin Ghana:Accra Greece:Athens Hungary:Budapest Iceland:Reykjavik India:New_Delhi Indonesia:Jakarta
Iran:Tehran Iraq:Baghdad Ireland:Dublin Italy:Rome Jamaica:Kingston Japan:Tokyo Jordan:Amman Kenya:Nairobi Latvia:Riga
Lebanon:Beirut Lithuania:Vilnius Mongolia:Ulaanbaatar Morocco:Rabat Nepal:Kathmandu Nigeria:Abuja Norway:Oslo
Pakistan:Islamabad Peru:Lima Philippines:Manila Poland:Warsaw Portugal:Lisbon Romania:Bucharest Russia:Moscow
Senegal:Dakar Slovakia:Bratislava Turkey:Ankara
"""
# The city that is taken for the capital most often: larger, or better known.
_LARGER = {
    "Australia": "Sydney", "Brazil": "Rio de Janeiro", "Canada": "Toronto", "China": "Shanghai", "Ecuador": "Guayaquil",
    "India": "Mumbai", "Morocco": "Casablanca", "Nigeria": "Lagos", "Pakistan": "Karachi", "Turkey": "Istanbul",
}  # fmt: skip
_WORDS = """
anchor bottle candle dragon engine forest garden hammer island jacket kitchen lantern mirror needle orange pencil
quarter ribbon saddle table umbrella violin window yellow zipper apple basket castle desert elbow feather guitar
helmet insect jungle kettle ladder market number ocean planet queen river silver tunnel uncle valley winter yard zebra
bridge carpet doctor eagle flower giant honey ivory jewel knight
"""
_ANIMALS = """
horse eagle shark frog spider goat whale snake owl rabbit tiger duck crab sheep lion mouse bear wolf camel dolphin
monkey turtle penguin zebra fox parrot lizard donkey squirrel hen cow pig cat dog bee ant swan deer seal otter beaver
moose kangaroo giraffe elephant crocodile octopus pigeon sparrow trout salmon beetle moth hamster panther buffalo
raven gorilla leopard badger
"""
_THINGS = """
lamp chair river hammer bottle table window candle pencil carpet engine mirror bridge guitar ladder kettle basket
jacket tunnel island garden castle button shovel pillow bucket wallet ticket mountain cloud stone paper spoon shirt
clock piano helmet rocket drum flag key road wheel rope anchor fence glove knife letter magnet needle plate sofa towel
tower train
"""

_CHOICE = "Words: {}\nAnimal:"
_SHOWN = tuple(
    (_CHOICE.format(options), animal)
    for options, animal in (
        ("cup, rat, hill, door", "rat"),
        ("crow, nail, bread, lake", "crow"),
        ("bowl, rope, pond, calf", "calf"),
        ("hat, salt, worm, leaf", "worm"),
    )
)


def capitals(count: int = 60) -> tuple[Question, ...]:
    """Return questions for the capital of a country, to be answered in a sentence.

    Parameters
    ----------
    count : int
        How many, 1 to 60.
    """
    pairs = [pair.replace("_", " ").split(":") for pair in _CAPITALS.split()]
    cities = [city for _, city in pairs]
    lures = [_LARGER.get(country, cities[(place + 7) % len(cities)]) for place, (country, _) in enumerate(pairs)]
    return tuple(
        Question(
            kind="capitals",
            prompt=f"What is the capital of {country}? Answer in one short sentence.",
            truth=city,
            wrong=(lure,),
            grammar=f'root ::= "The capital of {country} is " [A-Z] [a-z]+ (" " [A-Z] [a-z]+)? "."',
        )
        for (country, city), lure in _some(zip(pairs, lures, strict=True), count)
    )


def first_letters(count: int = 60) -> tuple[Question, ...]:
    """Return questions for the first letter of a word, to be answered in a sentence.

    Parameters
    ----------
    count : int
        How many, 1 to 60.
    """
    words = _WORDS.split()
    return tuple(
        Question(
            kind="first letters",
            prompt=f'What is the first letter of the word "{word}"? Answer in one short sentence.',
            truth=word[0].upper(),
            wrong=(next(letter for letter in word[::-1] if letter != word[0]).upper(),),
            grammar=f'root ::= "The first letter of the word \\"{word}\\" is \\"" [A-Z] "\\"."',
        )
        for word in _some(words, count)
    )


def animals(count: int = 60) -> tuple[Question, ...]:
    """Return questions for the one animal among four words, with four examples before.

    Parameters
    ----------
    count : int
        How many, 1 to 60.
    """
    shuffled = np.random.default_rng(60)
    things = _THINGS.split()
    found = []
    for animal in _ANIMALS.split():
        others = [str(thing) for thing in shuffled.choice(things, 3, replace=False)]
        options = [str(option) for option in shuffled.permutation([animal, *others])]
        found.append(
            Question(
                kind="animals",
                prompt=_CHOICE.format(", ".join(options)),
                truth=animal,
                wrong=tuple(option for option in options if option != animal),
                grammar="root ::= " + " | ".join(f'"{option}"' for option in options),
                examples=_SHOWN,
            )
        )
    return tuple(_some(found, count))


SETS: dict[str, Callable[[int], tuple[Question, ...]]] = {
    "capitals": capitals,
    "first letters": first_letters,
    "animals": animals,
}
"""The sets by name."""


def _some(items: Iterable[_Item], count: int) -> list[_Item]:
    found = list(items)
    if not 1 <= count <= len(found):
        raise ValueError(f"count = {count!r}: allowed is 1 to {len(found)}")
    return found[:count]
