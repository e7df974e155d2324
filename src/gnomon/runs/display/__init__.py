"""How runs and what is asked of them look in a notebook.

Objects call this from `_repr_html_`, on first use. `markup` writes HTML, `look` holds the style, `shorten` bounds what is shown;
the other modules each draw one kind of thing.

Always true: text is escaped by the writer, not by its callers; nothing is fetched and no script is there; what is shown is
bounded, whatever a record holds; colours are those of the page around, so that dark and light both work.
"""
