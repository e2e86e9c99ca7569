"""One libtorrent session with one torrent, driven by lines of JSON.

argument: {"torrent": PATH, "dir": FOLDER, "listen": ADDRESS, "role": "seed" | "any"},
          with "port" (any free one without), "super" (true: super seeding), "transport"
          ("tcp" without, "utp" or "any"), "buffers" (of its sockets, in bytes)
          or {"make": PATH, "out": TORRENT, "piece": BYTES}
input:    {"do": "connect", "address": A, "port": P} | {"do": "limit", "up": N, "down": N}
          (bytes per second, 0 unlimited, -1 as it is); the end of the input ends the session
output:   {"event": "listening", ...}, "status" when something changed, "alert"
"""
import json
import os
import queue
import select
import sys
import threading
import libtorrent as lt

V1_ONLY = 64  # create_torrent::v1_only, which the binding does not name
UTP_SOCKET = 1 << 17  # peer_info::utp_socket, likewise


def tell(event, **fields):
    print(json.dumps({"event": event, **fields}), flush=True)


def make(path, out, piece):
    files = lt.file_storage()
    lt.add_files(files, path)
    torrent = lt.create_torrent(files, piece, flags=V1_ONLY)
    lt.set_piece_hashes(torrent, os.path.dirname(path))
    with open(out, "wb") as f:
        f.write(lt.bencode(torrent.generate()))


def session(address, port, transport, buffers):
    kind = lt.alert.category_t
    tcp, utp = transport != "utp", transport != "tcp"
    ses = lt.session({
        "listen_interfaces": "%s:%d" % (address, port),
        "enable_dht": False, "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
        "enable_outgoing_tcp": tcp, "enable_incoming_tcp": tcp,
        "enable_outgoing_utp": utp, "enable_incoming_utp": utp,
        "send_socket_buffer_size": buffers, "recv_socket_buffer_size": buffers,
        "allow_multiple_connections_per_ip": True,
        "in_enc_policy": 1, "out_enc_policy": 2,
        "alert_queue_size": 20000,
        "alert_mask": kind.status_notification | kind.error_notification | kind.peer_notification | kind.storage_notification,
    })
    # Loopback peers count as local ones, to whom no limit applies, unless told otherwise.
    everyone = lt.ip_filter()
    everyone.add_rule("0.0.0.0", "255.255.255.255", 1 << lt.session.global_peer_class_id)
    ses.set_peer_class_filter(everyone)
    return ses


def add(ses, torrent, folder, role, super_seeding):
    params = lt.add_torrent_params()
    params.ti = lt.torrent_info(torrent)
    params.save_path = folder
    params.flags &= ~(lt.torrent_flags.auto_managed | lt.torrent_flags.paused)
    if role == "seed":
        params.flags |= lt.torrent_flags.seed_mode
    if super_seeding:
        params.flags |= lt.torrent_flags.super_seeding
    return ses.add_torrent(params)


def read_orders(into):
    for line in sys.stdin:
        into.put(json.loads(line))
    into.put({"do": "end"})


def obey(ses, handle, order):
    if order["do"] == "connect":
        handle.connect_peer((order["address"], order["port"]))
    elif order["do"] == "limit":
        limits = {"upload_rate_limit": order["up"], "download_rate_limit": order["down"]}
        ses.apply_settings({k: v for k, v in limits.items() if v >= 0})


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


class Flush:
    """When what a session has was written: it says that it is a seed before that."""

    def __init__(self, role):
        self.asked = self.done = role == "seed"

    def look(self, handle):
        if not self.asked and handle.status().is_seeding:
            self.asked = True
            handle.flush_cache()

    def hear(self, alert):
        if self.asked and isinstance(alert, lt.cache_flushed_alert):
            self.done = True


def status(handle, flush):
    s = handle.status()
    return {
        "state": str(s.state), "done": s.is_seeding and flush.done, "uploaded": s.total_payload_upload,
        "downloaded": s.total_payload_download, "failed": s.total_failed_bytes,
        "redundant": s.total_redundant_bytes, "peers": s.num_peers, "pieces": s.num_pieces,
        "over_utp": sum(1 for p in handle.get_peer_info() if p.flags & UTP_SOCKET),
    }


# Alerts that tell how the other side behaved.
JUDGING = (
    lt.peer_disconnected_alert, lt.peer_error_alert, lt.peer_ban_alert, lt.hash_failed_alert,
    lt.torrent_error_alert, lt.file_error_alert, lt.listen_failed_alert,
)


def main(argument):
    if "make" in argument:
        make(argument["make"], argument["out"], argument["piece"])
        return
    ses = session(argument["listen"], argument.get("port", 0), argument.get("transport", "tcp"), argument.get("buffers", 0))
    bell = Bell(ses)
    handle = add(ses, argument["torrent"], argument["dir"], argument["role"], argument.get("super", False))
    flush = Flush(argument["role"])
    orders = queue.Queue()
    threading.Thread(target=read_orders, args=(orders,), daemon=True).start()
    tell("listening", port=ses.listen_port())
    last = None
    while True:
        bell.wait(0.05)
        flush.look(handle)
        for alert in ses.pop_alerts():
            flush.hear(alert)
            if isinstance(alert, JUDGING):
                tell("alert", kind=type(alert).__name__, message=alert.message())
        now = status(handle, flush)
        if now != last:
            tell("status", **now)
            last = now
        while not orders.empty():
            order = orders.get()
            if order["do"] == "end":
                tell("end", **status(handle, flush))
                os._exit(0)  # a session that is torn down in order takes seconds
            obey(ses, handle, order)


main(json.loads(sys.argv[1]))
