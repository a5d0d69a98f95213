"""The site in a real browser, opened from disk with the network cut off: it moves, it darkens, anyone can use it."""

from pathlib import Path

import pytest

from labkit.site import build, dead_links

pytestmark = [pytest.mark.slow, pytest.mark.browser]

FOLDER = Path(__file__).parents[2] / "notebooks"
LESSONS = sorted(path.stem for path in FOLDER.glob("*.ipynb"))
PAGES = ["index", *LESSONS, *sorted(path.stem for path in FOLDER.glob("*.md"))]
every_page = pytest.mark.parametrize("name", PAGES)

DRAWN = "place => place.querySelector('.main-svg') !== null || place.classList.contains('empty')"
SEEN = 'place => place.innerHTML.replace(/(id|clip-path|class)="[^"]*"/g, \'\')'


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The folder of the whole site, built once, with as few frames as a panel can have."""
    return build(tmp_path_factory.mktemp("built") / "site", seconds=10).parent


@pytest.fixture
def opened(page, site):
    """A function that opens a page of the site from disk, without a network."""

    def opened(name, **media):
        page.context.set_offline(True)
        page.emulate_media(**media)
        page.goto((site / f"{name}.html").as_uri())
        return page

    return opened


def picture(page, inside):
    """Return the picture of a panel or figure once it is drawn."""
    inside.scroll_into_view_if_needed()
    place = inside.locator(".picture")
    place.scroll_into_view_if_needed()
    page.wait_for_function(DRAWN, arg=place.element_handle())
    return place


def moved(page, place, act):
    """Do something and return whether the picture is another one soon after."""
    before = place.evaluate(SEEN)
    act()
    try:
        page.wait_for_function(
            f"([place, before]) => ({SEEN})(place) !== before", arg=[place.element_handle(), before], timeout=5000
        )
    except Exception:
        return False
    return True


def step(page, control):
    """Move a control one place with the keyboard, a menu to its next option."""
    if control.evaluate("c => c.tagName") == "SELECT":
        control.select_option(index=control.evaluate("c => (c.selectedIndex + 1) % c.options.length"))
        return
    control.focus()
    at_end = control.evaluate("c => c.type === 'range' && c.value === c.max")
    page.keyboard.press(
        "Space" if control.get_attribute("type") == "checkbox" else "ArrowLeft" if at_end else "ArrowRight"
    )


@every_page
def test_a_page_opens_from_disk_without_the_network(opened, name):
    page = opened(name)
    for figure in page.locator("figure").all():
        picture(page, figure)
    assert page.external == [] and page.complaints == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("name", LESSONS)
def test_a_control_of_every_view_moves_the_picture(opened, name):
    page = opened(name)
    panels = page.locator("section.panel").all()
    assert panels, "a lesson has a panel"
    for panel in panels:
        place = picture(page, panel)
        for view in panel.locator(".views input").all() or [None]:
            if view is not None:
                view.check()
            controls = panel.locator(":is(.controls, .clock):not([hidden]) :is(input, select)").all()
            assert not controls or any(moved(page, place, lambda c=control: step(page, c)) for control in controls)
            words = place.get_attribute("aria-label")
            assert words and words == panel.locator("figcaption").inner_text()


def test_one_control_moves_at_a_time_and_says_where_it_stands(opened):
    page = opened("11_stigmergic_memory")
    panel = page.locator("section.panel")
    place = picture(page, panel)
    first, second = panel.locator(".controls:not([hidden]) input[type=range]").all()[:2]
    start = first.input_value(), first.get_attribute("aria-valuetext")
    assert moved(page, place, lambda: step(page, first))
    assert first.get_attribute("aria-valuetext") != start[1]
    assert panel.locator("output").first.inner_text() == first.get_attribute("aria-valuetext")
    assert moved(page, place, lambda: step(page, second))
    assert (first.input_value(), first.get_attribute("aria-valuetext")) == start


def test_play_can_be_paused_and_takes_single_steps_where_motion_is_unwanted(opened):
    page = opened("11_stigmergic_memory")
    panel = page.locator("section.panel")
    place, play = picture(page, panel), panel.locator(".play").first
    assert moved(page, place, play.click) and play.inner_text() == "Pause"
    play.click()
    standing = place.evaluate(SEEN)
    page.wait_for_timeout(600)
    assert place.evaluate(SEEN) == standing and play.inner_text() == "Play"
    page = opened("11_stigmergic_memory", reduced_motion="reduce")
    place = picture(page, panel)
    assert play.inner_text() == "Step"
    assert moved(page, place, play.click)
    standing = place.evaluate(SEEN)
    page.wait_for_timeout(600)
    assert place.evaluate(SEEN) == standing


def test_page_and_figures_turn_dark_and_stay_so(opened):
    page = opened("11_stigmergic_memory")
    place = picture(page, page.locator("section.panel"))
    paper = "place => place.querySelector('.main-svg').style.background"
    light = page.evaluate("getComputedStyle(document.body).backgroundColor"), place.evaluate(paper)
    page.locator("#theme").click()
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor"), place.evaluate(paper)
    assert light == ("rgb(255, 255, 255)", "rgb(255, 255, 255)")
    assert dark == ("rgb(20, 22, 27)", "rgb(20, 22, 27)")
    page.reload()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark[0]


def test_a_bet_is_answered_by_what_was_bet_and_kept(opened):
    page = opened("13_shapley_dag")
    page.evaluate("localStorage.clear()")
    page.reload()
    answer = page.locator(".answer")
    assert answer.locator("details[open]").count() == 0 and answer.locator(".none").is_visible()
    option = page.locator(".bet input").nth(1)
    option.check()
    for _ in range(2):
        replies = answer.locator("details[open]")
        assert replies.count() == 1 and not answer.locator(".none").is_visible()
        assert replies.get_attribute("data-choice") == option.input_value()
        assert len(replies.inner_text()) > 60
        page.reload()
        assert option.is_checked()


def test_what_is_on_record_is_read_by_choice(opened):
    page = opened("13_shapley_dag")
    readings = page.locator(".readings")
    place, said = picture(page, readings), readings.locator(".said")
    first = said.inner_text()
    assert moved(page, place, lambda: step(page, readings.locator("select").nth(1)))
    assert said.inner_text() != first and "agent 1" in said.inner_text()
    assert said.evaluate("s => s.children.length") == 0, "what a model wrote is text"


def test_the_atlas_is_searched_and_filtered(opened):
    page = opened("00_start_here")
    atlas = page.locator(".atlas")
    rows = atlas.locator("tbody tr:visible")
    everything = rows.count()
    atlas.locator("input[type=search]").fill("bandit")
    found = rows.count()
    assert 0 < found < everything and f"{found} of {everything}" in atlas.locator("[data-count]").inner_text()
    atlas.locator("select").first.select_option(index=1)
    assert rows.count() < found


def serious(page, **options):
    """Return what axe finds serious or critical, in words."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options={"resultTypes": ["violations"], **options}).response["violations"]
    return [
        (each["id"], node["target"], node.get("failureSummary", "")[:300])
        for each in found
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"][:3]
    ]


def unfolded(page):
    """Open what can be opened and let nothing be hidden by a scroll bar, so that all of it is looked at."""
    page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
    page.evaluate("document.querySelectorAll('.tall, .side').forEach((each) => (each.style.maxHeight = 'none'))")
    return page


@every_page
def test_axe_finds_nothing_serious(opened, name):
    assert serious(unfolded(opened(name))) == []
    contrast = {"runOnly": ["color-contrast"]}
    assert serious(unfolded(opened(name, color_scheme="dark")), **contrast) == []


def test_axe_does_find_what_is_wrong(opened):
    page = opened("index", color_scheme="dark")
    page.evaluate("document.querySelector('.lead').style.color = '#445'")
    page.evaluate("document.querySelector('main').append(document.createElement('select'))")
    assert {rule for rule, *_ in serious(page)} == {"color-contrast", "select-name"}


def test_the_whole_is_small_and_no_link_is_dead(site):
    assert {path.stem for path in site.glob("*.html")} == set(PAGES)
    assert max(path.stat().st_size for path in site.glob("*.html")) < 3_000_000
    assert sum(path.stat().st_size for path in site.rglob("*") if path.is_file()) < 60_000_000
    assert len(list(site.rglob("plotly*.js"))) == 1
    assert dead_links(site) == []
