// A peer that is libutp: in virtual time, or on a socket.
#include <cstring>

#include "peer.h"

int main(int argc, char **argv) {
	if (argc > 1 && strcmp(argv[1], "lockstep") == 0) return lockstep(argc - 2, argv + 2);
	return sockets(argc - 1, argv + 1);
}
