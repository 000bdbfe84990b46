"""What the edge counts, for Prometheus. Plain integers while serving, turned into metrics when they are read."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from web.edge.edge import Edge


class Counters:
    """Responses by what they carried."""

    def __init__(self) -> None:
        self.playlists = 0
        self.media = 0
        self.slow = 0
        self.errors: dict[int, int] = {}


class EdgeCollector(Collector):
    """Reads an edge and its counters."""

    def __init__(self, edge: Edge, counters: Counters) -> None:
        self._edge = edge
        self._counters = counters

    def collect(self) -> Iterator[Metric]:
        """See :class:`Collector`."""
        edge, hall, premises = self._edge, self._edge.hall, self._edge.premises
        responses = CounterMetricFamily("fanlight_edge_responses", "Responses from memory, by kind.", labels=["kind"])
        responses.add_metric(["playlist"], self._counters.playlists)
        responses.add_metric(["media"], self._counters.media)
        responses.add_metric(["slow"], self._counters.slow)
        yield responses
        errors = CounterMetricFamily("fanlight_edge_errors", "Refusals, by HTTP status.", labels=["status"])
        for status, count in sorted(self._counters.errors.items()):
            errors.add_metric([str(status)], count)
        yield errors
        waits = CounterMetricFamily("fanlight_edge_waits", "Held requests that ended without an answer, by reason.", labels=["reason"])
        for reason, count in (("full", hall.refused), ("late", hall.late), ("client_gone", hall.departed)):
            waits.add_metric([reason], count)
        yield waits
        yield GaugeMetricFamily("fanlight_edge_waiting", "Requests held now.", value=hall.waiting)
        yield GaugeMetricFamily("fanlight_edge_channels", "Channels followed now.", value=len(edge.followers))
        viewers = GaugeMetricFamily("fanlight_edge_viewers", "Viewers seen lately.", labels=["channel"])
        held = missing = rendered = 0
        for channel, follower in edge.followers.items():
            viewers.add_metric([channel], follower.audience.count)
            if follower.current is not None:
                held += follower.current.memory
                missing += follower.current.parts_missing
                rendered += sum(delivery.rendered for delivery in follower.current.deliveries.values())
        yield viewers
        yield GaugeMetricFamily("fanlight_edge_part_bytes", "Bytes of parts in memory.", value=held)
        yield GaugeMetricFamily("fanlight_edge_parts_missing", "Announced parts of current broadcasts without bytes.", value=missing)
        yield GaugeMetricFamily("fanlight_edge_playlists_rendered", "Playlist versions of current broadcasts rendered.", value=rendered)
        yield GaugeMetricFamily("fanlight_edge_object_bytes", "Bytes of whole objects in memory.", value=edge.objects.size)
        objects = CounterMetricFamily("fanlight_edge_objects", "Whole objects asked for, by where they were found.", labels=["found"])
        objects.add_metric(["memory"], edge.objects.hits)
        objects.add_metric(["store"], edge.objects.misses)
        yield objects
        yield CounterMetricFamily("fanlight_edge_fetched_bytes", "Bytes of parts got from the bus.", value=premises.fetched)
        yield CounterMetricFamily("fanlight_edge_bus_failures", "Times the bus did not answer.", value=premises.bus_failures)
        yield CounterMetricFamily("fanlight_edge_follower_failures", "Followers ended by a defect.", value=edge.follower_failures)


def expose(edge: Edge, counters: Counters) -> bytes:
    """The metrics as text."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(EdgeCollector(edge, counters))
    return generate_latest(registry)
