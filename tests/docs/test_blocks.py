"""Blocks of code that are not run are at least valid."""

import ast
import json
import subprocess
import tomllib

import jinja2
import pytest

from fairway.formats import document, yaml
from tests.docs.page import Block, Page, list_pages
from tests.docs.transcript import parse_transcript

_LANGUAGES = {"console", "jinja", "json", "python", "sh", "text", "toml", "yaml"}
_BLOCKS = [(page, block) for page in list_pages() for block in page.blocks]


def _name(value: Page | Block) -> str:
    return value.name if isinstance(value, Page) else str(value.line)


@pytest.mark.parametrize(("page", "block"), _BLOCKS, ids=_name)
def test_a_block_is_valid(page: Page, block: Block) -> None:
    assert block.language in _LANGUAGES
    match block.language:
        case "jinja":
            jinja2.Environment(autoescape=True).parse(block.text)
        case "yaml" if "apiVersion" not in block.text:
            assert not yaml.read_documents(block.text.encode(), file=page.name)[1]
        case "yaml":
            found = document.check_documents({page.name: block.text.encode()})
            denied = [finding for finding in found if finding.level == "deny"]
            assert not denied
        case "python":
            ast.parse(block.text)
        case "json":
            json.loads(block.text)
        case "toml":
            tomllib.loads(block.text)
        case "sh":
            subprocess.run(["bash", "-n"], input=block.text, text=True, check=True)
        case "console":
            assert parse_transcript(block.text)


def test_every_fence_is_understood() -> None:
    for page in list_pages():
        fences = sum(line.lstrip().startswith("```") for line in page.text.splitlines())
        assert fences == 2 * len(page.blocks), page.name
