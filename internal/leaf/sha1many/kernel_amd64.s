#include "textflag.h"

// Two lanes, A and B, hash a block of 64 bytes each at once. SHA-NI does the
// rounds: SHA1RNDS4 takes 4 cycles for four of them, and the next has to wait for
// it; a second lane fills the gap. The words of the message are made by AVX, those
// of A in the lower and those of B in the upper half of a register, since SHA1MSG2
// would keep the unit busy that the rounds need.
//
// The 80 words of a block are 20 vectors of four in a table: vector N, at 32*N, has
// words 4N to 4N+3 of A and then those of B, the first one highest, as SHA-NI has it.
// While the rounds of a block read the table from its begin to its end, the words of
// the next one follow and take the places of those that were read. In turn, so that
// the processor has both to do at any time: four vectors of words are five parts,
// and so are sixteen rounds.
//
//	AX, BX     where the states of A and B are
//	SI, DI     their blocks whose words are made
//	CX         blocks whose rounds are not done
//	R8         the table, and behind it the states from before the block
//	X0, X3     a, b, c, d of A and of B, a highest
//	X1 X2      e of A, highest: one is added to words and used up by four rounds,
//	X4 X5      the other keeps a of before them, of which e is made next; B the same
//	Y8-Y11     the last four vectors of words, the oldest in the one that is next
//	Y12-Y14    for what lies between
//
// An instruction of SSE, as those of SHA-NI are, waits hundreds of cycles for upper
// halves of registers that are in use: VZEROUPPER goes before.

#define STATES 640
#define WORDS(N) (32*(N))(R8)
#define WORDS_B(N) (32*(N)+16)(R8)

// XOR3 adds two vectors to D, of which the first may lie in memory. ROL is S rotated
// left by N; T is for AVX2, which cannot rotate.
#define XOR3_AVX2(A, B, D) VPXOR A, D, D; VPXOR B, D, D
#define ROL_AVX2(N, S, T, D) VPSRLD $(32-N), S, T; VPSLLD $N, S, D; VPOR T, D, D
#define XOR3_AVX512(A, B, D) VPTERNLOGD $0x96, A, B, D
#define ROL_AVX512(N, S, T, D) VPROLD $N, S, D

// LOAD is vector N of the first four: the message itself, which is big-endian.
#define LOAD(N, X, Y) \
	VMOVDQU     (16*N)(SI), X       \
	VINSERTI128 $1, (16*N)(DI), Y, Y \
	VPSHUFB     Y14, Y, Y           \
	VMOVDQA     Y, WORDS(N)

// EARLY is vector N of the next four, in place of W0, by the rule of SHA-1:
//
//	w(t) = (w(t-3) ^ w(t-8) ^ w(t-14) ^ w(t-16)) <<< 1
//
// w(t-3) of the last of the four is the first of them. It is left out at first, and
// what is in it, rotated once more, is added in the end.
#define EARLY(XOR3, ROL, N, W0, W1, W2, W3) \
	VPALIGNR $8, W1, W0, Y12 \
	VPSLLDQ  $4, W3, Y13     \
	VPXOR    W0, Y12, Y12    \
	XOR3(W2, Y13, Y12)       \
	VPSRLDQ  $12, Y12, Y13   \
	ROL(1, Y12, Y14, W0)     \
	ROL(2, Y13, Y14, Y13)    \
	VPXOR    Y13, W0, W0     \
	VMOVDQA  W0, WORDS(N)

// LATE is the same rule twice, for t of 32 and more, where no word depends on one of
// its own vector: w(t) = (w(t-6) ^ w(t-16) ^ w(t-28) ^ w(t-32)) <<< 2
#define LATE(XOR3, ROL, N, W0, W2, W3) \
	VPALIGNR $8, W3, W2, Y12   \
	VPXOR    WORDS(N-7), W0, W0 \
	XOR3(WORDS(N-8), W0, Y12)  \
	ROL(2, Y12, Y13, W0)       \
	VMOVDQA  W0, WORDS(N)

// LAST is the rule four times, for t of 64 and more, where all are whole vectors:
// w(t) = (w(t-12) ^ w(t-32) ^ w(t-56) ^ w(t-64)) <<< 4
#define LAST(XOR3, ROL, N, W0, W1) \
	VPXOR   WORDS(N-8), W1, Y12   \
	VMOVDQA WORDS(N-14), Y13      \
	XOR3(WORDS(N-16), Y13, Y12)   \
	ROL(4, Y12, Y13, W0)          \
	VMOVDQA W0, WORDS(N)

// WORDS0 to WORDS16 are the five parts of the words, named by their first vector.
#define WORDS0 \
	VBROADCASTI128 flip<>(SB), Y14 \
	LOAD(0, X8, Y8)   \
	LOAD(1, X9, Y9)   \
	LOAD(2, X10, Y10) \
	LOAD(3, X11, Y11) \
	VZEROUPPER

// RECALL gets the four vectors before N, of which VZEROUPPER left the halves of A.
#define RECALL(N) \
	VMOVDQA WORDS(N-4), Y8  \
	VMOVDQA WORDS(N-3), Y9  \
	VMOVDQA WORDS(N-2), Y10 \
	VMOVDQA WORDS(N-1), Y11

#define WORDS4(XOR3, ROL) \
	RECALL(4) \
	EARLY(XOR3, ROL, 4, Y8, Y9, Y10, Y11) \
	EARLY(XOR3, ROL, 5, Y9, Y10, Y11, Y8) \
	EARLY(XOR3, ROL, 6, Y10, Y11, Y8, Y9) \
	EARLY(XOR3, ROL, 7, Y11, Y8, Y9, Y10) \
	VZEROUPPER

#define WORDS8(XOR3, ROL, N) \
	RECALL(N) \
	LATE(XOR3, ROL, N, Y8, Y10, Y11)  \
	LATE(XOR3, ROL, N+1, Y9, Y11, Y8) \
	LATE(XOR3, ROL, N+2, Y10, Y8, Y9) \
	LATE(XOR3, ROL, N+3, Y11, Y9, Y10) \
	VZEROUPPER

#define WORDS16(XOR3, ROL) \
	RECALL(16) \
	LAST(XOR3, ROL, 16, Y8, Y9)   \
	LAST(XOR3, ROL, 17, Y9, Y10)  \
	LAST(XOR3, ROL, 18, Y10, Y11) \
	LAST(XOR3, ROL, 19, Y11, Y8)  \
	VZEROUPPER

// ROUNDS is rounds 4N to 4N+3 of both lanes; K names the function and the constant.
// SHA1NEXTE rotates the a that E kept and adds words; F keeps the present one.
#define ROUNDS(N, K, EA, FA, EB, FB) \
	SHA1NEXTE WORDS(N), EA   \
	SHA1NEXTE WORDS_B(N), EB \
	MOVO      X0, FA         \
	MOVO      X3, FB         \
	SHA1RNDS4 $K, EA, X0     \
	SHA1RNDS4 $K, EB, X3
#define EVEN(N, K) ROUNDS(N, K, X1, X2, X4, X5)
#define ODD(N, K) ROUNDS(N, K, X2, X1, X5, X4)

// FIRST is rounds 0 to 3: e is whole, and no SHA1NEXTE makes it.
#define FIRST \
	PADDD     WORDS(0), X1   \
	PADDD     WORDS_B(0), X4 \
	MOVO      X0, X2         \
	MOVO      X3, X5         \
	SHA1RNDS4 $0, X1, X0     \
	SHA1RNDS4 $0, X4, X3

// BEGIN makes the words of the first block.
#define BEGIN(XOR3, ROL) \
	WORDS0 \
	WORDS4(XOR3, ROL)    \
	WORDS8(XOR3, ROL, 8)  \
	WORDS8(XOR3, ROL, 12) \
	WORDS16(XOR3, ROL)

// BLOCK is the rounds of a block and the words of the next one: behind the last
// those of the last again, of which nothing comes. It leaves the flags of CX.
#define BLOCK(XOR3, ROL) \
	CMPQ    CX, $1     \
	SETHI   DX         \
	MOVBQZX DX, DX     \
	SHLQ    $6, DX     \
	ADDQ    DX, SI     \
	ADDQ    DX, DI     \
	MOVO    X0, (STATES)(R8)    \
	MOVO    X1, (STATES+16)(R8) \
	MOVO    X3, (STATES+32)(R8) \
	MOVO    X4, (STATES+48)(R8) \
	FIRST        \
	ODD(1, 0)    \
	EVEN(2, 0)   \
	ODD(3, 0)    \
	WORDS0       \
	EVEN(4, 0)   \
	ODD(5, 1)    \
	EVEN(6, 1)   \
	ODD(7, 1)    \
	WORDS4(XOR3, ROL) \
	EVEN(8, 1)   \
	ODD(9, 1)    \
	EVEN(10, 2)  \
	ODD(11, 2)   \
	WORDS8(XOR3, ROL, 8) \
	EVEN(12, 2)  \
	ODD(13, 2)   \
	EVEN(14, 2)  \
	ODD(15, 3)   \
	WORDS8(XOR3, ROL, 12) \
	EVEN(16, 3)  \
	ODD(17, 3)   \
	EVEN(18, 3)  \
	ODD(19, 3)   \
	WORDS16(XOR3, ROL) \
	PADDD     (STATES)(R8), X0    \
	SHA1NEXTE (STATES+16)(R8), X1 \
	PADDD     (STATES+32)(R8), X3 \
	SHA1NEXTE (STATES+48)(R8), X4 \
	DECQ CX

// TAKE loads the states of AX and BX, and finds a place for the table.
#define TAKE \
	LEAQ   31(SP), R8     \
	ANDQ   $~31, R8       \
	MOVOU  (AX), X0       \
	MOVOU  (BX), X3       \
	PSHUFD $0x1b, X0, X0  \
	PSHUFD $0x1b, X3, X3  \
	PXOR   X1, X1         \
	PXOR   X4, X4         \
	PINSRD $3, 16(AX), X1 \
	PINSRD $3, 16(BX), X4

// GIVE is the reverse of TAKE.
#define GIVE \
	PSHUFD $0x1b, X0, X0  \
	PSHUFD $0x1b, X3, X3  \
	MOVOU  X0, (AX)       \
	MOVOU  X3, (BX)       \
	PEXTRD $3, X1, 16(AX) \
	PEXTRD $3, X4, 16(BX)

// func blocksAVX2(a, b *[5]uint32, p, q *byte, n int)
TEXT ·blocksAVX2(SB), 0, $736-40
	MOVQ a+0(FP), AX
	MOVQ b+8(FP), BX
	MOVQ p+16(FP), SI
	MOVQ q+24(FP), DI
	MOVQ n+32(FP), CX
	TAKE
	BEGIN(XOR3_AVX2, ROL_AVX2)
loop:
	BLOCK(XOR3_AVX2, ROL_AVX2)
	JNE  loop
	GIVE
	RET

// func blocksAVX512(a, b *[5]uint32, p, q *byte, n int)
TEXT ·blocksAVX512(SB), 0, $736-40
	MOVQ a+0(FP), AX
	MOVQ b+8(FP), BX
	MOVQ p+16(FP), SI
	MOVQ q+24(FP), DI
	MOVQ n+32(FP), CX
	TAKE
	BEGIN(XOR3_AVX512, ROL_AVX512)
loop:
	BLOCK(XOR3_AVX512, ROL_AVX512)
	JNE  loop
	GIVE
	RET

// func extendedFeatures() uint32
TEXT ·extendedFeatures(SB), NOSPLIT, $0-4
	XORL  AX, AX
	CPUID
	XORL  DX, DX
	CMPL  AX, $7
	JCS   none
	MOVL  $7, AX
	XORL  CX, CX
	CPUID
	MOVL  BX, DX
none:
	MOVL  DX, ret+0(FP)
	RET

DATA flip<>+0(SB)/8, $0x08090a0b0c0d0e0f
DATA flip<>+8(SB)/8, $0x0001020304050607
GLOBL flip<>(SB), RODATA, $16
