"""What axe finds on a page."""

from __future__ import annotations

from typing import Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

# Two frames later, and no colour on its way from one scheme to the other.
_SETTLED = """async () => {
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  await frame();
  await frame();
  await Promise.allSettled(document.getAnimations().map((animation) => animation.finished));
}"""
BOTH: tuple[Literal["light"], Literal["dark"]] = ("light", "dark")
_SERIOUS = ("serious", "critical")


def serious(page: Page, *schemes: Literal["light", "dark"]) -> list[str]:
    """What axe calls serious or worse: in these colour schemes, in both when none is named."""
    found = []
    for scheme in schemes or BOTH:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.evaluate(_SETTLED)
        for violation in Axe().run(page).response["violations"]:
            if violation["impact"] in _SERIOUS:
                where = "; ".join(f"{node['target']} {node['failureSummary']}" for node in violation["nodes"][:3])
                found.append(f"{page.url} ({scheme}): {violation['id']} at {where}")
    return found
