# One variable says how metrics are called; each environment watches its own series.
variables {
  project_id      = "test-project"
  environment     = "staging"
  host            = "api.vividly.example"
  documents_url   = "https://docs.vividly.example/backend"
  definitions     = "tests/definitions"
  paging          = false
  email_addresses = { guard = "guard@vividly.example", caretaker = "caretaker@vividly.example" }
}

override_resource {
  target          = google_monitoring_uptime_check_config.health
  override_during = plan
  values          = { uptime_check_id = "vividly-health-Xy1" }
}

run "metrics_written_through_the_monitoring_api_keep_their_domain" {
  command = plan

  assert {
    condition     = google_monitoring_alert_policy.alert["DoorSlow"].conditions[0].condition_prometheus_query_language[0].query == "custom_googleapis_com:vividly_door_opening_s{namespace=\"staging\"} > 2"
    error_message = "A selector without braces must be held to the environment."
  }
  assert {
    condition     = strcontains(google_monitoring_alert_policy.alert["DoorForced"].conditions[0].condition_prometheus_query_language[0].query, "vividly_door_knocks_total{namespace=\"staging\",door!=\"front\"}[1h]")
    error_message = "A selector with matchers must keep them and be held to the environment."
  }
}

run "metrics_written_by_otlp_have_no_domain" {
  command = plan

  variables {
    metric_prefix = ""
  }

  assert {
    condition     = google_monitoring_alert_policy.alert["DoorSlow"].conditions[0].condition_prometheus_query_language[0].query == "vividly_door_opening_s{namespace=\"staging\"} > 2"
    error_message = "The switch must reach the alerts."
  }
  assert {
    condition     = strcontains(google_monitoring_dashboard.dashboard["doors.json"].dashboard_json, "rate(vividly_door_knocks_total[5m])")
    error_message = "The switch must reach the dashboards."
  }
}

run "the_alarm_watches_the_check_that_is_made_here" {
  command = plan

  assert {
    condition     = strcontains(google_monitoring_alert_policy.alert["HouseGone"].conditions[0].condition_prometheus_query_language[0].query, "{check_id=\"vividly-health-Xy1\"}")
    error_message = "The query must name the check's own id."
  }
}

run "a_dashboard_says_which_environment_it_shows" {
  command = plan

  assert {
    condition     = jsondecode(google_monitoring_dashboard.dashboard["doors.json"].dashboard_json).displayName == "Doors (staging)"
    error_message = "The dashboard's name must carry the environment."
  }
}
