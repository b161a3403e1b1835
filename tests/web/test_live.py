"""Live pictures: from MQTT to WebSocket clients."""

from .support import NodeLike, Page, Web, until


def test_a_client_gets_the_bytes_that_left_the_node(web: Web, node: NodeLike) -> None:
    with Page(web, "pi-1") as page:
        until(lambda: node.leases, what="a lease reaches the node")
        sent = [node.publish_frame() for _ in range(1)]
        until(lambda: page.pictures)
        assert page.pictures[-1].jpeg == sent[-1]
        assert page.pictures[-1].device_id == "pi-1"
