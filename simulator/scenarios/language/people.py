"""People and products for stories, from Faker: the same seed and name give the same ones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from inkstand.fakes.kit.world import chance, faker, identifier
from inkstand.simulator.errors import InkstandError, nearest

Made = dict[str, Any]
PERSON = (
    *("user_id", "anonymous_id", "first_name", "last_name", "name", "email", "phone", "company"),
    *("address_line_1", "address_city", "address_state", "address_zip", "address_country"),
)
"""What a person has."""

PRODUCT = ("product_id", "sku", "name", "price", "url")
"""What a product has."""

_IDS = ("user_id", "anonymous_id")
_BEFORE_A_WORD = re.compile("(?<=[a-z])(?=[A-Z])")
_GOODS = ("Lamp", "Kettle", "Blanket", "Notebook", "Clock", "Basket", "Mirror", "Teapot", "Candle", "Stool")


def person(seed: int, name: str, locale: str = "en_US") -> Made:
    """A person with ids, name, e-mail, phone and an address in the fields that Inkit knows."""
    fake = _faker(seed, name, locale)
    first, last = fake.first_name(), fake.last_name()
    return {
        "user_id": f"user-{identifier(seed, 'user', name)[:6].lower()}",
        "anonymous_id": f"visitor-{identifier(seed, 'visitor', name)[:6].lower()}",
        "first_name": first,
        "last_name": last,
        "name": f"{first} {last}",
        "email": fake.ascii_safe_email(),
        "phone": fake.numerify("+1555#######"),
        "company": fake.company(),
        "address_line_1": fake.street_address().replace("\n", ", "),
        "address_city": fake.city(),
        "address_state": _one_of(fake, "state_abbr", "administrative_unit"),
        "address_zip": fake.postcode(),
        "address_country": locale.partition("_")[2] or "US",
    }


def product(seed: int, name: str) -> Made:
    """A product with ids, name, price and the address of its page."""
    fake = faker(seed, "product", name)
    colour = _BEFORE_A_WORD.sub(" ", fake.color_name())
    title = f"{colour} {_GOODS[int(chance(seed, 'goods', name) * len(_GOODS))]}"
    number = identifier(seed, "product", name)[:5].upper()
    return {
        "product_id": f"P-{number}",
        "sku": f"SKU-{number}",
        "name": title,
        "price": round(5 + chance(seed, "price", name) * 95, 2),
        "url": f"https://shop.test/{title.lower().replace(' ', '-')}",
    }


def cast_of(seed: int, people: Mapping[str, str], products: list[str]) -> dict[str, Made]:
    """Everybody and everything that a story names; `people` maps names to locales."""
    made = {name: person(seed, name, locale) for name, locale in people.items()}
    return made | {name: product(seed, name) for name in products}


def _faker(seed: int, name: str, locale: str) -> Any:
    try:
        return faker(seed, "person", name, locale=locale)
    except AttributeError as error:
        from faker.config import AVAILABLE_LOCALES  # noqa: PLC0415  # only mistakes need it

        hint = nearest(locale, sorted(AVAILABLE_LOCALES))
        message = f"Faker knows no locale {locale!r}.{hint} A locale is written like de_DE."
        raise InkstandError(message) from error


def _one_of(fake: Any, *methods: str) -> str:  # a locale decides what a Faker can do
    for method in methods:
        if hasattr(fake, method):
            return str(getattr(fake, method)())
    return ""


def traits_of(made: Made) -> Made:
    """What an identify call tells of a person."""
    return {name: value for name, value in made.items() if name in PERSON and name not in _IDS and value != ""}
