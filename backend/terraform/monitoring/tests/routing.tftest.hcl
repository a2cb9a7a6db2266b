# Severity and owner decide who is told, as escalation.yaml says.
variables {
  project_id             = "test-project"
  environment            = "prod"
  host                   = "api.vividly.example"
  documents_url          = "https://docs.vividly.example/backend"
  definitions            = "tests/definitions"
  paging                 = true
  email_addresses        = { guard = "guard@vividly.example", caretaker = "caretaker@vividly.example" }
  slack_token_version    = 1
  slack_token            = "made-up"
  pagerduty_key_versions = { guard = 1, caretaker = 1 }
  pagerduty_service_keys = { guard = "made-up", caretaker = "made-up" }
}

run "a_critical_alert_wakes_its_owner" {
  command = plan

  assert {
    condition     = output.routes["DoorForced"] == ["pagerduty/security", "slack/security", "email/security"]
    error_message = "A critical alert must reach its owner's pager, Slack and e-mail."
  }
  assert {
    condition     = google_monitoring_alert_policy.alert["DoorForced"].severity == "CRITICAL"
    error_message = "The policy must carry the severity by Google's name."
  }
  assert {
    condition     = google_monitoring_alert_policy.alert["DoorForced"].alert_strategy[0].auto_close == "3600s"
    error_message = "auto_close must be the table's."
  }
}

run "a_warning_wakes_nobody" {
  command = plan

  assert {
    condition     = output.routes["DoorSlow"] == ["slack/engineering", "email/engineering"]
    error_message = "A warning must reach Slack and e-mail alone."
  }
  assert {
    condition     = length(google_monitoring_alert_policy.alert["DoorSlow"].alert_strategy[0].notification_channel_strategy) == 0
    error_message = "Nobody must be reminded of what the table does not remind of."
  }
}

run "where_nobody_is_paged_the_other_channels_tell" {
  command = plan

  variables {
    environment = "staging"
    paging      = false
  }

  assert {
    condition     = output.routes["DoorForced"] == ["slack/security", "email/security"]
    error_message = "Without paging, a critical alert must reach Slack and e-mail."
  }
}

run "a_rule_becomes_a_policy_with_its_times_and_its_runbook" {
  command = plan

  assert {
    condition     = google_monitoring_alert_policy.alert["DoorSlow"].conditions[0].condition_prometheus_query_language[0].duration == "5400s"
    error_message = "1h30m must become 5400s."
  }
  assert {
    condition     = google_monitoring_alert_policy.alert["HouseGone"].conditions[0].condition_prometheus_query_language[0].evaluation_interval == "60s"
    error_message = "The group's interval must be the policy's."
  }
  assert {
    condition     = google_monitoring_alert_policy.alert["DoorForced"].documentation[0].links[0].url == "https://docs.vividly.example/backend/docs/runbooks/door-forced.md"
    error_message = "The policy must link to its runbook."
  }
}

run "what_is_left_out_has_no_policy" {
  command = plan

  variables {
    left_out_alerts = ["HouseGone"]
  }

  assert {
    condition     = toset(keys(google_monitoring_alert_policy.alert)) == toset(["DoorForced", "DoorSlow", "KnocksBudgetFastBurn"])
    error_message = "An alert that is left out must have no policy."
  }
}

run "alerts_of_service_levels_are_policies_too" {
  command = plan

  assert {
    condition     = google_monitoring_alert_policy.alert["KnocksBudgetFastBurn"].conditions[0].condition_prometheus_query_language[0].rule_group == "promises"
    error_message = "slo_alerts.yaml must be read where it exists."
  }
  assert {
    condition     = google_monitoring_alert_policy.alert["KnocksBudgetFastBurn"].conditions[0].condition_prometheus_query_language[0].evaluation_interval == "30s"
    error_message = "A group without an interval is evaluated every 30 s."
  }
}
