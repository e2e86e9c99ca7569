package door

// Queued is how many tickets there are.
func (d *Door) Queued() int { return len(d.queue) }
