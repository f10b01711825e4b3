"""A postal address as a value: what it may say, how it is kept, and how it reads on paper."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Self

from apps.business.countries import COUNTRIES, is_country

MOST_LINES = 4
LONGEST = {"name": 200, "lines": 400, "city": 100, "country": 2, "postal_code": 20, "region": 100, "phone": 40}


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where somebody gets post. `lines` are street and house, one to four of them; `country` is ISO 3166-1 alpha-2."""

    name: str
    lines: str
    city: str
    country: str
    postal_code: str = ""
    region: str = ""
    phone: str = ""

    @classmethod
    def of(cls, texts: Mapping[str, str]) -> Self | None:
        """From what `texts` gave; None for no address, or for one that was erased."""
        if not texts:
            return None
        return cls(**{field.name: texts.get(field.name, "") for field in fields(cls)})

    @property
    def texts(self) -> dict[str, str]:
        """Its parts by name, without the empty ones."""
        return {name: text for name, text in asdict(self).items() if text}

    @property
    def printed(self) -> list[str]:
        """As on an envelope; without the telephone number."""
        place = f"{self.postal_code} {self.city}".strip()
        country = COUNTRIES.get(self.country, self.country)
        return [line for line in (self.name, *self.lines.splitlines(), place, self.region, country) if line]

    def cleaned(self) -> Self:
        """Without white space at the ends of its parts and lines, and without empty lines."""
        tidy = {name: text.strip() for name, text in asdict(self).items()}
        lines = (line.strip() for line in self.lines.splitlines())
        return type(self)(**{**tidy, "lines": "\n".join(filter(None, lines))})

    def faults(self) -> dict[str, list[str]]:
        """What is wrong, by part."""
        errors = {
            name: [f"at most {most} characters"] for name, most in LONGEST.items() if len(self._part(name)) > most
        }
        for name in ("name", "lines", "city"):
            if not self._part(name).strip():
                errors[name] = ["is needed"]
        if len(self.lines.splitlines()) > MOST_LINES:
            errors["lines"] = [f"at most {MOST_LINES} lines"]
        if not is_country(self.country):
            errors["country"] = ["two capital letters such as GB (ISO 3166-1)"]
        if any("\x00" in text for text in asdict(self).values()):
            errors["name"] = ["has a character that cannot be kept"]
        return errors

    def _part(self, name: str) -> str:
        return str(getattr(self, name))
