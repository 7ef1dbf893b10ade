"""The picture of a history: what was recorded is in it, in the right place and style."""

import base64
import io
import math

import matplotlib
import numpy as np
import pytest

from nnkit.plot import history_figure, history_png
from nnkit.plot.gradient_flow import flow_height
from nnkit.plot.history import _thin
from nnkit.plot.style import BAD, NONE
from nnkit.training.history import History


def trained(steps=300, layers=3):
    history = History()
    for step in range(1, steps + 1):
        history.log(step, loss=1 / step, accuracy=step / steps)
        if step % 10 == 1:
            for k in range(layers):
                norm = 10.0**-k
                flow = {f"grad/{k}": norm, f"ratio/{k}": 1e-3, f"dead/{k}": 0.1 * k}
                history.log(step, **flow)
    history.log(steps, val_loss=0.5, val_accuracy=0.5)
    return history


def titles(figure):
    return [axes.get_title(loc="left") for axes in figure.axes if axes.get_title(loc="left")]


def axes_of(figure, title):
    return next(axes for axes in figure.axes if axes.get_title(loc="left") == title)


def test_a_chart_per_quantity_with_validation_dashed():
    figure = history_figure(trained())
    assert titles(figure) == [
        *("loss", "accuracy"),
        *("gradient norm", "last norm", "update / weight", "dead"),
    ]
    lines = {line.get_label(): line for line in axes_of(figure, "loss").lines}
    assert lines["loss"].get_linestyle() == "-"
    assert lines["val_loss"].get_linestyle() == "--"
    assert lines["val_loss"].get_ydata().tolist() == [0.5]
    assert lines["loss"].get_color() == lines["val_loss"].get_color()


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        (["loss"], ["loss"]),
        (["train_loss", "val_loss", "test_loss"], ["loss"]),
        (["loss", "valid/loss", "mae"], ["loss", "mae"]),
        (list("abcde"), list("abcde")),
        ([], []),
    ],
)
def test_curves_of_one_quantity_share_a_chart(names, shown):
    history = History()
    for step in (1, 2):
        history.log(step, **dict.fromkeys(names, 1.0))
    assert titles(history_figure(history)) == shown


def test_interventions_are_drawn_once_per_step_and_resuming_is_not_shown():
    history = trained()
    history.mark(100, "pause")
    history.mark(100, "lr", old=0.1, new=0.01)
    history.mark(100, "resume")
    history.mark(300, "failed", error="ValueError")
    axes = axes_of(history_figure(history), "loss")
    words = {text.get_text() for text in axes.texts}
    assert words == {"pause, lr 0.1 → 0.01", "failed: ValueError"}
    vertical = [line for line in axes.lines if list(line.get_ydata()) == [0, 1]]
    assert [line.get_xdata()[0] for line in vertical] == [100, 300]


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_values_that_are_no_numbers_are_marked_and_do_not_spoil_the_scale(bad):
    history = History()
    for step in range(1, 301):
        history.log(step, loss=bad if step > 200 else 1.0 + step / 1000)
    axes = axes_of(history_figure(history), "loss")
    marks = next(c for c in axes.collections if len(c.get_paths()) == 100)
    assert matplotlib.colors.to_hex(marks.get_color()[0]) == BAD
    assert 0.9 < axes.get_ylim()[0] < axes.get_ylim()[1] < 1.4


def test_long_curves_are_thinned_to_means_within_lowest_and_highest():
    rng = np.random.default_rng(0)
    values = rng.standard_normal(50_000)
    x, mean, low, high = _thin(np.arange(50_000), values, bins=100)
    assert len(x) == 100
    assert low.min() == values.min() and high.max() == values.max()
    assert (low <= mean).all() and (mean <= high).all()
    np.testing.assert_allclose(mean[0], values[:500].mean())
    np.testing.assert_allclose(x[0], np.arange(500).mean())


def test_the_heat_map_is_log_of_the_norm_with_grey_for_none_and_red_for_no_number():
    history = trained()
    history.log(301, **{"grad/0": 0.0, "grad/1": math.nan})
    axes = axes_of(history_figure(history), "gradient norm")
    colors = axes.images[0].get_array()
    viridis = matplotlib.colormaps["viridis"]
    np.testing.assert_allclose(colors[0, 200], viridis(1.0), atol=1e-6)
    np.testing.assert_allclose(colors[1, 200], viridis(0.5), atol=1e-2)
    np.testing.assert_allclose(colors[2, 200], viridis(0.0), atol=1e-6)
    np.testing.assert_allclose(colors[0, -1], matplotlib.colors.to_rgba(NONE))
    np.testing.assert_allclose(colors[1, -1], matplotlib.colors.to_rgba(BAD))


def test_layers_are_called_as_told():
    figure = history_figure(trained(), labels={"0": "0 Linear"})
    ticks = axes_of(figure, "gradient norm").get_yticklabels()
    assert [tick.get_text() for tick in ticks] == ["0 Linear", "1", "2"]


@pytest.mark.parametrize("layers", [1, 12, 40, 400])
def test_many_layers_fit_on_a_page(layers):
    assert 0.2 < flow_height(layers) <= 4.5
    history_figure(trained(steps=3, layers=layers))


def test_png_is_small_the_same_each_time_and_knows_its_width():
    from PIL import Image

    png, width = history_png(trained())
    again, _ = history_png(trained())
    assert png == again
    assert len(base64.b64encode(png)) < 80_000
    assert Image.open(io.BytesIO(png)).size[0] == 1.5 * width


def test_pyplot_and_settings_stay_untouched():
    import matplotlib.pyplot as plt

    before = dict(matplotlib.rcParams)
    history_png(trained())
    assert plt.get_fignums() == []
    assert dict(matplotlib.rcParams) == before


def test_history_plots_itself():
    assert titles(trained(layers=0).plot()) == ["loss", "accuracy"]


def test_long_names_of_layers_stay_inside_the_picture():
    long = "transformer.h.0.attention.c_projection Linear"
    figure = history_figure(trained(layers=2), labels={"0": long, "1": "head"})
    heat = axes_of(figure, "gradient norm")
    names = [text.get_text() for text in heat.get_yticklabels()]
    assert names[0].startswith("…") and long.endswith(names[0][1:]) and names[1] == "head"
    figure.canvas.draw()
    assert all(text.get_window_extent().x0 >= 0 for text in heat.get_yticklabels())
