// libutp in virtual time: a child that knows only what its standard input says.
//
// A request is a length and events; a reply is a length and records. All numbers are
// of 32 bits, little endian, but for times, which have 64 and are microseconds.
//
//	event:  kind (1 byte), time, n, and of a datagram n bytes
//	record: index of the event, kind (1 byte), n, and of a datagram n bytes
//
// There is one connection: the one that was asked for, or the last that came before any
// data did. What it writes is the pattern, and what it reads is compared with it.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "peer.h"
#include "utp.h"

namespace {

typedef utp_callback_arguments args;

uint64_t now;         // in µs, of the event that is being done
uint32_t current;     // its index
uint64_t state;       // of the random numbers
uint64 mtu;           // of UDP's payload
utp_context *context;
utp_socket *conn;     // null: none yet, or no longer
bool settled;         // no other connection will be it
bool closed;          // the application has closed it
char ending;          // how it is to end when all is written: 'F', 'S', 0: not at all
bool holds;           // the application does not read
uint64_t held;        // bytes that it did not read
uint64_t backlog;     // bytes that it wants to write
uint64_t written;     // bytes that libutp took
uint64_t got;         // bytes that it delivered
std::vector<unsigned char> reply;
Pattern pattern;
sockaddr_in remote;

void number(uint32_t n) {
	for (int i = 0; i < 4; i++) reply.push_back((unsigned char)(n >> (8 * i)));
}

void record(char kind, uint32_t n) {
	number(current);
	reply.push_back((unsigned char)kind);
	number(n);
}

uint64 random_number(args *) { // splitmix64
	uint64_t z = (state += 0x9e3779b97f4a7c15ULL);
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return (uint32_t)((z ^ (z >> 31)) >> 16);
}

uint64 micros(args *) { return now; }
uint64 millis(args *) { return now / 1000; }
uint64 udp_mtu(args *) { return mtu; }
uint64 unread(args *) { return held; }

uint64 send_to(args *a) {
	record(a->flags & UTP_UDP_DONTFRAG ? 'p' : 's', (uint32_t)a->len);
	reply.insert(reply.end(), a->buf, a->buf + a->len);
	return 0;
}

void close_it() {
	if (conn && !closed) utp_close(conn);
	closed = true;
}

void write_more() {
	while (conn && !closed && backlog > 0) {
		size_t most = backlog < Pattern::period ? (size_t)backlog : (size_t)Pattern::period;
		ssize_t took = utp_write(conn, pattern.at(written), most);
		if (took <= 0) return;
		written += (uint64_t)took;
		backlog -= (uint64_t)took;
	}
	if (!conn || closed) return;
	if (ending == 'F') close_it();
	if (ending == 'S') utp_shutdown(conn, SHUT_WR);
}

uint64 on_read(args *a) {
	record(memcmp(a->buf, pattern.at(got), a->len) == 0 ? 'r' : 'm', (uint32_t)a->len);
	got += a->len;
	if (holds) held += a->len;
	else utp_read_drained(a->socket);
	write_more(); // an acceptor is not told that it may write from the first data on
	return 0;
}

uint64 on_accept(args *a) {
	record('a', 0);
	if (!settled && got == 0) conn = a->socket; // who asked again does not know of the one before
	return 0;
}

uint64 on_state(args *a) {
	if (a->socket != conn) return 0;
	switch (a->state) {
	case UTP_STATE_CONNECT: record('c', 0); write_more(); break;
	case UTP_STATE_WRITABLE: record('w', 0); write_more(); break;
	case UTP_STATE_EOF: record('e', 0); write_more(); break;
	case UTP_STATE_DESTROYING:
		record('x', 0);
		conn = NULL;
		settled = true;
	}
	return 0;
}

uint64 on_error(args *a) {
	record('!', (uint32_t)a->error_code);
	if (a->socket == conn) close_it();
	return 0;
}

void init(char **argv) {
	state = strtoull(argv[0], NULL, 10);
	mtu = strtoull(argv[1], NULL, 10);
	remote.sin_family = AF_INET;
	remote.sin_port = htons(6881);
	remote.sin_addr.s_addr = htonl(0x0a000001);
	context = utp_init(2);
	utp_context_set_option(context, UTP_SNDBUF, atoi(argv[2]));
	utp_context_set_option(context, UTP_RCVBUF, atoi(argv[3]));
	if (state != 0) utp_set_callback(context, UTP_GET_RANDOM, random_number); // else libutp's own
	utp_set_callback(context, UTP_GET_MICROSECONDS, micros);
	utp_set_callback(context, UTP_GET_MILLISECONDS, millis);
	utp_set_callback(context, UTP_GET_UDP_MTU, udp_mtu);
	utp_set_callback(context, UTP_GET_READ_BUFFER_SIZE, unread);
	utp_set_callback(context, UTP_SENDTO, send_to);
	utp_set_callback(context, UTP_ON_READ, on_read);
	utp_set_callback(context, UTP_ON_ACCEPT, on_accept);
	utp_set_callback(context, UTP_ON_STATE_CHANGE, on_state);
	utp_set_callback(context, UTP_ON_ERROR, on_error);
}

void read_some(uint64_t n) {
	held -= n < held ? n : held;
	if (conn) utp_read_drained(conn);
}

// act does an event; n is its number, p the bytes of a datagram.
void act(char kind, uint32_t n, const unsigned char *p) {
	const sockaddr *from = (const sockaddr *)&remote;
	switch (kind) {
	case 'D': // a datagram came
		if (!utp_process_udp(context, p, n, from, sizeof remote)) record('n', n);
		break;
	case 'A': utp_issue_deferred_acks(context); break; // the socket has no more
	case 'T': utp_check_timeouts(context); break;
	case 'C':
		settled = true;
		conn = utp_create_socket(context);
		utp_connect(conn, from, sizeof remote);
		break;
	case 'W': backlog += n; write_more(); break;
	case 'H': holds = true; break;
	case 'R': holds = false; read_some(held); break;
	case 'F':
	case 'S': ending = kind; write_more(); break;
	}
}

template <class T> T take(const unsigned char *&p) {
	T n;
	memcpy(&n, p, sizeof n); // the test and the peer are of one machine
	p += sizeof n;
	return n;
}

} // namespace

int lockstep(int argc, char **argv) {
	if (argc != 4) return 2;
	init(argv);
	std::vector<unsigned char> request;
	for (uint32_t length; fread(&length, sizeof length, 1, stdin) == 1;) {
		request.resize(length);
		if (length > 0 && fread(&request[0], length, 1, stdin) != 1) return 3;
		reply.clear();
		current = 0;
		for (const unsigned char *p = request.data(), *end = p + length; p < end; current++) {
			char kind = (char)*p++;
			now = take<uint64_t>(p);
			uint32_t n = take<uint32_t>(p);
			act(kind, n, p);
			if (kind == 'D') p += n;
		}
		uint32_t size = (uint32_t)reply.size();
		fwrite(&size, sizeof size, 1, stdout);
		fwrite(reply.data(), 1, size, stdout);
		fflush(stdout);
	}
	return 0;
}
