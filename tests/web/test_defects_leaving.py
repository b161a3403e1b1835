"""Whoever leaves the page of defects takes nothing along that was shown as said."""

from playwright.sync_api import Dialog, Page, expect

from tests.support.waiting import until

from .defects_page import open_page, row, store_several
from .processes import Web
from .publishers import BridgeLike, NodeLike

FAR_AWAY = """
const ask = window.fetch;
window.fetch = async (path, options) => {
  const answer = await ask(path, options);
  if (String(path).endsWith("/reviews")) await new Promise((done) => { setTimeout(done, 6000); });
  return answer;
};
"""


def test_what_waits_for_its_turn_is_asked_for_and_sent_when_somebody_leaves(
    page: Page, web: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    ids = store_several(node, bridge, 5, picture=False)
    page.add_init_script(FAR_AWAY)
    open_page(page, web, node)
    asked: list[str] = []

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept() if len(asked) > 1 else dialog.dismiss()

    page.on("dialog", answer)
    page.keyboard.press("j")
    for _ in range(4):
        page.keyboard.press("r")
    page.keyboard.press("e")
    for id in ids[:4]:
        expect(row(page, id)).to_contain_text("Reviewed")
    page.evaluate("() => { location.href = '/figures'; }")
    until(lambda: page.wait_for_timeout(50) or asked)
    assert "/defects" in page.url
    page.evaluate("() => { location.href = '/figures'; }")
    page.wait_for_url("**/figures")
    assert asked == ["beforeunload"] * 2
    until(lambda: [web.get(f"/api/defects/{id}")["status"] for id in ids] == ["reviewed"] * 4 + ["resolved"])
