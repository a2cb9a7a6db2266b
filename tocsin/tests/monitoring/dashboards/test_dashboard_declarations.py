"""What a dashboard's YAML may say, and how it is told where it is wrong."""

import pytest

from tocsin.errors import DeclarationError
from tocsin.monitoring.dashboards.service_boards import files_of

WRONG = {
    "unknown key": ("unit: seconds", "units: seconds", 13, "'units' means nothing here"),
    "unknown unit": ("unit: seconds", "unit: parsecs", 13, "unit 'parsecs' is unknown"),
    "unknown picture": ("show: bars", "show: cake", 31, "show 'cake' is unknown"),
    "missing words": ("    tells: How much is sold.\n", "", 6, "'tells' is missing"),
    "twice the same": (
        "    see: [Silence]\n",
        "    title: Again\n",
        9,
        "'title' stands here twice",
    ),
    "no YAML": ("rows:", "rows: {", 4, "no YAML"),
    "odd width": ("width: 12", "width: 13", 31, "width 13 is no even number"),
    "no queries": ("    queries:\n    - expr: $alert.Slow\n      legend: P95\n", "", 13, "queries"),
    "line without number": ("value: 1,", "value: much,", 18, "'much' is no number"),
    "unknown alert": ("alerts: [Slow]", "alerts: [Slowly]", 13, "there is no alert 'Slowly'"),
    "alert in a query": ("$alert.Slow", "$alert.Silence", 20, "names no alert that compares"),
    "second of one": ("$alert.Slow", "$alert.Slow[2]", 20, "$alert.Slow[2] names no alert"),
    "no PromQL": ("topk(3, ", "topk(3 ", 29, "no PromQL"),
    "dropped label": ("legend: ${buyer}", "legend: ${shelf}", 29, "the legend names 'shelf'"),
    "drawn over else": ("    see: [Silence]\n", "    alerts: [Slow]\n", 6, "Slow watches seconds"),
    "no number": ("    see: [Silence]\n", "    alerts: [Silence]\n", 6, "compares with no number"),
}
"""By what is wrong: the text, what stands in its place, the mapping's line, what is said."""


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_dashboard_names_its_file_its_line_and_its_fault(shop, name):
    """Whoever mistypes is led to the line (R177, D55)."""
    old, new, line, says = WRONG[name]
    shop.change(old, new)

    with pytest.raises(DeclarationError) as refusal:
        files_of(shop.service)

    assert f"shop.yaml:{line}: " in str(refusal.value)
    assert says in str(refusal.value)


def test_all_faults_are_told_at_once(shop):
    """Nobody mends one only to be told of the next."""
    shop.change("legend: ${buyer}", "legend: ${shelf}")
    shop.change("legend: waiting", "legend: ${aisle}")
    shop.change("    see: [Silence]\n", "    alerts: [Silence]\n")

    with pytest.raises(DeclarationError) as refusal:
        files_of(shop.service)

    assert str(refusal.value).startswith("3 faults in the dashboards:")


def test_a_folder_without_dashboards_is_no_service(shop):
    """Nothing rendered would look like nothing wrong."""
    shop.board.unlink()

    with pytest.raises(DeclarationError, match="no dashboard is here"):
        files_of(shop.service)
