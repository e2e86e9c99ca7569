#include "textflag.h"

// Sixteen lanes hash a block of 64 bytes each at once: a register has a word of every
// lane, and the rounds are those of FIPS 180-4, section 6.1.2, as they stand there.
//
//	AX         states: five rows of 16 words, a of all lanes first
//	BX         where the blocks of each lane are
//	CX         blocks to do
//	DX         bytes done
//	Z0-Z15     words t to t+15 of the message; word t has given its place to word t+16 when round t is done
//	Z16-Z20    a, b, c, d, e in turn
//	Z21-Z22    for what lies between
//	Z23        the constant of the rounds
//	Z24-Z28    a, b, c, d, e from before the block
//	Z29        turns words from big-endian
//
// After the turn of a block (TURN) word t lies in the register that W(t) names: of each
// four, the second and the third have changed places.

#define W0 Z0
#define W1 Z2
#define W2 Z1
#define W3 Z3
#define W4 Z4
#define W5 Z6
#define W6 Z5
#define W7 Z7
#define W8 Z8
#define W9 Z10
#define W10 Z9
#define W11 Z11
#define W12 Z12
#define W13 Z14
#define W14 Z13
#define W15 Z15

// ROW loads the block of a lane.
#define ROW(N, Z) \
	MOVQ      (8*N)(BX), R8 \
	VMOVDQU32 (R8)(DX*1), Z \
	VPSHUFB   Z29, Z, Z

// CROSS has X and Y be their low and high halves, each of words in turn from both.
#define CROSS(LOW, HIGH, X, Y) \
	LOW       Y, X, Z21 \
	HIGH      Y, X, Y   \
	VMOVDQA32 Z21, X

// HALVES has X and Y be the even and the odd quarters of both.
#define HALVES(X, Y) \
	VSHUFI32X4 $0x88, Y, X, Z21 \
	VSHUFI32X4 $0xdd, Y, X, Y   \
	VMOVDQA32  Z21, X

// FOUR turns four rows, quarter by quarter.
#define FOUR(A, B, C, D) \
	CROSS(VPUNPCKLDQ, VPUNPCKHDQ, A, B)   \
	CROSS(VPUNPCKLDQ, VPUNPCKHDQ, C, D)   \
	CROSS(VPUNPCKLQDQ, VPUNPCKHQDQ, A, C) \
	CROSS(VPUNPCKLQDQ, VPUNPCKHQDQ, B, D)

// QUARTERS turns the quarters of four rows.
#define QUARTERS(A, B, C, D) \
	HALVES(A, B) \
	HALVES(C, D) \
	HALVES(A, C) \
	HALVES(B, D)

// F names the function of a round: each bit of it is what VPTERNLOGD is to give for one
// of the eight values that b, c and d can have.
#define CHOICE 0xca
#define PARITY 0x96
#define MAJORITY 0xe8

// ROUND is a round with word W; e then is the next a.
#define ROUND(F, A, B, C, D, E, W) \
	VPADDD     Z23, E, E   \
	VPADDD     W, E, E     \
	VMOVDQA32  B, Z21      \
	VPTERNLOGD $F, D, C, Z21 \
	VPROLD     $5, A, Z22  \
	VPADDD     Z21, E, E   \
	VPROLD     $30, B, B   \
	VPADDD     Z22, E, E

// NEXT has the word of 16 rounds later take the place of W:
//
//	w(t) = (w(t-3) ^ w(t-8) ^ w(t-14) ^ w(t-16)) <<< 1
#define NEXT(W, W2, W8, W13) \
	VPXORD     W2, W, W        \
	VPTERNLOGD $0x96, W13, W8, W \
	VPROLD     $1, W, W

#define EARLY(F, A, B, C, D, E, W, W2, W8, W13) \
	ROUND(F, A, B, C, D, E, W) \
	NEXT(W, W2, W8, W13)

// func blocksWide(states *[5][Most]uint32, from *[Most]*byte, n int)
TEXT ·blocksWide(SB), NOSPLIT, $0-24
	MOVQ states+0(FP), AX
	MOVQ from+8(FP), BX
	MOVQ n+16(FP), CX
	XORQ DX, DX
	VBROADCASTI32X4 wideFlip<>(SB), Z29
	VMOVDQU32 (AX), Z24
	VMOVDQU32 64(AX), Z25
	VMOVDQU32 128(AX), Z26
	VMOVDQU32 192(AX), Z27
	VMOVDQU32 256(AX), Z28

loop:
	ROW(0, Z0)
	ROW(1, Z1)
	ROW(2, Z2)
	ROW(3, Z3)
	ROW(4, Z4)
	ROW(5, Z5)
	ROW(6, Z6)
	ROW(7, Z7)
	ROW(8, Z8)
	ROW(9, Z9)
	ROW(10, Z10)
	ROW(11, Z11)
	ROW(12, Z12)
	ROW(13, Z13)
	ROW(14, Z14)
	ROW(15, Z15)
	FOUR(Z0, Z1, Z2, Z3)
	FOUR(Z4, Z5, Z6, Z7)
	FOUR(Z8, Z9, Z10, Z11)
	FOUR(Z12, Z13, Z14, Z15)
	QUARTERS(Z0, Z4, Z8, Z12)
	QUARTERS(Z1, Z5, Z9, Z13)
	QUARTERS(Z2, Z6, Z10, Z14)
	QUARTERS(Z3, Z7, Z11, Z15)
	VMOVDQA32 Z24, Z16
	VMOVDQA32 Z25, Z17
	VMOVDQA32 Z26, Z18
	VMOVDQA32 Z27, Z19
	VMOVDQA32 Z28, Z20
	VPBROADCASTD constants<>+0(SB), Z23
	EARLY(CHOICE, Z16, Z17, Z18, Z19, Z20, W0, W2, W8, W13)
	EARLY(CHOICE, Z20, Z16, Z17, Z18, Z19, W1, W3, W9, W14)
	EARLY(CHOICE, Z19, Z20, Z16, Z17, Z18, W2, W4, W10, W15)
	EARLY(CHOICE, Z18, Z19, Z20, Z16, Z17, W3, W5, W11, W0)
	EARLY(CHOICE, Z17, Z18, Z19, Z20, Z16, W4, W6, W12, W1)
	EARLY(CHOICE, Z16, Z17, Z18, Z19, Z20, W5, W7, W13, W2)
	EARLY(CHOICE, Z20, Z16, Z17, Z18, Z19, W6, W8, W14, W3)
	EARLY(CHOICE, Z19, Z20, Z16, Z17, Z18, W7, W9, W15, W4)
	EARLY(CHOICE, Z18, Z19, Z20, Z16, Z17, W8, W10, W0, W5)
	EARLY(CHOICE, Z17, Z18, Z19, Z20, Z16, W9, W11, W1, W6)
	EARLY(CHOICE, Z16, Z17, Z18, Z19, Z20, W10, W12, W2, W7)
	EARLY(CHOICE, Z20, Z16, Z17, Z18, Z19, W11, W13, W3, W8)
	EARLY(CHOICE, Z19, Z20, Z16, Z17, Z18, W12, W14, W4, W9)
	EARLY(CHOICE, Z18, Z19, Z20, Z16, Z17, W13, W15, W5, W10)
	EARLY(CHOICE, Z17, Z18, Z19, Z20, Z16, W14, W0, W6, W11)
	EARLY(CHOICE, Z16, Z17, Z18, Z19, Z20, W15, W1, W7, W12)
	EARLY(CHOICE, Z20, Z16, Z17, Z18, Z19, W0, W2, W8, W13)
	EARLY(CHOICE, Z19, Z20, Z16, Z17, Z18, W1, W3, W9, W14)
	EARLY(CHOICE, Z18, Z19, Z20, Z16, Z17, W2, W4, W10, W15)
	EARLY(CHOICE, Z17, Z18, Z19, Z20, Z16, W3, W5, W11, W0)
	VPBROADCASTD constants<>+4(SB), Z23
	EARLY(PARITY, Z16, Z17, Z18, Z19, Z20, W4, W6, W12, W1)
	EARLY(PARITY, Z20, Z16, Z17, Z18, Z19, W5, W7, W13, W2)
	EARLY(PARITY, Z19, Z20, Z16, Z17, Z18, W6, W8, W14, W3)
	EARLY(PARITY, Z18, Z19, Z20, Z16, Z17, W7, W9, W15, W4)
	EARLY(PARITY, Z17, Z18, Z19, Z20, Z16, W8, W10, W0, W5)
	EARLY(PARITY, Z16, Z17, Z18, Z19, Z20, W9, W11, W1, W6)
	EARLY(PARITY, Z20, Z16, Z17, Z18, Z19, W10, W12, W2, W7)
	EARLY(PARITY, Z19, Z20, Z16, Z17, Z18, W11, W13, W3, W8)
	EARLY(PARITY, Z18, Z19, Z20, Z16, Z17, W12, W14, W4, W9)
	EARLY(PARITY, Z17, Z18, Z19, Z20, Z16, W13, W15, W5, W10)
	EARLY(PARITY, Z16, Z17, Z18, Z19, Z20, W14, W0, W6, W11)
	EARLY(PARITY, Z20, Z16, Z17, Z18, Z19, W15, W1, W7, W12)
	EARLY(PARITY, Z19, Z20, Z16, Z17, Z18, W0, W2, W8, W13)
	EARLY(PARITY, Z18, Z19, Z20, Z16, Z17, W1, W3, W9, W14)
	EARLY(PARITY, Z17, Z18, Z19, Z20, Z16, W2, W4, W10, W15)
	EARLY(PARITY, Z16, Z17, Z18, Z19, Z20, W3, W5, W11, W0)
	EARLY(PARITY, Z20, Z16, Z17, Z18, Z19, W4, W6, W12, W1)
	EARLY(PARITY, Z19, Z20, Z16, Z17, Z18, W5, W7, W13, W2)
	EARLY(PARITY, Z18, Z19, Z20, Z16, Z17, W6, W8, W14, W3)
	EARLY(PARITY, Z17, Z18, Z19, Z20, Z16, W7, W9, W15, W4)
	VPBROADCASTD constants<>+8(SB), Z23
	EARLY(MAJORITY, Z16, Z17, Z18, Z19, Z20, W8, W10, W0, W5)
	EARLY(MAJORITY, Z20, Z16, Z17, Z18, Z19, W9, W11, W1, W6)
	EARLY(MAJORITY, Z19, Z20, Z16, Z17, Z18, W10, W12, W2, W7)
	EARLY(MAJORITY, Z18, Z19, Z20, Z16, Z17, W11, W13, W3, W8)
	EARLY(MAJORITY, Z17, Z18, Z19, Z20, Z16, W12, W14, W4, W9)
	EARLY(MAJORITY, Z16, Z17, Z18, Z19, Z20, W13, W15, W5, W10)
	EARLY(MAJORITY, Z20, Z16, Z17, Z18, Z19, W14, W0, W6, W11)
	EARLY(MAJORITY, Z19, Z20, Z16, Z17, Z18, W15, W1, W7, W12)
	EARLY(MAJORITY, Z18, Z19, Z20, Z16, Z17, W0, W2, W8, W13)
	EARLY(MAJORITY, Z17, Z18, Z19, Z20, Z16, W1, W3, W9, W14)
	EARLY(MAJORITY, Z16, Z17, Z18, Z19, Z20, W2, W4, W10, W15)
	EARLY(MAJORITY, Z20, Z16, Z17, Z18, Z19, W3, W5, W11, W0)
	EARLY(MAJORITY, Z19, Z20, Z16, Z17, Z18, W4, W6, W12, W1)
	EARLY(MAJORITY, Z18, Z19, Z20, Z16, Z17, W5, W7, W13, W2)
	EARLY(MAJORITY, Z17, Z18, Z19, Z20, Z16, W6, W8, W14, W3)
	EARLY(MAJORITY, Z16, Z17, Z18, Z19, Z20, W7, W9, W15, W4)
	EARLY(MAJORITY, Z20, Z16, Z17, Z18, Z19, W8, W10, W0, W5)
	EARLY(MAJORITY, Z19, Z20, Z16, Z17, Z18, W9, W11, W1, W6)
	EARLY(MAJORITY, Z18, Z19, Z20, Z16, Z17, W10, W12, W2, W7)
	EARLY(MAJORITY, Z17, Z18, Z19, Z20, Z16, W11, W13, W3, W8)
	VPBROADCASTD constants<>+12(SB), Z23
	EARLY(PARITY, Z16, Z17, Z18, Z19, Z20, W12, W14, W4, W9)
	EARLY(PARITY, Z20, Z16, Z17, Z18, Z19, W13, W15, W5, W10)
	EARLY(PARITY, Z19, Z20, Z16, Z17, Z18, W14, W0, W6, W11)
	EARLY(PARITY, Z18, Z19, Z20, Z16, Z17, W15, W1, W7, W12)
	ROUND(PARITY, Z17, Z18, Z19, Z20, Z16, W0)
	ROUND(PARITY, Z16, Z17, Z18, Z19, Z20, W1)
	ROUND(PARITY, Z20, Z16, Z17, Z18, Z19, W2)
	ROUND(PARITY, Z19, Z20, Z16, Z17, Z18, W3)
	ROUND(PARITY, Z18, Z19, Z20, Z16, Z17, W4)
	ROUND(PARITY, Z17, Z18, Z19, Z20, Z16, W5)
	ROUND(PARITY, Z16, Z17, Z18, Z19, Z20, W6)
	ROUND(PARITY, Z20, Z16, Z17, Z18, Z19, W7)
	ROUND(PARITY, Z19, Z20, Z16, Z17, Z18, W8)
	ROUND(PARITY, Z18, Z19, Z20, Z16, Z17, W9)
	ROUND(PARITY, Z17, Z18, Z19, Z20, Z16, W10)
	ROUND(PARITY, Z16, Z17, Z18, Z19, Z20, W11)
	ROUND(PARITY, Z20, Z16, Z17, Z18, Z19, W12)
	ROUND(PARITY, Z19, Z20, Z16, Z17, Z18, W13)
	ROUND(PARITY, Z18, Z19, Z20, Z16, Z17, W14)
	ROUND(PARITY, Z17, Z18, Z19, Z20, Z16, W15)
	VPADDD Z16, Z24, Z24
	VPADDD Z17, Z25, Z25
	VPADDD Z18, Z26, Z26
	VPADDD Z19, Z27, Z27
	VPADDD Z20, Z28, Z28
	ADDQ $64, DX
	DECQ CX
	JNE  loop
	VMOVDQU32 Z24, (AX)
	VMOVDQU32 Z25, 64(AX)
	VMOVDQU32 Z26, 128(AX)
	VMOVDQU32 Z27, 192(AX)
	VMOVDQU32 Z28, 256(AX)
	VZEROUPPER
	RET

DATA wideFlip<>+0(SB)/8, $0x0405060700010203
DATA wideFlip<>+8(SB)/8, $0x0c0d0e0f08090a0b
GLOBL wideFlip<>(SB), RODATA, $16

DATA constants<>+0(SB)/4, $0x5a827999
DATA constants<>+4(SB)/4, $0x6ed9eba1
DATA constants<>+8(SB)/4, $0x8f1bbcdc
DATA constants<>+12(SB)/4, $0xca62c1d6
GLOBL constants<>(SB), RODATA, $16
