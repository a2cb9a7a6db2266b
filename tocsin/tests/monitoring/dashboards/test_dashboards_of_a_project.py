"""Pull, push and diff with the rehearsal cloud as the other end."""

import json
import zlib

import pytest

from tocsin.cli.main import main

pytestmark = pytest.mark.servers


@pytest.fixture
def dashboards(shop, cloud, request, capsys):
    """``tocsin dashboards`` for a project of this test: exit status and what was said."""
    main(["render", "--service", str(shop.settings)])
    project = f"shop-{zlib.crc32(request.node.name.encode())}"

    def run(what, *more):
        capsys.readouterr()
        code = main(
            [
                "dashboards",
                what,
                *("--project", project, "--service", str(shop.settings)),
                *("--endpoint", cloud.http_url, *more),
            ]
        )
        return code, capsys.readouterr().out

    return run


def edited(shop, old, new):
    """Another text in what was rendered."""
    file = shop.folder / "rendered" / "google" / "shop.json"
    file.write_text(file.read_text().replace(old, new))


def test_what_is_missing_there_is_created_once(dashboards):
    """A second push finds it as it should be (R163)."""
    told = [dashboards("diff"), dashboards("push"), dashboards("push"), dashboards("diff")]

    assert told == [
        (1, "Shop: missing\n"),
        (0, "Shop: created\n"),
        (0, "Shop: same\n"),
        (0, "Shop: same\n"),
    ]


def test_a_diff_names_each_place_that_differs(dashboards, shop):
    """Whoever reviews sees what a push would change."""
    dashboards("push")
    edited(shop, '"Orders"', '"Sales"')

    code, told = dashboards("diff")

    assert code == 1
    assert 'mosaicLayout.tiles[0].widget.title: "Sales" here, "Orders" there' in told


def test_what_was_not_pulled_is_kept(dashboards, shop):
    """Work by hand in the console is seen before it is lost."""
    dashboards("push")
    edited(shop, '"Orders"', '"Sales"')

    refused = dashboards("push")
    pulled = dashboards("pull")
    replaced = dashboards("push")

    assert refused[0] == 1
    assert "kept" in refused[1]
    assert (pulled[0], replaced) == (1, (0, "Shop: replaced\n"))
    assert dashboards("diff") == (0, "Shop: same\n")


def test_what_was_changed_since_it_was_pulled_is_kept(dashboards, shop):
    """Two people who push at once do not undo one another."""
    dashboards("push")
    dashboards("pull")
    edited(shop, '"Orders"', '"Sales"')
    dashboards("push", "--overwrite")
    edited(shop, '"Sales"', '"Turnover"')

    code, told = dashboards("push")

    assert code == 1
    assert "it was changed since it was pulled: pull again" in told


def test_overwriting_must_be_asked_for(dashboards, shop):
    """With the flag what is there is replaced unseen."""
    dashboards("push")
    edited(shop, '"Orders"', '"Sales"')

    done = dashboards("push", "--overwrite")

    assert done == (0, "Shop: replaced\n")


def test_a_pull_keeps_what_is_there_with_its_etag(dashboards, shop):
    """The file is what a later push compares with, and what a person reads."""
    dashboards("push")

    code, _ = dashboards("pull")

    kept = json.loads((shop.folder / "rendered" / "pulled" / "shop.json").read_text())
    assert code == 0
    assert kept["displayName"] == "Shop"
    assert kept["etag"]
    assert kept["name"].startswith("projects/")


def test_dashboards_of_others_are_named_and_left_alone(dashboards):
    """One that we did not render is nobody's mistake."""
    dashboards("push", "--environment", "staging")

    code, told = dashboards("push", "--environment", "production")
    listed = dashboards("diff", "--environment", "production")

    assert (code, told) == (0, "Shop (production): created\n")
    assert listed == (0, "Shop (production): same\nShop (staging): foreign\n")


def test_a_cloud_that_is_not_there_is_no_stack_trace(shop, capsys):
    """It is said in a line, with exit status 2."""
    main(["render", "--service", str(shop.settings)])
    asked = ["dashboards", "diff", "--project", "shop", "--service", str(shop.settings)]

    code = main([*asked, "--endpoint", "http://127.0.0.1:9"])

    assert code == 2
    assert "the cloud" in capsys.readouterr().err


def test_nothing_rendered_is_said_before_anybody_is_asked(shop, capsys):
    """There is nothing to compare with."""
    asked = ["dashboards", "diff", "--project", "shop", "--service", str(shop.settings)]

    code = main([*asked, "--endpoint", "http://127.0.0.1:9"])

    assert code == 2
    assert "run `tocsin render`" in capsys.readouterr().err
