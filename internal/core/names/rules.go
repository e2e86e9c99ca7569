package names

// Platform names a set of rules.
type Platform uint8

const (
	// Unix is Linux and its kin: bytes are bytes, only "/" and NUL are special.
	Unix Platform = iota
	// MacOS takes names for the same that differ in case or in Unicode form only.
	MacOS
	// Windows takes names for the same that differ in case only, and has
	// characters, endings and device names of its own.
	Windows
)

// PlatformOf returns the platform of an operating system's name as Go has it
// (runtime.GOOS).
func PlatformOf(goos string) Platform {
	switch goos {
	case "windows":
		return Windows
	case "darwin", "ios":
		return MacOS
	}
	return Unix
}

// Likeness says which names a platform takes for the same.
type Likeness uint8

const (
	// Exact takes only equal bytes for the same.
	Exact Likeness = iota
	// Folded ignores case and Unicode form (NFC, NFD). It errs on the safe side:
	// it also ignores joiners and the order of combining marks, and takes ß for
	// ss, so that a few names are numbered that the platform could tell apart.
	Folded
)

// Rules are what a platform asks of names.
type Rules struct {
	// Component and Path are the most bytes of a component and of a whole path
	// relative to DIR. Path is at least 600.
	Component, Path int
	// Depth is the most folders below the torrent's name.
	Depth int
	// Forbidden are characters that no component may have, beside "/" and what
	// is unsafe to print. Ending are those that none may end in.
	Forbidden, Ending string
	// Devices are names, in upper case, that no component may have, be it before
	// a dot.
	Devices  []string
	Likeness Likeness
}

// RulesOf returns the rules of a platform. Sources: POSIX limits.h for NAME_MAX
// and PATH_MAX, of which DIR needs its share; Apple's PATH_MAX of 1024; "Naming
// Files, Paths, and Namespaces" of Microsoft's documentation.
func RulesOf(p Platform) Rules {
	switch p {
	case Unix:
		return Rules{Component: 255, Path: 3072, Depth: 128}
	case MacOS:
		return Rules{Component: 255, Path: 768, Depth: 128, Likeness: Folded}
	case Windows:
		return Rules{
			Component: 255, Path: 16000, Depth: 128, Likeness: Folded,
			Forbidden: `<>:"|?*\`, Ending: ". ",
			Devices: []string{
				"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$",
				"COM0", "COM1", "COM2", "COM3", "COM4", "COM5", "COM6", "COM7", "COM8", "COM9", "COM¹", "COM²", "COM³",
				"LPT0", "LPT1", "LPT2", "LPT3", "LPT4", "LPT5", "LPT6", "LPT7", "LPT8", "LPT9", "LPT¹", "LPT²", "LPT³",
			},
		}
	}
	panic("names: unknown platform")
}
