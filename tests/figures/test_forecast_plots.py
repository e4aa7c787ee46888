import pandas as pd

from coincast.figures import forecast_plots


def test_confusion_matrix_shows_shares_of_rows_with_counts():
    counts = pd.DataFrame([[11, 25], [14, 47]], index=["down", "up"], columns=["down", "up"])
    first, second = forecast_plots.confusion_matrix({"one": counts, "two": counts.T}).axes
    texts = [text.get_text() for text in first.texts]
    assert texts == ["31%\n11 days", "69%\n25 days", "23%\n14 days", "77%\n47 days"]
    labels = [tick.get_text() for tick in second.get_yticklabels()]
    assert labels == ["down\n25 days", "up\n72 days"]
