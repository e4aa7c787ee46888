"""Names and tables as readers see them."""

from collections.abc import Iterable

__all__ = ["display_name", "markdown_list", "model_name"]

TITLES = {
    "lstm": "LSTM as published",
    "lstm_honest": "LSTM, honest protocol",
    "first_close": "first close of the window",
    "random_walk_published": "random walk as published",
    "random_walk_from_close": "random walk from the last close",
    "yesterdays_sign": "yesterday's sign",
    "cnn_lstm_last": "CNN-LSTM as published, last epoch",
    "cnn_lstm_kept": "CNN-LSTM as published, epoch of least test loss",
    "cnn_lstm_best": "CNN-LSTM as published, epoch of best test accuracy",
    "cnn_lstm_honest": "CNN-LSTM, honest protocol",
}

ACRONYMS = {"lstm": "LSTM", "har": "HAR", "ar": "AR"}


def display_name(name: str) -> str:
    """Return a forecast's name as a reader sees it.

    >>> display_name("train_mean")
    'train mean'
    """
    return TITLES.get(name, name.replace("_", " "))


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
