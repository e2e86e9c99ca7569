// libutp on a socket:
//
//	peer listen|connect HOST:PORT [send N] [want N] [echo] [plain] [buffer N]
//
// HOST is a number, of IPv6 in brackets. It sends N bytes of the pattern, and what came
// too where it is an echo, and closes when all that is sent and it has what it wants, or
// the other end has closed. It prints lines of JSON: where it listens, and at last what
// came, and how long it took from the connection's begin to the last byte. It is there
// until the other end has closed too, since libutp forgets what it closed at its next
// tick, and ends with 0 when the connection was closed in order. A listener has one
// connection, the last that was asked for before anything came. A plain one, which is
// measured, takes no digest, and ends with a fault if what came is not the pattern.
#include <arpa/inet.h>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <netdb.h>
#include <poll.h>
#include <string>
#include <time.h>
#include <unistd.h>

#include "peer.h"
#include "sha256.h"
#include "utp.h"

namespace {

typedef utp_callback_arguments args;

utp_context *context;
utp_socket *conn;
int udp;
bool echoes, plain, differs, connected, finished, ended, closing, gone;
int fault = -1;
uint64_t to_send, sent, received, want = UINT64_MAX;
uint64_t begun, last; // in µs: when the connection began, when the last byte came
std::string back;     // what is to be sent back
size_t returned;      // bytes of it that libutp took
Sha256 digest;
Pattern pattern;

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

void send_back() {
	while (conn && !closing && returned < back.size()) {
		ssize_t took = utp_write(conn, &back[returned], back.size() - returned);
		if (took <= 0) break;
		returned += (size_t)took;
	}
	if (returned < back.size() && returned < Pattern::period) return;
	back.erase(0, returned);
	returned = 0;
}

void write_more() {
	while (conn && !closing && sent < to_send) {
		size_t most = to_send - sent < Pattern::period ? (size_t)(to_send - sent) : (size_t)Pattern::period;
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

uint64 on_read(args *a) {
	if (!plain) digest.add(a->buf, a->len);
	else if (memcmp(a->buf, pattern.at(received), a->len) != 0) differs = true;
	last = micros();
	connected = true;
	received += a->len;
	if (echoes) back.insert(back.end(), a->buf, a->buf + a->len);
	utp_read_drained(a->socket);
	return 0;
}

uint64 on_accept(args *a) {
	if (gone || finished || received > 0) return 0; // who asked again does not know of the one before
	conn = a->socket;
	begun = last = micros();
	return 0;
}

uint64 on_state(args *a) {
	if (a->socket != conn) return 0;
	connected = true;
	if (a->state == UTP_STATE_EOF) finished = true;
	if (a->state == UTP_STATE_DESTROYING) {
		conn = NULL;
		gone = true;
	}
	return 0;
}

uint64 on_error(args *a) {
	if (a->socket == conn && (!closing || fault >= 0)) { // a second Reset undoes the close of the first
		closing = true;
		utp_close(conn);
	}
	fault = a->error_code;
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

void run() {
	while (!gone) {
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
		fprintf(stderr, "usage: peer listen|connect HOST:PORT [send N] [want N] [echo] [plain] [buffer N]\n");
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
		begun = last = micros();
		conn = utp_create_socket(context);
		utp_connect(conn, at->ai_addr, at->ai_addrlen);
	}
	run();
	printf("{\"event\":\"ended\",\"sent\":%llu,\"received\":%llu,\"micros\":%llu,\"sha256\":\"%s\",\"fault\":\"%s\"}\n",
	       (unsigned long long)sent, (unsigned long long)received, (unsigned long long)(last - begun), digest.hex().c_str(), fault < 0 ? "" : utp_error_code_names[fault]);
	return fault < 0 && !differs ? 0 : 1;
}
