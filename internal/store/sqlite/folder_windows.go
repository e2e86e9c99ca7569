package sqlite

// syncWay does nothing: Windows journals the names itself.
func syncWay(string) error { return nil }
