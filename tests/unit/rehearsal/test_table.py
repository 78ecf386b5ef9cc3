"""Tables."""

from rehearsal import table


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    """And lines have no spaces at their ends."""
    assert table.plain(("what", "where"), [("database", "127.1.0.2:5433"), ("x", "")]) == (
        "what      where\n────────  ──────────────\ndatabase  127.1.0.2:5433\nx"
    )


def test_a_page_of_markdown_gets_the_same() -> None:
    """As GitHub renders it."""
    assert table.markdown(("a", "b"), [("1", "2")]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"
