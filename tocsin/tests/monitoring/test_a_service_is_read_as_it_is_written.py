"""`tocsin.toml`, rule files and metrics of others: read with care, refused with their place."""

from pathlib import Path

import pytest

from tocsin.errors import DeclarationError
from tocsin.monitoring.catalogue import foreign_metrics
from tocsin.monitoring.durations import seconds, spelled
from tocsin.monitoring.rules import read_rules
from tocsin.monitoring.service import Service

TOML = 'name = "shop"\nmetrics = "shop_metrics_of_a_test:METRICS"\n'
RULE = "groups: [{name: shop, rules: [{alert: Down, expr: up < 1, for: 2m}]}]\n"


def made(folder: Path, more: str = "") -> Service:
    (folder / "tocsin.toml").write_text(TOML + more)
    return Service.load(folder)


def test_paths_are_relative_to_the_file_and_optional_files_may_be_absent(tmp_path):
    """Whoever writes two lines has a service."""
    service = made(tmp_path)

    assert service.rule_files == (tmp_path / "alerts.yaml",)
    assert (service.slos, service.escalation, service.drills) == (None, None, None)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ('colour = "red"\n', "'colour' is no key"),
        ("prefix = 3\n", "'prefix' must be a str"),
        ('rules = "alerts.yaml"\n', "'rules' must be a list"),
        ('slos = "nowhere.yaml"\n', "which is no file"),
        ("name = \n", "tocsin.toml"),
    ],
)
def test_a_wrong_file_is_refused_with_its_name(tmp_path, more, says):
    """A word that means nothing is no setting (D92)."""
    with pytest.raises(DeclarationError, match=r"tocsin\.toml") as told:
        made(tmp_path, more)

    assert says in str(told.value)


@pytest.mark.parametrize("path", ["no_such_module:METRICS", "json:NOTHING", "json"])
def test_what_cannot_be_imported_is_told(tmp_path, path):
    """The import path and the reason."""
    service = made(tmp_path)

    with pytest.raises(DeclarationError, match=path):
        service.named(path)


def test_a_file_that_is_not_there_is_told(tmp_path):
    """And no other is taken in its place."""
    with pytest.raises(DeclarationError, match="no such file"):
        Service.load(tmp_path / "nothing.toml")


def test_of_two_services_below_one_must_be_named(tmp_path, monkeypatch):
    """One is found, whatever its folder is called; between two nobody guesses."""
    for name in ("shop", "store"):
        (tmp_path / name / "monitoring").mkdir(parents=True)
    made(tmp_path / "shop" / "monitoring")
    monkeypatch.chdir(tmp_path)
    only = Service.load()
    made(tmp_path / "store" / "monitoring")

    with pytest.raises(DeclarationError, match=r"store/monitoring/tocsin\.toml: name one"):
        Service.load()

    assert only.name == "shop"


def test_two_alarms_of_one_name_are_refused_with_both_places(tmp_path):
    """Nobody could tell them apart at night."""
    files = [tmp_path / "a.yaml", tmp_path / "b.yaml"]
    for file in files:
        file.write_text(RULE)

    with pytest.raises(DeclarationError, match=r"b\.yaml:1: Down stands at .*a\.yaml:1"):
        read_rules(files)


def test_a_wait_that_is_no_length_is_refused_with_its_place(tmp_path):
    """File, line and alarm."""
    file = tmp_path / "a.yaml"
    file.write_text(RULE.replace("2m", "two"))

    with pytest.raises(DeclarationError, match=r"a\.yaml:1: Down: 'two' is no duration"):
        read_rules([file])


@pytest.mark.parametrize(
    "text",
    ["metrics: [{name: up, kind: needle}]", "metrics: [{kind: gauge}]", "nothing: 1", "[", "3"],
)
def test_metrics_of_others_need_a_name_and_a_kind(tmp_path, text):
    """A file that cannot be understood is no empty one (D52)."""
    file = tmp_path / "foreign.yaml"
    file.write_text(text)

    with pytest.raises(DeclarationError, match=r"foreign\.yaml"):
        foreign_metrics(file)


@pytest.mark.parametrize("text", ["1s", "90s", "1h30m", "500ms", "2d", "0"])
def test_a_length_survives_being_read_and_spelled(text):
    """Whatever spelling comes back means the same."""
    assert seconds(spelled(seconds(text))) == seconds(text)
