"""How much arithmetic a program's matrix products are, read from the program itself."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import jax

__all__ = ["count_operations"]


def count_operations(function: Callable[..., Any], *arguments: Any) -> float:  # noqa: ANN401
    """Return the multiplications and additions in the matrix products of one call.

    Args:
        function: what JAX can trace.
        arguments: arrays, or shapes of them.

    Returns:
        Two for each product of two numbers that is summed; a loop of known length counts as
        often as it runs, of a choice between branches the longest counts. All else, such as
        activations, counts nothing.

    >>> import numpy as np
    >>> count_operations(lambda a, b: a @ b, np.ones((2, 3)), np.ones((3, 5)))
    60.0
    """
    return _count(jax.make_jaxpr(function)(*arguments).jaxpr)


def _count(jaxpr: Any) -> float:  # noqa: ANN401
    return float(sum(map(_count_equation, jaxpr.eqns)))


def _count_equation(equation: Any) -> float:  # noqa: ANN401
    if equation.primitive.name == "dot_general":
        (contracted, _), _ = equation.params["dimension_numbers"]
        summed = math.prod(equation.invars[0].aval.shape[axis] for axis in contracted)
        return 2.0 * summed * math.prod(equation.outvars[0].aval.shape)
    inner = [_count(jaxpr) for jaxpr in _inner(equation.params.values())]
    if equation.primitive.name == "cond":
        return max(inner)
    return sum(inner) * float(equation.params.get("length", 1))


def _inner(values: Any) -> Iterator[Any]:  # noqa: ANN401
    """Yield the programs among an equation's settings."""
    for value in values:
        if isinstance(value, tuple | list):
            yield from _inner(value)
        elif hasattr(value, "eqns"):
            yield value
        elif hasattr(value, "jaxpr"):
            yield value.jaxpr
