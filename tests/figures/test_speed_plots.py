import pandas as pd

from coincast.figures import speed_plots


def test_speed_names_each_line_inside_the_axes_and_leaves_no_room_above_them():
    members = [1, 3, 10, 26, 100, 250, 1000]
    rows = [("program", count, 1 + count / 100, count / 100) for count in members]
    rows += [("fit", 26, 260.0, None), ("fit_tuned", 3, 15.0, None)]
    table = pd.DataFrame(rows, columns=["side", "members", "cold", "warm"])
    figure = speed_plots.speed(table, {"LSTM": {"fit": [0.1, 0.2], "program": [0.1, 0.3]}})
    figure.draw_without_rendering()
    axes = figure.axes[0]
    boxes = [text.get_window_extent() for text in axes.texts]
    assert len(boxes) == 4
    frame = axes.get_window_extent()
    assert all(frame.x0 < box.x0 and box.x1 < frame.x1 for box in boxes)
    assert not any(a.overlaps(b) for a in boxes for b in boxes if a is not b)
    assert axes.get_ylim()[1] < 2 * 10 * 1000
    warm = axes.get_lines()[-1]
    assert warm.get_xydata()[-1].tolist() == [1000, 10]
    named = [label.get_text() for label in figure.axes[1].get_xticklabels()]
    assert named == ["fit\nn = 2", "program\nn = 2"]
