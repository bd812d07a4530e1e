//go:build !unix

package bus

// processEnded is not known on this system: leases then expire by themselves.
func processEnded(int) bool { return false }
