"""Flattens a Discord message: feeds put the signal into embeds as often as into the content."""

from collections.abc import Mapping, Sequence


def flatten_embeds(content: str, embeds: Sequence[Mapping[str, object]]) -> str:
    """Return the content followed by each embed's title, description, fields and footer, line by line.

    The spans of a reading refer to this text.
    """
    lines = [content] if content else []
    for embed in embeds:
        lines.extend(_text(embed.get(name)) for name in ("title", "description"))
        fields = embed.get("fields")
        if isinstance(fields, Sequence):
            lines.extend(_field(field) for field in fields if isinstance(field, Mapping))
        footer = embed.get("footer")
        if isinstance(footer, Mapping):
            lines.append(_text(footer.get("text")))
    return "\n".join(line for line in lines if line)


def _field(field: Mapping[str, object]) -> str:
    name, value = _text(field.get("name")), _text(field.get("value"))
    if not name or not value:
        return name or value
    return f"{name} {value}" if name.endswith(":") else f"{name}: {value}"


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""
