"""Names and tables as readers see them."""

from collections.abc import Iterable

__all__ = ["display_name", "markdown_list", "model_name", "named"]

TITLES = {
    "lstm": "LSTM as published",
    "lstm_without_driver": "LSTM without the driving coin",
    "lstm_without_levels": "LSTM without levels",
    "lstm_without_levels_or_driver": "LSTM without levels or the driving coin",
    "lstm_three_layers": "LSTM of three layers",
    "lstm_honest": "LSTM, honest protocol",
    "lstm_honest_refitted": "LSTM, honest protocol, refitted",
    "first_close": "first close of the window",
    "random_walk_published": "random walk as published",
    "random_walk_from_close": "random walk from the last close",
    "yesterdays_sign": "yesterday's sign",
    "cnn_lstm_last": "CNN-LSTM, published protocol, last epoch",
    "cnn_lstm_kept": "CNN-LSTM, published protocol, epoch of least test loss",
    "cnn_lstm_best": "CNN-LSTM, published protocol, epoch of best test accuracy",
    "cnn_lstm_honest": "CNN-LSTM, honest protocol",
}

ACRONYMS = {"lstm": "LSTM", "har": "HAR", "ar": "AR"}


def display_name(name: str) -> str:
    """Return a forecast's name as a reader sees it.

    >>> display_name("train_mean")
    'train mean'
    """
    return TITLES.get(name, name.replace("_", " "))


def named(name: str) -> str:
    """A forecast's name within a sentence.

    >>> named("train_mean"), named("no_change")
    ('the train mean', 'no change')
    """
    article = "" if name in ("no_change", "last_change") else "the "
    return f"{article}{display_name(name)}"


def model_name(name: str) -> str:
    """Name of a model that no published one is compared with.

    >>> model_name("cnn_lstm_with_levels"), model_name("har_last_year")
    ('CNN-LSTM with levels', 'HAR last year')
    """
    words = name.replace("cnn_lstm", "CNN-LSTM").split("_")
    return " ".join(ACRONYMS.get(word, word) for word in words)


def markdown_list(sentences: Iterable[str]) -> str:
    """Bullet list in Markdown."""
    return "\n".join(f"- {sentence}" for sentence in sentences)
