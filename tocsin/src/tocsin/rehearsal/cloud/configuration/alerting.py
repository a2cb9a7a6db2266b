"""Alert policies, notification channels and uptime checks of ``google.monitoring.v3``.

They are kept and given back as Google does, with names and records of its making. Nobody
evaluates a policy here: that is what the drills do, with a real Prometheus.

Source: https://cloud.google.com/monitoring/api/ref_v3/rest

>>> from tocsin.rehearsal.cloud.world import World
>>> sorted(rpc.method for rpc in Policies(World()).rpcs())[0]
'CreateAlertPolicy'
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from google.cloud import monitoring_v3
from google.protobuf.empty_pb2 import Empty

from tocsin.rehearsal.cloud.configuration.channel_types import DESCRIPTORS
from tocsin.rehearsal.cloud.configuration.checks import Check, hold
from tocsin.rehearsal.cloud.configuration.collection import Collection, merged
from tocsin.rehearsal.cloud.configuration.methods import Sort
from tocsin.rehearsal.cloud.configuration.rules import CHANNELS, POLICIES, UPTIME
from tocsin.rehearsal.cloud.refusals import Refusal, not_found
from tocsin.rehearsal.cloud.rpc import Http, Rpc
from tocsin.rehearsal.cloud.world import World

_V3: Final = "google.monitoring.v3"
# Google gives a secret back obscured, whoever asks. Nothing here needs it, so it is not even
# kept: neither the page nor the journal can show it.
SECRETS: Final = frozenset({"auth_token", "password", "service_key"})
_MASKED: Final = "********"


class Room:
    """One sort of thing below a project; what is special about it, its heirs say."""

    sort: Sort
    kind: str
    items_field: str
    checks: tuple[Check, ...] = ()
    parent_field = "name"

    def __init__(self, world: World) -> None:
        self.world = world
        message = getattr(self.sort.types, self.sort.singular).pb()
        self.shelf = Collection(world, self.kind, message)

    def rpcs(self) -> Iterable[Rpc]:
        """The methods."""
        yield from self.sort.rpcs(self)

    def create(self, request: Any) -> Any:
        """Name it, check it, keep it."""
        item = getattr(request, self.sort.field)
        parent = getattr(request, self.parent_field)
        hold(self.world.rules, self.checks, item)
        item.name = f"{parent}/{self.kind_path}/{self.shelf.new_id()}"
        self.dress(item)
        return self.shelf.add(item)

    def list(self, request: Any) -> Any:
        """A page of a project's."""
        if getattr(request, "filter", ""):
            raise Refusal(12, "this rehearsal cloud does not filter here: filter what it lists")
        prefix = f"{getattr(request, self.parent_field)}/{self.kind_path}/"
        page = self.shelf.page(prefix, size=request.page_size, token=request.page_token)
        answer = getattr(self.sort.types, f"List{self.sort.plural}Response").pb()()
        getattr(answer, self.items_field).extend(page.items)
        answer.next_page_token = page.next_token
        return answer

    def get(self, request: Any) -> Any:
        """The one of that name."""
        return self.shelf.get(request.name)

    def update(self, request: Any) -> Any:
        """Change what the mask names; without one, all."""
        new = getattr(request, self.sort.field)
        changed = merged(self.shelf.get(new.name), new, request.update_mask)
        changed.name = new.name
        hold(self.world.rules, self.checks, changed)
        self.dress(changed)
        return self.shelf.put(changed)

    def delete(self, request: Any) -> Empty:
        """Forget it."""
        self.shelf.remove(request.name)
        return Empty()

    def dress(self, item: Any) -> None:
        """Fill in what the caller may leave out."""

    @property
    def kind_path(self) -> str:
        """The collection's name in paths: ``alertPolicies``."""
        return self.sort.collection.rpartition("/")[2]


class Policies(Room):
    """Alert policies."""

    sort = Sort(
        f"{_V3}.AlertPolicyService",
        "AlertPolicy",
        "AlertPolicies",
        types=monitoring_v3,
        collection="/v3/{name=projects/*}/alertPolicies",
        one="/v3/{name=projects/*/alertPolicies/*}",
        field="alert_policy",
    )
    kind = "configuration.policy"
    items_field = "alert_policies"
    checks = POLICIES

    def list(self, request: Any) -> Any:
        """A page of a project's, with their number."""
        answer = super().list(request)
        prefix = f"{request.name}/alertPolicies/"
        answer.total_size = sum(policy.name.startswith(prefix) for policy in self.shelf)
        return answer

    def dress(self, item: Any) -> None:
        """Name the conditions that have no name, and note who changed it and when."""
        for condition in item.conditions:
            if not condition.name.startswith(f"{item.name}/conditions/"):
                condition.name = f"{item.name}/conditions/{self.shelf.new_id()}"
        if not item.HasField("enabled"):
            item.enabled.value = True
        now_ns = self.world.clock.wall_ns()
        item.mutation_record.mutate_time.FromNanoseconds(now_ns)
        if not item.HasField("creation_record"):
            item.creation_record.CopyFrom(item.mutation_record)


class Channels(Room):
    """Notification channels, and which types there are."""

    sort = Sort(
        f"{_V3}.NotificationChannelService",
        "NotificationChannel",
        "NotificationChannels",
        types=monitoring_v3,
        collection="/v3/{name=projects/*}/notificationChannels",
        one="/v3/{name=projects/*/notificationChannels/*}",
        field="notification_channel",
    )
    kind = "configuration.channel"
    items_field = "notification_channels"
    checks = CHANNELS

    def rpcs(self) -> Iterator[Rpc]:
        """The methods; types of channels have two of their own."""
        yield from super().rpcs()
        path = "/v3/{name=projects/*}/notificationChannelDescriptors"
        yield Rpc(
            self.sort.service,
            "ListNotificationChannelDescriptors",
            monitoring_v3.ListNotificationChannelDescriptorsRequest.pb(),
            monitoring_v3.ListNotificationChannelDescriptorsResponse.pb(),
            self.list_descriptors,
            (Http("GET", path),),
        )
        yield Rpc(
            self.sort.service,
            "GetNotificationChannelDescriptor",
            monitoring_v3.GetNotificationChannelDescriptorRequest.pb(),
            monitoring_v3.NotificationChannelDescriptor.pb(),
            self.get_descriptor,
            (Http("GET", "/v3/{name=projects/*/notificationChannelDescriptors/*}"),),
        )

    def list_descriptors(self, request: Any) -> Any:
        """Every type of channel."""
        answer = monitoring_v3.ListNotificationChannelDescriptorsResponse.pb()()
        answer.channel_descriptors.extend(
            descriptor.for_project(request.name) for descriptor in DESCRIPTORS.values()
        )
        return answer

    def get_descriptor(self, request: Any) -> Any:
        """One type of channel."""
        project, _, kind = request.name.partition("/notificationChannelDescriptors/")
        if kind not in DESCRIPTORS:
            raise not_found(f"{request.name} was not found.")
        return DESCRIPTORS[kind].for_project(project)

    def list(self, request: Any) -> Any:
        """A page of a project's, with their number."""
        answer = super().list(request)
        prefix = f"{request.name}/notificationChannels/"
        answer.total_size = sum(channel.name.startswith(prefix) for channel in self.shelf)
        return answer

    def dress(self, item: Any) -> None:
        """A channel is on unless told otherwise; its secrets are kept by nobody here."""
        if not item.HasField("enabled"):
            item.enabled.value = True
        for key in SECRETS & set(item.labels):
            item.labels[key] = _MASKED


class UptimeChecks(Room):
    """Uptime checks; nobody probes."""

    sort = Sort(
        f"{_V3}.UptimeCheckService",
        "UptimeCheckConfig",
        "UptimeCheckConfigs",
        types=monitoring_v3,
        collection="/v3/{parent=projects/*}/uptimeCheckConfigs",
        one="/v3/{name=projects/*/uptimeCheckConfigs/*}",
        field="uptime_check_config",
    )
    kind = "configuration.uptime"
    items_field = "uptime_check_configs"
    checks = UPTIME
    parent_field = "parent"

    def list(self, request: Any) -> Any:
        """A page of a project's, with their number."""
        answer = super().list(request)
        prefix = f"{request.parent}/uptimeCheckConfigs/"
        answer.total_size = sum(check.name.startswith(prefix) for check in self.shelf)
        return answer

    def dress(self, item: Any) -> None:
        """Google's defaults: every minute, path ``/``, the scheme's port."""
        if not item.HasField("period"):
            item.period.seconds = 60
        if item.HasField("http_check"):
            http = item.http_check
            http.path = http.path or "/"
            http.port = http.port or (443 if http.use_ssl else 80)
            http.request_method = http.request_method or 1  # GET
