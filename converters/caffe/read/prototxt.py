"""Prototxt to message: the protobuf text format, with the place of every mistake and of every unknown field.

Our own reader instead of ``google.protobuf.text_format`` because that one either stops at the first field it does not
know or skips all of them silently; the files of vendor forks need them skipped and named.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, MutableSequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message as ProtobufMessage
from google.protobuf.text_encoding import CUnescape

from mgeconvert.errors import BadInputError

from ..messages import Message, model_message

_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\f\v]+|\#[^\n]*)|(?P<newline>\n)
      |(?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
      |(?P<word>[-+]?[A-Za-z0-9_.](?:[A-Za-z0-9_.]|(?<=[eE])[-+])*)
      |(?P<mark>[{}<>\[\]:,;])""",
    re.VERBOSE,
)
_CLOSING = {"{": "}", "<": ">"}
_BOOLS = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}


class Token(NamedTuple):
    """A piece of the text; `kind` is string, word, mark or end; lines and columns count from 1."""

    kind: str
    text: str
    line: int
    column: int


class UnknownField(NamedTuple):
    """A field of a fork: ``FILE:LINE``, the message and field (``LayerParameter.engine``), and all that it says."""

    place: str
    name: str
    content: str

    def __str__(self) -> str:
        content = self.content if len(self.content) <= LONGEST else f"{self.content[:LONGEST]}..."
        return f"{self.place}: {self.name}{content}"


LONGEST = 100
"""So much of an unknown field is shown."""


@dataclass
class Prototxt:
    """A parsed file: the NetParameter, the line of each layer (by field name) and what was not understood.
    `fingerprint` is that of the weights that were written with it, where a comment says so."""

    net: Message
    layer_lines: dict[str, list[int]] = field(default_factory=lambda: {"layer": [], "layers": []})
    unknown: list[UnknownField] = field(default_factory=list)
    fingerprint: str = ""


def parse_prototxt(text: str, path: str) -> Prototxt:
    """Read a net description; BadInputError names file, line and column of what is wrong."""
    parsed = _Parser(text, path).parse()
    mark = _FINGERPRINT.search(text)
    parsed.fingerprint = mark[1] if mark else ""
    return parsed


_FINGERPRINT = re.compile(r"^# weights ([0-9a-f]{16})$", re.MULTILINE)


class _Parser:
    def __init__(self, text: str, path: str) -> None:
        self.path = path
        self.tokens = _tokens(text, path)
        self.token = next(self.tokens)
        self.result = Prototxt(model_message("NetParameter"))
        self.skipped: list[Token] = []
        self.skipping = False

    def parse(self) -> Prototxt:
        self.fields(self.result.net, None)
        return self.result

    def error(self, token: Token, fact: str) -> BadInputError:
        return BadInputError(f"{self.path}:{token.line}:{token.column}: {fact}")

    def take(self) -> Token:
        token = self.token
        if self.skipping:
            self.skipped.append(token)
        self.token = next(self.tokens, token)
        return token

    def took(self, *marks: str) -> bool:
        if self.token.kind == "mark" and self.token.text in marks:
            self.take()
            return True
        return False

    def fields(self, message: Message, opening: Token | None) -> None:
        """Fields up to the mark that closes `opening`, or to the end of the file."""
        while True:
            token = self.take()
            if token.kind == "end":
                if opening is None:
                    return
                raise self.error(token, f"the file ends inside the {opening.text} of line {opening.line}")
            if opening is not None and token.text == _CLOSING[opening.text] and token.kind == "mark":
                return
            if token.kind != "word" or not re.match(r"[A-Za-z_]", token.text):
                raise self.error(token, f"expected a field name, found {token.text}")
            self.one_field(message, token)
            self.took(",", ";")

    def one_field(self, message: Message, name: Token) -> None:
        descriptor = None if message is None else message.DESCRIPTOR.fields_by_name.get(name.text)
        if descriptor is None:
            self.unknown_field(None if message is None else f"{message.DESCRIPTOR.name}.{name.text}", name)
            return
        if message is self.result.net and name.text in self.result.layer_lines:
            self.result.layer_lines[name.text].append(name.line)
        target = getattr(message, name.text)
        if isinstance(target, MutableSequence):
            self.values(name, descriptor, target)
        elif message.HasField(name.text):
            raise self.error(name, f"{name.text} is given twice")
        elif isinstance(target, ProtobufMessage):
            target.SetInParent()
            self.values(name, descriptor, target)
        else:
            values: list[Any] = []
            self.values(name, descriptor, values)
            if len(values) != 1:
                raise self.error(name, f"{name.text} takes one value, not a list")
            setattr(message, name.text, values[0])

    def unknown_field(self, known_as: str | None, name: Token) -> None:
        """Skip what follows the name; the outermost unknown field (`known_as`) is noted."""
        self.skipping = True
        self.values(name, None, None)
        if known_as is not None:
            self.result.unknown.append(UnknownField(f"{self.path}:{name.line}", known_as, _joined(self.skipped)))
            self.skipping, self.skipped = False, []

    def values(self, name: Token, descriptor: Any, target: Any) -> None:
        """What follows a field name: a message, a scalar or a list of them, put into `target`."""
        colon = self.took(":")
        if self.took("["):
            while not self.took("]"):
                self.value(name, descriptor, target, colon)
                self.took(",")
        else:
            self.value(name, descriptor, target, colon)

    def value(self, name: Token, descriptor: Any, target: Any, colon: bool) -> None:
        token = self.take()
        is_message = token.kind == "mark" and token.text in _CLOSING
        if descriptor is None:
            self.skip(name, token, is_message, colon)
        elif descriptor.message_type is not None:
            if not is_message:
                raise self.error(token, f"{name.text} is a message: expected {{, found {token.text}")
            self.fields(target.add() if hasattr(target, "add") else target, token)
        elif not colon:
            raise self.error(token, f"expected : after {name.text}, found {token.text}")
        else:
            target.append(self.scalar(name, descriptor, token))

    def skip(self, name: Token, token: Token, is_message: bool, colon: bool) -> None:
        if is_message:
            self.fields(None, token)
        elif not colon:
            raise self.error(token, f"expected : or {{ after {name.text}, found {token.text}")
        elif token.kind not in ("word", "string"):
            raise self.error(token, f"expected a value of {name.text}, found {token.text}")

    def scalar(self, name: Token, descriptor: Any, token: Token) -> Any:
        if descriptor.cpp_type == FieldDescriptor.CPPTYPE_STRING:
            if token.kind != "string":
                raise self.error(token, f"{name.text} is a string: expected quotes, found {token.text}")
            text = CUnescape(token.text[1:-1])
            while self.token.kind == "string":
                text += CUnescape(self.take().text[1:-1])
            return text.decode("utf-8", "replace")
        if token.kind != "word":
            raise self.error(token, f"expected a value of {name.text}, found {token.text}")
        if descriptor.enum_type is not None:
            values = descriptor.enum_type.values_by_name
            if token.text in values:
                return values[token.text].number
            raise self.error(token, f"{token.text} is no {name.text}; known: {', '.join(values)}")
        try:
            return _number(descriptor.cpp_type, token.text)
        except (ValueError, KeyError):
            kind = _KINDS.get(descriptor.cpp_type, "a whole number")
            raise self.error(token, f"{name.text} is {kind}, found {token.text}") from None


def _joined(tokens: list[Token]) -> str:
    """The text again, on one line: a space before everything but marks that end something."""
    return "".join(token.text if token.text in (":", ",", ";") else f" {token.text}" for token in tokens)


_KINDS = {
    FieldDescriptor.CPPTYPE_FLOAT: "a number",
    FieldDescriptor.CPPTYPE_DOUBLE: "a number",
    FieldDescriptor.CPPTYPE_BOOL: "true or false",
    FieldDescriptor.CPPTYPE_UINT32: "a whole number of at least 0",
}


def _number(cpp_type: int, text: str) -> float | int | bool:
    """KeyError or ValueError where the text is no such number."""
    if cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        return _BOOLS[text.lower()]
    if cpp_type in (FieldDescriptor.CPPTYPE_FLOAT, FieldDescriptor.CPPTYPE_DOUBLE):
        return float(text[:-1] if text[-1:] in ("f", "F") and text[-3:].lower() != "inf" else text)
    number = int(text, 0)
    low, high = {
        FieldDescriptor.CPPTYPE_UINT32: (0, 1 << 32),
        FieldDescriptor.CPPTYPE_INT32: (-(1 << 31), 1 << 31),
    }.get(cpp_type, (-(1 << 63), 1 << 63))
    if not low <= number < high:
        raise ValueError(text)
    return number


def _tokens(text: str, path: str) -> Iterator[Token]:
    line, start, at = 1, 0, 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            what = "an open string" if text[at] in "\"'" else f"{text[at]!r}, which no prototxt has"
            raise BadInputError(f"{path}:{line}:{at - start + 1}: found {what}")
        at = match.end()
        if match.lastgroup == "newline":
            line, start = line + 1, at
        elif match.lastgroup != "space":
            yield Token(match.lastgroup or "", match.group(), line, match.start() - start + 1)
    yield Token("end", "the end of the file", line, at - start + 1)
