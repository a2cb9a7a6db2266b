"""Uptime checks, log buckets and log metrics are read of the files that order them."""

from pathlib import Path

import pytest

from tocsin.errors import DeclarationError
from tocsin.monitoring.cost.terraform import LogBucket, UptimeCheck, read_terraform

CONFIGURATION = """
variable "days" {
  type    = number
  default = 30 # included
}
variable "period" {
  type    = string
  default = "300s"
}
resource "google_monitoring_uptime_check_config" "up" {
  period           = var.period
  selected_regions = ["USA", "EUROPE"] # two
}
resource "google_logging_project_bucket_config" "ordinary" {
  bucket_id      = "_Default"
  retention_days = var.days
}
resource "google_logging_project_bucket_config" "attacks" {
  bucket_id      = "attacks"
  retention_days = 365
}
resource "google_logging_metric" "error_lines" {
  name = "error_lines"
}
"""


def folder(at: Path, text: str = CONFIGURATION, **environments: str) -> Path:
    (at / "main.tf").write_text(text)
    for name, values in environments.items():
        (at / "environments").mkdir(exist_ok=True)
        (at / "environments" / f"{name}.tfvars").write_text(values)
    return at


def test_everything_that_costs_is_found(tmp_path):
    """By its type, with variables by their defaults."""
    ordered = read_terraform(folder(tmp_path), "prod")

    assert ordered.checks == (UptimeCheck("up", 300.0, ("USA", "EUROPE")),)
    assert ordered.buckets == (
        LogBucket("ordinary", 30.0, takes_all=True),
        LogBucket("attacks", 365.0),
    )
    assert ordered.log_metrics == ("error_lines",)


def test_an_environment_has_its_own_values(tmp_path):
    """What production sets differs from the default."""
    at = folder(tmp_path, prod='period = "60s"\ndays   = 90\n')

    ordered = read_terraform(at, "prod")

    assert (ordered.checks[0].period_s, ordered.buckets[0].retention_days) == (60.0, 90.0)


@pytest.mark.parametrize(
    ("was", "becomes", "says"),
    [
        ("default = 30 # included", "", "retention_days is var.days, which has no value"),
        ('["USA", "EUROPE"] # two', "local.regions", "selected_regions is local.regions"),
        ("retention_days = 365", "retention_days = local.days", "local.days"),
        ('default = "300s"', 'default = "often"', "often"),
    ],
)
def test_what_is_no_plain_value_is_refused(tmp_path, was, becomes, says):
    """It is no interpreter, and says so instead of guessing."""
    with pytest.raises(DeclarationError) as told:
        read_terraform(folder(tmp_path, CONFIGURATION.replace(was, becomes)), "prod")

    assert says in str(told.value)


def test_an_environment_that_is_not_there_is_refused(tmp_path):
    """A slip in its name would reckon with the defaults."""
    with pytest.raises(DeclarationError, match="there is no such environment"):
        read_terraform(folder(tmp_path, prod=""), "production")


def test_a_folder_without_terraform_is_refused(tmp_path):
    """`terraform` was named, so something is ordered."""
    with pytest.raises(DeclarationError, match=r"no \*\.tf file"):
        read_terraform(tmp_path, "prod")
