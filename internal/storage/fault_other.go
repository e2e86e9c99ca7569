//go:build !unix && !windows

package storage

// systemFaults is empty where only the families of package fs are known.
var systemFaults []faultRow
