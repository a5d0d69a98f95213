"""The slides of a lesson in a real browser: keys turn them, and no request leaves the disk."""

import nbformat
import pytest

from labkit.slides import sequence, write

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_keys_turn_the_slides_offline(browser, checkout, tmp_path):
    lesson = checkout / "notebooks" / "11_stigmergic_memory.ipynb"
    path = write(lesson, tmp_path)
    count = len(sequence(nbformat.read(lesson, as_version=4).cells))
    context = browser.new_context(offline=True, viewport={"width": 1280, "height": 720})
    tab = context.new_page()
    faults = []
    tab.on("pageerror", lambda error: faults.append(str(error)))
    tab.on("request", lambda request: faults.append(request.url) if not request.url.startswith("file:") else None)
    tab.goto(path.as_uri())
    counter = tab.locator("nav output")
    assert counter.inner_text() == f"1 of {count}"
    tab.keyboard.press("ArrowRight")
    bets = tab.locator("section.now .later")
    assert bets.count()
    for bet in bets.all():
        assert not bet.is_visible()  # it waits for a key
        tab.keyboard.press("ArrowRight")
        assert bet.is_visible()
    tab.keyboard.press("ArrowRight")
    assert counter.inner_text() == f"3 of {count}"
    tab.keyboard.press("ArrowLeft")
    assert counter.inner_text() == f"2 of {count}"
    tab.keyboard.press("End")
    assert counter.inner_text() == f"{count} of {count}"
    tab.get_by_role("button", name="slide before").click()
    assert counter.inner_text() == f"{count - 1} of {count}"
    tab.keyboard.press("o")
    assert tab.locator("section:visible").count() == count
    tab.locator("section").nth(3).click()
    assert counter.inner_text() == f"4 of {count}"
    assert tab.locator("section:visible").count() == 1
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert [fault for fault in faults if not fault.startswith("data:")] == []
    context.close()
