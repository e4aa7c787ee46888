"""The parts of the README that come from recorded results, and putting them there."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import median
from typing import Any

from coincast.errors import InputError
from coincast.files import fill_marker, write_atomically
from coincast.paths import NOTEBOOKS
from coincast.records import results
from coincast.records.names import display_name
from coincast.records.parameters import notebook_parameters

__all__ = ["blocks", "is_default", "render", "update_readme"]

Recorded = Mapping[str, Mapping[str, Any]]


def update_readme(readme: Path, figs: Path) -> str:
    """Bring a README's generated parts up to date; return a line that says what was done.

    Results of other parameters than the notebooks' own are left out of the README: its text
    speaks of the default study.
    """
    recorded = results.load(figs)
    for name, content in recorded.items():
        if not is_default(name, content):
            return (
                f"README.md left as it was: {figs.name}/ holds {name} with parameters of your own; "
                "`python3 scripts/reproduce.py` restores it"
            )
    write_atomically(readme, render(readme.read_text(), recorded))
    return "README.md: tables and figures brought up to date"


def is_default(name: str, content: Mapping[str, Any]) -> bool:
    """Tell whether a recorded result was made with the parameters that its notebook has."""
    defaults = notebook_parameters(NOTEBOOKS / f"{name}.ipynb")
    return bool(content["provenance"]["parameters"] == defaults)


def render(text: str, recorded: Recorded) -> str:
    """Return a README's text with every generated part filled.

    Raises:
        InputError: a marker or a recorded notebook is missing.
    """
    for name, content in blocks(recorded).items():
        text = fill_marker(text, name, content)
    return text


def blocks(recorded: Recorded) -> dict[str, str]:
    """Return marker -> generated text."""
    try:
        study = recorded["02_ethereum_lstm"]
        return {
            "ethereum study": _study(study["values"]),
            "bitcoin study": _directions(recorded["03_bitcoin_cnn_lstm"]["values"]),
            "how it works": _reach(recorded["04_how_it_works"]["values"]),
            "many seeds": _listed(recorded["05_many_seeds"]["values"]["reading"]),
            "speed": _listed(recorded["08_speed"]["values"]["reading"]),
            "figures": "\n".join(_figures(name, recorded[name]) for name in recorded),
        }
    except KeyError as error:
        raise InputError(f"no recorded {error}; run `python3 scripts/reproduce.py`") from error


def _listed(sentences: Iterable[str]) -> str:
    return "\n".join(f"- {sentence}" for sentence in sentences)


def _study(values: Mapping[str, Any]) -> str:
    rows = values["rows"]
    header = (
        "| forecast of the next day's change | test MAE | 95 % interval | standard error | "
        "skill against the train mean (95 % interval) |\n|---|---|---|---|---|"
    )
    lines = [_study_row(name, row) for name, row in values["evaluation"].items()]
    caption = (
        f"{values['coin'].capitalize()}, driven by {values['driver'].capitalize()}: "
        f"{rows['train']} train days, n = {rows['test']} test days "
        f"({values['period']['test_first']} to {values['period']['test_last']}). "
        "MAE is a fraction of the price: .05 is five per cent. Each LSTM is one seed."
    )
    return "\n".join([caption, "", header, *lines, "", _listed(values["reading"])])


def _study_row(name: str, row: Mapping[str, float]) -> str:
    shown = f"**{display_name(name)}**" if name.startswith("lstm") else display_name(name)
    return (
        f"| {shown} | {row['mae']:.4f} | {row['low']:.4f} to {row['high']:.4f} | "
        f"{row['standard_error']:.4f} | {row['skill']:+.3f} "
        f"({row['skill_low']:+.3f} to {row['skill_high']:+.3f}) |"
    )


def _directions(values: Mapping[str, Any]) -> str:
    header = (
        "| label | forecast | right | accuracy | 95 % interval | balanced | MCC | p |\n"
        "|---|---|---|---|---|---|---|---|"
    )
    lines = [
        _direction_row(values["labels"][protocol], name, row)
        for protocol, table in values["evaluation"].items()
        for name, row in table.items()
    ]
    caption = (
        f"{values['coin'].capitalize()}, windows of {values['window']} days: "
        f"{values['rows']['published']['train']} train rows, "
        f"n = {values['rows']['published']['test']} test rows "
        f"({values['period']['test_first']} to {values['period']['test_last']}). p: exact binomial "
        "test that the forecast is right no more often than the majority class of the train rows. "
        "It knows nothing of a choice on test rows, so there it is too small. "
        "Each CNN-LSTM is one seed."
    )
    return "\n".join([caption, "", header, *lines, "", _listed(values["reading"])])


def _direction_row(label: str, name: str, row: Mapping[str, float]) -> str:
    shown = f"**{display_name(name)}**" if name.startswith("cnn_lstm") else display_name(name)
    return (
        f"| {label} | {shown} | {row['correct']} | {row['accuracy']:.3f} | "
        f"{row['low']:.3f} to {row['high']:.3f} | {row['balanced_accuracy']:.3f} | "
        f"{row['mcc']:+.3f} | {row['p_value']:.2f} |"
    )


def _reach(values: Mapping[str, Any]) -> str:
    """Return how far back gradients reach, a row for each network and what it was trained to do."""
    header = (
        "| network | trained to predict | gradient of the first day's input as a share of the last "
        "day's, median (range) | factor a day | held-out squared error, median (range) | without a "
        "network |\n|---|---|---|---|---|---|"
    )
    lines = [
        _reach_row(network, task, found, values["baseline_losses"])
        for network, tasks in values["gradients"].items()
        for task, found in tasks.items()
    ]
    seeds = len(values["gradients"]["LSTM"]["next close"]["by_seed"])
    rows = values["window_rows"]
    caption = (
        f"Windows of {values['coin'].capitalize()} prices, {rows['fit']} to train on and "
        f"{rows['held_out']} held out, {seeds} seeds a row. Errors are in squared window units."
    )
    return "\n".join([caption, "", header, *lines, "", *values["reading"][:1]])


def _reach_row(
    network: str, task: str, found: Mapping[str, Any], baselines: Mapping[str, Any]
) -> str:
    share = found["share_of_last_day"]
    losses = [seed["loss"] for seed in found["by_seed"].values() if "loss" in seed]
    error, baseline = "", ""
    if losses:
        error = f"{median(losses):.3f} ({min(losses):.3f} to {max(losses):.3f})"
        baseline = f"{baselines[task]['held_out']:.3f} ({baselines[task]['forecast']})"
    return (
        f"| {network} | {'(untrained)' if task == 'untrained' else task} | {share['median']:.1e} "
        f"({share['low']:.1e} to {share['high']:.1e}) | {share['a_day']:.2f} | {error} | "
        f"{baseline} |"
    )


def _figures(notebook: str, content: Mapping[str, Any]) -> str:
    title = f"### [{notebook}](notebooks/{notebook}.ipynb)\n"
    pictures = [
        f"![{caption}](figs/{name}.png)\n*{caption}*\n"
        for name, caption in content["figures"].items()
    ]
    return "\n".join([title, *pictures])
