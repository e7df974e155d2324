"""The pages of a team in a browser: two members with a device and a replica each, by mouse, by keyboard, dark, on a phone."""

from __future__ import annotations

import base64
import re

import pytest
from playwright.sync_api import expect

import gnomon
from gnomon.runs.views import Record
from gnomon.session import close_all
from gnomon.team.people import actions as members
from gnomon.team.people.views import me, person_called
from gnomon.team.questions.actions import ask
from gnomon.team.reviews.actions import request
from gnomon.team.writing import actions
from gnomon.team.writing.views import rows, writing_called
from tests.browser.pages import Pages, new_page, screenshot
from tests.browser.team_record import add_team
from tests.people import Person
from tests.unit.team.reviews.test_kept_notebooks import code, display, markdown, notebook, png

pytestmark = pytest.mark.slow
SOON_MS = 15_000
WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
HOSTILE_TO_LAYOUT = ("مرحبا بالعالم، كيف الحال؟ " * 6).strip()
EMOJI = "🔥🧪 " * 20


class Device(Person):
    """A member's device: their replica, and its pages once they are asked for."""

    def __init__(self, root, name, remote, env=None):
        super().__init__(root, name, env)
        self.remote, self._pages = remote, None

    @property
    def record(self):
        record = Record(self.home)
        record.replica.update()
        return record

    @property
    def pages(self):
        if self._pages is None:
            folders = {
                "GNOMON_CONFIG_DIR": self.env.config_folder(),
                "GNOMON_CACHE_DIR": self.env.cache_folder(),
            }
            self._pages = Pages(self.folder, folders)
        return self._pages

    def person(self, name):
        return person_called(self.record, name)

    def called(self, kind, word):
        return writing_called(self.record, kind, word)

    def count(self, kind):
        return len(rows(self.record, kind))

    def meet(self):
        close_all()
        self.sync(self.remote)

    def close(self):
        if self._pages is not None:
            self._pages.close()
            self._pages = None


@pytest.fixture(scope="module")
def team(tmp_path_factory):
    """Ana, whose record holds one writing of every kind and a run, and Bea, who has a clone of it."""
    root = tmp_path_factory.mktemp("team-pages")
    ana = Device(root, "ana", root / "remote")
    with pytest.MonkeyPatch.context() as patch:  # what she does with `gnomon` alone is done on her device
        patch.setenv("GNOMON_CONFIG_DIR", ana.env.config_folder())
        patch.setenv("GNOMON_CACHE_DIR", ana.env.cache_folder())
        ana.run_id = train(ana)
        add_team(ana.folder, ana.run_id)
        close_all()
    ana.meet()
    bea = Device(root, "bea", ana.remote)
    bea.clone(ana.remote)
    members.become(bea.record, "Bea")
    bea.meet()
    ana.meet()
    yield ana, bea
    ana.close()
    bea.close()


def train(ana):
    """Record data and a run, and return the run's id."""
    table = ana.folder / "credit.csv"
    table.write_text("age,income\n" + "".join(f"{20 + n},{1000 * n}\n" for n in range(50)))
    gnomon.add_data(str(table), name="credit", dir=ana.path)
    with gnomon.run("trees", params={"depth": 2}, dir=ana.path) as run:
        run.log({"loss": 0.25, "auc": 0.9}, step=0)
    return run.id


@pytest.fixture
def at(browser, team):
    """Return a page that has entered the pages of a device; what its console complains of fails the test."""
    opened = []

    def enter(device, **options):
        page = new_page(browser, device.pages, **options)
        opened.append(page)
        return page

    yield enter
    for page in opened:
        page.context.close()
    assert [page.errors for page in opened if page.errors] == []


def go(page, device, path):
    page.goto(device.pages.base + path)
    return page


def send(page):
    """Send the form in which the keyboard is."""
    page.keyboard.press("Control+Enter")


def heading(page):
    return page.locator("h1")


def both_meet(*devices):
    for _ in range(2):
        for device in devices:
            device.meet()


# ---------------------------------------------------------------- who


def test_a_new_device_says_who_it_is_and_takes_a_name_over(browser, team, tmp_path):
    ana, _ = team
    both_meet(*team)
    chidi = Device(tmp_path, "chidi", ana.remote)
    chidi.clone(ana.remote)
    page = new_page(browser, chidi.pages, timezone_id="America/Los_Angeles")
    page.keyboard.press("g")
    page.keyboard.press("u")
    expect(heading(page)).to_have_text("Catch up")
    expect(page.locator("#news")).to_contain_text("does not know who you are")
    page.keyboard.press("g")
    page.keyboard.press("t")
    expect(page.locator("#me-title")).to_have_text("Who are you?")
    expect(page.locator("#day")).to_contain_text("Europe/Berlin")
    zone = page.locator("input[data-zone]")
    expect(zone).to_have_value("America/Los_Angeles")
    page.get_by_label("Name").first.fill("Chidi")
    page.keyboard.press("Enter")
    expect(page.locator("#me-title")).to_have_text("You")
    expect(page.locator(".clock tr", has_text="Chidi")).to_contain_text("(you)")
    assert len(list(chidi.record.team.members)) == 3, "the name was taken over, not made again"
    page.get_by_label("First day").fill("2031-12-24")
    page.get_by_label("Why").fill("family")
    page.get_by_label("Why").press("Enter")
    expect(page.locator("section", has_text="Days off").last).to_contain_text("2031-12-24 family")
    assert page.errors == []
    page.context.close()
    chidi.close()


def test_a_member_is_added(team, at):
    ana, _ = team
    page = go(at(ana), ana, "/team")
    form = page.locator("form[action='/team/add']")
    form.get_by_label("Name").fill("Dörte Müller")
    form.get_by_label("Time zone").fill("Europe/Vienna")
    form.get_by_role("button", name="Add").click()
    expect(page.locator(".clock")).to_contain_text("Dörte Müller")
    expect(page.locator(".clock tr", has_text="Dörte")).to_contain_text("Europe/Vienna")


# ---------------------------------------------------------------- questions


def test_a_question_is_asked_and_answered_by_keyboard_alone(team, at):
    ana, bea = team
    page = at(ana)
    page.keyboard.press("g")
    page.keyboard.press("u")
    expect(heading(page)).to_have_text("Catch up")
    page.keyboard.press("Control+k")
    page.keyboard.type("new question")
    page.keyboard.press("Escape")
    page.locator(".tabs").get_by_role("link", name="Questions").focus()
    page.keyboard.press("Enter")
    expect(heading(page)).to_have_text("Questions")
    page.keyboard.press("Control+k")
    page.keyboard.type("Write a new question")
    page.keyboard.press("Enter")
    expect(heading(page)).to_have_text("Ask")
    page.get_by_role("checkbox", name="Bea").focus()
    page.keyboard.press("Space")
    page.get_by_label("Question, in a line").focus()
    page.keyboard.type("Which seed is the baseline?")
    page.keyboard.press("Tab")
    page.keyboard.type("I ask about run:" + ana.run_id[:8])
    send(page)
    expect(heading(page)).to_have_text("Which seed is the baseline?")
    expect(page.locator(".prose.body a.card")).to_have_attribute("href", f"/run/{ana.run_id}")
    address = page.url.removeprefix(ana.pages.base)
    both_meet(*team)
    there = at(bea)
    there.keyboard.press("g")
    there.keyboard.press("u")
    waiting = there.locator("section.part.asked")
    expect(waiting).to_contain_text("Which seed is the baseline?")
    waiting.get_by_role("link", name="Which seed is the baseline?").focus()
    there.keyboard.press("Enter")
    there.wait_for_url(f"**{address}")
    there.keyboard.press("n")
    there.keyboard.type("Seed **3**.")
    send(there)
    expect(there.locator(".head .state")).to_have_text("answered")
    expect(there.locator("#comments .prose strong")).to_have_text("3")
    go(there, bea, "/catchup")
    expect(there.locator("#news")).not_to_contain_text("Which seed is the baseline?")
    both_meet(*team)
    go(page, ana, "/catchup")
    expect(page.locator("section.part.yours")).to_contain_text("Which seed is the baseline? (answered by ")


def test_a_comment_is_written_edited_and_taken_back(team, at):
    ana, _ = team
    question = ask(ana.record, "Who keeps the table?", [ana.person("Bea")])
    page = go(at(ana), ana, f"/question/{question.number}")
    assert page.url.endswith(question.id)
    page.fill("#say textarea", "a first word")
    page.get_by_role("button", name="Comment").click()
    expect(page.locator("#comments .note .prose")).to_have_text("a first word")
    expect(page.locator(".head .state")).to_have_text("open")
    page.locator(".note details.edit summary").click()
    expect(page.locator(".note textarea")).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type("never kept")
    page.keyboard.press("Escape")
    page.locator(".note details.edit summary").press("Enter")
    expect(page.locator(".note textarea")).to_have_value("a first word")
    page.keyboard.press("Control+a")
    page.keyboard.type("a better word")
    send(page)
    expect(page.locator("#comments .note .prose")).to_have_text("a better word")
    expect(page.locator("#comments .note .by")).to_contain_text("edited")
    page.locator(".note details.edit summary").click()
    page.locator(".note textarea").fill("")
    page.locator(".note").get_by_role("button", name="Save").click()
    expect(page.locator("#comments .note")).to_have_count(0)


# ---------------------------------------------------------------- decisions


def test_a_decision_is_drafted_proposed_accepted_and_superseded(team, at):
    ana, _ = team
    page = go(at(ana), ana, f"/write/decision?about=run:{ana.run_id[:8]}&title=Keep+depth+2")
    draft = page.get_by_label("Text, in Markdown")
    assert f"run:{ana.run_id[:12]}#metrics.auc = 0.9" in draft.input_value()
    draft.fill(draft.input_value().replace('Chosen option: ""', 'Chosen option: "trees"'))
    page.get_by_label("only propose it").check()
    page.get_by_role("button", name="Decide").click()
    expect(heading(page)).to_have_text("Keep depth 2")
    expect(page.locator(".head .state")).to_have_text("proposed")
    expect(page.locator("section.evidence")).to_contain_text("as it was")
    page.locator("summary", has_text="Accept").click()
    expect(page.locator("details[open] textarea")).to_be_focused()
    page.keyboard.type("all agree")
    send(page)
    expect(page.locator(".head .state")).to_have_text("accepted")
    expect(page.locator(".moves")).to_contain_text("all agree")
    old = page.url.removeprefix(ana.pages.base)
    page.get_by_role("link", name="Supersede").click()
    expect(page.get_by_label("In the place of")).to_have_value(re.compile("decision:[0-9]+"))
    expect(page.get_by_label("Text, in Markdown")).to_have_value(re.compile("It supersedes"))
    page.get_by_label("Title").fill("Go to depth 4")
    page.get_by_role("button", name="Decide").click()
    expect(page.locator(".head .state")).to_have_text("accepted")
    expect(page.locator(".fact", has_text="in the place of").locator("a.card")).to_have_attribute("href", old)
    go(page, ana, old)
    expect(page.locator(".head .state")).to_have_text("superseded")
    go(page, ana, "/decisions")
    expect(page.locator("#rows")).not_to_contain_text("Keep depth 2")
    page.get_by_label("also what is over").check()
    page.get_by_role("button", name="Show").click()
    expect(page.locator("#rows")).to_contain_text("Keep depth 2")


# ---------------------------------------------------------------- hand-offs


def test_a_hand_off_is_drafted_for_whom_one_chooses_and_accepted_on_their_device(team, at):
    ana, bea = team
    page = go(at(ana), ana, "/handoffs")
    page.get_by_role("link", name="New hand-off").click()
    page.get_by_label("Who goes on").select_option(label="Bea")
    page.get_by_role("button", name="Draft it").click()
    draft = page.get_by_label("Text, in Markdown")
    expect(draft).to_have_value(re.compile("## Waits for you"))
    draft.fill(draft.input_value() + "\n\nLook at the third curve first.")
    page.get_by_role("button", name="Hand off").click()
    expect(heading(page)).to_have_text("Ana to Bea")
    expect(page.locator(".head .state")).to_have_text("offered")
    expect(page.locator("summary", has_text="Take back")).to_have_count(1)
    path = page.url.removeprefix(ana.pages.base)
    both_meet(*team)
    there = go(at(bea), bea, "/catchup")
    assert there.locator("#news section.part").first.get_attribute("class") == "part accept"
    there.locator(f"section.part.accept a[href='{path}']").click()
    expect(there.locator(".prose.body")).to_contain_text("Look at the third curve first.")
    there.locator("summary", has_text="Decline").click()
    there.keyboard.press("Escape")
    there.locator("summary", has_text="Accept").press("Enter")
    there.keyboard.type("I begin with it.")
    send(there)
    expect(there.locator(".head .state")).to_have_text("accepted")
    both_meet(*team)
    go(page, ana, path)
    expect(page.locator(".moves")).to_contain_text("accepted by Bea")
    expect(page.locator(".moves")).to_contain_text("I begin with it.")


# ---------------------------------------------------------------- updates, reviews, pages, problems


def test_an_update_with_a_blocker_asks_whom_it_names(team, at):
    _, bea = team
    before = bea.count("question")
    page = go(at(bea), bea, "/catchup")
    go(page, bea, "/write/update")
    page.get_by_label("Text, in Markdown").fill(
        "Did: read\nNext: train\nBlocked: Ana: where is the test split?"
    )
    page.get_by_role("button", name="Give your update").click()
    expect(page.locator(".crumbs")).to_contain_text("Updates")
    expect(page.locator(".fact", has_text="asked").locator("a.card")).to_have_count(1)
    assert bea.count("question") == before + 1
    page.locator(".fact", has_text="asked").locator("a.card").click()
    expect(heading(page)).to_have_text("where is the test split?")
    expect(page.locator(".facts")).to_contain_text("for Ana")
    go(page, bea, "/updates")
    expect(page.locator("#rows .prose").first).to_contain_text("Did: read")


def test_a_review_goes_through_two_rounds_from_the_page_of_a_run(team, at):
    ana, bea = team
    page = go(at(ana), ana, f"/run/{ana.run_id}")
    page.locator("#write-about summary").click()
    page.get_by_role("link", name="Ask for a review").click()
    expect(page.get_by_label("What: a reference")).to_have_value(f"run:{ana.run_id[:8]}")
    page.get_by_role("checkbox", name="Bea").check()
    page.get_by_label("Text, in Markdown").fill("Is the split right?")
    page.get_by_role("button", name="Ask for a review").click()
    expect(page.locator(".head .state")).to_have_text("waiting")
    path = page.url.removeprefix(ana.pages.base)
    both_meet(*team)
    there = go(at(bea), bea, path)
    there.get_by_label("Your verdict").fill("The seeds differ.")
    there.get_by_role("button", name="Ask for changes").click()
    expect(there.locator(".head .state")).to_have_text("changes wanted")
    go(there, bea, "/catchup")
    expect(there.locator(f"a[href='{path}']")).to_have_count(0)
    both_meet(*team)
    go(page, ana, path)
    expect(page.locator("#writing")).to_contain_text("The seeds differ.")
    page.get_by_label("What changed since").fill("Same seeds now.")
    page.get_by_role("button", name="Ask again").click()
    expect(page.locator("#round-title")).to_contain_text("Round 2")
    expect(page.locator(".head .state")).to_have_text("waiting")
    both_meet(*team)
    go(there, bea, path)
    there.get_by_role("button", name="Approve").click()
    expect(there.locator(".head .state")).to_have_text("approved")


def test_a_kept_notebook_is_reviewed_cell_by_cell(team, at, tmp_path):
    """Its picture is drawn in the page, whatever is in its HTML does nothing, and a comment stands at its cell."""
    ana, _bea = team
    shows = display(
        image__png=base64.b64encode(png()).decode(), text__html="<img src=x onerror='window.pwned = 1'>"
    )
    shows["data"]["image/svg+xml"] = "<svg xmlns='http://www.w3.org/2000/svg' onload='window.pwned = 1'/>"
    (tmp_path / "analysis.ipynb").write_bytes(notebook(markdown("# Why"), code("plot()", shows)))
    with gnomon.run("notebook", dir=ana.path) as run:
        run.keep(str(tmp_path / "analysis.ipynb"))
    close_all()
    review = request(ana.record, f"run:{run.id[:8]}", [ana.person("Bea")])
    page = go(at(ana), ana, f"/review/{review.id}")
    cell = page.locator(".part.cell", has_text="analysis.ipynb:2")
    expect(cell).to_contain_text("plot()")
    picture = page.locator(".part.output img.shown")
    picture.scroll_into_view_if_needed()
    page.wait_for_function("document.querySelector('.part.output img.shown').naturalWidth === 1")
    assert page.evaluate("window.pwned") is None
    cell.locator("summary", has_text="Comment on this part").click()
    cell.get_by_label("Comment on cell").fill("Which axis is time?")
    cell.get_by_role("button", name="Comment").click()
    expect(page.locator(".part.cell", has_text="analysis.ipynb:2")).to_contain_text("Which axis is time?")
    assert page.errors == []


def test_a_page_is_written_and_edited(team, at):
    ana, _ = team
    page = go(at(ana), ana, "/pages")
    page.get_by_role("link", name="New page").click()
    page.get_by_role("link", name="cheat-sheet").click()
    expect(page.get_by_label("Text, in Markdown")).to_have_value(re.compile(r"\| to \| type \|"))
    page.get_by_label("Name, such as").fill("gpu-box")
    page.get_by_label("Text, in Markdown").fill(
        f"The loss was {{{{ metrics.loss of run:{ana.run_id[:8]} }}}}."
    )
    page.get_by_role("button", name="Write a page").click()
    expect(heading(page)).to_have_text("Gpu box")
    expect(page.locator(".prose.body")).to_contain_text("The loss was 0.25.")
    go(page, ana, "/page/gpu-box")
    page.keyboard.press("e")
    expect(page.get_by_label("Title")).to_be_focused()
    page.keyboard.type("The GPU box")
    page.get_by_label("Text, in Markdown").fill("It is in the cellar.")
    send(page)
    expect(heading(page)).to_have_text("The GPU box")
    expect(page.locator(".prose.body")).to_have_text("It is in the cellar.")


def test_a_problem_and_a_question_begin_at_a_run(team, at):
    ana, _ = team
    page = go(at(ana), ana, f"/run/{ana.run_id}")
    page.keyboard.press("Control+k")
    page.keyboard.type("Report a problem with")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Text, in Markdown")).to_have_value(re.compile(f"run:{ana.run_id[:8]}"))
    page.get_by_label("Title").fill("It stops at step 1")
    send_from = page.get_by_label("Text, in Markdown")
    send_from.focus()
    send(page)
    expect(heading(page)).to_have_text("It stops at step 1")
    expect(page.locator(".fact", has_text="environment")).to_contain_text("python")
    page.locator("summary", has_text="Solved").click()
    page.keyboard.type("one more step")
    send(page)
    expect(page.locator(".head .state")).to_have_text("solved")
    go(page, ana, f"/run/{ana.run_id}")
    page.locator("#write-about summary").click()
    page.get_by_role("link", name="Ask about this run").click()
    expect(page.get_by_label("What they need to know")).to_have_value(re.compile(f"run:{ana.run_id[:8]}"))


# ---------------------------------------------------------------- catching up


def test_seen_moves_the_position_and_what_waits_stays(team, at):
    ana, bea = team
    ask(ana.record, "May I drop the column region?", [ana.person("Bea")])
    actions.open_writing(ana.record, "problem", "The disk is full", "It is.")
    both_meet(*team)
    page = go(at(bea), bea, "/catchup")
    expect(page.locator("section.part.asked")).to_contain_text("May I drop the column region?")
    expect(page.locator("section.part.asked li", has_text="May I drop")).to_have_class("new")
    expect(page.locator("p.rest")).to_contain_text("problem")
    page.get_by_role("button", name="Seen").click()
    expect(page.locator("p.rest")).to_have_count(0)
    waiting = page.locator("section.part.asked li", has_text="May I drop the column region?")
    expect(waiting).to_have_count(1)
    expect(waiting).not_to_have_class("new")
    page.get_by_role("link", name="a week").click()
    expect(page.locator("p.rest")).to_contain_text("problem")


def test_what_another_process_asks_comes_in_without_a_reload(team, at):
    _, bea = team
    page = go(at(bea), bea, "/catchup")
    home = at(bea)
    page.evaluate("window.isTheSame = true")
    expect(page.locator("#news")).not_to_contain_text("Do you hear me?")
    text = home.locator("#waiting").inner_text()
    before = int(text.split()[0]) if text else 0
    ask(bea.record, "Do you hear me?", [bea.person("Bea")])
    close_all()
    expect(page.locator("section.part.asked")).to_contain_text("Do you hear me?", timeout=SOON_MS)
    assert page.evaluate("window.isTheSame")
    said = f"{before + 1} thing{'s wait' if before else ' waits'} for you"
    expect(home.locator("#waiting")).to_have_text(said, timeout=SOON_MS)
    home.locator("#waiting a").click()
    expect(heading(home)).to_have_text("Catch up")
    expect(home.locator("#news")).to_contain_text("Do you hear me?")


def test_news_that_were_asked_for_before_one_began_to_write_leave_the_words_alone(team, at):
    ana, _ = team
    question = ask(ana.record, "Is it slow?", [ana.person("Bea")])
    page = go(at(ana), ana, f"/question/{question.id}")
    held = []
    page.route("**/*part=whole*", lambda route: held.append(route) or None)
    page.keyboard.press("e")
    page.keyboard.press("Escape")  # asks for the news that came meanwhile
    for _ in range(200):
        if held:
            break
        page.wait_for_timeout(50)
    assert held
    page.keyboard.press("e")
    page.get_by_label("Text, in Markdown").fill("begun before the answer")
    actions.revise(question, text="theirs")
    close_all()
    with page.expect_response("**/*part=whole*"):
        held[0].continue_()
    page.wait_for_timeout(1_000)
    expect(page.get_by_label("Text, in Markdown")).to_have_value("begun before the answer")
    expect(page.locator("details.edit input[name=seen]")).to_have_value(
        ""
    )  # still over the text that was shown
    page.unroute_all(behavior="ignoreErrors")


def test_what_is_being_written_stays_when_news_come(team, at):
    ana, _ = team
    question = ask(ana.record, "Is it still there?", [ana.person("Bea")])
    page = go(at(ana), ana, f"/question/{question.id}")
    page.fill("#say textarea", "half a sent")
    actions.say(question, "said elsewhere")
    close_all()
    expect(page.locator("#comments .note")).to_contain_text("said elsewhere", timeout=SOON_MS)
    expect(page.locator("#say textarea")).to_have_value("half a sent")
    page.keyboard.press("Escape")
    page.keyboard.press("e")
    page.get_by_label("Text, in Markdown").fill("a text that nobody sent")
    actions.say(question, "said once more")
    close_all()
    page.wait_for_timeout(3_000)
    expect(page.get_by_label("Text, in Markdown")).to_have_value("a text that nobody sent")
    page.keyboard.press("Escape")
    expect(page.locator("#comments .note")).to_have_count(2, timeout=SOON_MS)


# ---------------------------------------------------------------- apart, and wrong


def test_two_texts_that_were_written_apart_are_shown_and_an_edit_settles_them(team, at):
    ana, bea = team
    both_meet(*team)
    made = actions.open_writing(ana.record, "page", "Splits", "as it was", fields={"name": "splits"})
    both_meet(*team)
    actions.revise(bea.called("page", made.id), text="what Bea wrote")
    actions.revise(ana.called("page", made.id), text="what Ana wrote")
    both_meet(*team)
    page = go(at(ana), ana, "/page/splits")
    expect(page.locator(".said.warn")).to_contain_text("Also written as")
    both = page.locator("#writing").inner_text()
    assert "what Bea wrote" in both and "what Ana wrote" in both
    page.keyboard.press("e")
    page.get_by_label("Text, in Markdown").fill("what both mean")
    page.get_by_role("button", name="Save, and settle it").click()
    expect(page.locator(".prose.body")).to_have_text("what both mean")
    expect(page.locator(".said.warn")).to_have_count(0)


def test_an_edit_of_what_was_edited_meanwhile_is_refused_once_and_the_text_stays(team, browser):
    ana, _ = team
    made = actions.open_writing(ana.record, "page", "Meanwhile", "as it was", fields={"name": "meanwhile"})
    page = go(new_page(browser, ana.pages), ana, f"/page/{made.id}")
    page.keyboard.press("e")
    page.get_by_label("Text, in Markdown").fill("mine")
    actions.revise(made, text="theirs")
    close_all()
    send(page)
    expect(page.get_by_role("alert")).to_contain_text("was changed meanwhile")
    expect(page.locator(".prose.body")).to_have_text("theirs")
    expect(page.get_by_label("Text, in Markdown")).to_have_value("mine")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".prose.body")).to_have_text("mine")
    assert all("400" in error for error in page.errors)
    page.context.close()


LONG_WORDS = "words that took a while to write"
NOT_THERE = f"## Evidence\n\n- run:ffff#metrics.x\n\n{LONG_WORDS}"
WRONG = {
    "a question to nobody": ("question", {"title": "Why?"}, "needs somebody"),
    "what is no reference": ("question", {"title": "Why?", "to": True, "blocks": "run"}, "is no reference"),
    "a review of nothing": ("review", {"of": "run:ffff", "to": True}, "cannot be reviewed"),
    "a name that cannot be": ("page", {"name": "Not This"}, "cannot be the name"),
    "a name that is taken": ("page", {"name": "setup"}, "there is a page"),
    "an update without parts": ("update", {}, "what was done"),
    "evidence that is none": ("decision", {"title": "So", "text": NOT_THERE}, "run"),
    "a decision that is not there": ("decision", {"title": "So", "supersedes": "999"}, "999"),
}
"""What is wrong: (kind, what is typed beside the text, what is said)."""


@pytest.mark.parametrize("what", WRONG)
def test_wrong_input_is_said_in_words_and_nothing_that_was_typed_is_lost(what, team, browser):
    ana, _ = team
    kind, typed, said = WRONG[what]
    typed = {"text": LONG_WORDS, **typed}
    page = go(new_page(browser, ana.pages), ana, f"/write/{kind}")
    for name, value in typed.items():
        if name == "to":
            page.get_by_role("checkbox", name="Bea").check()
        else:
            page.fill(f"#write [name={name}]", value)
    page.locator("#write button.main-action").click()
    expect(page.get_by_role("alert")).to_contain_text(said)
    for name, value in typed.items():
        if name == "to":
            expect(page.get_by_role("checkbox", name="Bea")).to_be_checked()
        else:
            expect(page.locator(f"#write [name={name}]")).to_have_value(value)
    assert all("400" in error for error in page.errors)
    page.context.close()


def test_a_wrong_zone_or_name_is_said_and_the_form_keeps_what_was_typed(team, browser):
    ana, _ = team
    page = go(new_page(browser, ana.pages), ana, "/team")
    form = page.locator("form[action='/team/add']")
    form.get_by_label("Name").fill("Eve")
    form.get_by_label("Time zone").fill("Europe/Berlln")
    form.get_by_role("button", name="Add").click()
    expect(page.get_by_role("alert")).to_contain_text("Europe/Berl")
    expect(form.get_by_label("Name")).to_have_value("Eve")
    assert "Eve" not in [one.name for one in ana.record.team.members], "nothing was written"
    form.get_by_label("Time zone").fill("Europe/Berlin")
    form.get_by_role("button", name="Add").click()
    expect(page.locator(".clock")).to_contain_text("Eve")
    mine = page.locator("form[action='/team/me']")
    mine.get_by_label("Hours").fill("9 to five")
    mine.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("9 to five")
    expect(mine.get_by_label("Hours")).to_have_value("9 to five")
    assert all("400" in error for error in page.errors)
    page.context.close()


def test_what_changed_meanwhile_on_a_comment_or_a_state_keeps_the_words(team, browser):
    ana, bea = team
    both_meet(*team)
    question = ask(ana.record, "Can this be lost?", [ana.person("Bea")])
    said = actions.say(question, "first")
    page = go(new_page(browser, ana.pages), ana, f"/question/{question.id}")
    page.locator(".note details.edit summary").click()
    page.locator(".note textarea").fill("my longer words")
    actions.say_otherwise(actions.refreshed(question), said.id, "")
    close_all()
    page.locator(".note").get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("no comment")
    expect(page.locator("#say textarea")).to_have_value("my longer words")
    assert me(bea.record) is not None
    page.context.close()


# ---------------------------------------------------------------- how it looks


def odd(ana):
    """Write things whose titles and names are from right to left, long, in pictures; return the paths of the pages."""
    known = {one.name for one in ana.record.team.members}
    for name in ("سارة الأحمد", "🔥🧪", "W" * 90):
        if name not in known:
            members.works(ana.record, members.add(ana.record, name), zone="Asia/Tokyo")
    everybody = list(ana.record.team.members)
    found = [ask(ana.record, HOSTILE_TO_LAYOUT, everybody, f"{HOSTILE_TO_LAYOUT}\n\n{'w' * 300}")]
    found.append(ask(ana.record, EMOJI + "x" * 100, everybody, "| a |\n|---|\n| " + "c" * 200 + " |"))
    actions.say(found[0], HOSTILE_TO_LAYOUT)
    return [f"/question/{one.id}" for one in found]


@pytest.mark.parametrize("look", ["phone", "dark"])
def test_odd_names_fit_and_nothing_complains(look, team, at):
    ana, _ = team
    options = {"viewport": {"width": 360, "height": 740}} if look == "phone" else {"color_scheme": "dark"}
    paths = odd(ana)
    close_all()
    page = at(ana, **options)
    fixed = [
        "/catchup",
        "/team",
        "/questions",
        "/decisions",
        "/handoffs",
        "/reviews",
        "/updates",
        "/pages",
        "/problems",
    ]
    for path in [
        *fixed,
        *(f"/write/{kind}" for kind in ("question", "decision", "review", "update", "page")),
        *paths,
    ]:
        go(page, ana, path)
        expect(heading(page)).to_be_visible()
        assert page.evaluate(WIDE) == 0, path
        screenshot(page, f"team{path[:20].replace('/', '-')}-{look}")
    go(page, ana, paths[0])
    assert page.locator("h1 bdi").evaluate("it => getComputedStyle(it).direction") == "rtl"
    for summary in page.locator(".head .menu summary").all():
        summary.click()
        assert page.evaluate(WIDE) == 0
        box = page.locator(".head .menu[open] .list").bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= page.viewport_size["width"]
        page.keyboard.press("Escape")


def test_the_pages_work_without_script(team, browser):
    ana, _ = team
    entered = new_page(browser, ana.pages)
    state = entered.context.storage_state()
    entered.context.close()
    context = browser.new_context(java_script_enabled=False, storage_state=state)
    page = go(context.new_page(), ana, "/write/question")
    page.get_by_role("checkbox", name="Bea").check()
    page.get_by_label("Question, in a line").fill("Without script?")
    page.get_by_role("button", name="Ask").click()
    assert page.locator("h1").inner_text() == "Without script?"
    page.locator("#say textarea").fill("Yes.")
    page.get_by_role("button", name="Answer").click()
    assert page.locator(".head .state").inner_text() == "answered"
    context.close()
