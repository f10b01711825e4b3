"""`manage.py start_feature business/returns`: a feature folder that passes every check, ready to be filled."""

from __future__ import annotations

import keyword
import re
import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path
from string import Template
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config.services import ALL

TEMPLATE = Path(__file__).resolve().parents[2] / "feature_template"
NAME = re.compile(r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$")
MODEL = re.compile(r"^[A-Z][A-Za-z0-9]*$")
_LONGEST_INDEX_NAME = 30  # a check of Django's


class Command(BaseCommand):
    help = "Write a new feature: model, commands, queries, API, permissions, events, migration and tests, all green."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("feature", help="<service>/<feature in the plural>, such as business/returns")
        parser.add_argument("--model", help="Name of its model; guessed from the feature's name: Return")

    def handle(self, *, feature: str, model: str | None = None, **options: Any) -> None:
        service, name = self._parsed(feature)
        if model and not MODEL.match(model):
            raise CommandError(f"{model!r} is no name of a model: write it as in ReturnedParcel")
        folder = Path(settings.BASE_DIR) / "apps" / service / name
        if folder.exists() or name in apps.app_configs:
            raise CommandError(f"there is a feature or an app called {name} already: choose another name")
        words = vocabulary(service, name, model)
        written = write(folder, words)
        register(Path(settings.BASE_DIR), service, name)
        add_migration(Path(settings.BASE_DIR), folder, words)
        self.stdout.write("\n".join([*(str(path.relative_to(settings.BASE_DIR)) for path in written), "", HINT]))

    @staticmethod
    def _parsed(feature: str) -> tuple[str, str]:
        service, _, name = feature.partition("/")
        services = [s.name for s in ALL.values() if s.database]
        if service not in services or not NAME.match(name) or keyword.iskeyword(name):
            raise CommandError(
                f"{feature!r} is not <service>/<feature>: the service is one of {', '.join(services)}, "
                "the feature a plural in lower case such as returns"
            )
        return service, name


HINT = "Registered in config/services.py and in the service's urls.py. Next: `make run`, then CONTRIBUTING.md, step 3."


def vocabulary(service: str, feature: str, model: str | None) -> dict[str, str]:
    """The words that the templates are filled with."""
    given = model or _pascal(_singular(feature))
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", given).lower()
    noun, uncountable = name.replace("_", " "), feature == name
    return {
        "service": service,
        "database": str(ALL[service].database),
        "feature": feature,
        "Feature": _pascal(feature),
        "Label": noun.capitalize(),
        "Model": given,
        "Plural": f"{given}List" if uncountable else _pascal(feature),
        "name": name,
        "var": f"{name}_" if keyword.iskeyword(name) else name,
        "plural": f"{feature}_list" if uncountable else feature,
        "noun": noun,
        "a_noun": f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}",
        "nouns": feature.replace("_", " "),
        "path": feature.replace("_", "-"),
        "index": name[: _LONGEST_INDEX_NAME - len("_newest")],
    }


def _singular(plural: str) -> str:
    for ending, instead in ((r"ies$", "y"), (r"(?<=ss|sh|ch)es$", ""), (r"(?<=x)es$", ""), (r"(?<=[^s])s$", "")):
        singular, replaced = re.subn(ending, instead, plural)
        if replaced:
            return singular
    return plural


def write(folder: Path, words: dict[str, str]) -> list[Path]:
    """Fill every template into the new folder. Returns the files."""
    written = []
    for template in sorted(TEMPLATE.rglob("*.tmpl")):
        target = folder / template.relative_to(TEMPLATE).with_suffix("")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(Template(template.read_text()).substitute(words))
        written.append(target)
    migrations = folder / "migrations" / "__init__.py"
    migrations.parent.mkdir()
    migrations.touch()
    return [*written, migrations]


def register(root: Path, service: str, feature: str) -> None:
    """Add the app to config/services.py and its URLs to the service's urls.py."""
    services = root / "config" / "services.py"
    text = services.read_text()
    block = re.search(rf'name="{service}",\s*apps=\((.*?)\),\s*urls=', text, re.DOTALL)
    if block is None:
        raise CommandError(f"config/services.py names no apps of {service}: add apps.{service}.{feature} by hand")
    names = [*re.findall(r'"([\w.]+)"', block.group(1)), f"apps.{service}.{feature}"]
    listed = "".join(f'        "{name}",\n' for name in names)
    start, end = block.span(1)
    services.write_text(f"{text[:start]}\n{listed}    {text[end:]}")
    _add_to_service(root / "apps" / service / "service.py", feature)
    urls = root / "apps" / service / "urls.py"
    urls.write_text(_with_include(urls.read_text(), f"apps.{service}.{feature}.urls"))


def _add_to_service(path: Path, feature: str) -> None:
    """Name the feature in the service's own list."""
    text = path.read_text()
    features = re.search(r"^FEATURES = \((.*?),?\s*\)$", text, re.DOTALL | re.MULTILINE)
    if features is None:
        raise CommandError(f"{path} lists no FEATURES: add {feature} by hand")
    several_lines = "\n" in features.group(1)
    added = f',\n    "{feature}",\n' if several_lines else f', "{feature}"'
    path.write_text(f"{text[: features.end(1)]}{added}){text[features.end() :]}")


def add_migration(root: Path, folder: Path, words: dict[str, str]) -> None:
    """Let Django write the first migration, then put its tables behind row-level security."""
    made = subprocess.run(
        [sys.executable, "manage.py", "makemigrations", words["feature"], "--name", "initial"],
        cwd=root, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    if made.returncode:
        raise CommandError(f"makemigrations failed: {made.stderr.strip().splitlines()[-1]}")
    migration = folder / "migrations" / "0001_initial.py"
    text = migration.read_text().rstrip()
    if not text.endswith("]"):
        raise CommandError(f"{migration} ends otherwise than expected: add TenantIsolation by hand")
    isolation = "".join(f'        TenantIsolation("{words["Model"]}{suffix}"),\n' for suffix in ("", "History"))
    text = text[:-1].rstrip() + "\n" + isolation + "    ]\n"
    migration.write_text(text.replace("\n\nclass", f"\n\n{IMPORT}\n\n\nclass", 1))
    for arguments in (["check", "--select", "I", "--fix", "-q"], ["format", "-q"]):
        subprocess.run([sys.executable, "-m", "ruff", *arguments, str(folder)], cwd=root, check=False, timeout=60)


IMPORT = "from apps.core.tenancy.isolation import TenantIsolation"


def _with_include(text: str, module: str) -> str:
    """The text of a urls.py with one more `include`, at the end of `urlpatterns`."""
    head, bracket, tail = text.rpartition("]")
    if not bracket:
        raise CommandError(f"the service's urls.py has no list of patterns: include {module} by hand")
    return f'{head.rstrip().rstrip(",")},\n    path("", include("{module}")),\n{bracket}{tail}'


def _pascal(name: str) -> str:
    return "".join(part.title() for part in name.split("_"))
