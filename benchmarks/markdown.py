"""Markdown tables: a line of cells, and numbers as they are shown in them."""


def header(*names: str) -> tuple[str, str]:
    return line(*names), line(*["---"] * len(names))


def line(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


def number(value: float | None, unit: str = "") -> str:
    """Three digits that mean something; `–` where nothing was measured."""
    if value is None:
        return "–"
    digits = f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"
    return f"{digits} {unit}".strip()
