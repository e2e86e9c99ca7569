// Package utpsim is a network in virtual time for congestion controls and for uTP: two
// links that flows share, one each way, with a rate, a way, a queue that drops what it
// has no room for, and seeded faults. The ends are of any kind: a state machine of Go
// (Stepper, with a clock of its own that may go wrong), a program that is asked in
// batches (Endpoint), or a model of TCP.
//
// An end learns only what came to it, so all ends can run alone for as long as the
// shortest way takes: a World goes on by such rounds, and what is sent in a round is
// then put on the links in the order of time. A world of the same seed and ends is the
// same to the byte, which a Digest shows.
package utpsim
