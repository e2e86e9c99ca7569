package sha1many

func setWide(has bool) { hasWide = has }
