#include "textflag.h"

// Two lanes, A and B, hash a block of 64 bytes each at once. SHA1C, SHA1P and SHA1M
// do four rounds each and the next has to wait for it; the other lane fills the gap.
// No instruction of one lane reads a register of the other.
//
//	R0, R1   the states of A and B; R2, R3 their blocks; R4 how many are left
//
//	          A       B
//	state     V0      V8       a, b, c, d from before the block
//	          V20     V21      e from before it
//	abcd      V2      V10      of these rounds
//	e         V1      V9       of these rounds
//	a         V3      V11      of before them: rotated, it is e of the next
//	words     V4-V7   V12-V15  sixteen of the message, four in each
//	sum       V16     V17      four words and the constant of their rounds
//
//	V28-V31  the four constants

// ROUNDS is four rounds of both lanes by OP, with constant K and the words MA and MB.
#define ROUNDS(OP, K, MA, MB) \
	VADD  K.S4, MA.S4, V16.S4 \
	VADD  K.S4, MB.S4, V17.S4 \
	VMOV  V2.B16, V3.B16      \
	VMOV  V10.B16, V11.B16    \
	OP    V16.S4, V1, V2      \
	OP    V17.S4, V9, V10     \
	SHA1H V3, V1              \
	SHA1H V11, V9

// STEP is four rounds, and the four words that follow MA0 and MB0 by sixteen, which
// take their places: w(t) = (w(t-3) ^ w(t-8) ^ w(t-14) ^ w(t-16)) <<< 1.
#define STEP(OP, K, MA0, MA1, MA2, MA3, MB0, MB1, MB2, MB3) \
	ROUNDS(OP, K, MA0, MB0)            \
	SHA1SU0 MA2.S4, MA1.S4, MA0.S4     \
	SHA1SU0 MB2.S4, MB1.S4, MB0.S4     \
	SHA1SU1 MA3.S4, MA0.S4             \
	SHA1SU1 MB3.S4, MB0.S4

#define STEP0(OP, K) STEP(OP, K, V4, V5, V6, V7, V12, V13, V14, V15)
#define STEP1(OP, K) STEP(OP, K, V5, V6, V7, V4, V13, V14, V15, V12)
#define STEP2(OP, K) STEP(OP, K, V6, V7, V4, V5, V14, V15, V12, V13)
#define STEP3(OP, K) STEP(OP, K, V7, V4, V5, V6, V15, V12, V13, V14)

// CONSTANT fills V with K.
#define CONSTANT(K, V) \
	MOVW K, R5 \
	VDUP R5, V.S4

// func blocksARM64(a, b *[5]uint32, p, q *byte, n int)
TEXT ·blocksARM64(SB), NOSPLIT, $0-40
	MOVD a+0(FP), R0
	MOVD b+8(FP), R1
	MOVD p+16(FP), R2
	MOVD q+24(FP), R3
	MOVD n+32(FP), R4

	CONSTANT($0x5a827999, V28)
	CONSTANT($0x6ed9eba1, V29)
	CONSTANT($0x8f1bbcdc, V30)
	CONSTANT($0xca62c1d6, V31)

	VLD1  (R0), [V0.S4]
	VLD1  (R1), [V8.S4]
	FMOVS 16(R0), F20
	FMOVS 16(R1), F21

loop:
	VLD1.P 64(R2), [V4.B16, V5.B16, V6.B16, V7.B16]
	VLD1.P 64(R3), [V12.B16, V13.B16, V14.B16, V15.B16]
	VREV32 V4.B16, V4.B16
	VREV32 V5.B16, V5.B16
	VREV32 V6.B16, V6.B16
	VREV32 V7.B16, V7.B16
	VREV32 V12.B16, V12.B16
	VREV32 V13.B16, V13.B16
	VREV32 V14.B16, V14.B16
	VREV32 V15.B16, V15.B16

	VMOV V0.B16, V2.B16
	VMOV V8.B16, V10.B16
	VMOV V20.B16, V1.B16
	VMOV V21.B16, V9.B16

	STEP0(SHA1C, V28)
	STEP1(SHA1C, V28)
	STEP2(SHA1C, V28)
	STEP3(SHA1C, V28)
	STEP0(SHA1C, V28)
	STEP1(SHA1P, V29)
	STEP2(SHA1P, V29)
	STEP3(SHA1P, V29)
	STEP0(SHA1P, V29)
	STEP1(SHA1P, V29)
	STEP2(SHA1M, V30)
	STEP3(SHA1M, V30)
	STEP0(SHA1M, V30)
	STEP1(SHA1M, V30)
	STEP2(SHA1M, V30)
	STEP3(SHA1P, V31)

	// Words 64 to 79 are there.
	ROUNDS(SHA1P, V31, V4, V12)
	ROUNDS(SHA1P, V31, V5, V13)
	ROUNDS(SHA1P, V31, V6, V14)
	ROUNDS(SHA1P, V31, V7, V15)

	VADD V2.S4, V0.S4, V0.S4
	VADD V10.S4, V8.S4, V8.S4
	VADD V1.S4, V20.S4, V20.S4
	VADD V9.S4, V21.S4, V21.S4

	SUB  $1, R4, R4
	CBNZ R4, loop

	VST1  [V0.S4], (R0)
	VST1  [V8.S4], (R1)
	FMOVS F20, 16(R0)
	FMOVS F21, 16(R1)
	RET
