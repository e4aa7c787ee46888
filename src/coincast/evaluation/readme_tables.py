"""Score tables in Markdown, for the README."""

from collections.abc import Mapping

import pandas as pd

from coincast.records.names import display_name

__all__ = ["accuracy_markdown", "mae_markdown", "seeds_markdown"]

# Column of the README -> its cells, from a row of the scores.
MAE_COLUMNS = {
    "forecast of the next day's change": "{forecast}",
    "test MAE": "{mae:.4f}",
    "95 % interval": "{low:.4f} to {high:.4f}",
    "standard error": "{standard_error:.4f}",
    "skill against no change (95 % interval)": (
        "{skill_no_change:+.3f} ({skill_no_change_low:+.3f} to {skill_no_change_high:+.3f})"
    ),
    "skill against the train mean (95 % interval)": (
        "{skill_train_mean:+.3f} ({skill_train_mean_low:+.3f} to {skill_train_mean_high:+.3f})"
    ),
}
ACCURACY_COLUMNS = {
    "label": "{label}",
    "forecast": "{forecast}",
    "right": "{correct:.0f}",
    "accuracy": "{accuracy:.3f}",
    "95 % interval": "{low:.3f} to {high:.3f}",
    "balanced": "{balanced_accuracy:.3f}",
    "MCC": "{mcc:+.3f}",
    "difference to the majority class (95 % interval)": (
        "{difference:+.3f} ({difference_low:+.3f} to {difference_high:+.3f})"
    ),
    "p": "{p_value:.2f}",
}
SEED_COLUMNS = {
    "forecast of the next day's change": "{forecast}",
    "seeds": "{seeds:.0f}",
    "train MAE": "{train_mae:.4f}",
    "test MAE (sd between seeds)": "{mae:.4f} ({seed_sd:.4f})",
    "skill against no change (95 % interval)": (
        "{skill_no_change:+.3f} ({skill_no_change_low:+.3f} to {skill_no_change_high:+.3f})"
    ),
    "seeds below no change": "{below_no_change:.1%}",
    "below the train mean": "{below_train_mean:.1%}",
    "MAE of the seeds' mean forecast (95 % interval)": (
        "{mean_mae:.4f} ({mean_low:.4f} to {mean_high:.4f})"
    ),
}


def mae_markdown(table: pd.DataFrame) -> str:
    """Markdown table of what `mae_table` gives, networks in bold."""
    return _markdown({"": table}, MAE_COLUMNS)


def accuracy_markdown(tables: Mapping[str, pd.DataFrame]) -> str:
    """Markdown table of what `accuracy_table` gives for each label, networks in bold."""
    return _markdown(tables, ACCURACY_COLUMNS)


def seeds_markdown(scores: pd.DataFrame, means: pd.DataFrame) -> str:
    """Markdown table of what `lstm_variants` scores, of seeds and of their mean forecast."""
    return _markdown({"": scores.join(means.add_prefix("mean_"))}, SEED_COLUMNS)


def _markdown(tables: Mapping[str, pd.DataFrame], columns: Mapping[str, str]) -> str:
    rows = []
    for label, table in tables.items():
        for name, scores in table.iterrows():
            shown = display_name(name)
            forecast = f"**{shown}**" if name.startswith(("lstm", "cnn_lstm")) else shown
            cells = {"label": label, "forecast": forecast, **scores}
            rows.append([template.format(**cells) for template in columns.values()])
    table = pd.DataFrame(rows, columns=list(columns))
    return table.to_markdown(index=False, tablefmt="github", disable_numparse=True)
