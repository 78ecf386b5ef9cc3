"""Links of the repository's pages, as they lead in the documentation's site."""

import pytest

from website.links import links, place, rewritten, sources


@pytest.mark.parametrize(
    ("page", "link", "leads"),
    [
        ("docs/cache.md", "aws.md#quotas", "aws.md#quotas"),
        ("docs/cache.md", "../app/README.md", "the-app.md"),
        ("docs/cache.md", "../app/src/redis.js", "source/app/src/redis.js.md"),
        ("docs/cache.md", "#how", "#how"),
        ("docs/cache.md", "https://aws.amazon.com/a.md", "https://aws.amazon.com/a.md"),
        ("docs/runbooks/stores.md", "../aws.md", "../aws.md"),
        ("docs/aws.md", "../.github/workflows/deploy.yml", "source/github/workflows/deploy.yml.md"),
        ("docs/index.md", "adr", "adr/index.md"),
        ("CONTRIBUTING.md", "docs/runbooks", "runbooks/index.md"),
        ("app/README.md", "../docs/runbooks/stores.md#keys", "runbooks/stores.md#keys"),
    ],
)
def test_a_link_leads_to_a_page_of_the_site(page: str, link: str, leads: str) -> None:
    """Relative to where its own page is there."""
    assert rewritten(f"See [it]({link}).", page) == f"See [it]({leads})."


def test_code_is_left_as_it_is() -> None:
    """A call in an example may look like a link."""
    page = "```js\nnames[0](first)\n```\n"
    assert rewritten(page, "docs/cache.md") == page
    assert links(page) == []


def test_a_source_that_is_linked_has_a_page() -> None:
    """Once, and no page of the documentation is a source."""
    pages = {
        "docs/a.md": "[x](../bench/mix.py) [y](b.md) [z](../README.md)",
        "docs/b.md": "[x](../bench/mix.py)",
    }
    assert sources(list(pages), pages.__getitem__) == ["bench/mix.py"]
    assert place("bench/mix.py") == "source/bench/mix.py.md"
