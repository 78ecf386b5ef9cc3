"""What MkDocs calls (mkdocs.yml): adds pages from outside `docs/`, and leads each link to a page there."""

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from website.links import BESIDE, place, rewritten, sources
from website.network import outside

ROOT = Path(__file__).parents[1]
SCRIPTS = {
    "assets/mermaid.js": "@mermaid-js/tiny/dist/mermaid.tiny.js",
    "assets/iframe-worker.js": "iframe-worker/shim/index.js",
}
"""What browsers run, which the theme would load from a CDN: website/package.json has the versions."""
LANGUAGES = {".cjs": "js", ".mjs": "js", ".yml": "yaml", ".service": "ini"}
"""Names of languages that are not those of their files' endings."""
_original: dict[str, str] = {}
"""The file of the repository that a page of the site is made of."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """All that the site has besides `docs/`."""
    beside = [page for page in BESIDE if page.endswith(".md") and page != "README.md"]
    pages = [*beside, *(f"docs/{file.src_uri}" for file in files.documentation_pages())]
    for page in beside:
        files.append(File.generated(config, place(page), content=_read(page)))
    for source in sources(pages, _read):
        files.append(File.generated(config, place(source), content=_source_page(source)))
    for uri, script in SCRIPTS.items():
        path = ROOT / "website/node_modules" / script
        files.append(File.generated(config, uri, abs_src_path=str(path)))
    _original.update({place(page): page for page in pages})
    return files


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Leads the links of a page that is in the repository; a source's page has none."""
    original = _original.get(page.file.src_uri)
    return rewritten(markdown, original) if original else markdown


def on_post_build(config: MkDocsConfig) -> None:
    """Refuses a page that loads something from another host."""
    pages = Path(config.site_dir).rglob("*.html")
    loads = [f"{page}: {url}" for page in pages for url in outside(page.read_text())]
    if loads:
        raise PluginError("the site must not load anything from elsewhere:\n" + "\n".join(loads))


def _read(path: str) -> str:
    return (ROOT / path).read_text()


def _source_page(path: str) -> str:
    """A page with a file's text, which the site's search leaves out: it would hide the documentation."""
    suffix = Path(path).suffix
    language = LANGUAGES.get(suffix, suffix.removeprefix("."))
    return f"---\nsearch:\n  exclude: true\n---\n# {path}\n\n~~~~~~ {language}\n{_read(path)}\n~~~~~~\n"
