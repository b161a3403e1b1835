"""The embedded MQTT broker: amqtt's listeners, codecs and life cycle; connections, permissions and queues of our own.

amqtt alone trusts its clients: it authenticates after it has taken over the session, never notices a dead one, keeps
what nobody fetches, and starts some ten tasks for every message. Here a connection is admitted before it may touch
anything (`admission`), costs a bounded amount (`limits`), and each message goes straight from the reader to the
receivers' queues (`client`, `router`, `outgoing`). Sessions are never kept: receipts promise what they would.
"""
