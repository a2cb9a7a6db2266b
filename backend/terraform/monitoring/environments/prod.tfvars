# Everybody's alarms. A page-level alert without a pager fails the plan.
environment   = "prod"
project_id    = "vividly-prod"
host          = "api.vividly.example"
documents_url = "https://git.vividly.example/vividly/blob/main/backend"

paging = true
email_addresses = {
  security-oncall    = "security@vividly.example"
  engineering-oncall = "engineering@vividly.example"
  learning-oncall    = "learning@vividly.example"
}

# The token comes from TF_VAR_slack_token, the keys from TF_VAR_pagerduty_service_keys.
slack_token_version    = 1
pagerduty_key_versions = { security = 1, engineering = 1, learning = 1 }

security_log_retention_days = 400

billing_account = "000000-000000-000000"
monthly_budget  = 60
