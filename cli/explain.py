"""`mgeconvert explain`: what a message means, why it comes and what to do."""

from __future__ import annotations

import os

import click

from mgeconvert.close import meant
from mgeconvert.errors import UsageError

from .session import Session
from .steps import Command

LANGUAGES = ("en", "zh")
VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")
"""The variables that name a user's language, in the order in which they hold."""


def preferred() -> str:
    """The language that the environment asks for, `en` where it is none of ours."""
    asked = next((value for name in VARIABLES if (value := os.environ.get(name))), "")
    return next((language for language in LANGUAGES if asked.lower().startswith(language)), "en")


def _explain(session: Session, messages: tuple[str, ...], language: str | None, markdown: bool) -> None:
    from mgeconvert.explanations import kinds
    from mgeconvert.explanations.page import explained, page, text_of

    language = language or preferred()
    if markdown:
        if messages:
            raise UsageError(f"--markdown has every code: {messages[0]} would be ignored", hint="leave out one of them")
        session.answer(page(language))
    elif not messages:
        titles = {code: text_of(code, language).title for code in kinds()}
        session.document("explain", codes=titles)
        session.answer("\n".join(f"{code}  {title}" for code, title in titles.items()))
    else:
        codes = [*dict.fromkeys(map(_code, messages))]
        session.document("explain", codes={code: text_of(code, language)._asdict() for code in codes})
        session.answer("\n\n".join("\n".join(explained(code, language)) for code in codes))


def _code(message: str) -> str:
    """The code itself, or that of a message; UsageError with close codes for neither."""
    from mgeconvert.explanations import code_of, kinds

    if message.upper() in kinds():
        return message.upper()
    if " " in message and (code := code_of(message)):
        return code
    guess = meant(message.upper(), kinds(), "; ")
    raise UsageError(f"{message}: no code and no message of mgeconvert{guess}", hint="mgeconvert explain")


command = Command(
    "explain",
    _explain,
    [
        click.Argument(["messages"], nargs=-1, metavar="[CODE|MESSAGE]..."),
        click.Option(
            ["--language"],
            type=click.Choice(LANGUAGES),
            help="The language of the answer; without it that of the system, English where there is none.",
        ),
        click.Option(["--markdown"], is_flag=True, help="Every code on one page."),
    ],
    """What a message means, why it comes and what to do.

    CODE is what an error ends with, such as MGE301; MESSAGE is its text, in quotes. Without either: every code with
    its title.
    """,
)
