"""What build commands may see of the platform's variables."""

import pytest

from fairway.drivers.bundle.surroundings import (
    choose_index_settings,
    choose_network_settings,
    choose_registry_settings,
)

OPERATOR = {
    "AWS_SECRET_ACCESS_KEY": "no",
    "FAIRWAY_DATABASE_URL": "no",
    "HOME": "/people/ana",
    "HTTPS_PROXY": "http://proxy:3128",
    "PIP_INDEX_URL": "https://index.example/simple",
    "PIP_TARGET": "/elsewhere",
    "SSL_CERT_FILE": "/etc/ca.pem",
    "UV_CACHE_DIR": "/elsewhere",
    "UV_INDEX_URL": "https://index.example/simple",
    "no_proxy": "localhost",
}


def test_only_the_network_is_passed_to_every_command() -> None:
    assert set(choose_network_settings(OPERATOR)) == {"HTTPS_PROXY", "SSL_CERT_FILE", "no_proxy"}


def test_uv_gets_where_packages_come_from_but_not_where_they_go() -> None:
    chosen = choose_index_settings(OPERATOR)
    assert set(chosen) == {"PIP_INDEX_URL", "UV_INDEX_URL", "XDG_CONFIG_HOME"}
    assert chosen["XDG_CONFIG_HOME"] == "/people/ana/.config"


@pytest.mark.parametrize("name", ["NETRC", "UV_OFFLINE", "UV_HTTP_TIMEOUT", "PIP_CERT"])
def test_settings_of_the_index_pass(name: str) -> None:
    assert choose_index_settings({name: "1"}) == {name: "1"}


def test_npm_is_told_where_packages_come_from_and_nothing_else() -> None:
    variables = {
        "HOME": "/people/ana",
        "NPM_CONFIG_REGISTRY": "https://packages.example.com",
        "npm_config_//packages.example.com/:_authToken": "t",
        "npm_config_@shop:registry": "https://shop.example.com",
        "npm_config_prefix": "/usr",
        "npm_config_ignore_scripts": "false",
        "NPM_TOKEN": "t",
        "SECRET": "s",
    }
    assert choose_registry_settings(variables) == {
        "npm_config_registry": "https://packages.example.com",
        "npm_config_//packages.example.com/:_authToken": "t",
        "npm_config_@shop:registry": "https://shop.example.com",
        "npm_config_userconfig": "/people/ana/.npmrc",
        "NPM_TOKEN": "t",
    }
