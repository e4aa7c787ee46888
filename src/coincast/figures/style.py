"""Style shared by all figures."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec

from matplotlib import style
from matplotlib.figure import Figure

__all__ = ["BLUE", "GREEN", "GREY", "LIGHT_BLUE", "RED", "styled"]

Arguments = ParamSpec("Arguments")
BLUE, RED, GREEN, GREY, LIGHT_BLUE = "#0072B2", "#D55E00", "#009E73", "#777777", "#56B4E9"
STYLE = Path(__file__).with_name("coincast.mplstyle")


def styled(draw: Callable[Arguments, Figure]) -> Callable[Arguments, Figure]:
    """Decorator that draws in the repository's style, whatever the user's own settings are."""

    @functools.wraps(draw)
    def in_style(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Figure:
        with style.context(["default", STYLE]):
            figure = draw(*args, **kwargs)
            figure.set_dpi(150)
            return figure

    return in_style
