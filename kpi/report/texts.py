"""A text in both languages of the page."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup, escape


@dataclass(frozen=True)
class Text:
    """What is shown in Chinese and in English.

    Attributes:
        zh: Chinese.
        en: English.
    """

    zh: str
    en: str

    def __add__(self, other: Text) -> Text:
        return Text(self.zh + other.zh, self.en + other.en)


def same(value: object) -> Text:
    """A name or number that is the same in both languages."""
    return Text(str(value), str(value))


def joined(texts: list[Text], zh: str = "，", en: str = ", ") -> Text:
    """Texts one after another, with the separator of each language."""
    return Text(zh.join(text.zh for text in texts), en.join(text.en for text in texts))


def both(value: Text | str | int | float | None) -> Markup:
    """A text as HTML, escaped: a span for each language, or no span where they are the same."""
    if value is None:
        return Markup("")
    if not isinstance(value, Text):
        return escape(value)
    if value.zh == value.en:
        return escape(value.zh)
    return Markup('<span class="zh" lang="zh-CN">{}</span><span class="en" lang="en">{}</span>').format(
        value.zh, value.en
    )
