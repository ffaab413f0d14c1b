"""The page of all messages, in either language."""

from __future__ import annotations

from collections.abc import Iterator

from . import HOLE, kinds, messages
from .kind import Text

WORDS = {
    "en": (
        "Messages",
        "Every error and refusal that mgeconvert prints ends with the line `more: mgeconvert explain CODE`, and the"
        " answer of that command is also below. This page is made from the tables of the source: a message is in it"
        " as it is printed, with … for what is filled in.",
        ("It means", "Why", "What to do", "Messages"),
    ),
    "zh": (
        "错误信息",
        "mgeconvert 的每个错误和拒绝都以一行 `more: mgeconvert explain CODE` 结尾，该命令的回答也列在下面。"
        "本页由源代码中的表生成：每条信息按打印的原文列出，其中 … 代表填入的内容。",
        ("含义", "原因", "怎么办", "信息原文"),
    ),
}
COLON = {"en": ": ", "zh": "\uff1a"}
OTHER = {"en": "[简体中文](zh/messages.md)", "zh": "[English](../messages.md)"}


def text_of(code: str, language: str) -> Text:
    """A kind's entry in a language, `en` or `zh`."""
    kind = kinds()[code]
    return kind.chinese if language == "zh" else kind.english


def explained(code: str, language: str) -> list[str]:
    """The lines of one entry, as a terminal shows them."""
    text = text_of(code, language)
    labels = WORDS[language][2]
    return [
        f"{code}: {text.title}",
        "",
        *(f"{label}{COLON[language]}{part}" for label, part in zip(labels, text[1:], strict=False)),
    ]


def page(language: str) -> str:
    """The whole page."""
    title, introduction, labels = WORDS[language]
    return "\n".join([f"# {title}", "", OTHER[language], "", introduction, "", *_entries(language, labels)])


def _entries(language: str, labels: tuple[str, ...]) -> Iterator[str]:
    for code in kinds():
        text = text_of(code, language)
        yield f"## {code}: {text.title}"
        yield ""
        for label, part in zip(labels, text[1:], strict=False):
            yield f"**{label}**{COLON[language]}{part}"
            yield ""
        said = messages().get(code, [])
        if said:
            yield f"**{labels[3]}**{COLON[language]}".rstrip()
            yield ""
            yield from (f"* `{shown(template)}`" for template in said)
            yield ""


def shown(template: str) -> str:
    """A template as a line of text."""
    return template.replace(HOLE, "…").replace("\n", " ").replace("`", "'")
