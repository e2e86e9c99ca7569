package etorrent

import (
	"github.com/etorrent/etorrent/internal/proc/client"
	"github.com/etorrent/etorrent/internal/proc/clock"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/storage/files"
	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// Storage holds the bytes of torrents. Package storage has the words that one is
// written in, and package storagetest proves it.
type Storage = storage.Storage

// NewFileStorage returns the Storage that a Client has where Options name none: files
// on the disk, which stay where they are when it ends. At most so many are open at
// once; 0 is the share of the descriptors that a client has for them. Others may wrap
// it: see storage.Wrapper.
func NewFileStorage(open int) Storage {
	if open <= 0 {
		open = client.Divide(client.Descriptors()).Files
	}
	return files.New(files.Options{Handles: files.NewHandles(open)})
}

// Store holds the bytes of one torrent.
type Store = storage.Store

// StorageSpec describes the bytes of one torrent to a Storage.
type StorageSpec = storage.Spec

// PieceIndex is the number of a piece of a torrent.
type PieceIndex = pieceset.Index

// PieceSet is a set of piece indices.
type PieceSet = pieceset.Set

// NewPieceSet returns an empty set over so many pieces.
func NewPieceSet(pieces int) *PieceSet { return pieceset.New(pieces) }

// State keeps what a client remembers of its torrents. Package sqlitestate has one on
// disk. Package state has the words that one is written in, and package statetest
// proves it.
type State = store.Driver

// NewMemoryState returns a State that ends with the program.
func NewMemoryState() State { return store.NewMemory() }

// Network is where connections come from; its methods are shaped as those of
// package net. One that is a Resolver too knows hosts by name, and one that is
// Addressed the addresses of its machine.
type Network = pnet.Network

// Resolver looks up the addresses of hosts; its method is shaped as that of
// net.Resolver. A *net.Resolver is one.
type Resolver = pnet.Resolver

// Addressed is a Network that knows the addresses of its machine and when they
// change, so that what depends on them is looked at anew.
type Addressed = pnet.Addressed

// Linked is a Network that knows which networks its machine is in: who is in one of
// them too is near.
type Linked = pnet.Linked

// AddrsWatch tells when the addresses of a machine may have changed.
type AddrsWatch = pnet.AddrsWatch

// Clock reads the clocks that the runtime does not, and tells when they may have
// jumped. Package etorrenttest has one for tests.
type Clock = clock.Source

// ClockWatch tells when clocks may have jumped.
type ClockWatch = clock.Watch

// DSCP is a class of traffic (RFC 2474), 0 to 63.
type DSCP = pnet.DSCP

// LowerEffort gives way to all other traffic, where the network knows it (RFC 8622).
const LowerEffort = pnet.LowerEffort
