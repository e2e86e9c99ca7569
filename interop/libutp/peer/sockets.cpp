// libutp on a socket:
//
//	peer listen|connect HOST:PORT [send N] [want N] [echo] [plain] [leave N] [pause MS] [times N] [buffer N]
//
// HOST is a number, of IPv6 in brackets. It sends N bytes of the pattern, and what came
// too where it is an echo, and closes when all that is sent and it has what it wants, or
// the other end has closed. It leaves a connection when N bytes of it have come, whatever
// is still to come, and stays to answer that until it is killed. In the midst of what it
// sends it pauses once. It prints lines of JSON: where it listens, and of each connection
// what came, and how long it took from the connection's begin to the last byte. It is there
// until the other end has closed too, since libutp forgets what it closed at its next
// tick, and ends with 0 when all were closed in order. A listener has N connections after
// each other, else one: of those that are asked for before anything came,
// each is the one in which something comes. A plain one, which is measured, takes no
// digest, and ends with a fault if what came is not the pattern.
#include <arpa/inet.h>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <poll.h>
#include <string>
#include <time.h>
#include <unistd.h>
#include <vector>

#include "peer.h"
#include "sha256.h"
#include "utp.h"

namespace {

typedef utp_callback_arguments args;

utp_context *context;
int udp;
bool echoes, plain, differs;
uint64_t to_send, want = UINT64_MAX, leave = UINT64_MAX, times = 1;
uint64_t pause_for; // in µs
Pattern pattern;

struct Flow {
	size_t number = 0;
	utp_socket *conn = NULL;
	bool accepted = false; // not dialled
	bool connected = false, finished = false, ended = false, closing = false, paused = false, gone = false;
	int fault = -1;
	uint64_t sent = 0, received = 0;
	uint64_t paused_until = 0;    // in µs
	uint64_t begun = 0, last = 0; // in µs: when the connection began, when the last byte came
	std::string back;             // what is to be sent back
	size_t returned = 0;          // bytes of it that libutp took
	Sha256 digest;
	bool unheard() { return accepted && received == 0 && !finished; }
	void write_more();
	void send_back();
	uint64_t until();
	void tell();
};

std::vector<std::unique_ptr<Flow>> flows; // as they began

uint64 random_number(args *) {
	static FILE *source = fopen("/dev/urandom", "r");
	uint32_t n = 0;
	return source && fread(&n, sizeof n, 1, source) == 1 ? n : 0;
}

uint64 send_to(args *a) {
	return (uint64)sendto(udp, a->buf, a->len, 0, a->address, a->address_len); // what is lost is sent again
}

uint64_t micros() {
	timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

void Flow::send_back() {
	while (conn && !closing && returned < back.size()) {
		ssize_t took = utp_write(conn, &back[returned], back.size() - returned);
		if (took <= 0) break;
		returned += (size_t)took;
	}
	if (returned < back.size() && returned < Pattern::period) return;
	back.erase(0, returned);
	returned = 0;
}

// until is how far it may send now: to the middle if it is still to pause there.
uint64_t Flow::until() {
	if (micros() < paused_until) return sent;
	if (!pause_for || paused || to_send < 2) return to_send;
	if (sent < to_send / 2) return to_send / 2;
	paused = true;
	paused_until = micros() + pause_for;
	return sent;
}

void Flow::write_more() {
	if (conn && !closing && received >= leave) {
		closing = true;
		utp_close(conn);
	}
	while (conn && !closing && sent < to_send) {
		uint64_t end = until();
		if (sent == end) return;
		size_t most = end - sent < Pattern::period ? (size_t)(end - sent) : (size_t)Pattern::period;
		ssize_t took = utp_write(conn, pattern.at(sent), most);
		if (took <= 0) return;
		sent += (uint64_t)took;
	}
	send_back();
	if (!conn || !connected || !back.empty() || !(finished || received >= want)) return; // before, it would end nothing
	if (!ended) utp_shutdown(conn, SHUT_WR);
	ended = true;
	if (!finished || closing) return;
	closing = true;
	utp_close(conn);
}

void Flow::tell() {
	printf("{\"event\":\"ended\",\"number\":%zu,\"sent\":%llu,\"received\":%llu,\"micros\":%llu,\"sha256\":\"%s\",\"fault\":\"%s\"}\n",
	       number, (unsigned long long)sent, (unsigned long long)received, (unsigned long long)(last - begun), digest.hex().c_str(), fault < 0 ? "" : utp_error_code_names[fault]);
	fflush(stdout);
}

void begin(utp_socket *conn) {
	flows.push_back(std::unique_ptr<Flow>(new Flow()));
	Flow *f = flows.back().get();
	f->number = flows.size() - 1;
	f->conn = conn;
	f->begun = f->last = micros();
	utp_set_userdata(conn, f);
}

// Who dials and hears nothing dials again, under another id, and then closes what it does
// not need. All that is accepted until something comes are of one flow, and the first in
// which something comes is the one that counts.

// flow is that of a callback, if its connection is the one that counts.
Flow *flow(args *a) {
	Flow *f = (Flow *)utp_get_userdata(a->socket);
	return f && f->conn == a->socket ? f : NULL;
}

// heard is flow when something came.
Flow *heard(args *a) {
	Flow *f = (Flow *)utp_get_userdata(a->socket);
	if (f && f->unheard()) f->conn = a->socket;
	return flow(a);
}

uint64 on_read(args *a) {
	Flow *f = heard(a);
	if (!f) return 0;
	if (!plain) f->digest.add(a->buf, a->len);
	else if (memcmp(a->buf, pattern.at(f->received), a->len) != 0) differs = true;
	f->last = micros();
	f->connected = true;
	f->received += a->len;
	if (echoes) f->back.insert(f->back.end(), a->buf, a->buf + a->len);
	utp_read_drained(a->socket);
	return 0;
}

uint64 on_accept(args *a) {
	Flow *f = flows.empty() ? NULL : flows.back().get();
	if (f && f->unheard()) {
		f->conn = a->socket;
		f->begun = f->last = micros();
		utp_set_userdata(a->socket, f);
	} else if (flows.size() < times) {
		begin(a->socket);
		flows.back()->accepted = true;
	}
	return 0;
}

uint64 on_state(args *a) {
	Flow *f = a->state == UTP_STATE_EOF ? heard(a) : flow(a);
	if (!f) return 0;
	f->connected = true;
	if (a->state == UTP_STATE_EOF) f->finished = true;
	if (a->state == UTP_STATE_DESTROYING) {
		f->conn = NULL;
		if (f->unheard()) return 0; // the one that counts is to come
		f->gone = true;
		f->tell();
	}
	return 0;
}

uint64 on_error(args *a) {
	Flow *f = flow(a);
	if (!f || f->unheard()) {
		utp_close(a->socket);
		return 0;
	}
	if (!f->closing || f->fault >= 0) { // a second Reset undoes the close of the first
		f->closing = true;
		utp_close(f->conn);
	}
	f->fault = a->error_code;
	return 0;
}

void init() {
	context = utp_init(2);
	utp_set_callback(context, UTP_GET_RANDOM, random_number);
	utp_set_callback(context, UTP_SENDTO, send_to);
	utp_set_callback(context, UTP_ON_READ, on_read);
	utp_set_callback(context, UTP_ON_ACCEPT, on_accept);
	utp_set_callback(context, UTP_ON_STATE_CHANGE, on_state);
	utp_set_callback(context, UTP_ON_ERROR, on_error);
}

// resolve splits HOST:PORT.
addrinfo *resolve(std::string at) {
	size_t colon = at.rfind(':');
	if (colon == std::string::npos) return NULL;
	std::string host = at.substr(0, colon), port = at.substr(colon + 1);
	if (host.size() > 2 && host[0] == '[') host = host.substr(1, host.size() - 2);
	addrinfo hints = addrinfo(), *found = NULL;
	hints.ai_socktype = SOCK_DGRAM;
	hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
	return getaddrinfo(host.c_str(), port.c_str(), &hints, &found) == 0 ? found : NULL;
}

bool drain() {
	unsigned char datagram[65536];
	sockaddr_storage from;
	socklen_t size = sizeof from;
	ssize_t n = recvfrom(udp, datagram, sizeof datagram, MSG_DONTWAIT, (sockaddr *)&from, &size);
	if (n < 0) return false;
	utp_process_udp(context, datagram, (size_t)n, (sockaddr *)&from, size);
	return true;
}

void write_more() {
	for (auto &f : flows) f->write_more();
}

// are_gone says whether all connections that it is to have are no more.
bool are_gone() {
	size_t gone = 0;
	for (auto &f : flows) gone += f->gone;
	return gone == times;
}

void run() {
	while (leave != UINT64_MAX || !are_gone()) {
		pollfd wait = {udp, POLLIN, 0};
		poll(&wait, 1, 20);
		while (drain()) write_more();
		utp_issue_deferred_acks(context);
		utp_check_timeouts(context);
		write_more();
	}
}

void options(int argc, char **argv) {
	for (int i = 2; i < argc; i++) {
		std::string name = argv[i];
		uint64_t n = i + 1 < argc ? strtoull(argv[i + 1], NULL, 10) : 0;
		int size = (int)n;
		if (name == "send") to_send = n, i++;
		if (name == "want") want = n, i++;
		if (name == "leave") leave = n, i++;
		if (name == "pause") pause_for = n * 1000, i++;
		if (name == "times") times = n, i++;
		if (name == "echo") echoes = true;
		if (name == "plain") plain = true;
		if (name == "buffer") {
			setsockopt(udp, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
			setsockopt(udp, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
			i++;
		}
	}
}

void tell_where() {
	sockaddr_storage at;
	socklen_t size = sizeof at;
	char host[64], port[8];
	getsockname(udp, (sockaddr *)&at, &size);
	getnameinfo((sockaddr *)&at, size, host, sizeof host, port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV);
	printf("{\"event\":\"listening\",\"host\":\"%s\",\"port\":%s}\n", host, port);
	fflush(stdout);
}

} // namespace

int sockets(int argc, char **argv) {
	std::string mode = argc > 1 ? argv[0] : "";
	addrinfo *at = argc > 1 ? resolve(argv[1]) : NULL;
	if (!at || (mode != "listen" && mode != "connect")) {
		fprintf(stderr, "usage: peer listen|connect HOST:PORT [send N] [want N] [echo] [plain] [leave N] [pause MS] [times N] [buffer N]\n");
		return 2;
	}
	udp = socket(at->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (mode == "listen" && bind(udp, at->ai_addr, at->ai_addrlen) != 0) {
		perror("bind");
		return 2;
	}
	options(argc, argv);
	init();
	if (mode == "listen") {
		tell_where();
	} else {
		utp_socket *conn = utp_create_socket(context);
		begin(conn);
		utp_connect(conn, at->ai_addr, at->ai_addrlen);
	}
	run();
	for (auto &f : flows)
		if (f->fault >= 0) return 1;
	return differs ? 1 : 0;
}
