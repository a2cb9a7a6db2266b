# What would leave an alarm unheard, or heard by nobody, fails the plan.
variables {
  project_id      = "test-project"
  environment     = "prod"
  host            = "api.vividly.example"
  documents_url   = "https://docs.vividly.example/backend"
  definitions     = "tests/definitions"
  paging          = false
  email_addresses = { guard = "guard@vividly.example", caretaker = "caretaker@vividly.example" }
}

run "an_alert_without_any_channel_is_refused" {
  command = plan

  variables {
    email_addresses = {}
  }

  expect_failures = [google_monitoring_alert_policy.alert]
}

run "a_page_without_a_pager_is_refused" {
  command = plan

  variables {
    paging = true
  }

  expect_failures = [google_monitoring_alert_policy.alert]
}

run "a_pager_without_its_key_is_refused" {
  command = plan

  variables {
    pagerduty_key_versions = { guard = 1 }
  }

  expect_failures = [var.pagerduty_service_keys]
}

run "slack_without_its_token_is_refused" {
  command = plan

  variables {
    slack_token_version = 1
  }

  expect_failures = [var.slack_token]
}

run "leaving_out_what_nobody_knows_is_refused" {
  command = plan

  variables {
    left_out_alerts = ["DoorSolw"]
  }

  expect_failures = [terraform_data.names_are_known]
}

run "an_environment_that_nobody_knows_is_refused" {
  command = plan

  variables {
    environment = "production"
  }

  expect_failures = [var.environment]
}

run "a_host_with_a_scheme_is_refused" {
  command = plan

  variables {
    host = "https://api.vividly.example"
  }

  expect_failures = [var.host]
}

run "a_security_log_that_goes_before_the_rest_is_refused" {
  command = plan

  variables {
    security_log_retention_days = 7
  }

  expect_failures = [var.security_log_retention_days]
}
