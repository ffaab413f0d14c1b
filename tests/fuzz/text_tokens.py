"""Changes of text by its words, numbers and signs."""

from __future__ import annotations

import random
import re

WORDS = (
    "0", "1", "-1", "2", "7", "1000", "2147483647", "-2147483648", "9223372036854775807", "18446744073709551616",
    "0.5", "-0.0", "1e38", "1e999", "nan", "inf", "true", "false", "null", '""', '"x"', "[]", "{}", "[[1]]", "x", ":",
    "dim: 3", "\\", "\t", "\n", "'", '"', "é", "\x00",
)  # fmt: skip
_TOKEN = re.compile(r'"[^"\n]*"|[\w.+-]+|\s+|[^\w\s]')


def changed(r: random.Random, data: bytes) -> bytes:
    """One word is removed, doubled, replaced by one that may not stand there, or by another one of the file."""
    text = data.decode("latin-1")
    tokens = _TOKEN.findall(text)
    places = [index for index, token in enumerate(tokens) if not token.isspace()]
    if not places:
        return data
    at = r.choice(places)
    match r.choice(("word", "word", "number", "number", "taken", "remove", "double", "lines")):
        case "word":
            tokens[at] = r.choice(WORDS)
        case "number":
            numbers = [index for index in places if tokens[index][-1].isdigit()]
            if numbers:
                tokens[r.choice(numbers)] = r.choice(WORDS[:16])
        case "taken":
            tokens[at] = tokens[r.choice(places)]
        case "remove":
            del tokens[at]
        case "double":
            tokens.insert(r.choice(places), tokens[at])
        case "lines":
            lines = text.splitlines(keepends=True)
            lines.insert(r.randrange(len(lines) + 1), lines.pop(r.randrange(len(lines))))
            return "".join(lines).encode("latin-1")
    return "".join(tokens).encode("latin-1", "replace")
