# Nobody is woken for dev: e-mail to the engineers, and nothing else. Secrets never stand here.
environment   = "dev"
project_id    = "vividly-dev"
host          = "api.dev.vividly.example"
documents_url = "https://git.vividly.example/vividly/blob/main/backend"

paging = false
email_addresses = {
  security-oncall    = "dev-alerts@vividly.example"
  engineering-oncall = "dev-alerts@vividly.example"
  learning-oncall    = "dev-alerts@vividly.example"
}

monthly_budget = 10
