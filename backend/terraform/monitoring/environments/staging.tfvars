# Where alarms are proved before they reach prod (R209): e-mail and Slack tell, no pager rings.
environment   = "staging"
project_id    = "vividly-staging"
host          = "api.staging.vividly.example"
documents_url = "https://git.vividly.example/vividly/blob/main/backend"

paging = false
email_addresses = {
  security-oncall    = "security-staging@vividly.example"
  engineering-oncall = "engineering-staging@vividly.example"
  learning-oncall    = "learning-staging@vividly.example"
}

# The token comes from TF_VAR_slack_token.
slack_token_version = 1

billing_account = "000000-000000-000000"
monthly_budget  = 20
