"""Does the trace compute what the module does, for another input too? If not, which lines of user code are why."""

from __future__ import annotations

import numpy as np

from .arguments import Varied, renewed
from .refusing import RefusedError
from .values import numbers, tensors
from .watching import BRANCH, RANDOM, TAKEN, watched

RTOL = 1e-4
"""The largest relative error, max|a-b| / max|b|, of what MegEngine computes twice."""
INPUTS = 4
"""How many other inputs are tried where numbers are taken out of tensors."""
BAKED_HINT = "compute it with MegEngine's operators, or keep the trace as it is with --allow-baked"


def called(module, given):
    """The module's result for copies of the arguments."""
    args, kwargs = renewed(given)
    return module(*args, **kwargs)


def arrays_of(structure):
    """The arrays of the tensors in a structure, in order."""
    return [numbers(tensor) for tensor in tensors(structure)]


def differ(found, expected):
    """Whether lists of arrays are not the same up to rounding."""
    return len(found) != len(expected) or any(map(differs, found, expected))


def differs(found, expected):
    """Whether an array is another one: of another shape, integers that are not equal, floats beyond `RTOL`."""
    if found.shape != expected.shape or found.dtype.kind != "f":
        return not np.array_equal(found, expected)
    with np.errstate(invalid="ignore", over="ignore"):
        a, b = found.astype("f8"), expected.astype("f8")
        largest = np.abs(b[np.isfinite(b)]).max() if np.isfinite(b).any() else 0.0
        return not np.allclose(a, b, rtol=RTOL, atol=RTOL * largest, equal_nan=True)


def check_random(title, places, differs_again):
    """RefusedError where random operators are called, and another call gives other numbers."""
    random = [place.text() for place in places.values() if place.kind == RANDOM]
    if random and differs_again():
        message = title + ": computes random numbers, which no trace can repeat" + listed(random)
        raise RefusedError(message, "leave them out of forward() in eval mode: `if self.training:`")


def first_differs(title, is_random):
    """What is wrong where the trace computes something else for the very input that it was made with."""
    if is_random:
        return title + ": computes something else each time that it is called: it keeps a state, or is random"
    return title + ": the traced module computes something else than the module"


def explained(places):
    """Warnings about places that are wrong whatever the input."""
    said = {RANDOM: "the trace has random numbers", BRANCH: "the trace has one way of it"}
    return ["%s: %s" % (place.text(), said[place.kind]) for place in places.values() if place.kind in said]


def others(title, module, saved, given, places):
    """`second` for up to `INPUTS` other inputs, until one shows a problem: what is taken out of a tensor, or decides a
    branch, may be the same for two inputs by chance."""
    warnings, problem = second(title, module, saved, renewed(given, Varied()), places)
    for number in range(1, INPUTS if any(place.kind != RANDOM for place in places.values()) else 1):
        if problem is not None:
            break
        found, problem = second(title, module, saved, renewed(given, Varied(number)), places)
        warnings = warnings or found
    return warnings, problem


def second(title, module, saved, given, places):
    """Compare the trace with the module on another input: warnings, and the error that it shows, or None."""
    try:
        result, found = watched(called, module, given)
    except Exception as error:  # user code may refuse it in any way
        said = str(error).split("backtrace:")[0].strip()
        fact = "the module does not take a second, different input (%s: %s)" % (type(error).__name__, said)
        return [fact + ": whether the trace holds values of the first is not known"], None
    taken = [
        place for place in places.values()
        if place.kind != RANDOM and (place.key not in found or found[place.key].values != place.values)
    ]  # fmt: skip
    try:
        wrong = differ(arrays_of(called(saved, given)), arrays_of(result))
    except Exception:  # shapes that were baked do not fit
        wrong = True
    if not wrong:
        return ["%s: the trace has the first input's" % place.text() for place in taken if place.kind == TAKEN], None
    lines = taken or [place for place in places.values() if place.kind == BRANCH]
    holds = ": it holds what was taken out of the first" if lines else ""
    fact = "for a second, different input the trace computes something else than the module" + holds
    return [], RefusedError(title + ": " + fact + listed(place.text() for place in lines), BAKED_HINT)


def listed(lines):
    """A line each, behind a message."""
    return "".join("\n  " + line for line in lines)
