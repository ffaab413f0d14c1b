"""The contents of messages.json, from the source."""

from __future__ import annotations

import json
from collections import defaultdict

from mgeconvert.explanations.kind import PREFIX

from .assign import WRAPPERS, kind_of
from .collect import Source, refusals


def written() -> str:
    """One list of messages a code; a message that several places say is of the first of their kinds."""
    kinds: dict[str, int] = {}
    for message in (*Source().messages(), *refusals()):
        number = kind_of(message)
        if number is not None and message.template not in WRAPPERS:
            kinds[message.template] = min(number, kinds.get(message.template, number))
    found: dict[str, list[str]] = defaultdict(list)
    for template, number in sorted(kinds.items(), key=lambda item: (item[1], item[0])):
        found[f"{PREFIX}{number}"].append(template)
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"
