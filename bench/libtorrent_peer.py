"""One end of a transfer by libtorrent: a session with everything off but one transport.

usage: version | reqq | seed tcp|utp BUFFERS TORRENT DIR ADDRESS REQQ trusts|hashes
       | fetch tcp|utp BUFFERS TORRENT DIR ADDRESS-OF-THE-SEEDER|URL-OF-A-TRACKER

BUFFERS are the bytes that its UDP sockets get for buffers; 0: the system's.
"""
import os
import select
import socket
import sys
import libtorrent as lt

SO_SNDBUFFORCE, SO_RCVBUFFORCE = 32, 33


def tell(line):
    print(line, flush=True)


def session(listen, transport, **more):
    tcp, utp = transport == "tcp", transport == "utp"
    return lt.session({
        "listen_interfaces": listen,
        "enable_dht": False, "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
        "enable_outgoing_tcp": tcp, "enable_incoming_tcp": tcp,
        "enable_outgoing_utp": utp, "enable_incoming_utp": utp,
        "allow_multiple_connections_per_ip": True,
        "in_enc_policy": 1, "out_enc_policy": 2,
        "alert_mask": lt.alert.category_t.status_notification | lt.alert.category_t.error_notification,
        **more,
    })


def enlarge(size):
    """Gives this program's UDP sockets buffers of a size that only root may ask for."""
    if not size:
        return
    for fd in os.listdir("/proc/self/fd"):
        try:
            one = socket.socket(fileno=int(fd))
        except OSError:
            continue  # it is no socket
        if one.type == socket.SOCK_DGRAM and one.family in (socket.AF_INET, socket.AF_INET6):
            for force in SO_RCVBUFFORCE, SO_SNDBUFFORCE:
                one.setsockopt(socket.SOL_SOCKET, force, size)
        one.detach()


def add(ses, torrent, folder, flags):
    params = lt.add_torrent_params()
    params.ti = lt.torrent_info(torrent)
    params.save_path = folder
    params.flags &= ~(lt.torrent_flags.auto_managed | lt.torrent_flags.paused)
    params.flags |= flags
    return ses.add_torrent(params)


class Bell:
    """Rings when there are alerts. wait_for_alert returns one that the session may move
    meanwhile, and the binding looks at where it was: now and then that is a crash."""

    def __init__(self, ses):
        self.rings, rung = os.pipe()
        for end in self.rings, rung:
            os.set_blocking(end, False)
        ses.set_alert_fd(rung)

    def wait(self, seconds):
        if select.select([self.rings], [], [], seconds)[0]:
            os.read(self.rings, 4096)


def wait(ses, handle, done):
    bell = Bell(ses)
    while not done(handle.status()):
        bell.wait(0.02)
        for alert in ses.pop_alerts():
            if isinstance(alert, (lt.torrent_error_alert, lt.file_error_alert, lt.listen_failed_alert)):
                sys.exit(alert.message())


def seed(transport, buffers, torrent, folder, address, reqq, what):
    # Without this setting a seed in seed_mode hashes each piece that it first sends.
    more = {"disable_hash_checks": what == "trusts"}
    if int(reqq):
        more["max_allowed_in_request_queue"] = int(reqq)
    ses = session(address, transport, **more)
    handle = add(ses, torrent, folder, lt.torrent_flags.seed_mode)
    wait(ses, handle, lambda s: s.is_seeding and ses.is_listening())
    enlarge(int(buffers))
    tell("ready")
    sys.stdin.read()


def fetch(transport, buffers, torrent, folder, source):
    ses = session("0.0.0.0:0", transport)
    handle = add(ses, torrent, folder, 0)
    wait(ses, handle, lambda s: s.state == lt.torrent_status.downloading)
    enlarge(int(buffers))
    tell("start")
    if "://" in source:
        handle.add_tracker({"url": source})
    else:
        host, port = source.rsplit(":", 1)
        handle.connect_peer((host, int(port)))
    wait(ses, handle, lambda s: s.is_seeding)
    tell("done")


def main(role, *args):
    if role == "version":
        tell("libtorrent " + lt.__version__)
    elif role == "reqq":
        tell(lt.default_settings()["max_allowed_in_request_queue"])
    else:
        {"seed": seed, "fetch": fetch}[role](*args)


try:
    main(*sys.argv[1:])
except KeyboardInterrupt:
    pass
