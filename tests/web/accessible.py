"""What axe-core finds on a page that bars somebody from it."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

IMPACTS = ("serious", "critical")


def barriers(page: Page) -> list[str]:
    """Its serious and critical violations, each with the elements that have it."""
    if not page.evaluate("() => Boolean(window.axe)"):
        page.evaluate(Axe().axe_script)
    found = page.evaluate("() => axe.run({ resultTypes: ['violations'] })")["violations"]
    return [
        f"{one['id']}: {node['html'][:160]} {[rule['message'] for rule in node['any'] + node['all'] + node['none']]}"
        for one in found
        if one["impact"] in IMPACTS
        for node in one["nodes"]
    ]
