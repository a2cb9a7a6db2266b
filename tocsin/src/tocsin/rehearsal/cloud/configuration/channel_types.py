"""The types of notification channels, and the labels each must have.

Sources: google/monitoring/v3/notification.proto and the arguments of Terraform's
``google_monitoring_notification_channel``. Secrets are labels to the API
(``auth_token``, ``service_key``, ``password``). Types that were not seen at first hand are
left out, except ``pubsub``, whose label is Google's documented one.

>>> sorted(DESCRIPTORS)[:2], DESCRIPTORS["email"].required
(['email', 'pagerduty'], ('email_address',))
"""

from dataclasses import dataclass
from typing import Any, Final

from google.cloud import monitoring_v3


@dataclass(frozen=True)
class ChannelType:
    """One type, and its labels."""

    kind: str
    display_name: str
    required: tuple[str, ...]

    def for_project(self, project: str) -> Any:
        """Google's message about it."""
        message = monitoring_v3.NotificationChannelDescriptor.pb()(
            name=f"{project}/notificationChannelDescriptors/{self.kind}",
            display_name=self.display_name,
        )
        setattr(message, "type_", self.kind)  # noqa: B010 - proto-plus' name for `type`
        for key in self.required:
            message.labels.add(key=key)
        return message


DESCRIPTORS: Final = {
    kind: ChannelType(kind, name, labels)
    for kind, name, labels in (
        ("email", "Email", ("email_address",)),
        ("pagerduty", "PagerDuty", ("service_key",)),
        ("pubsub", "Cloud Pub/Sub", ("topic",)),
        ("slack", "Slack", ("channel_name",)),
        ("webhook_basicauth", "Webhook with Basic Auth", ("url",)),
        ("webhook_tokenauth", "Webhook with Token Auth", ("url",)),
    )
}
