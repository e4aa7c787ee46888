"""Score tables in Markdown, for the README."""

from collections.abc import Mapping

import pandas as pd

from coincast.records.names import display_name, markdown_table

__all__ = ["accuracy_markdown", "mae_markdown"]


def mae_markdown(table: pd.DataFrame) -> str:
    """Markdown table of what `mae_table` gives, with the networks in bold."""
    header = [
        "forecast of the next day's change",
        "test MAE",
        "95 % interval",
        "standard error",
        "skill against the train mean (95 % interval)",
    ]
    rows = [
        [
            _bold_network(name),
            f"{row['mae']:.4f}",
            f"{row['low']:.4f} to {row['high']:.4f}",
            f"{row['standard_error']:.4f}",
            f"{row['skill']:+.3f} ({row['skill_low']:+.3f} to {row['skill_high']:+.3f})",
        ]
        for name, row in table.iterrows()
    ]
    return markdown_table(header, rows)


def accuracy_markdown(tables: Mapping[str, pd.DataFrame]) -> str:
    """Markdown table of what `accuracy_table` gives for each label, with the networks in bold.

    Args:
        tables: label, for the first column -> table.
    """
    header = ["label", "forecast", "right", "accuracy", "95 % interval", "balanced", "MCC", "p"]
    rows = [
        [
            label,
            _bold_network(name),
            f"{row['correct']:.0f}",
            f"{row['accuracy']:.3f}",
            f"{row['low']:.3f} to {row['high']:.3f}",
            f"{row['balanced_accuracy']:.3f}",
            f"{row['mcc']:+.3f}",
            f"{row['p_value']:.2f}",
        ]
        for label, table in tables.items()
        for name, row in table.iterrows()
    ]
    return markdown_table(header, rows)


def _bold_network(name: str) -> str:
    shown = display_name(name)
    return f"**{shown}**" if name.startswith(("lstm", "cnn_lstm")) else shown
