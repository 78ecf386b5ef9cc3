"""The documentation's site needs no network."""

import pytest

from website.network import outside


@pytest.mark.parametrize(
    "element",
    [
        '<script src="https://unpkg.com/mermaid"></script>',
        '<link rel="stylesheet" href="//fonts.googleapis.com/css?family=Roboto">',
        '<link rel="preconnect" href="https://fonts.gstatic.com">',
        '<img src="https://img.shields.io/badge.svg">',
    ],
)
def test_what_is_loaded_from_another_host_is_seen(element: str) -> None:
    """Script, style, font, image."""
    assert len(outside(f"<html><head>{element}</head></html>")) == 1


def test_what_is_the_sites_own_may_be_loaded_and_any_link_clicked() -> None:
    """The twin: these are no such addresses."""
    page = '<script src="assets/a.js?x=//"></script><img src="a.png"><a href="https://aws.amazon.com">AWS</a>'
    assert outside(page) == []
