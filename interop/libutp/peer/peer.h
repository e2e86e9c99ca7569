// What the two modes of the peer share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

// Pattern is what every stream consists of: byte i of it is byte i modulo period
// of a sequence that the seed 1 makes. No shift by whole packets leaves it as it is,
// for the period is a prime.
struct Pattern {
	static const size_t period = 1048573;
	std::vector<unsigned char> bytes; // twice the period, so that what is next is in one piece
	Pattern() : bytes(2 * period) {
		uint64_t x = 1;
		for (size_t i = 0; i < period; i++) {
			x = x * 6364136223846793005ULL + 1442695040888963407ULL;
			bytes[i] = bytes[i + period] = (unsigned char)(x >> 56);
		}
	}
	unsigned char *at(uint64_t offset) { return &bytes[offset % period]; }
};

int lockstep(int argc, char **argv);
int sockets(int argc, char **argv);
