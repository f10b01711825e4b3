"""What axe finds on a page, in both colour schemes."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

# Two frames later, and no colour on its way from one scheme to the other.
_SETTLED = """async () => {
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  await frame();
  await frame();
  await Promise.allSettled(document.getAnimations().map((animation) => animation.finished));
}"""
_SERIOUS = ("serious", "critical")


def serious(page: Page) -> list[str]:
    """What axe calls serious or worse, in light and dark."""
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.evaluate(_SETTLED)
        for violation in Axe().run(page).response["violations"]:
            if violation["impact"] in _SERIOUS:
                where = "; ".join(f"{node['target']} {node['failureSummary']}" for node in violation["nodes"][:3])
                found.append(f"{page.url} ({scheme}): {violation['id']} at {where}")
    return found
