"""The page side of the panel alone, in a real browser; a stand-in for the kernel feeds it."""

from importlib import resources

import pytest
from playwright.sync_api import expect

MOUNT = """async (source) => {
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const widget = (await import(url)).default();
  window.sent = [];
  const model = { send: (message) => sent.push(message), on: (_, hear) => { window.hear = hear; } };
  widget.initialize({ model });
  window.known = {};
  window.place = (el) => widget.render({ model: { ...model }, el });
  // news(state, {name: [[step, value], ...]}, more): what the kernel sends.
  window.news = (state, columns = {}, more = {}) => {
    const names = [...new Set([...Object.keys(known), ...Object.keys(columns)])];
    const counts = Object.values(columns).map((points) => points.length);
    const bytes = new ArrayBuffer(4 + 8 * counts.reduce((a, b) => a + b, 0));
    let offset = 4;  // as on the wire: the part need not begin at a multiple of 8
    const series = Object.entries(columns).map(([name, points]) => {
      new Int32Array(bytes, offset, points.length).set(points.map((p) => p[0]));
      offset += 4 * points.length;
      new Float32Array(bytes, offset, points.length).set(points.map((p) => p[1]));
      offset += 4 * points.length;
      const start = more.start ?? known[name] ?? 0;
      known[name] = start + points.length;
      return [names.indexOf(name), start, points.length];
    });
    const setup = { name: null, lr: 0.1, epochs: null, first_step: 0, labels: {} };
    hear({
      type: "news", names, series, events_from: 0, events: more.events ?? [],
      setup: { ...setup, ...more.setup },
      state: { status: "running", active: true, heard: true, step: 0, total: null, epoch: 1,
               lr: 0.1, seconds: 1, rate: 100, left: null, ...state },
    }, [new DataView(bytes, 4)]);
  };
}"""
COUNT_PAINTS = """() => {
  window.drawn = 0;
  const clear = CanvasRenderingContext2D.prototype.clearRect;
  CanvasRenderingContext2D.prototype.clearRect = function (...box) {
    window.drawn += 1;
    clear.apply(this, box);
  };
}"""
CURVE = [[step, 1 / step] for step in range(1, 101)]


class Page:
    """A page with one panel in it."""

    def __init__(self, page):
        self.page, self.errors = page, []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.clock.install()
        page.set_content("<body><div class='jp-OutputArea' id='place'></div></body>")
        files = resources.files("nnkit.notebook")
        page.add_style_tag(content=(files / "live.css").read_text(encoding="utf-8"))
        page.evaluate(MOUNT, (files / "live.js").read_text(encoding="utf-8"))
        page.evaluate("() => { window.close1 = place(document.getElementById('place')); }")
        self.root = page.locator(".nnkit").first

    def news(self, state=None, columns=None, **more):
        """Play a message of the kernel, and let the panel draw."""
        self.page.evaluate("([s, c, m]) => news(s, c, m)", [state or {}, columns or {}, more])
        self.run(100)

    def hear(self, message):
        self.page.evaluate("(message) => hear(message, [])", message)
        self.run(100)

    def run(self, milliseconds):
        """Let the time of the page pass."""
        self.page.clock.run_for(milliseconds)

    def sent(self, kind):
        return [m for m in self.page.evaluate("() => sent") if m["type"] == kind]

    def button(self, name):
        return self.root.get_by_role("button", name=name, exact=True)

    def ink(self, canvas=0):
        """How many pixels of a canvas have colour."""
        return (
            self.root.locator("canvas")
            .nth(canvas)
            .evaluate(
                "(c) => c.getContext('2d').getImageData(0, 0, c.width, c.height)"
                ".data.filter((v, i) => i % 4 === 3 && v > 0).length"
            )
        )


@pytest.fixture
def panel(browser):
    context = browser.new_context(viewport={"width": 1000, "height": 900})
    panel = Page(context.new_page())
    yield panel
    context.close()
    assert panel.errors == []


def test_it_asks_for_everything_once_and_says_that_it_is_shown(panel):
    assert panel.page.evaluate("() => sent") == [{"type": "sync"}, {"type": "shown"}]


def test_before_the_first_word_there_is_nothing_to_press_and_silence_is_told(panel):
    panel.run(500)
    expect(panel.button("Pause")).to_be_hidden()
    panel.run(4000)
    expect(panel.root).to_contain_text("The kernel of this run does not answer.")
    panel.news({}, {"loss": CURVE})
    expect(panel.button("Pause")).to_be_visible()
    expect(panel.root).not_to_contain_text("does not answer")


def test_words_and_values_of_a_run(panel):
    state = {"step": 1234, "total": 5000, "left": 75, "rate": 98.76, "epoch": 2}
    columns = {"loss": CURVE, "val_loss": [[50, 0.25], [100, 0.125]]}
    panel.news(state, columns, setup={"name": "digits", "epochs": 5})
    expect(panel.root).to_contain_text("Training")
    expect(panel.root).to_contain_text("digits")
    facts = panel.root.locator(".nnkit-facts")
    expect(facts).to_have_text("step 1 234 / 5 000  ·  epoch 2 / 5  ·  98.8 steps/s  ·  1:15 left")
    expect(panel.root.locator(".nnkit-legend")).to_have_text("loss0.01val_loss0.125")
    assert panel.root.locator(".nnkit-chart").count() == 1
    assert panel.ink() > 500


def test_quantities_get_a_chart_each_and_layers_the_flow(panel):
    flow = {"grad/a": CURVE, "ratio/a": CURVE, "dead/a": CURVE}
    panel.news({}, {"loss": CURVE, "accuracy": CURVE, "val_accuracy": CURVE, **flow})
    assert panel.root.locator(".nnkit-title").all_text_contents() == ["loss", "accuracy"]
    assert panel.root.locator("canvas:visible").count() == 3
    assert panel.ink(2) > 500


def test_a_message_that_comes_twice_does_no_harm(panel):
    panel.news({}, {"loss": CURVE})
    once = panel.ink()
    panel.news({}, {"loss": CURVE}, start=0)
    assert panel.ink() == once
    assert len(panel.sent("sync")) == 1


def test_a_gap_is_noticed_not_drawn_and_asked_for_once_a_second(panel):
    panel.news({}, {"loss": CURVE})
    panel.run(2000)
    for _ in range(3):
        panel.news({}, {"loss": [[500, 9.0]]}, start=300)
    assert len(panel.sent("sync")) == 2
    expect(panel.root.locator(".nnkit-key b")).to_have_text("0.01")
    panel.run(1500)
    panel.news({}, {"loss": [[500, 9.0]]}, start=300)
    assert len(panel.sent("sync")) == 3


def test_pointing_shows_the_values_of_that_step(panel):
    panel.news({"step": 100}, {"loss": CURVE, "accuracy": [[10, 0.1], [90, 0.9]]})
    box = panel.root.locator("canvas").first.bounding_box()
    middle = box["x"] + 46 + (box["width"] - 54) * (50 - 1) / 99
    panel.page.mouse.move(middle, box["y"] + 80)
    panel.run(100)
    expect(panel.root.locator(".nnkit-facts")).to_contain_text("at step 50")
    assert panel.root.locator(".nnkit-key b").all_text_contents() == ["0.02", "0.1"]
    panel.page.mouse.move(5, 5)
    panel.run(100)
    assert panel.root.locator(".nnkit-key b").all_text_contents() == ["0.01", "0.9"]


@pytest.mark.parametrize(
    "points",
    [
        [[1, 1.0]],
        [[1, 0.0], [2, 0.0]],
        [[1, -1.0], [2, 3.0]],
        [[1, 1e-30], [2, 1e30]],
        [[1, "NaN"], [2, "Infinity"], [3, 1.0]],
        [[1, "NaN"]],
        [[1, 5.0], [2, 5.0], [3, 5.0]],
        [[10_000_000, 1.0], [16_777_217, 2.0]],
    ],
)
def test_awkward_values_are_drawn_linear_and_logarithmic(panel, points):
    points = [[step, float(value)] for step, value in points]
    panel.page.evaluate(
        "(points) => news({}, {loss: points.map(([s, v]) => [s, v]), 'grad/a': points})", points
    )
    panel.run(100)
    panel.root.get_by_role("button", name="loss: logarithmic scale").click()
    panel.run(100)
    expect(panel.root.get_by_role("button", name="loss: logarithmic scale")).to_have_attribute(
        "aria-pressed", "true"
    )
    assert panel.ink(0) > 50
    assert panel.ink(1) > 50


@pytest.mark.parametrize("width", [320, 560, 1000, 1600])
@pytest.mark.parametrize("layers", [2, 40])
def test_it_fits_every_width(panel, width, layers):
    panel.page.set_viewport_size({"width": width, "height": 900})
    flow = {f"grad/encoder.{k}.attention": CURVE for k in range(layers)}
    panel.news({"total": 100, "left": 5}, {"loss": CURVE, "val_loss": CURVE, "mae": CURVE, **flow})
    panel.run(200)
    assert panel.page.evaluate("() => document.documentElement.scrollWidth") <= width
    assert panel.root.locator("canvas").last.bounding_box()["height"] < 900
    assert panel.ink(2) > 500


@pytest.mark.parametrize("scale", [0.5, 1.1, 2, 3])
def test_it_is_sharp_on_every_screen_and_comes_to_rest(browser, scale):
    context = browser.new_context(
        viewport={"width": 1000, "height": 900}, device_scale_factor=scale
    )
    panel = Page(context.new_page())
    flow = {f"grad/{k}": CURVE for k in range(3)}
    panel.news({"status": "finished", "active": False}, {"loss": CURVE, **flow})
    for canvas in panel.root.locator("canvas:visible").all():
        box = canvas.bounding_box()
        assert canvas.evaluate("(c) => c.width") == pytest.approx(scale * box["width"], abs=1)
        assert canvas.evaluate("(c) => c.height") == pytest.approx(scale * box["height"], abs=1)
    panel.page.evaluate(COUNT_PAINTS)
    panel.run(3000)
    assert panel.page.evaluate("() => drawn") <= 4
    assert panel.errors == []
    context.close()


def test_fifty_thousand_points_of_thirteen_curves(panel):
    panel.page.evaluate(
        """() => {
          const points = Array.from({ length: 50000 }, (_, i) => [i + 1, Math.sin(i / 500) + 2]);
          const flow = Array.from({ length: 10 }, (_, k) => [`grad/${k}`, points]);
          const curves = { loss: points, accuracy: points, val_loss: points };
          news({}, { ...curves, ...Object.fromEntries(flow) });
        }"""
    )
    panel.run(200)
    assert panel.ink(0) > 500


def test_what_cannot_be_seen_is_not_drawn(panel):
    panel.page.evaluate(COUNT_PAINTS)
    panel.page.evaluate("() => { document.getElementById('place').style.marginTop = '3000px'; }")
    panel.page.wait_for_timeout(100)
    panel.news({}, {"loss": CURVE})
    assert panel.page.evaluate("() => drawn") == 0
    panel.page.evaluate("() => window.scrollTo(0, 3000)")
    panel.page.wait_for_timeout(100)
    panel.run(100)
    assert panel.page.evaluate("() => drawn") > 0


def test_clicks_are_numbered_and_wait_for_their_acknowledgement(panel):
    panel.news({}, {"loss": CURVE})
    panel.button("Pause").click()
    (click,) = panel.sent("control")
    assert (click["id"], click["action"]) == (1, "pause")
    panel.run(300)
    expect(panel.root).not_to_contain_text("waiting for the kernel")
    panel.run(400)
    expect(panel.root).to_contain_text("waiting for the kernel")
    panel.hear({"type": "ack", "id": 1})
    expect(panel.root).not_to_contain_text("waiting for the kernel")
    panel.news({"status": "paused"})
    expect(panel.root).to_contain_text("Paused")
    panel.button("Resume").click()
    panel.button("Step").click()
    panel.button("Stop").click()
    assert [c["action"] for c in panel.sent("control")] == ["pause", "resume", "step", "stop"]


def test_a_refusal_is_shown_in_words(panel):
    panel.news({}, {"loss": CURVE})
    field = panel.root.get_by_label("learning rate", exact=True)
    field.fill("-3")
    field.press("Enter")
    panel.hear({"type": "ack", "id": 1, "error": "The learning rate must be ..."})
    expect(panel.root.locator(".nnkit-note")).to_have_text("The learning rate must be ...")


def test_the_field_sends_exact_numbers_and_shows_the_rate_in_force(panel):
    panel.news({}, {"loss": CURVE})
    field = panel.root.get_by_label("learning rate", exact=True)
    expect(field).to_have_value("0.1")
    field.fill("0.0123")
    field.press("Enter")
    field.blur()
    assert [control["value"] for control in panel.sent("control")] == [0.0123]
    panel.run(1000)
    panel.news({"lr": 0.05})
    expect(field).to_have_value("0.05")


def test_the_slider_sends_ten_values_a_second_and_always_the_last(panel):
    panel.news({}, {"loss": CURVE})
    slider = panel.root.get_by_label("learning rate, slider")
    began = panel.page.evaluate("() => Date.now()")
    for k in range(1, 101):
        slider.evaluate("(s, v) => { s.value = v; s.dispatchEvent(new Event('input')); }", k / 50)
        panel.run(10)
    panel.run(200)
    values = [control["value"] for control in panel.sent("control")]
    passed = panel.page.evaluate("() => Date.now()") - began
    assert 5 <= len(values) <= passed / 100 + 1
    assert values[-1] == 10.0  # 0.1 * 10**2
    assert values == sorted(values)


def test_without_optimizer_there_is_no_learning_rate(panel):
    panel.news({"lr": None}, {"loss": CURVE})
    expect(panel.root.get_by_label("learning rate, slider")).to_be_hidden()


def test_a_kernel_that_does_not_hear_is_named_with_the_way_out(panel):
    panel.news({"heard": False}, {"loss": CURVE})
    warning = panel.root.get_by_role("alert")
    expect(warning).to_be_hidden()
    panel.run(1000)
    panel.news({"heard": False})
    panel.run(1000)
    panel.news({"heard": False})
    expect(warning).to_contain_text("interrupt")
    expect(panel.button("Pause")).to_be_disabled()
    assert len(panel.sent("pong")) >= 2
    panel.news({"heard": True})
    expect(warning).to_be_hidden()
    expect(panel.button("Pause")).to_be_enabled()


def test_silence_is_told(panel):
    panel.news({}, {"loss": CURVE})
    panel.run(8000)
    expect(panel.root.locator(".nnkit-facts")).to_contain_text("last word from the kernel 0:08 ago")


@pytest.mark.parametrize("status", ["finished", "stopped", "interrupted", "failed"])
def test_at_the_end_the_controls_go(panel, status):
    panel.news({"status": status, "active": False, "seconds": 65}, {"loss": CURVE})
    expect(panel.root).to_contain_text(status.capitalize())
    expect(panel.root.locator(".nnkit-facts")).to_contain_text("1:05")
    expect(panel.button("Stop")).to_be_hidden()
    assert panel.ink() > 500


def test_markup_in_names_stays_text(panel):
    nasty = "<img src=x onerror='window.hacked = true'>"
    events = [{"step": 5, "kind": "failed", "details": {"error": nasty}}]
    columns = {nasty: CURVE, f"val_{nasty}": CURVE, f"grad/{nasty}": CURVE}
    panel.news({}, columns, setup={"name": nasty, "labels": {nasty: nasty}}, events=events)
    panel.hear({"type": "ack", "id": 1, "error": nasty})
    assert panel.root.locator("img").count() == 0
    assert panel.page.evaluate("() => window.hacked") is None
    expect(panel.root.locator(".nnkit-name")).to_have_text(nasty)


def test_interventions_are_drawn(panel):
    panel.news({}, {"loss": CURVE})
    before = panel.ink()
    events = [
        {"step": 30, "kind": "pause", "details": {}},
        {"step": 30, "kind": "resume", "details": {}},
        {"step": 60, "kind": "lr", "details": {"old": 0.1, "new": 0.01}},
    ]
    panel.news({}, {}, events=events)
    assert panel.ink() > before + 200


def test_two_views_show_the_same_and_close_apart(panel):
    panel.page.evaluate("() => place(document.body.appendChild(document.createElement('div')))")
    panel.news({"step": 7}, {"loss": CURVE})
    both = panel.page.locator(".nnkit")
    assert both.count() == 2
    for k in range(2):
        expect(both.nth(k)).to_contain_text("step 7")
    panel.page.evaluate("() => window.close1()")
    panel.news({"step": 8})
    assert both.count() == 1
    expect(both).to_contain_text("step 8")


END = "abcdefgh" * 4
PICTURE = f"data:image/png;base64,{END}"


def replace_by_picture(panel, source):
    """What JupyterLab does when the display is updated."""
    panel.page.evaluate(
        """(source) => {
          const area = document.getElementById('place');
          window.close1();
          area.replaceChildren();
          const rendered = area.appendChild(document.createElement('div'));
          rendered.appendChild(new Image()).src = source;
        }""",
        source,
    )
    panel.page.wait_for_timeout(50)
    panel.run(100)


def test_after_the_end_it_stands_in_for_its_picture(panel):
    panel.news({"status": "finished", "active": False}, {"loss": CURVE})
    panel.hear({"type": "end", "picture": END})
    replace_by_picture(panel, PICTURE)
    expect(panel.page.locator("img")).to_be_hidden()
    expect(panel.root).to_be_visible()
    box = panel.root.locator("canvas").first.bounding_box()
    panel.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 80)
    panel.run(100)
    expect(panel.root.locator(".nnkit-facts")).to_contain_text("at step")


def test_another_picture_is_left_alone_and_the_view_gives_up(panel):
    panel.news({"status": "finished", "active": False}, {"loss": CURVE})
    panel.hear({"type": "end", "picture": END})
    replace_by_picture(panel, "data:image/png;base64,other")
    panel.run(11_000)
    expect(panel.page.locator("img")).to_have_count(1)
    assert panel.page.locator(".nnkit").count() == 0


@pytest.mark.parametrize(("light", "dark"), [("true", "0"), ("false", "1"), (None, "0")])
def test_it_takes_the_theme_of_the_page(panel, light, dark):
    if light is not None:
        panel.page.evaluate("(l) => document.body.setAttribute('data-jp-theme-light', l)", light)
    value = panel.root.evaluate("(r) => getComputedStyle(r).getPropertyValue('--nnkit-dark')")
    assert value.strip() == dark


def test_a_new_theme_is_drawn_at_once(panel):
    panel.news({}, {"loss": CURVE})
    image = "(c) => c.toDataURL()"
    before = panel.root.locator("canvas").first.evaluate(image)
    panel.page.evaluate("() => document.body.setAttribute('data-jp-theme-light', 'false')")
    panel.run(200)
    assert panel.root.locator("canvas").first.evaluate(image) != before
