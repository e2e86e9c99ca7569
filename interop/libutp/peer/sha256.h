// SHA-256 (FIPS 180-4), so that the peer needs no library.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>

class Sha256 {
	uint32_t h[8], k[64];
	unsigned char block[64];
	uint64_t size;

	static uint32_t rotate(uint32_t x, int n) { return x >> n | x << (32 - n); }

	// fraction has the first 32 bits behind the point of a root.
	static uint32_t fraction(long double root) { return (uint32_t)((root - floorl(root)) * 4294967296.0L); }

	void compress() {
		uint32_t w[64], s[8];
		for (int i = 0; i < 16; i++)
			w[i] = (uint32_t)block[4 * i] << 24 | block[4 * i + 1] << 16 | block[4 * i + 2] << 8 | block[4 * i + 3];
		for (int i = 16; i < 64; i++)
			w[i] = w[i - 16] + (rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3) + w[i - 7] +
			       (rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10);
		memcpy(s, h, sizeof s);
		for (int i = 0; i < 64; i++) {
			uint32_t a = s[7] + (rotate(s[4], 6) ^ rotate(s[4], 11) ^ rotate(s[4], 25)) +
			             ((s[4] & s[5]) ^ (~s[4] & s[6])) + k[i] + w[i];
			uint32_t b = (rotate(s[0], 2) ^ rotate(s[0], 13) ^ rotate(s[0], 22)) +
			             ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
			memmove(s + 1, s, 7 * sizeof *s);
			s[4] += a;
			s[0] = a + b;
		}
		for (int i = 0; i < 8; i++) h[i] += s[i];
	}

public:
	Sha256() : size(0) {
		for (int n = 0, p = 2; n < 64; p++) {
			bool prime = true;
			for (int d = 2; d * d <= p; d++) prime = prime && p % d != 0;
			if (!prime) continue;
			if (n < 8) h[n] = fraction(sqrtl(p));
			k[n++] = fraction(cbrtl(p));
		}
	}

	void add(const unsigned char *p, size_t n) {
		for (; n > 0; n--) {
			block[size++ % 64] = *p++;
			if (size % 64 == 0) compress();
		}
	}

	std::string hex() {
		uint64_t bits = size * 8;
		unsigned char end = 0x80, length[8];
		add(&end, 1);
		for (end = 0; size % 64 != 56;) add(&end, 1);
		for (int i = 0; i < 8; i++) length[i] = (unsigned char)(bits >> (56 - 8 * i));
		add(length, 8);
		char text[65];
		for (int i = 0; i < 8; i++) snprintf(text + 8 * i, 9, "%08x", h[i]);
		return text;
	}
};
