// Package etorrenttest helps to test programs that embed etorrent: a network in
// memory with any number of hosts, small torrents of random bytes, and clients
// that keep both their files and their state in memory.
//
// Nothing in it starts a goroutine, touches the host's network or waits for
// anything but channels and timers. So whole swarms run inside a bubble of
// testing/synctest, where time passes at once and a goroutine that is left over
// fails the test.
package etorrenttest
