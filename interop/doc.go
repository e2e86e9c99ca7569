// Package interop holds tests that run the etorrent program, as a user would,
// against other BitTorrent clients, against itself, and against hostile peers.
//
// Every program is started by the test that needs it, with a loopback address of
// its own and without DHT, local discovery and peer exchange, and ended by its
// process id. A program of others that is not installed fails the test under
// CI=true and skips it elsewhere, and so does the right to make mount namespaces.
// Clients that are to find each other by a tracker only (pairs, mixed swarms, first
// seeders) have a network namespace each, joined to one switch without a way out:
// some do not dial loopback addresses, and most keep one connection per address.
//
// Environment: ETORRENT_RUN is the run number that a random test prints, and
// replays it; ETORRENT_KILLS is how often the program is killed in the crash
// test; ETORRENT_CUTS and ETORRENT_FAULTS are how many random power cuts the
// program's own recordings are put to and how many calls are made to fail, and
// ETORRENT_CUT the number of one cut; ETORRENT_PAIRS=all has every pair of clients run, and
// ETORRENT_SWARMS is how many mixed swarms; ETORRENT_DISTURB is for how long a seed is
// disturbed; ETORRENT_PROGRAM is a binary to test instead of building one.
//
// CI has without them what shows each thing once with each program; make interop-full
// sets them, and make utp-interop, utp-links and utp-table those of the folders below.
package interop
