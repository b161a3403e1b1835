"""A network camera: GStreamer's RTSP server, which shows PICTURE to eye with PASSWORD, and a clock that runs.

Run by the system's Python, for which apt has GStreamer: rtsp_server.py PORT PICTURE PASSWORD
"""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

port, picture, password = sys.argv[1:]
Gst.init(None)
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service(port)

factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch(
    f'( multifilesrc location="{picture}" loop=true caps="image/jpeg,framerate=15/1" ! jpegdec ! identity sync=true '
    "! jpegenc quality=95 ! rtpjpegpay name=pay0 )"
)
factory.set_shared(True)
permissions = GstRtspServer.RTSPPermissions()
permissions.add_permission_for_role("watcher", GstRtspServer.RTSP_PERM_MEDIA_FACTORY_ACCESS, True)
permissions.add_permission_for_role("watcher", GstRtspServer.RTSP_PERM_MEDIA_FACTORY_CONSTRUCT, True)
factory.set_permissions(permissions)
server.get_mount_points().add_factory("/glass", factory)

auth = GstRtspServer.RTSPAuth()
token = GstRtspServer.RTSPToken()
token.set_string("media.factory.role", "watcher")
auth.add_basic(GstRtspServer.RTSPAuth.make_basic("eye", password), token)
server.set_auth(auth)
server.attach(None)
print("ready", flush=True)
GLib.MainLoop().run()
