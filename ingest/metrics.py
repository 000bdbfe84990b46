"""What ``/metrics`` tells of an ingest node."""

import dataclasses
from collections.abc import Iterator

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ingest.port import MediaPort
from ingest.publishers import Publishers
from ingest.relay import RelayServer
from ingest.state import SessionState


class IngestMetrics(Collector):
    """Reads counters when it is asked; nothing on the packets' path touches the metrics library."""

    def __init__(self, port: MediaPort, publishers: Publishers, relay: RelayServer) -> None:
        self._port = port
        self._publishers = publishers
        self._relay = relay

    def collect(self) -> Iterator[Metric]:
        """See :class:`Collector`."""
        datagrams = CounterMetricFamily(
            "fanlight_ingest_datagrams", "Datagrams other than media, by what became of them.", labels=["outcome"]
        )
        for name, value in dataclasses.asdict(self._port.counters).items():
            datagrams.add_metric([name], value)
        yield datagrams
        yield GaugeMetricFamily("fanlight_ingest_sessions", "Publishing sessions, connecting ones included.", value=len(self._publishers))
        silent = sum(session.state is SessionState.SILENT for session in self._publishers.live)
        yield GaugeMetricFamily("fanlight_ingest_silent_sessions", "Connected sessions that send no media.", value=silent)
        ends = CounterMetricFamily("fanlight_ingest_session_ends", "Sessions that ended, by reason.", labels=["reason"])
        for reason, count in self._publishers.ends.items():
            ends.add_metric([str(reason)], count)
        yield ends
        lost = CounterMetricFamily("fanlight_ingest_rejected_packets", "Datagrams of valid addresses that were not used.", labels=["why"])
        for name, value in dataclasses.asdict(self._publishers.rejected()).items():
            lost.add_metric([name], value)
        yield lost
        received = CounterMetricFamily("fanlight_ingest_received", "Media packets and frames, by what became of them.", labels=["what"])
        for name, value in self._publishers.received().items():
            received.add_metric([name], value)
        yield received
        relay = CounterMetricFamily("fanlight_ingest_relay_connections_lost", "Workers' connections cut off, by reason.", labels=["why"])
        for name in ("refused", "malformed", "stalled"):
            relay.add_metric([name], getattr(self._relay, name))
        yield relay
        yield CounterMetricFamily("fanlight_ingest_relay_bytes", "Bytes handed to workers.", value=self._relay.bytes)
        yield CounterMetricFamily("fanlight_ingest_feed_dropped_units", "Units that workers missed.", value=self._publishers.dropped())
